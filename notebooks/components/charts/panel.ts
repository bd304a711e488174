import { area, curveStepAfter, line, type ScaleLinear, scaleLinear } from "d3";
import { annotatedText, type SlotAnnotation, slotText } from "../metrics/annotations/annotation.js";
import { chartRoot, svg } from "../picture/dom.js";
import { widestFont } from "../picture/font.js";
import { boxOf, type Labels, labels, labelWidth, type Spot, writeReadout } from "../picture/labels.js";
import { wrapText } from "../picture/lines.js";
import { annotationLane, annotationMarks } from "./annotations/annotation-marks.js";
import { announce } from "./announce.js";
import type { Crosshair } from "./crosshair.js";

/** The background of a slot. */
export type Shade = "closed" | "pending" | "missing" | "skipped" | "weekend" | null;

export interface PanelOptions {
  width: number;
  height?: number;
  slots: number; // equal columns from left to right
  max: number; // of the vertical scale
  min?: number; // default 0; below it for signed values
  format: (value: number) => string; // of the vertical scale
  tick: (slot: number) => string | null; // label under the middle of a slot
  shade?: (slot: number) => Shade;
  line?: ((slot: number) => number | null) | undefined; // a value drawn in a slot, which the words on a shade leave free
  label: string; // for screen readers: name
  description: string; // and contents
  readout?: (slot: number) => string; // the figures of a slot, shown above the chart while pointed at
  crosshair?: Crosshair | undefined;
  margin?: Partial<Margin>;
  ticks?: number[] | undefined; // of the vertical scale
  clock?: boolean | undefined; // the scale is seconds: ticks at full minutes
  annotations?: readonly SlotAnnotation[] | undefined; // drawn above and behind the plot, and told in the read-out
}

