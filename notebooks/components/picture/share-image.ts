import { withPngText } from "../receipt/png-text.js";
import { asciiReceipt } from "../receipt/receipt.js";
import type { Font } from "./font.js";
import { generatedNote, markup, type Picture, picture } from "./picture.js";

/** The picture as an SVG file. */
export async function svgBlob(parts: Picture): Promise<Blob> {
  return new Blob([markup(await drawn(parts))], { type: "image/svg+xml" });
}

/** The picture as a PNG file of twice its size in CSS pixels, drawn from the same SVG. */
export async function pngBlob(parts: Picture): Promise<Blob> {
  const drawing = await drawn(parts);
  const [width, height] = [Number(drawing.getAttribute("width")), Number(drawing.getAttribute("height"))];
  const url = URL.createObjectURL(new Blob([markup(drawing)], { type: "image/svg+xml" }));
  try {
    const image = new Image(width, height);
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width * 2, height * 2];
    const context = canvas.getContext("2d");
    if (!context) throw new Error("no canvas");
    context.scale(2, 2);
    context.drawImage(image, 0, 0, width, height);
    const png = await new Promise<Blob>((resolve, reject) =>
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no image"))), "image/png"),
    );
    if (!parts.receipt) return png;
    const bytes = new Uint8Array(await png.arrayBuffer());
    return new Blob([withPngText(bytes, asciiReceipt(parts.receipt))], { type: "image/png" });
  } finally {
    URL.revokeObjectURL(url);
  }
}

async function drawn(parts: Picture): Promise<SVGSVGElement> {
  const generated = generatedNote(new Date(), document.documentElement.dataset.timezone ?? "UTC");
  return picture({ ...parts, notes: [...parts.notes, generated] }, await pageFonts());
}

let fonts: Promise<Font[]> | undefined;

// A page's head links to them: to files of the site, or to data URLs in a standalone page.
function pageFonts(): Promise<Font[]> {
  const links = document.querySelectorAll<HTMLLinkElement>('link[rel="kit-font"]');
  fonts ??= Promise.all(
    Array.from(links, async ({ href, dataset }) => ({
      weight: Number(dataset.weight),
      woff2: await base64(href),
    })),
  );
  fonts.catch(() => {
    fonts = undefined; // retry next time
  });
  return fonts;
}

async function base64(href: string): Promise<string> {
  if (href.startsWith("data:")) return href.slice(href.indexOf(",") + 1);
  const response = await fetch(href);
  if (!response.ok) throw new Error(`${new URL(href).pathname}: ${response.status} ${response.statusText}`.trim());
  return btoa(String.fromCharCode(...new Uint8Array(await response.arrayBuffer())));
}
