import { svg } from "./dom.js";
import { textWidth, widestFont } from "./font.js";
import { wrapText } from "./lines.js";
import { textSize } from "./looks.js";

/** A place for a label: its baseline, and where on it the text begins, has its middle or ends. */
export interface Spot {
  x: number;
  y: number;
  anchor: "start" | "middle" | "end";
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Places the labels of one chart so that none covers another or leaves the chart, whatever font the reader has. */
export interface Labels {
  /** A text at the first free spot, or without content where none is free. */
  place(text: string, spots: readonly Spot[], className: string): SVGTextElement;
}

export function labels({ width, height }: { width: number; height: number }): Labels {
  const taken: Box[] = [];
  const isFree = (box: Box) =>
    box.left >= 0 &&
    box.right <= width &&
    box.top >= 0 &&
    box.bottom <= height &&
    taken.every(
      (other) =>
        box.right <= other.left || box.left >= other.right || box.bottom <= other.top || box.top >= other.bottom,
    );
  return {
    place(text, spots, className) {
      const spot = spots.find((spot) => isFree(boxOf(text, spot)));
      if (!spot) return svg("text");
      taken.push(boxOf(text, spot));
      return svg("text", { x: spot.x, y: spot.y, "text-anchor": spot.anchor, class: className }, text);
    },
  };
}

/** Writes a read-out, in up to `most` lines where it is wider than its room. */
export function writeReadout(element: SVGTextElement, words: string, room: number, most = 2): void {
  const lines = wrapText(words, { width: room / widestFont, size: 12.5, weight: 600, most });
  const x = element.getAttribute("x");
  element.textContent = "";
  element.append(...lines.map((line, i) => svg("tspan", { x, dy: i ? 14 : null }, i ? ` ${line}` : line)));
}

/** The room that a label takes. */
export function boxOf(text: string, { x, y, anchor }: Spot, size = textSize): Box {
  const width = labelWidth(text, size);
  const left = anchor === "start" ? x : anchor === "end" ? x - width : x - width / 2;
  return { left, right: left + width, top: y - size, bottom: y + size * 0.3 };
}

/** The width of a label in the widest font a reader may have. */
export function labelWidth(text: string, size = textSize): number {
  return textWidth(text, size, 600) * widestFont;
}
