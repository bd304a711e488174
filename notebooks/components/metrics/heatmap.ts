import { baseline, quantile } from "./baseline.js";
import { isOpen, type OpenHours } from "./interval-state.js";
import { clockText, daysLater, weekday as weekdayOf } from "./time-zone.js";
import { dayIntervals, type Grain } from "./windows.js";

/**
 * One queue on one whole local day, as data-loaders/heatmap/[part].json.sql ships it: 96 numbers per list, one per
 * quarter-hour of the local clock. A queue has no row for a day without contacts.
 */
export interface HeatDay {
  day: string;
  queue: string;
  offered: number[];
  abandoned: number[];
  good: number[]; // numerator of the service level, by the site's formula
  base: number[]; // denominator
  wait: number[]; // total seconds of all contacts offered
  available: number[] | null; // minutes of distinct reps, -1: too few reps; null: unknown
}

export const measures = ["volume", "service", "wait", "abandons", "staffing"] as const;
export type Measure = (typeof measures)[number];

/** "usual" is the median of the same weekday before the last week, by the rule of baseline.ts. */
export const views = ["usual", "last", "difference"] as const;
export type View = (typeof views)[number];

/**
 * "data"; "few": a rate of too few contacts; "zero": open, no contacts; "closed": outside opening hours, or, where none are
 * configured, a time that never had contacts; "none": no day with data; "clock": only days on which the clock skipped or
 * repeated this time; "held": too few reps to be shown.
 */
export type CellState = "data" | "few" | "zero" | "closed" | "none" | "clock" | "held";

export interface HeatCell {
  weekday: number; // 1, Monday, to 7
  slot: string; // "08:30", local
  value: number | null; // contacts, a share, seconds or full-time equivalents
  usual: number | null;
  last: number | null;
  together: number | null; // over the usual's weeks: rate of the summed counts, mean for contacts
  state: CellState;
  n: number; // contacts behind the value
  weeks: number; // in the usual
  excluded: number; // days left out of it
}

export interface HeatOptions {
  rows: readonly HeatDay[]; // of one queue
  known: readonly string[]; // days on which any queue has data
  excluded?: ReadonlySet<string>; // days excluded from baselines
  measure: Measure;
  view: View;
  grain: Grain;
  timezone: string;
  openHours?: readonly OpenHours[] | null;
  minContacts: number;
  weekStart?: number; // 1, Monday, to 7
  weeks?: number; // in the usual, default 8
  workSeconds?: number | null; // rep seconds per contact: mean handle time / concurrent chats; for staffing
}

export interface Heat {
  cells: HeatCell[]; // by weekday in the order of the week, then time
  weekdays: number[];
  slots: string[];
  lastWeek: { from: string; to: string } | null;
  usualWeeks: { from: string; to: string; weeks: number; excluded: string[] } | null; // most weeks of a cell; days left out
}

/** The week as cells by weekday and local time. */
export function heat(options: HeatOptions): Heat {
  const { rows, known, excluded: exclude = new Set(), grain, weekStart = 1, weeks: wanted = 8 } = options;
  const weekdays = Array.from({ length: 7 }, (_, i) => ((weekStart - 1 + i) % 7) + 1);
  const slots = Array.from({ length: 1440 / grain }, (_, i) => clockText(i * grain));
  const [oldest, end] = [[...known].sort()[0], [...known].sort().at(-1)];
  if (oldest === undefined || end === undefined)
    return { cells: [], weekdays, slots, lastWeek: null, usualWeeks: null };
  const start = daysLater(end, -6);
  const days = new Map<string, (Piece | null)[]>();
  const byDay = new Map(rows.map((row) => [row.day, row]));
  for (const day of known) days.set(day, pieces(day, byDay.get(day), grain, options.timezone));
  const used = new Set<string>();
  const passed = new Set<string>();
  const cells = weekdays.flatMap((weekday) => {
    const last = daysLater(start, (weekday - weekdayOf(start) + 7) % 7);
    const { dates, excluded } = baseline(last, (day) => (days.has(day) ? 1 : null), {
      weeks: wanted,
      reach: 10,
      exclude,
    });
    for (const day of dates) used.add(day);
    const skipped = excluded.filter((day) => day >= oldest);
    for (const day of skipped) passed.add(day);
    return slots.map((slot, i) => {
      const at = (day: string) => days.get(day)?.[i] ?? null;
      const clock = (options.view === "usual" ? dates : [last]).some((day) => days.has(day) && !at(day));
      const slotOfDay = { weekday, slot, day: last, clock, excluded: skipped.length };
      return cell(options, slotOfDay, at(last), dates.map(at));
    });
  });
  const [from] = [...used].sort();
  const usualWeeks = from
    ? {
        from,
        to: daysLater(start, -1),
        weeks: Math.max(...cells.map(({ weeks }) => weeks)),
        excluded: [...passed].sort(),
      }
    : null;
  return { cells, weekdays, slots, lastWeek: { from: start, to: end }, usualWeeks };
}

