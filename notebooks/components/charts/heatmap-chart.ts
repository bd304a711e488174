import type { CellState, Heat, HeatCell, Scale } from "../metrics/heatmap.js";
import { chartRoot, svg } from "../picture/dom.js";
import { labelWidth, writeReadout } from "../picture/labels.js";
import { announce } from "./announce.js";
import { heatFill, heatGround, heatInk } from "./heat-colour.js";
import { emptyPanel } from "./panel.js";

export interface HeatmapOptions {
  width: number;
  scale: Scale;
  short: (value: number) => string; // text in a cell
  tick: (value: number) => string; // labels of the colour scale
  ends: [low: string, high: string]; // words at its ends
  say: (cell: HeatCell) => string; // readout of a cell
  label: string;
  name: (weekday: number) => string;
}

/** The states and their names, in legend order. */
export const cellStates: { state: CellState; text: string }[] = [
  { state: "few", text: "few contacts" },
  { state: "zero", text: "no contacts" },
  { state: "closed", text: "closed" },
  { state: "none", text: "no data" },
  { state: "clock", text: "clock changed" },
  { state: "held", text: "held back" },
];

/** Weekdays down and time across; on narrow screens time runs down. Arrow keys move from cell to cell. */
export function heatmapChart(heat: Heat, options: HeatmapOptions): SVGSVGElement {
  const { width, scale, say } = options;
  if (heat.cells.every(({ state }) => state === "none" || state === "closed"))
    return emptyPanel(width, "No data for this queue.");
  const { weekdays, slots, cells } = heat;
  const left = 46;
  const upright = (width - left) / slots.length < 9;
  const across = upright ? weekdays.length : slots.length;
  const down = upright ? slots.length : weekdays.length;
  const wide = (width - left - 1) / across;
  const high = upright ? (slots.length > 48 ? 9 : slots.length > 24 ? 13 : 19) : 34;
  const top = 42;
  const legendTop = top + down * high + 26;
  const height = legendTop + (width < 560 ? 92 : 46);
  const root = chartRoot(width, height, {
    class: "panel heatmap",
    role: "application",
    "aria-roledescription": "heatmap",
    "aria-label": `${options.label}. Arrow keys move from cell to cell; the same numbers are in the table below.`,
    tabindex: 0,
  });
  const id = `heat-${++patterns}`;
  root.append(
    svg("defs", {}, hatch(`${id}-few`, 45, "few-hatch"), hatch(`${id}-none`, -45, "none-hatch"), dots(`${id}-held`)),
  );
  const place = (at: number) => {
    const [day, slot] = [Math.floor(at / slots.length), at % slots.length];
    return upright ? { x: left + day * wide, y: top + slot * high } : { x: left + slot * wide, y: top + day * high };
  };
  root.append(axes(heat, options, { upright, left, top, wide, high }));

  const marks = svg("g", { class: "heat-cells" });
  const gap = Math.min(wide, high) > 14 ? 1.5 : 0.6;
  const box = { width: Math.max(0.5, wide - gap), height: high - gap, rx: Math.min(wide, high) > 14 ? 2 : 0 };
  const texts = cells.map(({ value }) => (value === null ? "" : options.short(value)));
  const numbered = high >= 15 && wide >= Math.max(30, ...texts.map((text) => labelWidth(text, 11) + 2));
  cells.forEach((cell, i) => {
    marks.append(...cellMarks(cell, { ...place(i), ...box }, scale, id));
    if (cell.value === null || !numbered || (cell.state !== "data" && cell.state !== "few")) return;
    const { x, y } = place(i);
    marks.append(
      svg(
        "text",
        {
          class: cell.state === "few" ? "heat-value on-hatch" : "heat-value",
          style: cell.state === "few" ? null : `fill:${heatInk(heatGround(cell.value, scale))}`,
          x: x + box.width / 2,
          y: y + box.height / 2,
          dy: "0.35em",
          "text-anchor": "middle",
        },
        texts[i],
      ),
    );
  });
  const ring = svg("rect", { class: "heat-ring", ...box, visibility: "hidden" });
  const readout = svg("text", { class: "readout", x: left, y: 12 });
  root.append(marks, ring, readout, legend(options, id, left, legendTop, cells));

  let at: number | null = null;
  const show = (next: number | null) => {
    at = next;
    const cell = next === null ? undefined : cells[next];
    ring.setAttribute("visibility", cell ? "visible" : "hidden");
    writeReadout(readout, cell ? say(cell) : "", width - left);
    if (next === null) return;
    const { x, y } = place(next);
    ring.setAttribute("x", String(x));
    ring.setAttribute("y", String(y));
  };
  const under = (event: PointerEvent) => {
    const frame = root.getBoundingClientRect();
    const scaleBy = width / (frame.width || 1);
    const i = Math.floor(((event.clientX - frame.left) * scaleBy - left) / wide);
    const j = Math.floor(((event.clientY - frame.top) * scaleBy - top) / high);
    if (i < 0 || j < 0 || i >= across || j >= down) return null;
    return upright ? i * slots.length + j : j * slots.length + i;
  };
  root.addEventListener("pointermove", (event) => show(under(event)));
  root.addEventListener("pointerdown", (event) => show(under(event)));
  root.addEventListener("pointerleave", () => show(null));
  root.addEventListener("blur", () => show(null));
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return show(null);
    const [along, across] = upright ? [slots.length, 1] : [1, slots.length];
    const step =
      new Map([
        ["ArrowRight", along],
        ["ArrowLeft", -along],
        ["ArrowDown", across],
        ["ArrowUp", -across],
      ]).get(event.key) ?? 0;
    const next = event.key === "Home" ? 0 : event.key === "End" ? cells.length - 1 : at === null ? 0 : at + step;
    if (step === 0 && event.key !== "Home" && event.key !== "End") return;
    event.preventDefault();
    const target = Math.min(cells.length - 1, Math.max(0, next));
    show(target);
    const cell = cells[target];
    if (cell) announce(say(cell));
  });
  return root;
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
  rx: number;
}

