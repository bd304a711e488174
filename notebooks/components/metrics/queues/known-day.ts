import type { IntradayDay, WindowRow } from "../interval.js";
import { clockText } from "../time-zone.js";
import { dayIntervals, dayWindows, windowLength } from "../windows.js";

type Counts = readonly (number | null)[];

/** What was known of a queue's day, and when: data-loaders/known/[day].json.sql. */
export interface KnownDay {
  queue: string;
  start: string; // of the day's first window, ISO, UTC
  known: readonly number[]; // minutes from there to the moment from which a state was known, ascending
  place: readonly number[]; // its window, from 0
  assigned: Counts;
  abandoned: Counts;
  within: Counts;
}

/** A day's rows, and which of its windows have arrived. */
export interface DayParts {
  rows: readonly WindowRow[];
  days: readonly IntradayDay[];
}

/** The moments that can be asked for: "now", and each half-hour of a day's clock. */
export const moments: readonly string[] = ["now", ...Array.from({ length: 48 }, (_, i) => clockText(i * 30))];

/** The instant of a half-hour of a local day, UTC, milliseconds: the first where the clock repeats it; null where it skips it. */
export function momentOf(day: string, clock: string, timezone: string): number | null {
  const found = dayIntervals(day, timezone, 30).find(({ label, windows }) => windows > 0 && label.startsWith(clock));
  return found?.start ?? null;
}

/**
 * A day as it was known at one of `moments`, and that moment in words; as it is known now at "now", without the day's file, and
 * at a time that the day's clock skips.
 */
export function knownDay(
  parts: DayParts,
  day: string,
  files: readonly KnownDay[],
  clock: string,
  timezone: string,
): DayParts & { at: string } {
  const moment = clock === "now" || files.length === 0 ? null : momentOf(day, clock, timezone);
  return moment === null ? { ...parts, at: "" } : { ...asKnown(parts, day, files, moment, timezone), at: clock };
}

// a window of a queue      its counts       its other figures
// known by then            those of then    those of now
// known later              none             none
// in no run                as now           as now, if the windows after it were known
/**
 * A day as it was known at a moment (UTC, milliseconds): the counts of contacts of then in the windows that had been exported,
 * which keep their other figures of now. The others count as not arrived.
 */
export function asKnown(
  { rows, days }: DayParts,
  day: string,
  files: readonly KnownDay[],
  moment: number,
  timezone: string,
): DayParts {
  const queues = new Map(files.map((file) => [file.queue, statesOf(file, moment)]));
  const known = new Set([...queues.values()].flatMap((states) => [...states.keys()]));
  const ever = new Set(files.flatMap((file) => file.place.map((place) => windowOf(file, place))));
  const through = known.size === 0 ? null : Math.max(...known) + windowLength;
  const had = (start: number) => (ever.has(start) ? known.has(start) : through !== null && start < through);
  const starts = dayWindows(day, timezone);
  const cut = (arrived: string) =>
    [...arrived].map((sign, i) => (sign === "1" && had(starts[i] ?? Number.POSITIVE_INFINITY) ? "1" : "0")).join("");
  return {
    rows: rows.map((row) => {
      const state = queues.get(row.queue)?.get(row.start);
      if (state !== undefined) return { ...row, ...state };
      return had(row.start) && row.assigned === null && row.abandoned === null ? row : { ...row, ...nothing };
    }),
    days: days.map((entry) =>
      entry.day === day
        ? {
            day,
            arrived: cut(entry.arrived),
            staffed: cut(entry.staffed),
            through: through === null ? null : new Date(through).toISOString(),
          }
        : entry,
    ),
  };
}

type State = Pick<WindowRow, "assigned" | "abandoned" | "within" | "first_offered">;

const nothing = {
  assigned: null,
  abandoned: null,
  within: null,
  first_offered: null,
  wait: null,
  handle: null,
  wrap: null,
  reps: null,
  logged_in: null,
  available: null,
  busy: null,
  utilized_available: null,
  utilized_busy: null,
  merged: null,
};

/** The newest state of each window by then. */
function statesOf(file: KnownDay, moment: number): Map<number, State> {
  const first = Date.parse(file.start);
  const states = new Map<number, State>();
  const offered = new Map<number, number | null>(); // as first known
  file.known.forEach((minutes, i) => {
    if (first + minutes * 60_000 > moment) return;
    const window = windowOf(file, file.place[i] ?? 0);
    const [assigned = null, abandoned = null, within = null] = [file.assigned[i], file.abandoned[i], file.within[i]];
    const sum = assigned === null || abandoned === null ? null : assigned + abandoned;
    if (!offered.has(window)) offered.set(window, sum);
    const firstOffered = offered.get(window) ?? null;
    states.set(window, { assigned, abandoned, within, first_offered: firstOffered === sum ? null : firstOffered });
  });
  return states;
}

function windowOf({ start }: KnownDay, place: number): number {
  return Date.parse(start) + place * windowLength;
}
