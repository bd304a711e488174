import { clockText, type TimeZone, timeZone } from "./time-zone.js";

/** The WFM feeds' windows: quarter-hours of UTC, named by their start. */
export const windowLength = 15 * 60_000;

/** Lengths that intervals can have, in minutes. */
export type Grain = 15 | 30 | 60;

/** A part of a local day: the windows that share a clock time, rounded down to the grain, and an offset from UTC. */
export interface LocalInterval {
  date: string; // local
  slot: string; // "01:30", the rounded clock time, comparable between days
  label: string; // "01:30", or "01:30 EST" where the clock repeats that time
  start: number; // UTC, milliseconds
  end: number;
  windows: number; // quarter-hours in it, normally grain / 15; 0: the clock skipped this time
}

/** The starts of an interval's windows, UTC, ms. */
export function windowsOf({ start, end }: Pick<LocalInterval, "start" | "end">): number[] {
  const starts: number[] = [];
  for (let window = start; window < end; window += windowLength) starts.push(window);
  return starts;
}

/** The start of the window that contains an instant. */
export function windowStart(instant: number): number {
  return Math.floor(instant / windowLength) * windowLength;
}

/** End of the newest complete window: "data through". */
export function dataThrough(newestWindowStart: number): number {
  return newestWindowStart + windowLength;
}

/** Minutes between the end of a window and its publication. */
export function lagMinutes(windowStarts: number, publishedAt: number): number {
  return (publishedAt - dataThrough(windowStarts)) / 60_000;
}

/**
 * Starts of a local day's windows, ascending: 96; 92 or 100 where the clock changes by an hour, 94 or 98 where by half an
 * hour; none for a day the zone skipped. Each window belongs to exactly one local day.
 */
export function dayWindows(date: string, zone: TimeZone | string): number[] {
  const local = typeof zone === "string" ? timeZone(zone) : zone;
  const midnight = Date.parse(`${date}T00:00:00Z`);
  if (!/^\d{4}-\d\d-\d\d$/.test(date) || Number.isNaN(midnight)) throw new RangeError(`invalid date: ${date}`);
  const starts: number[] = [];
  const [earliest, latest] = [midnight - 15 * hour, midnight + 39 * hour]; // zones are 14 h ahead to 12 h behind
  for (let start = earliest; start < latest; start += windowLength) if (local.date(start) === date) starts.push(start);
  return starts;
}

/**
 * A local day as intervals in order of time. A repeated hour gives two sets, labelled with the zone's abbreviation; a
 * skipped hour gives intervals without windows, so that it can be shown.
 */
export function dayIntervals(date: string, zone: TimeZone | string, grain: Grain = 15): LocalInterval[] {
  const local = typeof zone === "string" ? timeZone(zone) : zone;
  const starts = dayWindows(date, local);
  const occurrences = new Map<number, number>(); // by clock time
  for (const start of starts) {
    const clock = local.minutes(start);
    occurrences.set(clock, (occurrences.get(clock) ?? 0) + 1);
  }
  const intervals: LocalInterval[] = [];
  const slots = new Set<string>();
  const repeated = new Set<LocalInterval>();
  let offset = Number.NaN;
  for (const start of starts) {
    const clock = local.minutes(start);
    const slot = slotOf(clock, grain);
    let last = intervals.at(-1);
    if (last?.slot === slot && offset === local.offset(start)) {
      last.end += windowLength;
      last.windows++;
    } else {
      last = { date, slot, label: clockText(clock), start, end: start + windowLength, windows: 1 };
      intervals.push(last);
      slots.add(slot);
      offset = local.offset(start);
    }
    if ((occurrences.get(clock) ?? 0) > 1) repeated.add(last);
  }
  for (const interval of repeated) interval.label += ` ${local.abbreviation(interval.start)}`;
  return withSkipped(intervals, slots, date, local, grain);
}

const hour = 3_600_000;

function slotOf(clock: number, grain: Grain): string {
  return slotTexts[Math.floor(clock / grain) * grain] ?? "";
}

const slotTexts = Array.from({ length: 1440 }, (_, index) => clockText(index));

// Inserts an empty interval for every slot that the clock skipped.
function withSkipped(
  intervals: LocalInterval[],
  slots: ReadonlySet<string>,
  date: string,
  zone: TimeZone,
  grain: Grain,
): LocalInterval[] {
  if (slots.size === 1440 / grain) return intervals;
  const all = [...intervals];
  for (let clock = 0; clock < 1440; clock += grain) {
    const slot = slotOf(clock, grain);
    if (slots.has(slot)) continue;
    const after = all.findIndex((interval) => interval.slot > slot);
    const at = all[after]?.start ?? all.at(-1)?.end ?? dayAfter(date, zone);
    const skipped = { date, slot, label: slot, start: at, end: at, windows: 0 };
    all.splice(after < 0 ? all.length : after, 0, skipped);
  }
  return all;
}

// The instant at which a skipped day ends.
function dayAfter(date: string, zone: TimeZone): number {
  let instant = Date.parse(`${date}T00:00:00Z`) - 15 * hour;
  while (zone.date(instant) <= date) instant += windowLength;
  return instant;
}
