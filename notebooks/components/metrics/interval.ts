import { baseline, weeksBefore } from "./baseline.js";
import { evidence, type IntervalState, intervalState, isOpen, type OpenHours } from "./interval-state.js";
import { less, type Maybe, quantity, ratio, total } from "./ratio.js";
import { handleWeight, maximum, rollUp, sum } from "./rollup.js";
import { fte, windowMinutes } from "./staffing.js";
import { timeZone } from "./time-zone.js";
import { dayIntervals, dayWindows, type Grain, type LocalInterval, windowLength, windowsOf } from "./windows.js";

export const allQueues = "All queues";

/**
 * One queue or group and 15-minute window, out of what data-loaders/intraday/[day].json.sql ships. "All queues" is every
 * queue together. Windows that only the weeks before know of are there too, with nulls.
 */
export interface WindowRow {
  queue: string;
  start: number; // UTC, milliseconds
  assigned: number | null; // contacts given to a rep
  abandoned: number | null; // contacts that left the queue before
  within: number | null; // as the threshold column counts them, see the site's settings
  wait: number | null; // mean seconds
  handle: number | null; // mean seconds, assignment to disposition
  wrap: number | null; // mean seconds, part of handle
  reps: number | null; // distinct, logged in
  logged_in: number | null; // rep minutes, each rep once
  available: number | null;
  busy: number | null;
  utilized_available: number | null; // available with at least one chat
  utilized_busy: number | null;
  small: boolean; // rep measures are held back: too few reps
  contradicts?: number; // 1: its counts of contacts cannot all be true; 2: its reps' time; 3: both
  first_offered: number | null; // what the first delivery said, where a later one restated the counts
  weeks: (number | null)[] | null; // offered at the same local time 1, 2, 3 … weeks before
  usual_offered: number | null; // counts of the last eight such weeks added up
  usual_abandoned: number | null;
  usual_within: number | null;
  usual_wait: number | null; // mean seconds of all their contacts
  usual_handle: number | null; // mean seconds
  usual_available: number | null; // median rep minutes
  scheduled: number | null; // full-time equivalents, from the schedule of kit.yaml
  forecast: number | null; // contacts, from the forecast of kit.yaml
}

/** A local day with WFM windows, as data-loaders/intraday-days.json.sql ships it. */
export interface IntradayDay {
  day: string;
  arrived: string; // one character per window of the day in order: its contacts have arrived (1) or not (0)
  staffed: string; // its reps
  through: string | null; // end of the newest window that has arrived, ISO
}

/** One interval of one queue: windows added up by the rules of rollup.ts. Counts are null where nothing has arrived. */
export interface Interval {
  label: string; // "14:15", with the zone's abbreviation where the clock shows that time twice
  start: number; // UTC, milliseconds
  end: number;
  minutes: number; // of time that existed; of a partial interval, of its windows that have arrived
  state: IntervalState;
  assigned: number | null;
  abandoned: number | null;
  within: number | null;
  wait: number | null;
  handle: number | null;
  wrap: number | null;
  handled: number | null; // what these two weigh
  reps: number | null; // most at once
  loggedIn: number | null; // full-time equivalents: minutes logged in / minutes; null where a window is held back or awaited
  available: number | null;
  busy: number | null;
  utilizedAvailable: number | null;
  utilizedBusy: number | null;
  held: boolean; // rep measures of some of its windows are held back
  contradicts?: boolean; // counts of contacts of some of its windows cannot all be true
  timeContradicts?: boolean; // rep time of some of its windows
  usual: number | null; // offered on the same weekday: median of the weeks before
  usualLow: number | null; // lower and upper quartile
  usualHigh: number | null;
  usualDays: number; // how many weeks are in it
  usualExcluded: readonly string[]; // days that are not, because kit.yaml excludes them
  lastWeek: number | null;
  former: Former;
  scheduled: number | null; // full-time equivalents, the mean of its windows
  forecast: number | null; // contacts
  firstOffered: number | null; // as first delivered; null where no count was restated
}

/** What an interval adds to a day. */
export type Counted = Pick<Interval, "assigned" | "abandoned" | "within" | "wait" | "handle" | "wrap" | "handled">;

/** The same local time on the last eight such weekdays: all of them together, not a median, but for the staff. */
export interface Former extends Counted {
  available: number | null; // median, full-time equivalents
}

export interface IntervalOptions {
  windows: readonly WindowRow[]; // of the day, any queue
  days: readonly IntradayDay[];
  day: string;
  queue: string;
  grain: Grain;
  timezone: string;
  openHours?: readonly OpenHours[] | null;
  excluded?: ReadonlySet<string>; // days that belong in no baseline
}

