import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Resvg } from "@resvg/resvg-js";
import { type Font, type Weight, weights } from "../../../notebooks/components/picture/font.ts";
import { markup, type Picture, picture, pictureWidth } from "../../../notebooks/components/picture/picture.ts";
import { withPngText } from "../../../notebooks/components/receipt/png-text.ts";
import { asciiReceipt } from "../../../notebooks/components/receipt/receipt.ts";
import { pagesFolder } from "../../base/kit-folders.ts";
import { withDocument } from "./svg-document.ts";

/** The text of the pages' style sheets. */
export function pageCss(): string {
  const names = readdirSync(pagesFolder).filter((name) => name.endsWith(".css"));
  return names.map((name) => readFileSync(join(pagesFolder, name), "utf8")).join("\n");
}

/** A picture as SVG text; with its fonts inside it looks the same on every machine. */
export function pictureSvg(parts: Picture, fonts: readonly Font[] = pictureFonts()): string {
  return withDocument(() => markup(picture(parts, fonts)));
}

/** A picture as PNG, twice its size in CSS pixels. Only letters that the kit's font lacks come from the machine's fonts. */
export function picturePng(parts: Picture): Uint8Array {
  const svg = pictureSvg(parts, []);
  const png = new Resvg(svg, {
    fitTo: { mode: "width", value: pictureWidth * 2 },
    font: {
      fontFiles: fontFiles.map(({ path }) => path),
      loadSystemFonts: !coveredByFont(svg),
      defaultFontFamily: "Inter",
    },
  })
    .render()
    .asPng();
  return parts.receipt ? withPngText(png, asciiReceipt(parts.receipt)) : png;
}

/** The font files for programs that do not read WOFF2. */
export const fontFiles = weights.map((weight) => ({ weight, path: fontFile(weight, "ttf") }));

/** The fonts embedded in a picture. */
export function pictureFonts(): Font[] {
  return weights.map((weight) => ({ weight, woff2: readFileSync(fontFile(weight, "woff2"), "base64") }));
}

function fontFile(weight: Weight, extension: string): string {
  return join(pagesFolder, "fonts", `inter-${weight}.${extension}`);
}

/** Whether notebooks/fonts has all letters of a text: Latin, Greek, Cyrillic, and the signs that charts use. */
export function coveredByFont(text: string): boolean {
  return /^(?:[\s!-\u024f\u0370-\u04ff\u1e80-\u1ef9\u2010-\u203a€™←-↓−≈≠≤≥▲▼●]|\ufffd)*$/.test(text);
}
