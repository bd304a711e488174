import { area, curveStepAfter, line, type ScaleLinear, scaleLinear } from "d3";
import { chartRoot, svg } from "../picture/dom.js";
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
  tick: (slot: number) => string | null; // label under the left edge of a slot
  centred?: boolean; // label under the middle of a slot
  shade?: (slot: number) => Shade;
  label: string; // for screen readers: name
  description: string; // and contents
  readout?: (slot: number) => string; // the figures of a slot, shown above the chart while pointed at
  crosshair?: Crosshair | undefined;
  margin?: Partial<Margin>;
  ticks?: number[] | undefined; // of the vertical scale
  clock?: boolean | undefined; // the scale is seconds: ticks at full minutes
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
  margin: Margin;
  width: number;
  height: number;
}

/** The frame of a chart: scales, grid, shades, axes, crosshair and readout. The caller draws the marks. */
export function panel(options: PanelOptions): Panel {
  const { width, height = 190, slots, crosshair, readout, shade } = options;
  const margin = { top: 22, right: 12, bottom: 22, left: 46, ...options.margin };
  const x = scaleLinear([0, slots], [margin.left, Math.max(margin.left + 1, width - margin.right)]);
  const y = scaleLinear([options.min ?? 0, options.max || 1], [height - margin.bottom, margin.top]);
  const ticks = options.ticks ?? (options.clock ? clockTicks(options.max) : null);
  if (ticks) y.domain([0, Math.max(options.max, ticks.at(-1) ?? 1)]);
  else y.nice(4);
  const root = chartRoot(width, height, {
    role: "img",
    "aria-label": options.label,
    "aria-description": options.description,
    tabindex: crosshair ? 0 : null,
  });
  const [right, bottom] = [width - margin.right, height - margin.bottom];
  if (shade) root.append(shades(shade, slots, x, margin.top, bottom));

  const grid = svg("g", { "aria-hidden": "true" });
  for (const value of ticks ?? y.ticks(4)) {
    grid.append(
      svg("line", {
        x1: margin.left,
        x2: right,
        y1: y(value),
        y2: y(value),
        class: value === 0 ? "zero" : "grid",
      }),
      svg("text", { x: margin.left - 8, y: y(value), dy: "0.32em", "text-anchor": "end" }, options.format(value)),
    );
  }
  for (const { slot, text } of spaced(options.tick, slots, x)) {
    const place = x(options.centred ? slot + 0.5 : slot);
    grid.append(
      svg("line", { x1: place, x2: place, y1: bottom, y2: bottom + 4, class: "tick" }),
      svg("text", { x: place, y: bottom + 16, "text-anchor": "middle" }, text),
    );
  }
  const marks = svg("g", { class: "marks" });
  root.append(grid, marks);
  if (crosshair) root.append(pointer({ root, crosshair, readout, x, slots, top: margin.top, bottom, right }));
  return { root, marks, x, y, margin, width, height };
}

/** A message in place of a chart without data. */
export function emptyPanel(width: number, message: string, height = 120): SVGSVGElement {
  return chartRoot(
    width,
    height,
    { class: "panel panel-empty", role: "img", "aria-label": message },
    svg("rect", { class: "empty-box", x: 0.5, y: 0.5, width: width - 1, height: height - 1, rx: 6 }),
    svg("text", { class: "empty-text", x: width / 2, y: height / 2, dy: "0.32em", "text-anchor": "middle" }, message),
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
 * A label at the right end of a line, in its colour. Without room there, it goes above the line, or below it near the top,
 * where the shades have their notes.
 */
export function endLabel(
  { x, y, margin, width }: Panel,
  slot: number,
  value: number,
  text: string,
  className: string,
): SVGTextElement {
  const beside = margin.right >= 40;
  const place = beside
    ? { x: x(slot) + 5, y: y(value), dy: "0.32em" }
    : { x: width - margin.right, y: y(value) + (y(value) < margin.top + 30 ? 13 : -5), "text-anchor": "end" };
  return svg("text", { ...place, class: `end-label ${className}` }, text);
}

function shades(
  shade: (slot: number) => Shade,
  slots: number,
  x: ScaleLinear<number, number>,
  top: number,
  bottom: number,
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
      if (note && x(end) - x(slot) > note.length * 7)
        group.append(
          svg("text", { x: (x(slot) + x(end)) / 2, y: top + 12, "text-anchor": "middle", class: "note" }, note),
        );
    }
    slot = end;
  }
  return group;
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
}): SVGGElement {
  const { root, crosshair, readout, x, slots, top, bottom, right } = options;
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
    text.textContent = visible && slot !== null ? (readout?.(slot) ?? "") : "";
  };
  show(crosshair.slot);
  crosshair.follow(root, show);
  const clamp = (slot: number) => Math.min(slots - 1, Math.max(0, slot));
  root.addEventListener("pointermove", (event) => {
    const box = root.getBoundingClientRect();
    const at = (event.clientX - box.left) * (root.viewBox.baseVal.width / (box.width || 1));
    crosshair.set(at < x(0) || at > x(slots) ? null : clamp(Math.floor(x.invert(at))));
  });
  root.addEventListener("click", () => {
    if (crosshair.slot !== null) crosshair.pick(crosshair.slot);
  });
  root.addEventListener("pointerleave", () => crosshair.set(null));
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

// Leaves out labels that would overlap.
function spaced(tick: (slot: number) => string | null, slots: number, x: ScaleLinear<number, number>) {
  const all: { slot: number; text: string }[] = [];
  for (let slot = 0; slot <= slots; slot++) {
    const text = tick(slot);
    if (text !== null) all.push({ slot, text });
  }
  const widest = Math.max(0, ...all.map(({ text }) => text.length)) * 6.6 + 14;
  const [first, second] = all;
  const gap = first && second ? x(second.slot) - x(first.slot) : widest;
  const every = Math.max(1, Math.ceil(widest / gap));
  return all.filter(({ slot }, i) => i % every === 0 && x(slot) <= x(slots) - 6);
}

const notes: Record<Exclude<Shade, null>, string> = {
  closed: "closed",
  pending: "not yet",
  missing: "missing",
  skipped: "did not exist",
  weekend: "",
};

let patterns = 0;