/** The whole day of a queue in intervals, those that have not come yet included. */
export function dayOfIntervals(options: IntervalOptions): Interval[] {
  const { day, queue, timezone, grain, openHours, excluded } = options;
  const zone = timeZone(timezone);
  const { queues, writesZeros } = sorted(options.windows);
  const rows = queues.get(queue) ?? new Map<number, WindowRow>();
  const found = options.days.find((entry) => entry.day === day);
  const told = (windows?: string) => new Set(dayWindows(day, zone).filter((_, i) => windows?.[i] === "1"));
  const [complete, staffed] = [told(found?.arrived), told(found?.staffed)];
  const here = new Set([...complete, ...[...rows.values()].filter(came).map(({ start }) => start)]);
  const through = found?.through ? Date.parse(found.through) : null;
  return dayIntervals(day, zone, grain).map((interval) => {
    const members = membersOf(interval, rows);
    const arrived = members.filter(came);
    const open = isOpen(openHours, day, interval.slot, grain) ?? looksOpen(members, arrived, writesZeros);
    const state = intervalState(evidence(interval, complete, through, arrived.length, open));
    const before = usual(day, members, excluded);
    return added({ interval, members, arrived, state, here, staffed, before });
  });
}

interface Sorted {
  queues: Map<string, Map<number, WindowRow>>; // by start
  writesZeros: boolean;
}

// Kept, because a page with all queues asks for each in turn.
const kept = new WeakMap<readonly WindowRow[], Sorted>();

function sorted(windows: readonly WindowRow[]): Sorted {
  const before = kept.get(windows);
  if (before) return before;
  const queues = new Map<string, Map<number, WindowRow>>();
  for (const row of windows) {
    if (!queues.has(row.queue)) queues.set(row.queue, new Map());
    queues.get(row.queue)!.set(row.start, row);
  }
  const writesZeros = windows.some((row) => row.queue !== allQueues && offered(row) === 0);
  const found = { queues, writesZeros };
  kept.set(windows, found);
  return found;
}

// Without opening hours: a feed that writes a row of zeros for an open queue leaves none for a closed one; else a queue
// that nobody is logged in to is taken as closed.
function looksOpen(members: readonly WindowRow[], arrived: readonly WindowRow[], writesZeros: boolean): boolean | null {
  if (arrived.length > 0) return null;
  const staffed = members.some((row) => (row.reps ?? 0) > 0 || row.small);
  return writesZeros || !staffed ? false : null;
}

/** Assigned plus abandoned; null while there is no data. */
export function offered(row: { assigned: number | null; abandoned: number | null }): number | null {
  return row.assigned === null || row.abandoned === null ? null : row.assigned + row.abandoned;
}

/** Whether the interval holds counts: a true zero is data as well. */
export function known(row: Pick<Interval, "assigned">): boolean {
  return row.assigned !== null;
}

function membersOf(interval: LocalInterval, rows: Map<number, WindowRow>): WindowRow[] {
  return windowsOf(interval).flatMap((window) => rows.get(window) ?? []);
}