function cellMarks(cell: HeatCell, box: Box, scale: Scale, id: string): SVGElement[] {
  const rect = (attributes: Record<string, string>) => svg("rect", { ...box, ...attributes });
  const value = cell.value ?? scale.low;
  switch (cell.state) {
    case "data":
      return [rect({ class: "heat-data", style: `fill:${heatFill(heatGround(value, scale))}` })];
    case "few":
      return [
        rect({ style: `fill:${heatFill(heatGround(value, scale, true))}` }),
        rect({ style: `fill:url(#${id}-few)` }),
      ];
    case "zero":
      return [
        rect({ class: "heat-zero" }),
        svg("circle", {
          class: "heat-zero-dot",
          cx: box.x + box.width / 2,
          cy: box.y + box.height / 2,
          r: Math.min(1.6, box.width / 4),
        }),
      ];
    case "closed":
      return [rect({ class: "heat-closed" })];
    case "none":
      return [rect({ class: "heat-none", style: `fill:url(#${id}-none)` })];
    case "clock":
      return [rect({ class: "heat-clock" })];
    case "held":
      return [rect({ class: "heat-held", style: `fill:url(#${id}-held)` })];
  }
}

function axes(
  { weekdays, slots }: Heat,
  { name }: HeatmapOptions,
  { upright, left, top, wide, high }: { upright: boolean; left: number; top: number; wide: number; high: number },
): SVGGElement {
  const group = svg("g", { "aria-hidden": "true" });
  const every = upright ? 1 : Math.ceil(44 / (wide * (slots.length / 24)));
  weekdays.forEach((weekday, i) => {
    const [x, y] = upright ? [left + (i + 0.5) * wide, top - 8] : [left - 8, top + (i + 0.5) * high];
    const anchor = upright ? "middle" : "end";
    group.append(svg("text", { x, y, dy: upright ? null : "0.32em", "text-anchor": anchor }, name(weekday)));
  });
  slots.forEach((slot, i) => {
    if (!slot.endsWith(":00") || Number(slot.slice(0, 2)) % every !== 0) return;
    const [x, y] = upright ? [left - 8, top + (i + 0.5) * high] : [left + (i + 0.5) * wide, top - 8];
    group.append(svg("text", { x, y, dy: upright ? "0.32em" : null, "text-anchor": upright ? "end" : "middle" }, slot));
  });
  return group;
}

// A colour ramp with its ends, and a swatch for each state that occurs.
function legend(
  { width, scale, tick, ends }: HeatmapOptions,
  id: string,
  left: number,
  y: number,
  cells: readonly HeatCell[],
): SVGGElement {
  const group = svg("g", { class: "heat-legend", "aria-hidden": "true" });
  const steps = 12;
  const long = Math.min(260, width - left - 20);
  for (let i = 0; i < steps; i++) {
    const value = scale.low + ((i + 0.5) / steps) * (scale.high - scale.low);
    group.append(
      svg("rect", {
        x: left + (i * long) / steps,
        y,
        width: long / steps + 0.3,
        height: 10,
        style: `fill:${heatFill(heatGround(value, scale))}`,
      }),
    );
  }
  const at = (value: number) => left + ((value - scale.low) / (scale.high - scale.low)) * long;
  const { low, middle, high } = scale;
  group.append(
    svg("text", { x: left, y: y + 24, "text-anchor": "start" }, `${tick(low)} ${ends[0]}`.trim()),
    svg("text", { x: left + long, y: y + 24, "text-anchor": "end" }, `${tick(high)} ${ends[1]}`.trim()),
  );
  if (middle !== null && middle > low)
    group.append(
      svg("line", { class: "heat-middle", x1: at(middle), x2: at(middle), y1: y - 3, y2: y + 12 }),
      svg("text", { x: at(middle), y: y - 6, "text-anchor": "middle" }, tick(middle)),
    );
  const narrow = width < 560;
  let x = narrow ? left : left + long + 28;
  let line = narrow ? y + 42 : y - 2;
  const [first] = cells;
  if (!first) return group;
  const sample: HeatCell = { ...first, value: low + (high - low) * 0.85 };
  for (const { state, text } of cellStates) {
    if (!cells.some((cell) => cell.state === state)) continue;
    const room = 24 + text.length * 6.4;
    if (x + room > width) {
      x = narrow ? left : left + long + 28;
      line += 20;
    }
    group.append(
      ...cellMarks({ ...sample, state }, { x, y: line, width: 14, height: 14, rx: 2 }, scale, id),
      svg("text", { x: x + 19, y: line + 11 }, text),
    );
    x += room + 8;
  }
  return group;
}

function hatch(id: string, turn: number, mark: string): SVGPatternElement {
  return svg(
    "pattern",
    { id, width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: `rotate(${turn})` },
    svg("line", { x1: 0, x2: 0, y1: 0, y2: 5, class: mark }),
  );
}

function dots(id: string): SVGPatternElement {
  return svg(
    "pattern",
    { id, width: 4, height: 4, patternUnits: "userSpaceOnUse" },
    svg("circle", { cx: 1.5, cy: 1.5, r: 0.9, class: "held-dot" }),
  );
}

let patterns = 0;
