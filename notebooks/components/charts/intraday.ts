import { area, curveStepAfter, line } from "d3";
import type { SlotAnnotation } from "../metrics/annotations/annotation.js";
import { isChange, noiseBand } from "../metrics/baseline.js";
import { clock, count, decimal, percent, signed, type Zone } from "../metrics/format.js";
import { hasCounts, type Interval, offered, repInterval } from "../metrics/interval.js";
import type { NetRow } from "../metrics/net-staffing.js";
import { issuedBefore } from "../metrics/queues/forecast-age.js";
import { less } from "../metrics/ratio.js";
import { wrapShare } from "../metrics/times.js";
import { type Comparison, togetherText } from "../metrics/today.js";
import { svg } from "../picture/dom.js";
import type { Spot } from "../picture/labels.js";
import type { Crosshair } from "./crosshair.js";
import {
  closed,
  emptyPanel,
  endLabel,
  type Panel,
  panel,
  type RunPoint,
  runs,
  type Shade,
  stepCurves,
} from "./panel.js";

/** Options shared by all charts of a day, so that they line up. */
export interface DayOptions {
  width: number;
  height?: number;
  zone: Zone;
  crosshair?: Crosshair;
  annotations?: readonly SlotAnnotation[] | undefined;
}

export interface ServiceOptions extends DayOptions {
  target: number; // 0..1
  level: (row: Interval) => number | null; // the service level of an interval, 0..1
  expected?: readonly (number | null)[]; // levels expected of intervals still to come
  contradicts?: (row: Interval) => boolean; // it has none because its counts are inconsistent
  minContacts: number; // intervals with fewer are drawn faintly
}

export interface VolumeOptions extends DayOptions {
  comparison?: Comparison; // what the filled difference refers to
  projected?: readonly (number | null)[]; // projected contacts of incomplete intervals
}

// Room for direct labels.
function marginRight(width: number): number {
  return width < 520 ? 10 : 116;
}

