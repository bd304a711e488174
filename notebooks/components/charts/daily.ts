import { area, line } from "d3";
import type { SlotAnnotation } from "../metrics/annotations/annotation.js";
import type { DayRow } from "../metrics/conversations.js";
import { clock, count, dayName, percent } from "../metrics/format.js";
import { svg } from "../picture/dom.js";
import type { Crosshair } from "./crosshair.js";
import { emptyPanel, endLabel, type Panel, panel, type RunPoint, runs } from "./panel.js";

export interface DailyOptions {
  width: number;
  height?: number;
  crosshair?: Crosshair;
  annotations?: readonly SlotAnnotation[];
}

export interface Part<T> {
  text: string;
  mark: string; // colour class
  value: (row: T) => number | null;
}

/** Counts per day as stacked columns, first part at the bottom. An incomplete day is drawn lighter. */
export function stackChart<T extends DayRow>(
  rows: readonly T[],
  parts: readonly Part<T>[],
  options: DailyOptions & { label: string; height?: number },
): SVGSVGElement {
  const total = (row: T) => parts.reduce((sum, { value }) => sum + (value(row) ?? 0), 0);
  const base = dailyPanel(rows, {
    ...options,
    max: Math.max(1, ...rows.map(total)),
    format: count,
    description: `Columns, from the bottom: ${parts.map(({ text }) => text).join(", ")}.`,
    readout: (row) =>
      [
        count(total(row)),
        ...parts.map(({ text, value }) => `${count(value(row))} ${text.toLowerCase()}`),
        row.complete ? null : "day incomplete",
      ]
        .filter(Boolean)
        .join(" · "),
  });
  if (base instanceof SVGSVGElement) return base;
  stack(base, rows, parts);
  return base.root;
}

/** Shares per day as 100 % stacked columns. A day without rows is empty. */
export function shareChart<T extends DayRow>(
  rows: readonly T[],
  parts: readonly Part<T>[],
  options: DailyOptions & { label: string },
): SVGSVGElement {
  const total = (row: T) => parts.reduce((sum, { value }) => sum + (value(row) ?? 0), 0);
  const share = (row: T, value: number | null) => (total(row) ? (value ?? 0) / total(row) : null);
  const base = dailyPanel(rows, {
    ...options,
    max: 1,
    ticks: [0, 0.25, 0.5, 0.75, 1],
    format: (value) => percent(value, 0),
    description: `Shares, from the bottom: ${parts.map(({ text }) => text).join(", ")}.`,
    readout: (row) =>
      parts.map(({ text, value }) => `${percent(share(row, value(row)), 0)} ${text.toLowerCase()}`).join(" · "),
  });
  if (base instanceof SVGSVGElement) return base;
  stack(
    base,
    rows,
    parts.map((part) => ({ ...part, value: (row: T) => share(row, part.value(row)) })),
  );
  return base.root;
}

/** Two lines, such as p50 and p90, with a filled area between. Lines break where a value is missing. */
export function spreadChart<T extends DayRow>(
  rows: readonly T[],
  lines: { middle: Part<T>; high: Part<T> },
  options: DailyOptions & { label: string },
): SVGSVGElement {
  const { middle, high } = lines;
  const base = dailyPanel(rows, {
    ...options,
    max: Math.max(1, ...rows.map((row) => Math.max(high.value(row) ?? 0, middle.value(row) ?? 0))),
    format: clock,
    clock: true,
    description: `Lines: ${middle.text} and ${high.text}, in minutes and seconds.`,
    readout: (row) => `${middle.text} ${clock(middle.value(row))} · ${high.text} ${clock(high.value(row))}`,
    margin: { right: 64 },
  });
  if (base instanceof SVGSVGElement) return base;
  spread(base, rows, middle.value, high.value);
  for (const part of [high, middle]) curve(base, rows, part);
  return base.root;
}

/** A share per day with its 95 % interval from `low` to `high`, and a line at `target`. */
export function shareLineChart<T extends DayRow>(
  rows: readonly T[],
  part: Part<T> & { low: (row: T) => number | null; high: (row: T) => number | null; n: (row: T) => number },
  options: DailyOptions & { label: string; target?: number },
): SVGSVGElement {
  const { value, low, high, n } = part;
  const base = dailyPanel(rows, {
    ...options,
    max: 1,
    ticks: [0, 0.25, 0.5, 0.75, 1],
    format: (share) => percent(share, 0),
    description: `Line: ${part.text}, with its 95 % interval as a band.`,
    readout: (row) =>
      value(row) === null
        ? `n = ${count(n(row))}`
        : [
            percent(value(row)),
            low(row) === null ? "" : ` (${percent(low(row), 0)}–${percent(high(row), 0)})`,
            `, n = ${count(n(row))}`,
          ].join(""),
    margin: { right: options.target === undefined ? 64 : 84 },
  });
  if (base instanceof SVGSVGElement) return base;
  const { marks, x, y } = base;
  spread(base, rows, low, high);
  const { target } = options;
  if (target !== undefined)
    marks.append(
      svg("line", { class: "target", x1: x(0), x2: x(rows.length), y1: y(target), y2: y(target) }),
      endLabel(base, rows.length, target, `target ${percent(target, 0)}`, "target-label"),
    );
  curve(base, rows, part);
  return base.root;
}