function added({
  interval,
  members,
  arrived,
  state,
  here,
  staffed,
  before,
}: {
  interval: LocalInterval;
  members: readonly WindowRow[];
  arrived: readonly WindowRow[];
  state: IntervalState;
  here: ReadonlySet<number>; // windows with contacts
  staffed: ReadonlySet<number>; // with reps
  before: ReturnType<typeof usual>;
}): Interval {
  const windows = windowsOf(interval);
  const counted = state === "partial" ? windows.filter((window) => here.has(window)) : windows;
  const minutes = counted.length * windowMinutes;
  const held = members.some((row) => row.small);
  const empty = state === "zero" ? 0 : null;
  const counts = {
    assigned: wholeOf(arrived, (row) => row.assigned),
    abandoned: wholeOf(arrived, (row) => row.abandoned),
    within: wholeOf(
      arrived.filter((row) => row.within !== null || offered(row) !== 0),
      (row) => row.within,
    ),
  };
  const contradicts = members.some((row) => (row.contradicts ?? 0) % 2 === 1);
  const short = Object.values(counts).includes("incomplete");
  const told = (count: number | null | "incomplete") => (count === "incomplete" ? null : (count ?? empty));
  const means = rollUp(arrived, {
    wait: { rule: "mean", mean: (row) => row.wait, weight: offered },
    handle: { rule: "mean", mean: (row) => row.handle, weight: (row) => handleWeight(row.assigned) },
    wrap: { rule: "mean", mean: (row) => row.wrap, weight: (row) => handleWeight(row.assigned) },
    handled: {
      rule: "count",
      of: (row) => (row.handle === null && row.wrap === null ? null : handleWeight(row.assigned)),
    },
  });
  const known = !held && counted.every((window) => staffed.has(window));
  const staff = members.filter(({ start }) => counted.includes(start));
  const time = (of: (row: WindowRow) => Maybe) =>
    known && staff.every((row) => !row.reps || quantity(of(row)) !== null) ? fte(sum(staff.map(of)), minutes) : null;
  return {
    label: interval.label,
    start: interval.start,
    end: interval.end,
    minutes,
    state: (short || (contradicts && counts.assigned === null)) && state === "data" ? ("incomplete" as const) : state,
    assigned: told(counts.assigned),
    abandoned: told(counts.abandoned),
    within: told(counts.within),
    wait: [counts.assigned, counts.abandoned].includes("incomplete") ? null : means.wait,
    handle: counts.assigned === "incomplete" ? null : means.handle,
    wrap: counts.assigned === "incomplete" ? null : means.wrap,
    handled: means.handled,
    reps: maximum(members.map((row) => row.reps)),
    loggedIn: time((row) => row.logged_in),
    available: time((row) => row.available),
    busy: time((row) => row.busy),
    utilizedAvailable: time((row) => row.utilized_available),
    utilizedBusy: time((row) => row.utilized_busy),
    held,
    ...(contradicts && { contradicts }),
    ...(members.some((row) => (row.contradicts ?? 0) >= 2) && { timeContradicts: true }),
    scheduled: all(members, (row) => row.scheduled, windows.length),
    forecast: all(members, (row) => row.forecast, 1),
    firstOffered:
      !short && arrived.some((row) => row.first_offered !== null)
        ? sum(arrived.map((row) => row.first_offered ?? offered(row)))
        : null,
    usual: before.median,
    usualLow: before.low,
    usualHigh: before.high,
    usualDays: before.n,
    usualExcluded: before.excluded,
    lastWeek: before.lastWeek,
    former: former(interval, members),
  };
}

// Windows that only the weeks before know of hold no count.
function came({ assigned, abandoned, contradicts = 0 }: WindowRow): boolean {
  return assigned !== null || abandoned !== null || contradicts % 2 === 1;
}

// A count that one window lacks and another has: the sum of what is known would pass for the whole.
function wholeOf(rows: readonly WindowRow[], of: (row: WindowRow) => Maybe): number | null | "incomplete" {
  const unknown = rows.filter((row) => quantity(of(row)) === null).length;
  return unknown > 0 && unknown < rows.length ? "incomplete" : sum(rows.map(of));
}

// A plan that leaves out some of the windows says nothing of the interval.
function all(members: readonly WindowRow[], of: (row: WindowRow) => Maybe, share: number): number | null {
  const whole = members.length > 0 && members.every((row) => quantity(of(row)) !== null);
  return whole ? ratio(sum(members.map(of)), share) : null;
}

function former({ start, end }: LocalInterval, members: readonly WindowRow[]): Former {
  const assigned = (row: WindowRow) => less(row.usual_offered, row.usual_abandoned);
  const handled = (row: WindowRow) => (row.usual_handle === null ? null : handleWeight(assigned(row)));
  const sums = rollUp(members, {
    assigned: { rule: "count", of: assigned },
    abandoned: { rule: "count", of: (row) => row.usual_abandoned },
    wait: { rule: "mean", mean: (row) => row.usual_wait, weight: (row) => row.usual_offered },
    handle: { rule: "mean", mean: (row) => row.usual_handle, weight: handled },
    handled: { rule: "count", of: handled },
  });
  const within = wholeOf(
    members.filter((row) => (row.usual_offered ?? 0) > 0),
    (row) => row.usual_within,
  );
  const whole = members.length * windowLength === end - start;
  const staffed = whole && members.every((row) => row.usual_available !== null);
  const minutes = staffed ? sum(members.map((row) => row.usual_available)) : null;
  return {
    ...sums,
    wrap: null,
    within: within === "incomplete" ? null : within,
    available: fte(minutes, (end - start) / 60_000),
  };
}

function usual(day: string, members: readonly WindowRow[], exclude: ReadonlySet<string> = new Set()) {
  const weeks = Math.max(0, ...members.map((row) => row.weeks?.length ?? 0));
  const dates = weeksBefore(day, weeks);
  const offeredOn = new Map(dates.map((date, week) => [date, total(...members.map((row) => row.weeks?.[week]))]));
  const { median, low, high, n, excluded } = baseline(day, (date) => offeredOn.get(date), {
    reach: weeks,
    exclude,
  });
  return { median, low, high, n, excluded, lastWeek: offeredOn.get(dates[0]!) ?? null };
}