/** Contacts offered per interval, assigned below and abandoned on top, against the usual of the weekday. */
export function volumeChart(rows: readonly Interval[], options: VolumeOptions): SVGSVGElement {
  const { comparison = "usual", projected = [] } = options;
  const lines = volumeLines(comparison);
  const compared = comparison === "usual" ? (row: Interval) => row.usual : (lines.forecast ?? lines.lastWeek);
  const max = Math.max(
    4,
    ...rows.map((row) =>
      Math.max(
        (row.assigned ?? 0) + (row.abandoned ?? 0),
        lines.usualHigh(row) ?? 0,
        lines.chance(row)?.high ?? 0,
        lines.lastWeek(row) ?? 0,
        lines.forecast?.(row) ?? 0,
      ),
    ),
    ...projected.map((value) => value ?? 0),
  );
  const base = dayPanel(rows, {
    ...options,
    height: options.height ?? 250,
    max,
    format: count,
    label: "Contacts offered per interval",
    description: `Columns: assigned, with abandoned on top. Line${lines.forecast ? ": the forecast" : " and grey band: the usual of this weekday"}; lighter band: what chance alone makes of it.`,
    ahead: (slot) =>
      projected[slot] === null || projected[slot] === undefined ? null : `projected ${decimal(projected[slot], 0)}`,
    readout: (row) =>
      [
        `${count(offered(row))} offered`,
        `${count(row.abandoned)} abandoned`,
        comparison === "forecast" && row.forecast !== null
          ? `forecast ${decimal(row.forecast, 0)}${changeText(row, row.forecast)}${row.forecast > 0 ? issuedBefore(row) : ""}`
          : null,
        row.usual === null
          ? null
          : `usual ${decimal(row.usual, 0)} (${decimal(row.usualLow, 0)}–${decimal(row.usualHigh, 0)})${comparison === "usual" ? changeText(row, row.usual) : ""}`,
        row.firstOffered === null ? null : `restated, first ${count(row.firstOffered)}`,
      ]
        .filter(Boolean)
        .join(" · "),
  });
  if (base instanceof SVGSVGElement) return base;
  const { marks, x, y } = base;

  const quartiles = (row: Interval) => {
    const [low, high] = [lines.usualLow(row), lines.usualHigh(row)];
    return low === null || high === null ? null : { low, high };
  };
  const band = area<RunPoint<Interval, { low: number; high: number }>>()
    .curve(curveStepAfter)
    .x(({ slot }) => x(slot))
    .y0(({ value }) => y(value.low))
    .y1(({ value }) => y(value.high));
  for (const run of runs(rows, lines.chance)) marks.append(svg("path", { class: "noise-band", d: band(closed(run)) }));
  for (const run of runs(rows, quartiles)) marks.append(svg("path", { class: "usual-band", d: band(closed(run)) }));

  const gap = gapOf(base);
  rows.forEach((row, slot) => {
    if (!hasCounts(row)) return;
    const left = x(slot) + gap / 2;
    const running = row.state === "partial" ? " running" : "";
    const width = Math.max(0.5, x(1) - x(0) - gap);
    const [assigned, abandoned] = [row.assigned ?? 0, row.abandoned ?? 0];
    if (offered(row) === 0) {
      marks.append(svg("rect", { class: "zero-mark", x: left, width, y: y(0) - 1.5, height: 1.5 }));
      return;
    }
    marks.append(
      svg("rect", { class: `blue${running}`, x: left, width, y: y(assigned), height: y(0) - y(assigned) }),
      svg("rect", {
        class: `orange${running}`,
        x: left,
        width,
        y: y(assigned + abandoned),
        height: y(assigned) - y(assigned + abandoned),
      }),
    );
    const other = compared(row);
    if (other !== null && row.state !== "partial" && isChange(offered(row), other, comparison === "last")) {
      const [low, high] = [assigned + abandoned, other].sort((a, b) => a - b) as [number, number];
      const mark = other > assigned + abandoned ? "difference-under" : "difference-over";
      marks.append(svg("rect", { class: mark, x: left, width, y: y(high), height: y(low) - y(high) }));
    }
    if (row.firstOffered !== null) {
      const [middle, top] = [left + width / 2, y(assigned + abandoned) - 4];
      marks.append(svg("path", { class: "revised", d: `M${middle - 3},${top - 5}h6l-3,5z` }));
    }
  });
  project(base, rows, projected);
  stepLine(base, rows, lines.lastWeek, "last-week");
  stepLine(base, rows, lines.usual, "usual-line");
  if (lines.forecast) stepLine(base, rows, lines.forecast, "forecast-line");
  return base.root;
}

function changeText(row: Interval, expected: number | null): string {
  if (offered(row) === null || row.state === "partial") return "";
  return isChange(offered(row), expected) ? ", outside of chance" : ", within chance";
}

/** The lines of the volume chart; null where there is none, such as at hours that never have contacts. */
export function volumeLines(comparison: VolumeOptions["comparison"]) {
  const expected = (row: Interval) => comparison === "usual" && (row.usualHigh ?? row.usual ?? 0) > 0;
  const usual = (value: (row: Interval) => number | null) => (row: Interval) => (expected(row) ? value(row) : null);
  const forecast = comparison === "forecast" ? (row: Interval) => row.forecast || null : null;
  const middle = forecast ?? usual((row) => row.usual);
  return {
    usual: usual((row) => row.usual),
    usualLow: usual((row) => row.usualLow),
    usualHigh: usual((row) => row.usualHigh),
    lastWeek: (row: Interval) =>
      (comparison === "usual" || comparison === "last") && (row.lastWeek || expected(row)) ? row.lastWeek : null,
    forecast,
    chance: (row: Interval) => noiseBand(middle(row)), // of the usual or the forecast
  };
}