function curve<T extends DayRow>(base: Panel, rows: readonly T[], { value, mark, text }: Part<T>): void {
  const { marks, x, y } = base;
  const path = line<RunPoint<T, number>>()
    .x(({ slot }) => x(slot + 0.5))
    .y(({ value }) => y(value));
  const segments = runs(rows, value);
  const dots = x(1) - x(0) > 9;
  for (const run of segments) {
    marks.append(svg("path", { class: `line ${mark}-line`, d: path(run) }));
    for (const { slot, value } of run)
      if (dots || run.length === 1)
        marks.append(svg("circle", { class: `dot ${mark}`, cx: x(slot + 0.5), cy: y(value), r: 2.4 }));
  }
  const last = segments.at(-1)?.at(-1);
  if (last) marks.append(endLabel(base, last.slot + 0.5, last.value, text, `${mark}-text`));
}

function spread<T>(
  { marks, x, y }: Panel,
  rows: readonly T[],
  low: (row: T) => number | null,
  high: (row: T) => number | null,
): void {
  const bounds = (row: T) => {
    const [from, to] = [low(row), high(row)];
    return from === null || to === null ? null : { from, to };
  };
  const band = area<RunPoint<T, { from: number; to: number }>>()
    .x(({ slot }) => x(slot + 0.5))
    .y0(({ value }) => y(value.from))
    .y1(({ value }) => y(value.to));
  for (const run of runs(rows, bounds)) marks.append(svg("path", { class: "spread", d: band(run) }));
}

function stack<T extends DayRow>({ marks, x, y }: Panel, rows: readonly T[], parts: readonly Part<T>[]): void {
  const gap = Math.min(3, (x(1) - x(0)) * 0.18);
  rows.forEach((row, slot) => {
    let sum = 0;
    for (const { value, mark } of parts) {
      const part = value(row);
      if (!part) continue;
      marks.append(
        svg("rect", {
          class: `${mark}${row.complete ? "" : " running"}`,
          x: x(slot) + gap / 2,
          width: Math.max(0.5, x(1) - x(0) - gap),
          y: y(sum + part),
          height: Math.max(0, y(sum) - y(sum + part)),
        }),
      );
      sum += part;
    }
  });
}

interface DailyPanel<T> extends DailyOptions {
  max: number;
  format: (value: number) => string;
  label: string;
  description: string;
  readout: (row: T) => string;
  ticks?: number[];
  clock?: boolean;
  margin?: { right: number };
}

function dailyPanel<T extends DayRow>(rows: readonly T[], options: DailyPanel<T>): Panel | SVGSVGElement {
  const { width } = options;
  if (rows.length === 0) return emptyPanel(width, "No data for these days.");
  return panel({
    width,
    height: options.height ?? 210,
    slots: rows.length,
    max: options.max,
    format: options.format,
    ticks: options.ticks,
    clock: options.clock,
    tick: (slot) => dayTick(rows, slot),
    shade: (slot) => (rows.length <= 62 && weekend(rows[slot]?.day ?? "") ? "weekend" : null),
    label: options.label,
    description: options.description,
    crosshair: options.crosshair,
    annotations: options.annotations,
    margin: options.margin ?? {},
    readout(slot) {
      const row = rows[slot];
      return row ? `${dayName(row.day)}  ${options.readout(row)}` : "";
    },
  });
}

// Every day, every Monday or the first of each month, depending on the number of days.
function dayTick(rows: readonly DayRow[], slot: number): string | null {
  const row = rows[slot];
  if (!row) return null;
  const date = new Date(`${row.day}T00:00:00Z`);
  const text = dayName(row.day).slice(4);
  if (rows.length <= 10) return dayName(row.day);
  if (rows.length <= 120) return date.getUTCDay() === 1 ? text : null;
  return date.getUTCDate() === 1 ? text.slice(2) : null;
}

function weekend(day: string): boolean {
  return [0, 6].includes(new Date(`${day}T00:00:00Z`).getUTCDay());
}
