import { dayName, zone } from "../metrics/format.js";
import { timeZone } from "../metrics/time-zone.js";
import { asciiReceipt } from "../receipt/receipt.js";
import { svg } from "./dom.js";
import { type Font, fontFaces, textWidth, type Weight } from "./font.js";
import { wrapText } from "./lines.js";
import { textSize } from "./looks.js";
import { below, light, paint } from "./paint.js";
import { swatch } from "./swatch.js";

/** The contents of a picture. It is read without its page, so it must be complete. */
export interface Picture {
  kicker: string; // the source: page, queue, day
  title: string;
  lead: string;
  charts: PictureChart[];
  notes: string[]; // zone, data through, n, source, formula: one paragraph each
  receipt?: string | undefined;
}

export interface PictureChart {
  title?: string;
  subtitle?: string;
  legend?: LegendEntry[] | undefined;
  height?: number; // default: the chart's own
  draw: (width: number, height?: number) => SVGSVGElement;
}

export interface LegendEntry {
  text: string;
  mark: string; // of swatch.ts
}

/** Width of every picture in CSS pixels: legible in a chat preview, and sharp as a PNG of twice the size. */
export const pictureWidth = 880;

const edge = 32;
const inner = pictureWidth - 2 * edge;

/**
 * Composes charts and words into one self-contained drawing: opaque, in the light theme, with colours written into the
 * elements and the given fonts embedded. The same on a page and on the command line.
 */
export function picture(parts: Picture, fonts: readonly Font[] = []): SVGSVGElement {
  const content: SVGElement[] = [];
  let y = edge;
  const write = (text: string, style: TextStyle) => {
    for (const line of wrapText(text, { width: inner, ...style })) {
      y += style.line;
      content.push(svg("text", { x: edge, y: round(y - style.line * 0.28), ...textAttributes(style) }, line));
    }
  };
  write(parts.kicker, { size: 13, line: 16, weight: 600, fill: light("ink-3"), most: 1 });
  y += 6;
  write(parts.title, { size: 25, line: 32, weight: 600, fill: light("ink"), most: 3 });
  y += 4;
  write(parts.lead, { size: 14.5, line: 21, weight: 400, fill: light("ink-2"), most: 4 });
  for (const chart of parts.charts) {
    y += chart.title ? 24 : 10;
    if (chart.title) write(chart.title, { size: 16, line: 22, weight: 600, fill: light("ink"), most: 2 });
    if (chart.subtitle) write(chart.subtitle, { size: 12, line: 17, weight: 400, fill: light("ink-2"), most: 3 });
    if (chart.legend?.length) {
      y += 6;
      const { element, height } = legend(chart.legend, y);
      content.push(element);
      y += height + 4;
    }
    const { element, height } = drawing(chart, y + 4);
    content.push(element);
    y += height + 4;
  }
  y += 14;
  content.push(svg("line", { x1: edge, x2: pictureWidth - edge, y1: y, y2: y, stroke: light("rule") }));
  y += 8;
  for (const note of parts.notes) write(note, { size: 11.5, line: 17, weight: 400, fill: light("ink-3"), most: 6 });
  if (parts.receipt) {
    y += 4;
    write(parts.receipt, { size: 9, line: 13, weight: 400, fill: light("ink-3"), most: 8 });
  }
  const height = Math.ceil(y + edge - 8);
  const root = svg(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      width: pictureWidth,
      height,
      viewBox: `0 0 ${pictureWidth} ${height}`,
      role: "img",
      "aria-label": `${parts.kicker}. ${parts.title}`,
      "font-family": fontFamily,
    },
    svg("title", {}, parts.title),
    svg("desc", {}, [parts.kicker, parts.lead, ...parts.notes].filter(Boolean).join(" ")),
    parts.receipt ? svg("metadata", {}, asciiReceipt(parts.receipt)) : null,
    fonts.length ? svg("style", {}, fontFaces(fonts)) : null,
    svg("rect", { width: pictureWidth, height, fill: light("sheet") }),
    content,
  );
  renameIds(root);
  return root;
}