export interface Margin {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

export interface Panel {
  root: SVGSVGElement;
  marks: SVGGElement; // draw in here
  x: ScaleLinear<number, number>; // slot -> left edge; slot + 1 -> right edge
  y: ScaleLinear<number, number>;
  labels: Labels;
  margin: Margin;
  width: number;
  height: number;
}

/** The frame of a chart: scales, grid, shades, axes, crosshair and readout. The caller draws the marks. */
export function panel(options: PanelOptions): Panel {
  const { width, height = 190, slots, crosshair, shade, annotations = [] } = options;
  const margin = { top: 22, right: 12, bottom: 22, left: 52, ...options.margin };
  if (annotations.length) margin.top += annotationLane;
  const y = scaleLinear([options.min ?? 0, options.max || 1], [height - margin.bottom, margin.top]);
  const ticks = options.ticks ?? (options.clock ? clockTicks(options.max) : null);
  if (ticks) y.domain([0, Math.max(options.max, ticks.at(-1) ?? 1)]);
  else y.nice(4);
  const values = (ticks ?? y.ticks(4)).map((value) => ({ value, text: options.format(value) }));
  margin.left = Math.max(margin.left, 9 + Math.max(...values.map(({ text }) => labelWidth(text))));
  const x = scaleLinear([0, slots], [margin.left, Math.max(margin.left + 1, width - margin.right)]);
  const root = chartRoot(width, height, {
    ...(crosshair ? { role: "application", "aria-roledescription": "chart", tabindex: 0 } : { role: "img" }),
    "aria-label": options.label,
    "aria-description": [options.description, annotatedText(annotations)].filter(Boolean).join(" "),
  });
  const [right, bottom] = [width - margin.right, height - margin.bottom];
  const placed = labels({ width, height });
  const through = (slot: number) => {
    const value = options.line?.(slot) ?? null;
    return value === null ? [] : [{ x: x(slot + 0.5), y: y(value) }];
  };
  if (shade) root.append(shades(shade, { slots, x, top: margin.top, bottom, labels: placed, through }));

  const annotated = annotations.length
    ? annotationMarks(annotations, { slots, x, top: margin.top, bottom, labels: placed })
    : null;
  if (annotated) root.append(annotated.marks, annotated.names);

  const grid = svg("g", { "aria-hidden": "true" });
  for (const { value, text } of values) {
    grid.append(
      svg("line", {
        x1: margin.left,
        x2: right,
        y1: y(value),
        y2: y(value),
        class: value === 0 ? "zero" : "grid",
      }),
      svg("text", { x: margin.left - 8, y: y(value), dy: "0.32em", "text-anchor": "end" }, text),
    );
  }
  for (const { slot, text, middle } of spaced(options.tick, slots, x, width)) {
    const tick = x(slot + 0.5);
    grid.append(
      svg("line", { x1: tick, x2: tick, y1: bottom, y2: bottom + 4, class: "tick" }),
      svg("text", { x: middle, y: bottom + 16, "text-anchor": "middle" }, text),
    );
  }
  const marks = svg("g", { class: "marks" });
  root.append(grid, marks);
  const readout =
    options.readout &&
    ((slot: number) => [options.readout?.(slot), slotText(annotations, slot)].filter(Boolean).join(" · "));
  if (crosshair)
    root.append(
      pointer({ root, crosshair, readout, x, slots, top: margin.top, bottom, right, names: annotated?.names }),
    );
  return { root, marks, x, y, labels: placed, margin, width, height };
}

/** A message in place of a chart without data. */
export function emptyPanel(width: number, message: string, height = 120): SVGSVGElement {
  return chartRoot(
    width,
    height,
    { class: "panel panel-empty", role: "img", "aria-label": message },
    svg("rect", { class: "empty-box", x: 0.5, y: 0.5, width: width - 1, height: height - 1, rx: 6 }),
    wrapText(message, { width: (width - 24) / widestFont, size: 13 }).map((line, i, { length }) =>
      svg(
        "text",
        {
          class: "empty-text",
          x: width / 2,
          y: height / 2 + (i - (length - 1) / 2) * 18,
          dy: "0.32em",
          "text-anchor": "middle",
        },
        line,
      ),
    ),
  );
}

export interface RunPoint<Row, Value> {
  row: Row;
  slot: number;
  value: Value;
}

/** Runs of consecutive slots with a value, so that a line breaks where there is none. */
export function runs<Row, Value>(
  rows: readonly Row[],
  of: (row: Row, slot: number) => Value | null,
): RunPoint<Row, Value>[][] {
  const result: RunPoint<Row, Value>[][] = [];
  let run: RunPoint<Row, Value>[] | null = null;
  for (const [slot, row] of rows.entries()) {
    const value = of(row, slot);
    if (value === null) run = null;
    else if (run) run.push({ row, slot, value });
    else {
      run = [{ row, slot, value }];
      result.push(run);
    }
  }
  return result;
}

/** A run with the right edge of its last slot, for step curves. */
export function closed<Row, Value>(run: RunPoint<Row, Value>[]): RunPoint<Row, Value>[] {
  return [...run, ...run.slice(-1).map((last) => ({ ...last, slot: last.slot + 1 }))];
}

type Scale = (value: number) => number;

/** The paths of runs as steps: a line along their values, and the area from there down to 0. */
export function stepCurves(x: Scale, y: Scale) {
  const edge = line<RunPoint<unknown, number>>()
    .curve(curveStepAfter)
    .x(({ slot }) => x(slot))
    .y(({ value }) => y(value));
  const fill = area<RunPoint<unknown, number>>()
    .curve(curveStepAfter)
    .x(({ slot }) => x(slot))
    .y0(y(0))
    .y1(({ value }) => y(value));
  return { edge, fill };
}

/**
 * A label at the right end of a line, in its colour, or as near to it as is free. Without room there, it goes above or below the
 * line.
 */
export function endLabel(
  { x, y, labels, margin, width }: Panel,
  slot: number,
  value: number,
  text: string,
  className: string,
): SVGTextElement {
  const at = y(value);
  const beside = [0, -14, 14, -28, 28].map((move): Spot => ({ x: x(slot) + 5, y: at + 4 + move, anchor: "start" }));
  const along = [-5, 14, -19, 28].flatMap((move): Spot[] => [
    { x: width - margin.right, y: at + move, anchor: "end" },
    { x: margin.left + 4, y: at + move, anchor: "start" },
  ]);
  return labels.place(text, [...beside, ...along], `end-label ${className}`);
}

function shades(
  shade: (slot: number) => Shade,
  {
    slots,
    x,
    top,
    bottom,
    labels,
    through,
  }: {
    slots: number;
    x: ScaleLinear<number, number>;
    top: number;
    bottom: number;
    labels: Labels;
    through: (slot: number) => Point[];
  },
) {
  const group = svg("g", { class: "shades", "aria-hidden": "true" });
  const id = `hatch-${++patterns}`;
  group.append(svg("defs", {}, hatch(`${id}-pending`, "hatch"), hatch(`${id}-missing`, "hatch-missing")));
  for (let slot = 0; slot < slots; ) {
    const kind = shade(slot);
    let end = slot + 1;
    while (end < slots && shade(end) === kind) end++;
    if (kind) {
      const hatched = kind === "pending" || kind === "missing";
      group.append(
        svg("rect", {
          x: x(slot),
          y: top,
          width: x(end) - x(slot),
          height: bottom - top,
          class: `shade shade-${kind}`,
          style: hatched ? `fill:url(#${id}-${kind})` : null,
        }),
      );
      const note = notes[kind];
      if (note && x(end) - x(slot) > labelWidth(note)) {
        const line = Array.from({ length: end - slot }, (_, i) => through(slot + i)).flat();
        const spots = noteSpots(labelWidth(note), { left: x(slot), right: x(end), top, bottom });
        const clear = spots.filter((spot) => !crosses(line, boxOf(note, spot)));
        group.append(labels.place(note, clear, "note"));
      }
    }
    slot = end;
  }
  return group;
}

interface Point {
  x: number;
  y: number;
}

// In the middle above first, then beside it and further down.
function noteSpots(width: number, box: { left: number; right: number; top: number; bottom: number }): Spot[] {
  const [from, to] = [box.left + width / 2, box.right - width / 2];
  const levels = [box.top + 12, box.bottom - 6, (box.top + box.bottom) / 2];
  return levels.flatMap((y) =>
    [0.5, 0.25, 0.75, 0, 1].map((share): Spot => ({ x: from + (to - from) * share, y, anchor: "middle" })),
  );
}

// Whether a line through the points enters the box, or comes near to it.
function crosses(line: readonly Point[], box: ReturnType<typeof boxOf>): boolean {
  const near = 4;
  const inside = ({ x, y }: Point) =>
    x > box.left - near && x < box.right + near && y > box.top - near && y < box.bottom + near;
  return line.some((point, i) => {
    const next = line[i + 1] ?? point;
    const steps = Math.max(1, Math.ceil(Math.hypot(next.x - point.x, next.y - point.y) / near));
    return Array.from({ length: steps + 1 }, (_, step) => step / steps).some((share) =>
      inside({ x: point.x + (next.x - point.x) * share, y: point.y + (next.y - point.y) * share }),
    );
  });
}

function hatch(id: string, mark: string): SVGPatternElement {
  return svg(
    "pattern",
    { id, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    svg("line", { x1: 0, x2: 0, y1: 0, y2: 6, class: mark }),
  );
}

function pointer(options: {
  root: SVGSVGElement;
  crosshair: Crosshair;
  readout: ((slot: number) => string) | undefined;
  x: ScaleLinear<number, number>;
  slots: number;
  top: number;
  bottom: number;
  right: number;
  names: SVGGElement | undefined; // of annotations, in whose place a read-out is written
}): SVGGElement {
  const { root, crosshair, readout, x, slots, top, bottom, right, names } = options;
  const slotBand = (mark: string) => svg("rect", { class: mark, y: top, height: bottom - top, width: x(1) - x(0) });
  const [band, picked] = [slotBand("cross"), slotBand("picked")];
  const text = svg("text", { class: "readout", x: right, y: 12, "text-anchor": "end" });
  const pointing = svg("g", {}, band, text);
  const group = svg("g", { class: "pointer", "aria-hidden": "true" }, picked, pointing);
  const place = (slot: number | null, node: SVGElement, mark: SVGElement) => {
    const visible = slot !== null && slot < slots;
    node.style.display = visible ? "" : "none";
    if (visible) mark.setAttribute("x", String(x(slot)));
    return visible;
  };
  const show = (slot: number | null) => {
    place(crosshair.picked, picked, picked);
    const visible = place(slot, pointing, band);
    const words = visible && slot !== null ? (readout?.(slot) ?? "") : "";
    writeReadout(text, words, right, names ? 3 : 2);
    if (names) names.style.display = words ? "none" : "";
  };
  show(crosshair.slot);
  crosshair.follow(root, show);
  const clamp = (slot: number) => Math.min(slots - 1, Math.max(0, slot));
  const slotAt = ({ clientX }: MouseEvent) => {
    const box = root.getBoundingClientRect();
    const at = (clientX - box.left) * (root.viewBox.baseVal.width / (box.width || 1));
    return at < x(0) || at > x(slots) ? null : clamp(Math.floor(x.invert(at)));
  };
  const say = (slot: number) => announce(readout?.(slot) ?? "");
  // A finger cannot hover: the first tap shows an interval's figures, another on the same interval picks it.
  let [touched, before]: [boolean, number | null] = [false, null];
  root.addEventListener("pointerdown", ({ pointerType }) => {
    [touched, before] = [pointerType === "touch", crosshair.slot];
  });
  root.addEventListener("pointermove", (event) => crosshair.set(slotAt(event)));
  root.addEventListener("pointercancel", () => crosshair.set(before)); // the finger scrolls the page
  root.addEventListener("pointerleave", ({ pointerType }) => {
    if (pointerType !== "touch") crosshair.set(null);
  });
  // Safari on iOS leaves the focus where it was, and a swipe gives none.
  const leave = ({ target }: Event) => {
    if (!root.isConnected) document.removeEventListener("pointerdown", leave);
    else if (!(target instanceof Element && target.closest(".panel"))) crosshair.set(null);
  };
  document.addEventListener("pointerdown", leave);
  root.addEventListener("click", (event) => {
    const slot = slotAt(event);
    crosshair.set(slot);
    if (slot === null) return;
    if (touched && slot !== before) say(slot);
    else crosshair.pick(slot);
  });
  root.addEventListener("blur", () => crosshair.set(null));
  root.addEventListener("keydown", (event) => {
    const at = crosshair.slot;
    const next = new Map([
      ["ArrowRight", at === null ? 0 : at + 1],
      ["ArrowLeft", at === null ? slots - 1 : at - 1],
      ["Home", 0],
      ["End", slots - 1],
    ]).get(event.key);
    if (event.key === "Escape") crosshair.set(null);
    else if (event.key === "Enter" && at !== null) crosshair.pick(at);
    else if (next !== undefined) {
      crosshair.set(clamp(next));
      say(clamp(next));
      event.preventDefault();
    }
  });
  return group;
}

// About four steps of a round clock time.
function clockTicks(seconds: number): number[] {
  const lengths = [1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200];
  const step = lengths.find((length) => seconds / length <= 4.5) ?? 86_400;
  return Array.from({ length: Math.ceil(seconds / step) + 1 }, (_, i) => i * step);
}

// Every label, or every second, third, … so that none touches the next; the outer ones are moved into the chart.
function spaced(
  tick: (slot: number) => string | null,
  slots: number,
  x: ScaleLinear<number, number>,
  width: number,
): { slot: number; text: string; middle: number }[] {
  const all: { slot: number; text: string; middle: number; half: number }[] = [];
  for (let slot = 0; slot < slots; slot++) {
    const text = tick(slot);
    if (text === null) continue;
    const half = labelWidth(text) / 2;
    all.push({ slot, text, half, middle: Math.max(half, Math.min(width - half, x(slot + 0.5))) });
  }
  for (let every = 1; ; every++) {
    const some = all.filter((_, i) => i % every === 0);
    const fit = some.every(({ middle, half }, i) => {
      const before = some[i - 1];
      return !before || middle - half - (before.middle + before.half) >= 6;
    });
    if (fit) return some;
  }
}

const notes: Record<Exclude<Shade, null>, string> = {
  closed: "closed",
  pending: "not yet",
  missing: "missing",
  skipped: "did not exist",
  weekend: "",
};

let patterns = 0;