/** Whole weeks before the last seven days: with fewer than two, a median is meaningless. */
export function usualWeeks(known: readonly string[]): number {
  return Math.floor(Math.max(0, new Set(known).size - 7) / 7);
}

/** A colour scale: blue below the middle and orange above, or the reverse. */
export interface Scale {
  low: number;
  middle: number | null; // null: one colour from low to high
  high: number;
  below: "blue" | "orange";
  above: "blue" | "orange";
}

/** The colour scale: the same for every queue where the measure has natural limits; for counts, from the cells of both views. */
export function heatScale(
  cells: readonly HeatCell[],
  measure: Measure,
  view: View,
  site: { target: number; seconds: number },
): Scale {
  const levels = cells.flatMap(({ usual, last }) => [usual, last]).filter((value) => value !== null);
  const most = round(Math.max(1, ...levels.map(Math.abs)));
  const diverging = (reach: number, above: Scale["above"]): Scale => ({
    low: -reach,
    middle: 0,
    high: reach,
    below: above === "orange" ? "blue" : "orange",
    above,
  });
  if (view === "difference")
    return {
      volume: diverging(round(most / 2), "orange"),
      service: diverging(0.3, "blue"),
      wait: diverging(site.seconds * 2, "orange"),
      abandons: diverging(0.15, "orange"),
      staffing: diverging(round(most / 2), "blue"),
    }[measure];
  return {
    volume: { low: 0, middle: null, high: most, below: "blue", above: "blue" } as Scale,
    service: {
      low: Math.max(0, site.target - 0.3),
      middle: site.target,
      high: 1,
      below: "orange",
      above: "blue",
    } as Scale,
    wait: { low: 0, middle: site.seconds, high: site.seconds * 4, below: "blue", above: "orange" } as Scale,
    abandons: { low: 0, middle: null, high: 0.2, below: "orange", above: "orange" } as Scale,
    staffing: diverging(most, "blue"),
  }[measure];
}

/** A value's colour and its strength, 0 to 1. */
export function heatColour(
  value: number,
  { low, middle, high, below, above }: Scale,
): { colour: "blue" | "orange"; strength: number } {
  const from = middle ?? low;
  const [reach, colour] = value < from ? [from - low, below] : [high - from, above];
  return { colour, strength: reach > 0 ? Math.min(1, Math.abs(value - from) / reach) : 0 };
}

interface Piece {
  offered: number;
  abandoned: number;
  good: number;
  base: number;
  wait: number;
  available: number | null; // minutes
  held: boolean;
}

// Times that the clock skipped or repeated on the day cannot be compared with other weeks: null.
function pieces(day: string, row: HeatDay | undefined, grain: Grain, timezone: string): (Piece | null)[] {
  const changed = changedSlots(day, timezone, grain);
  const quarters = grain / 15;
  const add = (values: number[] | null | undefined, i: number) => {
    let sum = 0;
    for (let q = 0; q < quarters; q++) sum += Math.max(0, values?.[i * quarters + q] ?? 0);
    return sum;
  };
  const all = Array.from({ length: 96 / quarters }, (_, i): Piece => {
    const available = row?.available?.slice(i * quarters, (i + 1) * quarters) ?? null;
    return {
      offered: add(row?.offered, i),
      abandoned: add(row?.abandoned, i),
      good: add(row?.good, i),
      base: add(row?.base, i),
      wait: add(row?.wait, i),
      available: available ? add(available, 0) : null,
      held: available?.some((minutes) => minutes < 0) ?? false,
    };
  });
  return all.map((piece, i) => (changed.has(clockText(i * grain)) ? null : piece));
}

const changedSlotsByDay = new Map<string, ReadonlySet<string>>();

