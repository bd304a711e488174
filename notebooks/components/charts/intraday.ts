import { area, curveStepAfter, line } from "d3";
import { clock, count, decimal, percent, signed, type Zone } from "../metrics/format.js";
import { type Interval, known, offered } from "../metrics/interval.js";
import type { NetRow } from "../metrics/net-staffing.js";
import { less } from "../metrics/ratio.js";
import { wrapShare } from "../metrics/times.js";
import { svg } from "../picture/dom.js";
import type { Crosshair } from "./crosshair.js";
import { emptyPanel, endLabel, type Panel, panel, runs, type Shade } from "./panel.js";

/** What all charts of one day share, so that they line up. */
export interface DayOptions {
  width: number;
  height?: number;
  zone: Zone;
  crosshair?: Crosshair;
}

export interface ServiceOptions extends DayOptions {
  target: number; // 0..1
  level: (row: Interval) => number | null; // the service level of an interval, 0..1
  contradicts?: (row: Interval) => boolean; // it has none because its counts contradict each other
  minContacts: number; // fewer are drawn faintly
}

export interface VolumeOptions extends DayOptions {
  comparison?: "usual" | "last" | "none"; // what the difference is filled to
  projected?: readonly (number | null)[]; // contacts an interval that has not come whole will have had
}

type Point = { row: Interval; slot: number };

const right = 92; // room for direct labels