/** Service level per interval, with the gap to the target filled. */
export function serviceChart(rows: readonly Interval[], options: ServiceOptions): SVGSVGElement {
  const { target, level, minContacts, contradicts = (row) => row.contradicts === true, expected = [] } = options;
  const base = dayPanel(rows, {
    ...options,
    max: 1,
    ticks: [0, 0.25, 0.5, 0.75, 1],
    format: (value) => percent(value, 0),
    label: "Service level per interval",
    description: `Dots: share answered in time. Line: the target of ${percent(target, 0)}.${expected.some((value) => value !== null) ? " Hollow, dashed: expected of the rest of the day." : ""}`,
    line: (_, slot) => expected[slot] ?? null,
    ahead: (slot) => {
      const value = expected[slot] ?? null;
      return value === null ? null : `expected ${percent(value, 0)}, not data`;
    },
    readout: (row) =>
      level(row) === null
        ? contradicts(row)
          ? "inconsistent counts"
          : "no contacts"
        : `${percent(level(row))} of ${count(offered(row))}: ${count(row.within)} in time`,
  });
  if (base instanceof SVGSVGElement) return base;
  const { marks, x, y } = base;
  const middle = (slot: number) => x(slot + 0.5);
  for (const run of runs(rows, level)) {
    const below = area<RunPoint<Interval, number>>()
      .x(({ slot }) => middle(slot))
      .y0(y(target))
      .y1(({ value }) => y(Math.min(target, value)));
    const path = line<RunPoint<Interval, number>>()
      .x(({ slot }) => middle(slot))
      .y(({ value }) => y(value));
    marks.append(
      svg("path", { class: "shortfall", d: below(run) }),
      svg("path", { class: "line blue-line thin", d: path(run) }),
    );
  }
  marks.append(
    svg("line", { class: "target", x1: x(0), x2: x(rows.length), y1: y(target), y2: y(target) }),
    endLabel(base, rows.length, target, `target ${percent(target, 0)}`, "target-label"),
  );
  const radius = Math.min(4, Math.max(1.8, (x(1) - x(0)) / 3));
  rows.forEach((row, slot) => {
    const value = level(row);
    if (value === null) return;
    const missed = value < target ? "dot-missed" : "dot-met";
    const few = (offered(row) ?? 0) < minContacts ? "few" : "";
    marks.append(svg("circle", { class: `dot ${missed} ${few}`, cx: middle(slot), cy: y(value), r: radius }));
  });
  const ahead = line<RunPoint<Interval, number>>()
    .x(({ slot }) => middle(slot))
    .y(({ value }) => y(value));
  for (const run of runs(rows, (_, slot) => expected[slot] ?? null)) {
    marks.append(svg("path", { class: "line expected-line", d: ahead(run) }));
    for (const { slot, value } of run)
      marks.append(svg("circle", { class: "dot dot-expected", cx: middle(slot), cy: y(value), r: radius * 0.75 }));
  }
  return base.root;
}

/** Mean wait per interval. */
export function waitChart(
  rows: readonly Interval[],
  options: DayOptions & { seconds: number; minContacts: number },
): SVGSVGElement {
  const { seconds, minContacts } = options;
  const few = fewerThan(minContacts);
  const max = Math.max(
    seconds * 1.2,
    highest(rows, (row) => row.wait, few),
  );
  const base = dayPanel(rows, {
    ...options,
    max,
    format: clock,
    clock: true,
    label: "Mean wait per interval",
    description: `Columns: mean wait in minutes and seconds. Line: the threshold of ${seconds} seconds.`,
    readout: (row) =>
      row.wait === null
        ? offered(row)
          ? fewText(minContacts)
          : "no contacts"
        : `mean wait ${clock(row.wait)} of ${count(offered(row))} contacts`,
  });
  if (base instanceof SVGSVGElement) return base;
  const mark = (row: Interval) => ((row.wait ?? 0) > seconds ? "orange" : "blue");
  columns(base, rows, [{ value: (row) => row.wait, mark }], few);
  const { marks, x, y } = base;
  marks.append(
    svg("line", { class: "target", x1: x(0), x2: x(rows.length), y1: y(seconds), y2: y(seconds) }),
    endLabel(base, rows.length, seconds, `threshold ${seconds} s`, "target-label"),
  );
  return base.root;
}

// No mean ships for a queue with too few contacts in the day.
function fewText(minContacts: number): string {
  return `not delivered, or held back: fewer than ${minContacts} contacts in the day`;
}