/** The last note of a picture: when it was generated, in the site's zone. */
export function generatedNote(now: Date, timezone: string): string {
  const instant = now.getTime();
  const day = timeZone(timezone).date(instant);
  return `Generated ${dayName(day)} ${day.slice(0, 4)}, ${zone(timezone).exactTime(instant)}, by asapp-notebook-kit.`;
}

/** A drawing as XML. */
export function markup(element: Element): string {
  const attributes = [...element.attributes].map(({ name, value }) => ` ${name}="${escapeText(value)}"`);
  const children = [...element.childNodes].map((child) =>
    child.nodeType === 1 ? markup(child as Element) : escapeText(child.textContent ?? ""),
  );
  const start = `<${element.localName}${attributes.join("")}`;
  return children.length ? `${start}>${children.join("")}</${element.localName}>` : `${start}/>`;
}

const fontFamily = "Inter, system-ui, sans-serif";

interface TextStyle {
  size: number;
  line: number; // height
  weight: Weight;
  fill: string;
  most: number; // lines
}

function textAttributes({ size, weight, fill }: Pick<TextStyle, "size" | "weight" | "fill">) {
  return { "font-size": size, "font-weight": weight, fill };
}

/** Makes a page's chart static: removes the parts that react to a pointer and writes its looks into it. */
export function still(chart: SVGSVGElement): SVGSVGElement {
  for (const element of below(chart)) if (hasClass(element, "pointer")) element.remove();
  if (chart.getAttribute("role") === "application") {
    chart.setAttribute("role", "img");
    chart.removeAttribute("aria-roledescription");
  }
  paint(chart);
  renameIds(chart);
  return chart;
}

// A chart as a positioned group.
function drawing({ draw, height }: PictureChart, y: number) {
  const chart = still(draw(inner, height));
  const [, , , tall] = (chart.getAttribute("viewBox") ?? "").split(" ").map(Number);
  const group = svg("g", {
    transform: `translate(${edge} ${round(y)})`,
    "font-size": textSize,
    role: "group",
    "aria-label": chart.getAttribute("aria-label"),
  });
  group.append(...chart.childNodes);
  return { element: group, height: tall ?? 0 };
}

function legend(entries: LegendEntry[], top: number) {
  const element = svg("g");
  let [x, y] = [edge, top + 13];
  for (const { text, mark } of entries) {
    const width = 18 + textWidth(text, 12.5);
    if (x > edge && x + width > pictureWidth - edge) [x, y] = [edge, y + 18];
    const layers = swatch(mark, x, y - 10);
    layers.forEach(paint);
    element.append(
      ...layers,
      svg("text", { x: round(x + 18), y, ...textAttributes({ size: 12.5, weight: 400, fill: light("ink-2") }) }, text),
    );
    x += width + 18;
  }
  return { element, height: y - top + 4 };
}

// On a page, pattern ids count up; in a picture they start at one.
function renameIds(root: Element): void {
  const names = new Map<string, string>();
  for (const element of below(root)) {
    const id = element.getAttribute("id");
    if (!id) continue;
    const renamed = `p${names.size + 1}`;
    names.set(id, renamed);
    element.setAttribute("id", renamed);
  }
  for (const element of below(root))
    for (const { name, value } of [...element.attributes]) {
      const [, url, id = ""] = /^(url\()?#([^)]+)\)?$/.exec(value) ?? [];
      const renamed = names.get(id);
      if (renamed) element.setAttribute(name, url ? `url(#${renamed})` : `#${renamed}`);
    }
}

function hasClass(element: Element, name: string): boolean {
  return element.getAttribute("class")?.split(" ").includes(name) ?? false;
}

// Control characters and lone surrogates are not allowed in XML; directional overrides could reorder the text around a name.
// Isolates are kept.
function escapeText(text: string): string {
  return text
    .replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`)
    .replace(/[\u200e\u200f\u202a-\u202e\u2066\u2067]/g, "")
    .replace(/(?![\t\n\r])\p{Cc}|\p{Cs}|[\ufffe\uffff]/gu, "\ufffd");
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