function changedSlots(day: string, timezone: string, grain: Grain): ReadonlySet<string> {
  const key = `${timezone} ${day} ${grain}`;
  let slots = changedSlotsByDay.get(key);
  if (!slots) {
    const counts = new Map<string, number>();
    for (const { slot, windows } of dayIntervals(day, timezone, grain))
      counts.set(slot, (counts.get(slot) ?? 0) + windows);
    slots = new Set([...counts].filter(([, windows]) => windows !== grain / 15).map(([slot]) => slot));
    changedSlotsByDay.set(key, slots);
  }
  return slots;
}

function cell(
  options: HeatOptions,
  slotOfDay: { weekday: number; slot: string; day: string; clock: boolean; excluded: number },
  last: Piece | null,
  former: readonly (Piece | null)[],
): HeatCell {
  const { measure, view, minContacts, grain, openHours } = options;
  const weeks = former.filter((piece) => piece !== null);
  const toValue = (piece: Piece | null) => (piece ? measured(piece, options) : null);
  const values = weeks.map(toValue).filter((value) => value !== null);
  const usual = quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
  const lastValue = toValue(last);
  const contacts = (list: readonly (Piece | null)[]) => list.reduce((sum, piece) => sum + (piece?.offered ?? 0), 0);
  const [nUsual, nLast] = [contacts(weeks), contacts([last])];
  const n = { usual: nUsual, last: nLast, difference: Math.min(nUsual, nLast) }[view];
  const value = {
    usual,
    last: lastValue,
    difference: usual === null || lastValue === null ? null : lastValue - usual,
  }[view];
  const shown = view === "usual" ? weeks : view === "last" ? [last] : [last, ...weeks];
  const exists = view === "difference" ? last !== null && weeks.length > 0 : shown.some((piece) => piece !== null);
  const open = isOpen(openHours, slotOfDay.day, slotOfDay.slot, grain);
  const staffed = [last, ...weeks].some((piece) => (piece?.available ?? 0) > 0);
  const state = (): CellState => {
    if (!exists) return slotOfDay.clock ? "clock" : "none";
    if (nUsual + nLast === 0 && !staffed && open !== true) return "closed";
    if (measure === "staffing") return value !== null ? "data" : shown.some((piece) => piece?.held) ? "held" : "none";
    if (measure === "volume") return view !== "difference" && value === 0 ? "zero" : "data";
    if (value === null) return "zero"; // no contacts, no rate
    return n < minContacts ? "few" : "data";
  };
  return {
    weekday: slotOfDay.weekday,
    slot: slotOfDay.slot,
    value,
    usual,
    last: lastValue,
    together: together(weeks, options),
    state: state(),
    n,
    weeks: weeks.length,
    excluded: slotOfDay.excluded,
  };
}

function measured(piece: Piece, { measure, grain, workSeconds }: HeatOptions): number | null {
  switch (measure) {
    case "volume":
      return piece.offered;
    case "service":
      return piece.base ? piece.good / piece.base : null;
    case "wait":
      return piece.offered ? piece.wait / piece.offered : null;
    case "abandons":
      return piece.offered ? piece.abandoned / piece.offered : null;
    case "staffing":
      if (piece.available === null || piece.held || !workSeconds) return null;
      return piece.available / grain - (piece.offered * workSeconds) / (grain * 60);
  }
}

function together(weeks: readonly Piece[], options: HeatOptions): number | null {
  if (weeks.length === 0) return null;
  const sum = (of: (piece: Piece) => number) => weeks.reduce((total, piece) => total + of(piece), 0);
  const rate = measured(
    {
      offered: sum(({ offered }) => offered),
      abandoned: sum(({ abandoned }) => abandoned),
      good: sum(({ good }) => good),
      base: sum(({ base }) => base),
      wait: sum(({ wait }) => wait),
      available: weeks.every(({ available }) => available !== null) ? sum(({ available }) => available ?? 0) : null,
      held: weeks.some(({ held }) => held),
    },
    options,
  );
  const perWeek = options.measure === "volume" || options.measure === "staffing";
  return rate === null ? null : perWeek ? rate / weeks.length : rate;
}

// Rounds up to a step times a power of ten.
function round(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 1.5, 2, 3, 4, 5, 6, 8].find((step) => step * power >= value) ?? 10);
}