/** Mean handle time per interval: time with the customer, wrap-up on top. */
export function handleChart(
  rows: readonly Interval[],
  options: DayOptions & { minContacts: number; forecast?: boolean },
): SVGSVGElement {
  const forecast = (row: Interval) => (options.forecast && row.forecast ? row.forecastHandle : null);
  const few = fewerThan(options.minContacts);
  const base = dayPanel(rows, {
    ...options,
    max: Math.max(
      60,
      highest(rows.map(repInterval), (row) => row.handle, few),
      ...rows.map((row) => forecast(row) ?? 0),
    ),
    format: clock,
    clock: true,
    label: "Mean handle time per interval",
    description: `Columns: from assignment to the customer's last message, with wrap-up on top.${options.forecast ? " Line: the forecast." : ""}`,
    line: forecast,
    ahead: (slot) => {
      const planned = rows[slot] ? forecast(rows[slot]) : null;
      return planned === null || rows[slot]?.state !== "pending" ? null : `forecast ${clock(planned)}`;
    },
    readout: (row) => {
      const { handle, wrap, assigned } = repInterval(row);
      const none = row.held ? "held back: too few reps" : row.assigned ? fewText(options.minContacts) : "no contacts";
      return [
        row.handle === null ? none : `handle ${clock(handle)}, wrap-up ${clock(wrap)} of it`,
        forecast(row) === null ? null : `forecast ${clock(forecast(row))}`,
        row.handle === null ? null : `${count(assigned)} assigned${togetherText(row, options.zone)}`,
      ]
        .filter(Boolean)
        .join(" · ");
    },
  });
  if (base instanceof SVGSVGElement) return base;
  columns(
    base,
    rows,
    [
      { value: beforeWrap, mark: () => "blue" },
      { value: (row) => (beforeWrap(row) === null ? null : row.wrap), mark: () => "blue-strong" },
      { value: (row) => (beforeWrap(row) === null ? row.handle : null), mark: () => "blue-soft" },
    ],
    few,
    repInterval,
  );
  stepLine(base, rows, forecast, "forecast-line");
  return base.root;
}

/** Mean seconds from assignment to the customer's last message; null where wrap-up is unknown or exceeds handle time. */
export function beforeWrap({ handle, wrap }: Interval): number | null {
  return wrapShare(wrap, handle) === null ? null : less(handle, wrap);
}

/** Rep time per interval by state, with scheduled reps and those that the rest of the day requires, full-time equivalents. */
export function staffChart(
  rows: readonly Interval[],
  options: DayOptions & { required?: readonly (number | null)[] },
): SVGSVGElement {
  const { required = [] } = options;
  const planned = (row: Interval, slot: number) =>
    [
      row.scheduled === null ? null : `${decimal(row.scheduled)} scheduled`,
      required[slot] === null || required[slot] === undefined ? null : `${decimal(required[slot])} required, projected`,
    ]
      .filter(Boolean)
      .join(", ") || null;
  const parts = staffStatesOf(rows).map(({ value, mark }) => ({ value, mark: () => mark }));
  const total = (row: Interval) => parts.reduce((sum, { value }) => sum + (value(row) ?? 0), 0);
  const base = dayPanel(rows, {
    ...options,
    max: Math.max(
      1,
      ...rows.map((row) => Math.max(total(repInterval(row)), row.scheduled ?? 0)),
      ...required.map((reps) => reps ?? 0),
    ),
    format: (value) => decimal(value, value % 1 ? 1 : 0),
    label: "Reps by state per interval, full-time equivalents",
    description: `Columns: available with chats, available and free, busy with chats, busy without.${rows.some(planned) ? " Lines: scheduled; dashed, required for the projection." : ""}`,
    line: (row) => row.scheduled,
    ahead: (slot) => (rows[slot] ? planned(rows[slot], slot) : null),
    readout: (row) => {
      const { reps, available, utilizedAvailable, busy } = repInterval(row);
      return row.loggedIn === null
        ? row.held
          ? "held back: too few reps"
          : row.timeContradicts
            ? "inconsistent times"
            : row.reps
              ? `${count(row.reps)} reps, time unknown`
              : "no reps"
        : `${count(reps)} reps · ${decimal(available)} available (${decimal(utilizedAvailable)} with chats) · ${decimal(busy)} busy${togetherText(row, options.zone)}`;
    },
  });
  if (base instanceof SVGSVGElement) return base;
  columns(base, rows, parts, undefined, repInterval);
  stepLine(base, rows, (row) => row.scheduled, "scheduled-line");
  stepLine(base, rows, (_, slot) => required[slot] ?? null, "required-line");
  return base.root;
}

