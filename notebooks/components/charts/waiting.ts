import { area, curveStepAfter } from "d3";
import type { SlotAnnotation } from "../metrics/annotations/annotation.js";
import { clock, count, decimal, percent, type Zone } from "../metrics/format.js";
import { bands, type Load, type SlotInterval, type WaitingInterval } from "../metrics/queues/waiting.js";
import { svg } from "../picture/dom.js";
import type { Spot } from "../picture/labels.js";
import type { Crosshair } from "./crosshair.js";
import { slotPanel } from "./intraday.js";
import { closed, emptyPanel, endLabel, panel, type RunPoint, runs, stepCurves } from "./panel.js";

interface Options {
  width: number;
  zone: Zone;
  crosshair: Crosshair;
  annotations?: readonly SlotAnnotation[];
}

/** Contacts waiting at the end of each interval. */
export function waitingChart(rows: readonly WaitingInterval[], options: Options): SVGSVGElement {
  const { width, zone } = options;
  if (!rows.some(({ waiting }) => waiting !== null)) return emptyPanel(width, "No data for this queue and day.");
  const base = slotPanel(rows, {
    ...options,
    height: 210,
    max: Math.max(4, ...rows.map(({ waiting }) => waiting ?? 0)),
    format: count,
    label: "Contacts waiting at the end of each interval",
    description: "Steps: contacts that had entered the queue and had not left it.",
    readout: ({ waiting, end, entered, gone }) =>
      `${count(waiting)} waiting at ${zone.time(end)} · ${count(entered)} entered, ${count(gone)} left`,
  });
  const { marks, x, y } = base;
  const { edge, fill } = stepCurves(x, y);
  for (const run of runs(rows, ({ waiting }) => waiting)) {
    const steps = closed(run);
    marks.append(
      svg("path", { class: "spread", d: fill(steps) }),
      svg("path", { class: "line blue-line", d: edge(steps) }),
    );
  }
  return base.root;
}

/** The longest wait of those waiting at the end of each interval. */
export function oldestChart(rows: readonly WaitingInterval[], options: Options & { seconds: number }): SVGSVGElement {
  const { width, zone, seconds } = options;
  if (!rows.some(({ waiting }) => waiting !== null)) return emptyPanel(width, "No data for this queue and day.");
  const base = slotPanel(rows, {
    ...options,
    height: 150,
    max: Math.max(seconds * 1.2, ...rows.map(({ oldest }) => oldest ?? 0)),
    format: clock,
    clock: true,
    label: "Oldest wait at the end of each interval",
    description: `Columns: the longest wait of the contacts waiting then. Line: the threshold of ${seconds} seconds.`,
    readout: ({ waiting, oldest, end }) =>
      oldest === null
        ? `${waiting ? "held back" : "nobody waiting"} at ${zone.time(end)}`
        : `oldest wait ${clock(oldest)} at ${zone.time(end)}`,
  });
  const { marks, x, y } = base;
  const gap = x(1) - x(0) > 5 ? 1 : 0.4;
  rows.forEach(({ oldest }, slot) => {
    if (oldest === null) return;
    const mark = oldest > seconds ? "orange" : "blue";
    const box = { x: x(slot) + gap / 2, width: Math.max(0.5, x(1) - x(0) - gap), y: y(oldest) };
    marks.append(svg("rect", { class: mark, ...box, height: y(0) - y(oldest) }));
  });
  marks.append(
    svg("line", { class: "target", x1: x(0), x2: x(rows.length), y1: y(seconds), y2: y(seconds) }),
    endLabel(base, rows.length, seconds, `threshold ${seconds} s`, "target-label"),
  );
  return base.root;
}

