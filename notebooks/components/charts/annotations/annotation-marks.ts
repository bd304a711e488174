import type { SlotAnnotation } from "../../metrics/annotations/annotation.js";
import { isolatedLines } from "../../metrics/bidi.js";
import { svg } from "../../picture/dom.js";
import { widestFont } from "../../picture/font.js";
import type { Labels, Spot } from "../../picture/labels.js";
import { cutText } from "../../picture/lines.js";

/** The height above a plot that brackets and labels of annotations need. */
export const annotationLane = 18;

/** Where annotations are drawn. */
interface Frame {
  slots: number;
  x: (slot: number) => number; // left edge of a slot
  top: number;
  bottom: number;
  labels: Labels;
}

const widths = { most: 220, least: 72 };
const mostLabels = 12;

/**
 * A pale band behind the slots of each annotation, unless they are all of the chart's, or a dashed rule at a moment, with a bracket
 * above the plot; and short labels: whole where they fit, cut where they do not, left out where another one stands. The title of a
 * label is the whole text.
 */
export function annotationMarks(
  annotations: readonly SlotAnnotation[],
  frame: Frame,
): { marks: SVGGElement; names: SVGGElement } {
  const { x, top, bottom } = frame;
  const lasting = annotations.filter(({ moment }) => !moment);
  const marks = svg("g", { class: "annotations", "aria-hidden": "true" });
  const parts = lasting.filter(({ first, last }) => last - first + 1 < frame.slots);
  for (const [first, last] of covered(parts))
    marks.append(
      svg("rect", { class: "annotated", x: x(first), width: x(last + 1) - x(first), y: top, height: bottom - top }),
    );
  const line = top - annotationLane / 2;
  const brackets = lasting.map(({ first, last }) => `M${x(first)},${top}V${line}H${x(last + 1)}V${top}`);
  if (brackets.length) marks.append(svg("path", { class: "annotation-bracket", d: brackets.join("") }));
  const rules = annotations.filter(({ moment }) => moment).map(({ first }) => `M${x(first)},${line}V${bottom}`);
  if (rules.length) marks.append(svg("path", { class: "annotation-rule", d: rules.join("") }));
  const names = svg("g", { "aria-hidden": "true" });
  const named = [...annotations].sort((a, b) => a.first - b.first).slice(0, mostLabels);
  named.forEach((annotation, i) => {
    const next = named[i + 1];
    const element = label(annotation, next ? x(next.first) - x(annotation.first) - 8 : widths.most, frame);
    if (element) names.append(element);
  });
  return { marks, names };
}

// `room`: up to the next one, which begins its own label there
function label(
  { first, last, moment, label, text }: SlotAnnotation,
  room: number,
  { x, top, labels }: Frame,
): SVGGElement | null {
  const y = top - annotationLane / 2 - 3;
  const end = moment ? x(first) : x(last + 1);
  const spots: Spot[] = [
    { x: x(first), y, anchor: "start" },
    { x: end, y, anchor: "end" },
    { x: (x(first) + end) / 2, y, anchor: "middle" },
  ];
  for (const width of new Set([Math.max(widths.least, Math.min(widths.most, room)), widths.least])) {
    const [words = ""] = isolatedLines([cutText(label, { width: width / widestFont, size: 12, weight: 600 })]);
    const element = labels.place(words, spots, "annotation-label");
    if (element.getAttribute("x") === null) continue;
    return svg("g", {}, svg("title", {}, text), element);
  }
  return null;
}

// Runs of slots that any annotation covers, so that bands never lie on each other.
function covered(annotations: readonly SlotAnnotation[]): [first: number, last: number][] {
  const runs: [number, number][] = [];
  for (const { first, last } of [...annotations].sort((a, b) => a.first - b.first)) {
    const run = runs.at(-1);
    if (run && first <= run[1] + 1) run[1] = Math.max(run[1], last);
    else runs.push([first, last]);
  }
  return runs;
}