/** Available minus required reps: spare above the line, short below; hollow for planned intervals. */
export function netChart(rows: readonly NetRow[], options: DayOptions): SVGSVGElement {
  const nets = rows.map(({ net }) => net ?? 0);
  const reach = Math.max(1, ...nets.map(Math.abs));
  const empty = rows.every(({ net }) => net === null);
  const base = dayPanel(
    rows.map(({ row }) => row),
    {
      ...options,
      height: options.height ?? 170,
      min: Math.min(nets.some((net) => net < 0) ? -reach * 0.15 : 0, ...nets),
      max: empty ? reach : Math.max(reach * 0.15, ...nets),
      format: (value) => signed(value, 1),
      label: "Net staffing per interval, full-time equivalents",
      description: "Columns above the zero line: reps to spare. Below: reps too few.",
      ahead: (slot) => (rows[slot]?.ahead ? netText(rows[slot], options.zone) : null),
      readout: (row) =>
        rows.flatMap((net) => (net.row === row ? (netText(net, options.zone) ?? []) : []))[0] ?? "no contacts",
    },
  );
  if (base instanceof SVGSVGElement) return base;
  const { marks, x, y } = base;
  const spans = blocks(
    rows.map(({ row }) => row),
    repInterval,
  );
  for (const { slot, slots } of spans) {
    const { net = null, ahead, row, over } = rows[slot] ?? {};
    if (net === null) continue;
    const mark = net < 0 ? "orange" : "blue";
    const [top, bottom] = [y(Math.max(0, net)), y(Math.min(0, net))];
    const gap = gapOf(base);
    const box = { x: x(slot) + gap / 2, width: Math.max(0.5, x(slots) - x(0) - gap), y: top };
    const look = ahead ? `planned-${mark}` : `${mark}${row?.state === "partial" ? " running" : ""}`;
    marks.append(svg("rect", { class: look, ...box, height: Math.max(1, bottom - top) }));
    if (over !== row) marks.append(cap(base, slot, slots, Math.max(0, net)));
  }
  return base.root;
}

const unknownNet = new Map<string, string>([
  ["held", "held back: too few reps"],
  ["no reps", "no reps"],
  ["no handle time", "no handle time"],
]);

function netText({ net, available, required, state, ahead, row }: NetRow, zone: Zone): string | null {
  if (net === null) return unknownNet.get(state) ?? null;
  const sides = `${decimal(available)} ${ahead ? "scheduled" : "available"}, ${decimal(required)} required`;
  return `${net < 0 ? `${decimal(-net)} too few` : `${decimal(net)} to spare`}: ${sides}${togetherText(row, zone)}`;
}

/** The states of rep time, bottom first. */
const staffStates: StaffState[] = [
  { text: "Available, with chats", mark: "blue", value: (row) => row.utilizedAvailable },
  {
    text: "Available, free",
    mark: "blue-soft",
    value: (row) => free(row.available, row.utilizedAvailable),
  },
  { text: "Busy, with chats", mark: "orange", value: (row) => row.utilizedBusy },
  { text: "Busy, no chats", mark: "orange-soft", value: (row) => free(row.busy, row.utilizedBusy) },
];

// For reps whose time with chats is unknown.
const unsplitStates: StaffState[] = [
  {
    text: "Available, chats unknown",
    mark: "grey",
    value: (row) => (row.utilizedAvailable === null ? row.available : null),
  },
  {
    text: "Busy, chats unknown",
    mark: "grey-soft",
    value: (row) => (row.utilizedBusy === null ? row.busy : null),
  },
];