/** The mean and the longest wait of those who left the queue in each interval. */
export function leaversChart(
  rows: readonly WaitingInterval[],
  options: Options & { seconds: number; minContacts: number },
): SVGSVGElement {
  const { width, seconds, minContacts } = options;
  if (!rows.some(({ abandoned }) => abandoned !== null)) return emptyPanel(width, "No data for this queue and day.");
  if (!rows.some(({ abandoned }) => abandoned)) return emptyPanel(width, "Nobody left.");
  if (!rows.some(({ leavers }) => leavers)) return emptyPanel(width, "Held back: too few contacts left.");
  const base = slotPanel(rows, {
    ...options,
    height: 150,
    max: Math.max(seconds * 1.2, ...rows.map(({ abandonedLongest }) => abandonedLongest ?? 0)),
    format: clock,
    clock: true,
    label: "Wait of those who left per interval",
    description: `Columns: mean wait of the contacts that left without an answer. Ticks: the longest. Line: the threshold of ${seconds} seconds.`,
    readout: (row) => leaversText(row, minContacts),
  });
  const { marks, x, y } = base;
  const gap = x(1) - x(0) > 5 ? 1 : 0.4;
  rows.forEach(({ abandonedWait, abandonedLongest, leavers }, slot) => {
    if (abandonedWait === null || abandonedLongest === null) return;
    const mark = `${abandonedWait > seconds ? "orange" : "blue"}${(leavers ?? 0) < minContacts ? " few" : ""}`;
    const [from, to] = [x(slot) + gap / 2, Math.max(x(slot) + gap / 2 + 0.5, x(slot + 1) - gap / 2)];
    marks.append(
      svg("rect", { class: mark, x: from, width: to - from, y: y(abandonedWait), height: y(0) - y(abandonedWait) }),
      svg("line", { class: "floor", x1: from, x2: to, y1: y(abandonedLongest), y2: y(abandonedLongest) }),
    );
  });
  marks.append(
    svg("line", { class: "target", x1: x(0), x2: x(rows.length), y1: y(seconds), y2: y(seconds) }),
    endLabel(base, rows.length, seconds, `threshold ${seconds} s`, "target-label"),
  );
  return base.root;
}

// left   with a wait told     read-out
// 0      -                    nobody left
// some   none                 held back
// some   fewer than enough    the mean, of neighbours too
// some   enough               the mean
function leaversText(row: WaitingInterval, minContacts: number): string {
  const { abandoned, leavers, abandonedWait, abandonedLongest } = row;
  if (!abandoned) return "nobody left";
  if (!leavers || abandonedWait === null) return `${count(abandoned)} left, wait held back`;
  const behind = leavers < abandoned ? ` (the waits of ${count(leavers)})` : "";
  const neighbours = leavers < minContacts ? ", neighbours included" : "";
  return `${count(abandoned)} left${behind} · after ${clock(abandonedWait)} on average, ${clock(abandonedLongest)} at most${neighbours}`;
}

/** "0 s", "up to 10 s", …, "over 5 min" */
export const bandNames = bands.map((to, i) =>
  to === 0 ? "no wait" : to === Infinity ? `over ${short(bands[i - 1] ?? 0)}` : `to ${short(to)}`,
);

/** Contacts of a day by wait, the answered beside those who left. */
export function bandsChart(
  { answered, abandoned }: { answered: readonly number[]; abandoned: readonly number[] },
  { width }: { width: number },
): SVGSVGElement {
  const total = [...answered, ...abandoned].reduce((a, b) => a + b, 0);
  if (total === 0) return emptyPanel(width, "No contacts.");
  const base = panel({
    width,
    height: 210,
    slots: bands.length,
    max: Math.max(...answered, ...abandoned),
    format: count,
    tick: (slot) => bandNames[slot] ?? null,
    label: "Contacts by wait",
    description: bandNames
      .map((name, i) => `${name}: ${count(answered[i])} answered, ${count(abandoned[i])} abandoned`)
      .join("; "),
  });
  const { marks, x, y, labels } = base;
  const wide = (x(1) - x(0)) * 0.36;
  bands.forEach((_, i) => {
    const middle = x(i + 0.5);
    for (const [value, mark, left] of [
      [answered[i] ?? 0, "blue", middle - wide - 1],
      [abandoned[i] ?? 0, "orange", middle + 1],
    ] as const)
      marks.append(
        svg("rect", { class: mark, x: left, y: y(value), width: wide, height: y(0) - y(value) }),
        labels.place(count(value), [{ x: left + wide / 2, y: y(value) - 4, anchor: "middle" }], "facet-label"),
      );
  });
  return base.root;
}

/** One step of the distribution of waits. */
export interface WithinStep {
  seconds: number;
  answered: number; // share of the offered contacts, 0..1
  abandoned: number;
}