/** Contacts offered per interval, assigned below and abandoned on top, against the usual of the weekday. */
export function volumeChart(rows: readonly Interval[], options: VolumeOptions): SVGSVGElement {
  const { comparison = "usual", projected = [] } = options;
  const lines = volumeLines(comparison);
  const compared = comparison === "usual" ? (row: Interval) => row.usual : lines.lastWeek;
  const max = Math.max(
    4,
    ...rows.map((row) =>
      Math.max((row.assigned ?? 0) + (row.abandoned ?? 0), lines.usualHigh(row) ?? 0, lines.lastWeek(row) ?? 0),
    ),
    ...projected.map((value) => value ?? 0),
  );
  const base = dayPanel(rows, {
    ...options,
    height: options.height ?? 250,
    max,
    format: count,
    label: "Contacts offered per interval",
    description: "Columns: assigned, with abandoned on top. Grey band and line: the usual of this weekday.",
    ahead: (slot) =>
      projected[slot] === null || projected[slot] === undefined ? null : `projected ${decimal(projected[slot], 0)}`,
    readout: (row) =>
      [
        `${count(offered(row))} offered`,
        `${count(row.abandoned)} abandoned`,
        row.usual === null
          ? null
          : `usual ${decimal(row.usual, 0)} (${decimal(row.usualLow, 0)}–${decimal(row.usualHigh, 0)})`,
        row.firstOffered === null ? null : `restated, first ${count(row.firstOffered)}`,
      ]
        .filter(Boolean)
        .join(" · "),
  });
  if (base instanceof SVGSVGElement) return base;
  const { marks, x, y } = base;

  const banded = runs(rows, (row) => lines.usual(row) !== null);
  const band = area<Point>()
    .curve(curveStepAfter)
    .x(({ slot }) => x(slot))
    .y0(({ row }) => y(row.usualLow!))
    .y1(({ row }) => y(row.usualHigh!));
  for (const run of banded) marks.append(svg("path", { class: "usual-band", d: band(closed(run)) }));

  const gap = x(1) - x(0) > 5 ? 1 : 0.4;
  rows.forEach((row, slot) => {
    if (!known(row)) return;
    const left = x(slot) + gap / 2;
    const part = row.state === "partial" ? " running" : "";
    const width = Math.max(0.5, x(1) - x(0) - gap);
    const [assigned, abandoned] = [row.assigned ?? 0, row.abandoned ?? 0];
    if (offered(row) === 0) {
      marks.append(svg("rect", { class: "zero-mark", x: left, width, y: y(0) - 1.5, height: 1.5 }));
      return;
    }
    marks.append(
      svg("rect", { class: `blue${part}`, x: left, width, y: y(assigned), height: y(0) - y(assigned) }),
      svg("rect", {
        class: `orange${part}`,
        x: left,
        width,
        y: y(assigned + abandoned),
        height: y(assigned) - y(assigned + abandoned),
      }),
    );
    const other = compared(row);
    if (other !== null && offered(row) !== null && row.state !== "partial") {
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
  return base.root;
}

/** What the volume chart draws beside its columns; null where it draws nothing, as at hours when nothing ever comes. */
export function volumeLines(comparison: VolumeOptions["comparison"]) {
  const expected = (row: Interval) => comparison === "usual" && (row.usualHigh ?? row.usual ?? 0) > 0;
  const usual = (value: (row: Interval) => number | null) => (row: Interval) => (expected(row) ? value(row) : null);
  return {
    usual: usual((row) => row.usual),
    usualLow: usual((row) => row.usualLow),
    usualHigh: usual((row) => row.usualHigh),
    lastWeek: (row: Interval) => (comparison !== "none" && (row.lastWeek || expected(row)) ? row.lastWeek : null),
  };
}

/** Service level per interval, with the gap to the target filled. */
export function serviceChart(rows: readonly Interval[], options: ServiceOptions): SVGSVGElement {
  const { target, level, minContacts, contradicts = (row) => row.contradicts === true } = options;
  const base = dayPanel(rows, {
    ...options,
    max: 1,
    ticks: [0, 0.25, 0.5, 0.75, 1],
    format: (value) => percent(value, 0),
    label: "Service level per interval",
    description: `Dots: share answered in time. Line: the target of ${percent(target, 0)}.`,
    readout: (row) =>
      level(row) === null
        ? contradicts(row)
          ? "counts contradict"
          : "no contacts"
        : `${percent(level(row))} of ${count(offered(row))}: ${count(row.within)} in time`,
  });
  if (base instanceof SVGSVGElement) return base;
  const { marks, x, y } = base;
  const middle = (slot: number) => x(slot + 0.5);
  for (const run of runs(rows, (row) => level(row) !== null)) {
    const below = area<Point>()
      .x(({ slot }) => middle(slot))
      .y0(y(target))
      .y1(({ row }) => y(Math.min(target, level(row)!)));
    const path = line<Point>()
      .x(({ slot }) => middle(slot))
      .y(({ row }) => y(level(row)!));
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

// Of a queue with too few contacts in the day no mean ships, and none where none was delivered.
function fewText(minContacts: number): string {
  return `not delivered, or held back: fewer than ${minContacts} contacts in the day`;
}

/** Mean handle time per interval: time with the customer below, wrap-up on top. */
export function handleChart(rows: readonly Interval[], options: DayOptions & { minContacts: number }): SVGSVGElement {
  const few = fewerThan(options.minContacts);
  const base = dayPanel(rows, {
    ...options,
    max: Math.max(
      60,
      highest(rows, (row) => row.handle, few),
    ),
    format: clock,
    clock: true,
    label: "Mean handle time per interval",
    description: "Columns: from assignment to the customer's last message, with wrap-up on top.",
    readout: (row) =>
      row.handle === null
        ? row.held
          ? "held back: too few reps"
          : row.assigned
            ? fewText(options.minContacts)
            : "no contacts"
        : `handle ${clock(row.handle)}, of it wrap-up ${clock(row.wrap)} · ${count(row.assigned)} assigned`,
  });
  if (base instanceof SVGSVGElement) return base;
  columns(
    base,
    rows,
    [
      {
        value: beforeWrap,
        mark: () => "blue",
      },
      { value: (row) => (beforeWrap(row) === null ? null : row.wrap), mark: () => "blue-strong" },
      { value: (row) => (beforeWrap(row) === null ? row.handle : null), mark: () => "blue-soft" },
    ],
    few,
  );
  return base.root;
}

/** Mean seconds from assignment to the customer's last message; null where wrap-up is not known, or longer than all. */
export function beforeWrap({ handle, wrap }: Interval): number | null {
  return wrapShare(wrap, handle) === null ? null : less(handle, wrap);
}

/** Rep time per interval by state, as full-time equivalents. */
export function staffChart(rows: readonly Interval[], options: DayOptions): SVGSVGElement {
  const parts = staffStatesOf(rows).map(({ value, mark }) => ({ value, mark: () => mark }));
  const total = (row: Interval) => parts.reduce((sum, { value }) => sum + (value(row) ?? 0), 0);
  const base = dayPanel(rows, {
    ...options,
    max: Math.max(1, ...rows.map(total)),
    format: (value) => decimal(value, value % 1 ? 1 : 0),
    label: "Reps by state per interval, full-time equivalents",
    description: "Columns: available with chats, available and free, busy with chats, busy without.",
    readout: (row) =>
      row.loggedIn === null
        ? row.held
          ? "held back: too few reps"
          : row.timeContradicts
            ? "times contradict"
            : row.reps
              ? `${count(row.reps)} reps, their time is not known`
              : "no reps"
        : `${count(row.reps)} reps · ${decimal(row.available)} available (${decimal(row.utilizedAvailable)} with chats) · ${decimal(row.busy)} busy`,
  });
  if (base instanceof SVGSVGElement) return base;
  columns(base, rows, parts);
  return base.root;
}

/** Available less required reps: above the line to spare, below it too few; hollow where staff and work are planned. */
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
      format: (value) => (value === 0 ? "0" : signed(value, value % 1 ? 1 : 0)),
      label: "Net staffing per interval, full-time equivalents",
      description: "Columns above the zero line: reps to spare. Below: reps too few.",
      ahead: (slot) => (rows[slot]!.ahead ? netText(rows[slot]!) : null),
      readout: (row) => netText(rows.find((net) => net.row === row)!) ?? "no contacts",
    },
  );
  if (base instanceof SVGSVGElement) return base;
  const { marks, x, y } = base;
  const gap = x(1) - x(0) > 5 ? 1 : 0.4;
  rows.forEach(({ net, ahead, row }, slot) => {
    if (net === null) return;
    const mark = net < 0 ? "orange" : "blue";
    const [top, bottom] = [y(Math.max(0, net)), y(Math.min(0, net))];
    const box = { x: x(slot) + gap / 2, width: Math.max(0.5, x(1) - x(0) - gap), y: top };
    const look = ahead ? `planned-${mark}` : `${mark}${row.state === "partial" ? " running" : ""}`;
    marks.append(svg("rect", { class: look, ...box, height: Math.max(1, bottom - top) }));
  });
  return base.root;
}

const unknownNet = new Map<string, string>([
  ["held", "held back: too few reps"],
  ["no reps", "no reps"],
  ["no handle time", "no handle time"],
]);

function netText({ net, available, required, state, ahead }: NetRow): string | null {
  if (net === null) return unknownNet.get(state) ?? null;
  const sides = `${decimal(available)} ${ahead ? "scheduled" : "available"}, ${decimal(required)} required`;
  return `${net < 0 ? `${decimal(-net)} too few` : `${decimal(net)} to spare`}: ${sides}`;
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

// Of reps of whom is not known how long they had chats.
const unsplitStates: StaffState[] = [
  {
    text: "Available, chats not known",
    mark: "grey",
    value: (row) => (row.utilizedAvailable === null ? row.available : null),
  },
  {
    text: "Busy, chats not known",
    mark: "grey-soft",
    value: (row) => (row.utilizedBusy === null ? row.busy : null),
  },
];

interface StaffState {
  text: string;
  mark: string;
  value: (row: Interval) => number | null; // full-time equivalents
}

/** What reps were doing, as far as it can be told. */
export function staffStatesOf(rows: readonly Interval[]): StaffState[] {
  return [...staffStates, ...unsplitStates.filter(({ value }) => rows.some((row) => value(row) !== null))];
}

/** Local time under the left edge of every full second hour, or every third on narrow charts. */
function hourTicks(rows: readonly Interval[], zone: Zone, width: number) {
  const step = width < 520 ? 4 : width < 820 ? 3 : 2;
  return (slot: number): string | null => {
    const row = rows[slot];
    if (!row) return null;
    const time = zone.time(row.start);
    return row.minutes > 0 && time.endsWith(":00") && Number(time.slice(0, 2)) % step === 0 ? time : null;
  };
}

// Drawn as no other mark is: a pale area under a dashed line, with its name beside it.
function project(base: Panel, rows: readonly Interval[], projected: readonly (number | null)[]): void {
  const { marks, x, y } = base;
  const value = (slot: number) => projected[slot] ?? 0;
  for (const run of runs(rows, (row) => (projected[rows.indexOf(row)] ?? null) !== null)) {
    const steps = closed(run);
    const of = ({ slot }: Point) => y(value(Math.min(slot, run.at(-1)!.slot)));
    const fill = area<Point>()
      .curve(curveStepAfter)
      .x(({ slot }) => x(slot))
      .y0(y(0))
      .y1(of);
    const edge = line<Point>()
      .curve(curveStepAfter)
      .x(({ slot }) => x(slot))
      .y(of);
    const top = run.reduce((most, point) => (value(point.slot) > value(most.slot) ? point : most));
    const [from, to] = [x(run[0]!.slot), x(run.at(-1)!.slot + 1)];
    marks.append(
      svg("path", { class: "projected-fill", d: fill(steps) }),
      svg("path", { class: "line projected-line", d: edge(steps) }),
    );
    if (to - from > 70)
      marks.append(
        svg(
          "text",
          {
            class: "projected-label",
            x: Math.min(to - 64, Math.max(from + 4, x(top.slot))),
            y: y(value(top.slot)) - 6,
          },
          "projection",
        ),
      );
  }
}

interface DayPanel extends DayOptions {
  max: number;
  format: (value: number) => string;
  label: string;
  description: string;
  readout: (row: Interval) => string;
  ahead?: (slot: number) => string | null; // what is known of an interval that has not come
  min?: number;
  ticks?: number[];
  clock?: boolean;
}

function dayPanel(rows: readonly Interval[], options: DayPanel): Panel | SVGSVGElement {
  const { width, zone, readout } = options;
  if (!rows.some(known)) return emptyPanel(width, "No rows for this queue and day.");
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
    shade: (slot) => states[rows[slot]!.state],
    label: options.label,
    description: options.description,
    crosshair: options.crosshair,
    margin: { right: width < 520 ? 10 : right },
    readout(slot) {
      const row = rows[slot]!;
      const words: Partial<Record<Interval["state"], string>> = {
        pending: "not yet arrived",
        missing: "missing",
        closed: "closed",
        skipped: "did not exist: the clock went forward",
      };
      const more =
        row.state === "partial"
          ? " · not all of it has arrived"
          : row.state === "incomplete"
            ? " · a count is missing"
            : "";
      const ahead = options.ahead?.(slot);
      return `${row.label}  ${words[row.state] ?? readout(row) + more}${ahead ? ` · ${ahead}` : ""}`;
    },
  });
}

// A mean of a few contacts jumps about: it is drawn faintly, and a column beyond the scale ends in an arrow.
function columns(
  { marks, x, y, margin }: Panel,
  rows: readonly Interval[],
  parts: { value: (row: Interval) => number | null; mark: (row: Interval) => string }[],
  few: (row: Interval) => boolean = () => false,
): void {
  const gap = x(1) - x(0) > 5 ? 1 : 0.4;
  const width = Math.max(0.5, x(1) - x(0) - gap);
  const [, top] = y.domain() as [number, number];
  rows.forEach((row, slot) => {
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
      marks.append(svg("text", { class: "beyond", x: x(slot + 0.5), y: margin.top - 2, "text-anchor": "middle" }, "▲"));
  });
}

function fewerThan(contacts: number): (row: Interval) => boolean {
  return (row) => (offered(row) ?? 0) < contacts;
}

// The highest value of intervals with enough contacts; of all when there is none.
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
  value: (row: Interval) => number | null,
  className: string,
): void {
  const path = line<Point>()
    .curve(curveStepAfter)
    .x(({ slot }) => x(slot))
    .y(({ row }) => y(value(row)!));
  for (const run of runs(rows, (row) => value(row) !== null))
    marks.append(svg("path", { class: `line ${className}`, d: path(closed(run)) }));
}

// A step needs the right edge of its last slot.
function closed(run: Point[]): Point[] {
  const last = run.at(-1)!;
  return [...run, { row: last.row, slot: last.slot + 1 }];
}

function free(whole: number | null, part: number | null): number | null {
  const rest = less(whole, part);
  return rest === null ? null : Math.max(0, rest); // both are rounded
}