interface StaffState {
  text: string;
  mark: string;
  value: (row: Interval) => number | null; // full-time equivalents
}

/** The states of rep time that occur. */
export function staffStatesOf(rows: readonly Interval[]): StaffState[] {
  return [...staffStates, ...unsplitStates.filter(({ value }) => rows.some((row) => value(row) !== null))];
}

/** Labels at full hours: each, or every second, third, …, depending on the room. */
function hourTicks(rows: readonly SlotRow[], zone: Zone, width: number) {
  const hours = (rows.length * (rows[0]?.minutes || 15)) / 60;
  const room = width - 52 - marginRight(width);
  const step = [1, 2, 3, 4, 6].find((step) => room * step > 50 * hours) ?? 12;
  return (slot: number): string | null => {
    const row = rows[slot];
    if (!row) return null;
    const time = zone.time(row.start);
    return row.minutes > 0 && time.endsWith(":00") && Number(time.slice(0, 2)) % step === 0 ? time : null;
  };
}

// A pale area under a dashed, labelled line, unlike any mark for data.
function project(base: Panel, rows: readonly Interval[], projected: readonly (number | null)[]): void {
  const { marks, x, y, labels } = base;
  const { edge, fill } = stepCurves(x, y);
  for (const run of runs(rows, (_, slot) => projected[slot] ?? null)) {
    const steps = closed(run);
    const top = run.reduce((most, point) => (point.value > most.value ? point : most));
    const [from, to] = [x(Math.min(...steps.map(({ slot }) => slot))), x(Math.max(...steps.map(({ slot }) => slot)))];
    marks.append(
      svg("path", { class: "projected-fill", d: fill(steps) }),
      svg("path", { class: "line projected-line", d: edge(steps) }),
    );
    const spots = [-6, 14].flatMap((move): Spot[] => [
      { x: Math.max(from + 4, x(top.slot)), y: y(top.value) + move, anchor: "start" },
      { x: to, y: y(top.value) + move, anchor: "end" },
    ]);
    if (to - from > 70) marks.append(labels.place("projection", spots, "projected-label"));
  }
}

/** An interval of a day, whatever its figures. */
export type SlotRow = Pick<Interval, "label" | "start" | "end" | "minutes" | "state">;

interface DayPanel<Row extends SlotRow = Interval> extends DayOptions {
  max: number;
  format: (value: number) => string;
  label: string;
  description: string;
  readout: (row: Row) => string;
  ahead?: (slot: number) => string | null; // readout of an interval still to come
  line?: (row: Row, slot: number) => number | null; // which "not yet" leaves free
  min?: number;
  ticks?: number[];
  clock?: boolean;
}

function dayPanel(rows: readonly Interval[], options: DayPanel): Panel | SVGSVGElement {
  if (!rows.some(hasCounts)) return emptyPanel(options.width, "No data for this queue and day.");
  return slotPanel(rows, options);
}

/** The frame of a chart of a day: one slot per interval, shaded by its state, with hours below. */
export function slotPanel<Row extends SlotRow>(rows: readonly Row[], options: DayPanel<Row>): Panel {
  const { width, zone, readout } = options;
  const states: Record<Interval["state"], Shade> = {
    data: null,
    incomplete: null,
    zero: null,
    partial: null,
    closed: "closed",
    pending: "pending",
    missing: "missing",
    skipped: "skipped",
  };
  return panel({
    width,
    height: options.height ?? 190,
    slots: rows.length,
    max: options.max,
    ...(options.min === undefined ? {} : { min: options.min }),
    format: options.format,
    ticks: options.ticks,
    clock: options.clock,
    tick: hourTicks(rows, zone, width),
    shade: (slot) => (rows[slot] ? states[rows[slot].state] : null),
    line: options.line && ((slot) => (rows[slot] ? (options.line?.(rows[slot], slot) ?? null) : null)),
    label: options.label,
    description: options.description,
    crosshair: options.crosshair,
    annotations: options.annotations,
    margin: { right: marginRight(width) },
    readout(slot) {
      const row = rows[slot];
      if (!row) return "";
      const words: Partial<Record<Interval["state"], string>> = {
        pending: "not yet arrived",
        missing: "missing",
        closed: "closed",
        skipped: "did not exist: the clock went forward",
      };
      const more =
        row.state === "partial" ? " · partly arrived" : row.state === "incomplete" ? " · a count is missing" : "";
      const ahead = options.ahead?.(slot);
      return `${row.label}  ${words[row.state] ?? readout(row) + more}${ahead ? ` · ${ahead}` : ""}`;
    },
  });
}

