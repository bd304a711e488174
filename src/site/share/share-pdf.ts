import PDFDocument from "pdfkit";
import { markup, type Picture, picture } from "../../../notebooks/components/picture/picture.ts";
import { asciiReceipt } from "../../../notebooks/components/receipt/receipt.ts";
import { own } from "../../base/names.ts";
import { coveredByFont, fontFiles, picturePng } from "./share-image.ts";
import { withDocument } from "./svg-document.ts";

const points = 0.75; // of a CSS pixel

/**
 * A picture as a one-page PDF of vectors and searchable text in the kit's font. If the font lacks a letter of the text, the
 * page holds the PNG instead.
 */
export async function picturePdf(parts: Picture, now: Date): Promise<Uint8Array> {
  const root = withDocument(() => picture(parts));
  const [width, height] = [number(root, "width"), number(root, "height")];
  const pdf = new PDFDocument({
    size: [width * points, height * points],
    margin: 0,
    lang: "en",
    displayTitle: true,
    info: {
      Title: parts.title,
      Subject: parts.kicker,
      Creator: "asapp-notebook-kit",
      CreationDate: now,
      ...(parts.receipt && { Keywords: asciiReceipt(parts.receipt) }),
    },
  });
  const chunks: Uint8Array[] = [];
  pdf.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  const ended = new Promise((resolve, reject) => pdf.on("end", resolve).on("error", reject));
  if (coveredByFont(markup(root))) {
    for (const { weight, path } of fontFiles) pdf.registerFont(String(weight), path);
    const patterns = all(root, "pattern").map((one): [string, Element] => [`url(#${one.getAttribute("id")})`, one]);
    pdf.scale(points);
    draw(pdf, root, {}, new Map(patterns));
  } else pdf.image(Buffer.from(picturePng(parts)), 0, 0, { width: width * points });
  pdf.end();
  await ended;
  return Buffer.concat(chunks);
}

type Inherited = Partial<Record<(typeof inherits)[number], string>>;
type Patterns = Map<string, Element>;

const inherits = ["fill", "font-size", "font-weight", "text-anchor", "stroke", "stroke-width"] as const;

function draw(pdf: PDFKit.PDFDocument, element: Element, inherited: Inherited, patterns: Patterns): void {
  const style: Inherited = { ...inherited };
  for (const name of inherits) style[name] = element.getAttribute(name) ?? inherited[name] ?? "";
  const name = element.localName;
  if (["title", "desc", "metadata", "style", "defs", "pattern"].includes(name)) return;
  pdf.save();
  const [, x, y] = /translate\(([-\d.]+)[ ,]([-\d.]+)\)/.exec(element.getAttribute("transform") ?? "") ?? [];
  if (x) pdf.translate(Number(x), Number(y));
  const opacity = Number(element.getAttribute("opacity") ?? 1);
  pdf.fillOpacity(opacity * Number(element.getAttribute("fill-opacity") ?? 1)).strokeOpacity(opacity);
  if (name === "svg" || name === "g") for (const child of element.children) draw(pdf, child, style, patterns);
  else if (name === "text") write(pdf, element, style);
  else if (outline(pdf, element, name)) paint(pdf, element, style, patterns);
  pdf.restore();
}

// Adds the shape's path; false for an element without one.
function outline(pdf: PDFKit.PDFDocument, element: Element, name: string): boolean {
  const of = (attribute: string) => number(element, attribute);
  if (name === "rect") {
    const [width, height] = [of("width"), of("height")];
    if (width <= 0 || height <= 0) return false;
    if (of("rx") > 0) pdf.roundedRect(of("x"), of("y"), width, height, of("rx"));
    else pdf.rect(of("x"), of("y"), width, height);
  } else if (name === "circle") pdf.circle(of("cx"), of("cy"), of("r"));
  else if (name === "line") pdf.moveTo(of("x1"), of("y1")).lineTo(of("x2"), of("y2"));
  else {
    const path = name === "path" ? element.getAttribute("d") : null;
    if (!path) return false;
    pdf.path(path);
  }
  return true;
}

function paint(pdf: PDFKit.PDFDocument, element: Element, style: Inherited, patterns: Patterns): void {
  const hatch = patterns.get(style.fill ?? "");
  if (hatch) {
    hatched(pdf, element, hatch);
    return;
  }
  const filled = style.fill !== "none" && element.localName !== "line";
  const stroked = style.stroke !== "" && style.stroke !== "none";
  if (stroked) {
    pdf.lineWidth(Number(style["stroke-width"] || 1));
    const [dash = 0, space = dash] = element.getAttribute("stroke-dasharray")?.split(" ").map(Number) ?? [];
    if (dash > 0 && space > 0) pdf.dash(dash, { space });
    if (element.getAttribute("stroke-linejoin") === "round") pdf.lineJoin("round");
  }
  const fill = style.fill || "#000000";
  if (filled && stroked) pdf.fillAndStroke(fill, style.stroke);
  else if (filled) pdf.fill(fill);
  else if (stroked) pdf.stroke(style.stroke);
}

// The patterns of panels are diagonal lines, drawn as such and clipped to the shape.
function hatched(pdf: PDFKit.PDFDocument, element: Element, pattern: Element): void {
  const line = all(pattern, "line")[0];
  const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => number(element, name)) as Four;
  pdf.clip();
  if (!line) return;
  pdf
    .lineWidth(number(line, "stroke-width") / 2) // the other half lies outside the tile
    .strokeColor(line.getAttribute("stroke") ?? "#000000");
  const step = number(pattern, "width") * Math.SQRT2;
  for (let sum = Math.ceil((x + y) / step) * step; sum < x + width + y + height; sum += step)
    pdf.moveTo(sum - y, y).lineTo(sum - y - height, y + height); // where x + y is the same
  pdf.stroke();
}

type Four = [number, number, number, number];

function write(pdf: PDFKit.PDFDocument, element: Element, style: Inherited): void {
  const text = element.childNodes.length ? [...element.childNodes].map((node) => node.textContent).join("") : "";
  const size = Number(style["font-size"] || 12);
  pdf.font(style["font-weight"] === "600" ? "600" : "400").fontSize(size);
  const width = pdf.widthOfString(text);
  const anchored = own({ middle: width / 2, end: width }, style["text-anchor"] ?? "") ?? 0;
  const down = /^([-\d.]+)em$/.exec(element.getAttribute("dy") ?? "");
  const y = number(element, "y") + (down ? Number(down[1]) * size : 0);
  pdf.fillColor(style.fill || "#000000");
  pdf.text(text, number(element, "x") - anchored, y, { baseline: "alphabetic", lineBreak: false });
}

function all(root: Element, name: string): Element[] {
  return [...root.children].flatMap((child) => [...(child.localName === name ? [child] : []), ...all(child, name)]);
}

function number(element: Element, name: string): number {
  return Number.parseFloat(element.getAttribute(name) ?? "0") || 0;
}
