import { baseline, quantile } from "./baseline.js";
import { isOpen, type OpenHours } from "./interval-state.js";
import { clockText, daysLater, weekday as weekdayOf } from "./time-zone.js";
import { dayIntervals, type Grain } from "./windows.js";

/**
 * One queue and whole local day, as data-loaders/heatmap/[part].json.sql ships it: 96 numbers each, one per quarter-hour
 * of the local clock. A queue has no row for a day on which nothing came.
 */
export interface HeatDay {
  day: string;
  queue: string;
  offered: number[];
  abandoned: number[];
  good: number[]; // the two sides of the service level, by the site's formula
  base: number[];
  wait: number[]; // summed seconds of all offered
  available: number[] | null; // minutes of distinct reps, -1: too few reps; null: not known
}

export const measures = ["volume", "service", "wait", "abandons", "staffing"] as const;
export type Measure = (typeof measures)[number];

/** The usual: median of the same weekdays before the last week, by the rule of baseline.ts. */
export const views = ["usual", "last", "difference"] as const;
export type View = (typeof views)[number];

/**
 * "data"; "few": a rate of too few contacts; "zero": open, and nothing came; "closed": outside opening hours, or, where
 * none are configured, a time at which nothing ever came; "none": no day with data; "clock": none but days on
 * which the clock skipped this time or showed it twice; "held": too few reps to be shown.
 */
export type CellState = "data" | "few" | "zero" | "closed" | "none" | "clock" | "held";

export interface HeatCell {
  weekday: number; // 1, Monday, to 7
  slot: string; // "08:30", local
  value: number | null; // contacts, a share, seconds or full-time equivalents
  usual: number | null;
  last: number | null;
  together: number | null; // of the usual's weeks: rate of the added counts, mean for contacts
  state: CellState;
  n: number; // contacts behind the value
  weeks: number; // behind the usual
  excluded: number; // days that it leaves out
}

export interface HeatOptions {
  rows: readonly HeatDay[]; // of one queue
  known: readonly string[]; // days with data of any queue
  excluded?: ReadonlySet<string>; // days that belong in no baseline
  measure: Measure;
  view: View;
  grain: Grain;
  timezone: string;
  openHours?: readonly OpenHours[] | null;
  minContacts: number;
  weekStart?: number; // 1, Monday, to 7
  weeks?: number; // of the usual, 8
  workSeconds?: number | null; // rep seconds a contact takes: mean handle time / chats at once; for staffing
}

export interface Heat {
  cells: HeatCell[]; // by weekday in the order of the week, then time
  weekdays: number[];
  slots: string[];
  lastWeek: { from: string; to: string } | null;
  usualWeeks: { from: string; to: string; weeks: number; excluded: string[] } | null; // weeks with data, at most; days left out
}

/** The week as cells of weekday and local time. */
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
  const former = new Set<string>();
  const passed = new Set<string>();
  const cells = weekdays.flatMap((weekday) => {
    const last = Array.from({ length: 7 }, (_, i) => daysLater(start, i)).find((day) => weekdayOf(day) === weekday)!;
    const { dates, excluded } = baseline(last, (day) => (days.has(day) ? 1 : null), {
      weeks: wanted,
      reach: 10,
      exclude,
    });
    for (const day of dates) former.add(day);
    const skipped = excluded.filter((day) => day >= oldest);
    for (const day of skipped) passed.add(day);
    return slots.map((slot, i) => {
      const at = (day: string) => days.get(day)?.[i] ?? null;
      const clock = (options.view === "usual" ? dates : [last]).some((day) => days.has(day) && !at(day));
      const place = { weekday, slot, day: last, clock, excluded: skipped.length };
      return cell(options, place, at(last), dates.map(at));
    });
  });
  return {
    cells,
    weekdays,
    slots,
    lastWeek: { from: start, to: end },
    usualWeeks: former.size
      ? {
          from: [...former].sort()[0]!,
          to: daysLater(start, -1),
          weeks: Math.max(...cells.map(({ weeks }) => weeks)),
          excluded: [...passed].sort(),
        }
      : null,
  };
}

/** How many weeks there are before the last seven of the days: with fewer than two, a median says nothing. */
export function usualWeeks(known: readonly string[]): number {
  return Math.floor(Math.max(0, new Set(known).size - 7) / 7);
}

/** How a value is coloured: 0 to 1, blue below and orange above, or the other way round; the ends stay where they are. */
export interface Scale {
  low: number;
  middle: number | null; // null: one colour from low to high
  high: number;
  below: "blue" | "orange";
  above: "blue" | "orange";
}

/** The same for every queue where the measure has natural ends; for counts, from the cells of both weeks. */
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

/** Colour and its strength, 0 to 1. */
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

// Times that the clock skipped or showed twice on that day are no comparison with other weeks: null.
function pieces(day: string, row: HeatDay | undefined, grain: Grain, timezone: string): (Piece | null)[] {
  const strange = strangeSlots(day, timezone, grain);
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
  return all.map((piece, i) => (strange.has(clockText(i * grain)) ? null : piece));
}

const strangeDays = new Map<string, ReadonlySet<string>>();

function strangeSlots(day: string, timezone: string, grain: Grain): ReadonlySet<string> {
  const key = `${timezone} ${day} ${grain}`;
  let slots = strangeDays.get(key);
  if (!slots) {
    const seen = new Map<string, number>();
    for (const { slot, windows } of dayIntervals(day, timezone, grain)) seen.set(slot, (seen.get(slot) ?? 0) + windows);
    slots = new Set([...seen].filter(([, windows]) => windows !== grain / 15).map(([slot]) => slot));
    strangeDays.set(key, slots);
  }
  return slots;
}

function cell(
  options: HeatOptions,
  place: { weekday: number; slot: string; day: string; clock: boolean; excluded: number },
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
  const there = view === "difference" ? last !== null && weeks.length > 0 : shown.some((piece) => piece !== null);
  const open = isOpen(openHours, place.day, place.slot, grain);
  const everything = nUsual + nLast;
  const staffed = [last, ...weeks].some((piece) => (piece?.available ?? 0) > 0);
  const state = (): CellState => {
    if (!there) return place.clock ? "clock" : "none";
    if (everything === 0 && !staffed && open !== true) return "closed";
    if (measure === "staffing") return value !== null ? "data" : shown.some((piece) => piece?.held) ? "held" : "none";
    if (measure === "volume") return view !== "difference" && value === 0 ? "zero" : "data";
    if (value === null) return "zero"; // no contacts, no rate
    return n < minContacts ? "few" : "data";
  };
  return {
    weekday: place.weekday,
    slot: place.slot,
    value,
    usual,
    last: lastValue,
    together: together(weeks, options),
    state: state(),
    n,
    weeks: weeks.length,
    excluded: place.excluded,
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
      available: weeks.every(({ available }) => available !== null) ? sum(({ available }) => available!) : null,
      held: weeks.some(({ held }) => held),
    },
    options,
  );
  const perWeek = options.measure === "volume" || options.measure === "staffing";
  return rate === null ? null : perWeek ? rate / weeks.length : rate;
}

// A few steps times a power of ten, so that the ends of a scale are round.
function round(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 1.5, 2, 3, 4, 5, 6, 8].find((step) => step * power >= value) ?? 10);
}