// A mean of few contacts is noisy and drawn faintly; a column beyond the scale ends in an arrow.
function columns(
  base: Panel,
  rows: readonly Interval[],
  parts: { value: (row: Interval) => number | null; mark: (row: Interval) => string }[],
  few: (row: Interval) => boolean = () => false,
  shown: (row: Interval) => Interval = (row) => row,
): void {
  const { marks, x, y, margin } = base;
  const gap = gapOf(base);
  const [, top] = y.domain() as [number, number];
  for (const { row, slot, slots } of blocks(rows, shown)) {
    const width = Math.max(0.5, x(slots) - x(0) - gap);
    const faint = `${row.state === "partial" ? " running" : ""}${few(row) ? " few" : ""}`;
    let sum = 0;
    for (const { value, mark } of parts) {
      const part = value(row);
      if (!part || part < 0 || sum >= top) continue;
      const end = Math.min(top, sum + part);
      const height = y(sum) - y(end);
      marks.append(svg("rect", { class: mark(row) + faint, x: x(slot) + gap / 2, width, y: y(end), height }));
      sum += part;
    }
    if (sum > top)
      marks.append(
        svg("text", { class: "beyond", x: x(slot + slots / 2), y: margin.top - 2, "text-anchor": "middle" }, "▲"),
      );
    if (sum > 0 && row !== rows[slot]) marks.append(cap(base, slot, slots, Math.min(sum, top)));
  }
}

function gapOf({ x }: Panel): number {
  return x(1) - x(0) > 5 ? 1 : 0.4;
}

// Runs of rows that show the same interval.
function blocks(rows: readonly Interval[], shown: (row: Interval) => Interval) {
  const list: { row: Interval; slot: number; slots: number }[] = [];
  rows.forEach((row, slot) => {
    const last = list.at(-1);
    if (last?.row === shown(row)) last.slots++;
    else list.push({ row: shown(row), slot, slots: 1 });
  });
  return list;
}

// A bracket over a column that stands for several intervals together.
function cap(base: Panel, slot: number, slots: number, value: number): SVGElement {
  const [left, right] = [base.x(slot) + gapOf(base), base.x(slot + slots) - gapOf(base)];
  return svg("path", { class: "merged", d: `M${left},${base.y(value) - 2}v-3H${right}v3` });
}

function fewerThan(contacts: number): (row: Interval) => boolean {
  return (row) => (offered(row) ?? 0) < contacts;
}

// The highest value among intervals with enough contacts, or among all if none has.
function highest(
  rows: readonly Interval[],
  value: (row: Interval) => number | null,
  few: (row: Interval) => boolean,
): number {
  const enough = rows.filter((row) => !few(row) && value(row) !== null);
  return Math.max(0, ...(enough.length ? enough : rows).map((row) => value(row) ?? 0));
}

function stepLine(
  { marks, x, y }: Panel,
  rows: readonly Interval[],
  value: (row: Interval, slot: number) => number | null,
  className: string,
): void {
  const { edge } = stepCurves(x, y);
  for (const run of runs(rows, value)) marks.append(svg("path", { class: `line ${className}`, d: edge(closed(run)) }));
}

function free(whole: number | null, part: number | null): number | null {
  const rest = less(whole, part);
  return rest === null ? null : Math.max(0, rest); // both are rounded, so it may fall just below zero
}