/** Shares of the contacts offered that were answered, and that had left, within each step. */
export function withinChart(
  steps: readonly WithinStep[],
  { width, seconds, threshold, target }: { width: number; seconds: number; threshold: number; target: number },
): SVGSVGElement {
  if (steps.length === 0) return emptyPanel(width, "Too few contacts to show waits.");
  const ticks = new Set([0, 10, 30, 60, 120, 300, 600, 1800, 3600]);
  const base = panel({
    width,
    height: 230,
    slots: steps.length,
    max: 1,
    ticks: [0, 0.25, 0.5, 0.75, 1],
    format: (value) => percent(value, 0),
    tick: (slot) => (ticks.has(steps[slot]?.seconds ?? -1) ? short(steps[slot]?.seconds ?? 0) : null),
    label: "Share of contacts answered within a time",
    description: `Steps: answered and abandoned within each time. Lines: ${threshold} s, the threshold; ${seconds} s, the time chosen; ${percent(target, 0)}, the target.`,
    margin: { right: width < 520 ? 10 : 92 },
  });
  const { marks, y, labels } = base;
  const x = (slot: number) => base.x(slot + 0.5); // a step is at the middle of its slot
  const { edge, fill } = stepCurves(x, y);
  const curves = [
    {
      of: (step: WithinStep) => step.answered,
      line: "blue-line",
      area: "spread",
      text: "answered",
      label: "blue-text",
    },
    {
      of: (step: WithinStep) => step.abandoned,
      line: "orange-line",
      area: null,
      text: "abandoned",
      label: "orange-text",
    },
  ];
  for (const { of, line, area, text, label } of curves)
    for (const run of runs(steps, of)) {
      if (area) marks.append(svg("path", { class: area, d: fill(run) }));
      marks.append(
        svg("path", { class: `line ${line}`, d: edge(run) }),
        endLabel(base, steps.length, run.at(-1)?.value ?? 0, text, label),
      );
    }
  marks.append(svg("line", { class: "target", x1: x(0), x2: x(steps.length - 1), y1: y(target), y2: y(target) }));
  const upright = (at: number, mark: string, text: string, label: string) => {
    const slot = steps.findIndex((step) => step.seconds === at);
    if (slot < 0) return;
    const spots = [0.6, 0.45, 0.3, 0.15].flatMap((share): Spot[] => [
      { x: x(slot) + 4, y: y(share), anchor: "start" },
      { x: x(slot) - 4, y: y(share), anchor: "end" },
    ]);
    marks.append(
      svg("line", { class: mark, x1: x(slot), x2: x(slot), y1: y(0), y2: y(1) }),
      labels.place(text, spots, label),
    );
  };
  upright(threshold, "target", `threshold ${short(threshold)}`, "target-label");
  if (seconds !== threshold) upright(seconds, "floor", `T = ${short(seconds)}`, "given-label");
  return base.root;
}

/** Logged-in reps by load: no chat, slots free, all slots taken, more chats than slots. */
export function loadChart(
  rows: readonly SlotInterval[],
  options: Options & { load: (row: SlotInterval) => Load | null },
): SVGSVGElement {
  const { width, load } = options;
  const loads = rows.map(load);
  if (loads.every((each) => each === null)) return emptyPanel(width, "No rep time by load to show.");
  const base = slotPanel(rows, {
    ...options,
    max: Math.max(1, ...loads.map((each) => (each ? each.none + each.light + each.full + each.over : 0))),
    format: (value) => decimal(value, value % 1 ? 1 : 0),
    label: "Reps by load per interval, full-time equivalents",
    description: "Areas, from below: more chats than slots, all slots taken, slots free, no chat.",
    readout(row) {
      const each = load(row);
      const { slots, chats } = row.figures;
      if (!each) return row.merged === 0 ? "held back: too few reps" : "not delivered";
      const use = slots ? ` · ${decimal(chats)} chats in ${decimal(slots, 0)} slots` : "";
      return `${loadParts.map(({ name, text }) => `${decimal(each[name])} ${text.toLowerCase()}`).join(", ")}${use}`;
    },
  });
  const { marks, x, y } = base;
  for (const run of runs(rows, (_, slot) => loads[slot] ?? null)) {
    for (const [i, { name, mark }] of loadParts.entries()) {
      const below = (each: Load) => loadParts.slice(0, i).reduce((sum, part) => sum + each[part.name], 0);
      const band = area<RunPoint<SlotInterval, Load>>()
        .curve(curveStepAfter)
        .x(({ slot }) => x(slot))
        .y0(({ value }) => y(below(value)))
        .y1(({ value }) => y(below(value) + value[name]));
      marks.append(svg("path", { class: mark, d: band(closed(run)) }));
    }
  }
  return base.root;
}

/** The parts of a load, the fullest first. */
export const loadParts: { name: keyof Load; text: string; mark: string }[] = [
  { name: "over", text: "Over their slots", mark: "orange" },
  { name: "full", text: "Full", mark: "blue-strong" },
  { name: "light", text: "Slots free", mark: "blue" },
  { name: "none", text: "No chat", mark: "blue-soft" },
];

/** 90 -> "90 s", 150 -> "2:30 min", 300 -> "5 min" */
export function short(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${clock(seconds)} min`;
}
