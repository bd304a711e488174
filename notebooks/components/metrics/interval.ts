import { baseline, weeksBefore } from "./baseline.js";
import { evidence, type IntervalState, intervalState, isOpen, type OpenHours } from "./interval-state.js";
import { less, type Maybe, quantity, ratio, total } from "./ratio.js";
import { handleWeight, maximum, rollUp, sum, weightedMean } from "./rollup.js";
import { fte, windowMinutes } from "./staffing.js";
import { clockText, timeZone } from "./time-zone.js";
import { dayIntervals, dayWindows, type Grain, type LocalInterval, windowLength, windowsOf } from "./windows.js";

export const allQueues = "All queues";

/**
 * One queue or group in one 15-minute window, from data-loaders/intraday/[day].json.sql. "All queues" is all of them
 * together. Windows that have data only in earlier weeks are included, with nulls.
 */
export interface WindowRow {
  queue: string;
  start: number; // UTC, milliseconds
  assigned: number | null; // contacts assigned to a rep
  abandoned: number | null; // contacts that left before
  within: number | null; // within the threshold, as the threshold column counts
  wait: number | null; // mean seconds
  handle: number | null; // mean seconds, assignment to disposition
  wrap: number | null; // mean seconds, included in handle
  reps: number | null; // distinct, logged in
  logged_in: number | null; // rep minutes, each rep counted once
  available: number | null;
  busy: number | null;
  utilized_available: number | null; // available with at least one chat
  utilized_busy: number | null;
  merged: number | null; // minutes over which rep measures are reported: 15, 30, 60, 1440 for the day so far; 0: withheld
  contradicts?: number; // inconsistent: 1 contact counts, 2 rep time, 3 both
  first_offered: number | null; // as first delivered, where later restated
  weeks: (number | null)[] | null; // offered at the same local time 1, 2, 3 … weeks earlier
  usual_offered: number | null; // summed over the last eight such weeks
  usual_abandoned: number | null;
  usual_within: number | null;
  usual_wait: number | null; // mean seconds over all their contacts
  usual_handle: number | null; // mean seconds
  usual_available: number | null; // median rep minutes
  scheduled: number | null; // full-time equivalents, from the schedule in kit.yaml
  forecast: number | null; // contacts, from the forecast in kit.yaml: of several versions that in force when the window began
  forecast_handle: number | null; // mean seconds, from the same
  forecast_issued: number | null; // minutes since 1970, UTC; of a group the earliest of its queues; null without issued_at
}

/** A local day with WFM windows, as data-loaders/intraday-days.json.sql ships it. */
export interface IntradayDay {
  day: string;
  arrived: string; // one character per window, in order: contacts complete (1) or not (0)
  staffed: string; // the same for reps
  through: string | null; // end of the newest complete window, ISO
  inputs?: DayInputs; // for receipts
}

/** The partitions that a day's figures rest on: kit.figure_inputs. */
export interface DayInputs {
  count: number;
  names: string; // digests, twelve hex digits
  contents: string;
  known: string | null; // when the newest was known; ISO, UTC
}

/** One interval of one queue: windows rolled up by the rules of rollup.ts. Counts are null where nothing was delivered. */
export interface Interval {
  label: string; // "14:15", with the zone's abbreviation where the clock repeats that time
  start: number; // UTC, milliseconds
  end: number;
  minutes: number; // length; of a partial interval, the length of its delivered windows
  state: IntervalState;
  assigned: number | null;
  abandoned: number | null;
  within: number | null;
  wait: number | null;
  handle: number | null;
  wrap: number | null;
  handled: number | null; // weight of these two
  reps: number | null; // most in one window
  loggedIn: number | null; // full-time equivalents: minutes logged in / minutes; null where a window is held back or pending
  available: number | null;
  busy: number | null;
  utilizedAvailable: number | null;
  utilizedBusy: number | null;
  held: boolean; // rep measures of some windows are held back
  over?: Interval; // the longer interval that the rep measures stand for: too few reps in this one
  pooled?: true; // of the windows whose reps are reported for the day so far only
  contradicts?: boolean; // contact counts of some windows are inconsistent
  timeContradicts?: boolean; // rep time of some windows is inconsistent
  usual: number | null; // offered: median of the same weekday in earlier weeks
  usualLow: number | null; // lower and upper quartile
  usualHigh: number | null;
  usualDays: number; // weeks in it
  usualExcluded: readonly string[]; // days that kit.yaml excludes from it
  lastWeek: number | null;
  former: Former;
  scheduled: number | null; // full-time equivalents, mean over its windows
  forecast: number | null; // contacts; 0 before the first and after the last window that the forecast has of the day
  forecastHandle: number | null; // mean seconds, weighted by forecast contacts
  forecastIssued: number | null; // UTC, milliseconds; of several versions the earliest
  firstOffered: number | null; // as first delivered; null if never restated
}

/** The measures that add up to a day. */
export type Counted = Pick<Interval, "assigned" | "abandoned" | "within" | "wait" | "handle" | "wrap" | "handled">;

/** The same local time on the last eight such weekdays: rolled up, not a median, except staff. */
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
  excluded?: ReadonlySet<string>; // days excluded from baselines
  only?: number; // start of the one interval to work out; default: all
}

/** The whole day of a queue in intervals, including those still to come. */
export function dayOfIntervals(options: IntervalOptions): Interval[] {
  const { day, queue, timezone, grain, openHours, excluded, only } = options;
  const zone = timeZone(timezone);
  const { queues, writesZeros } = indexed(options.windows);
  const rows = queues.get(queue) ?? new Map<number, WindowRow>();
  const arrival = options.days.find((entry) => entry.day === day);
  const planned = [...rows.values()].filter(({ forecast }) => forecast !== null).map(({ start }) => start);
  const [first, last] = [Math.min(...planned), Math.max(...planned)];
  const forecastOf = ({ start, forecast }: WindowRow) =>
    forecast ?? (planned.length > 0 && (start < first || start > last) ? 0 : null);
  const flagged = (flags?: string) => new Set(dayWindows(day, zone).filter((_, i) => flags?.[i] === "1"));
  const [complete, staffed] = [flagged(arrival?.arrived), flagged(arrival?.staffed)];
  const withContacts = new Set([...complete, ...[...rows.values()].filter(isDelivered).map(({ start }) => start)]);
  const through = arrival?.through ? Date.parse(arrival.through) : null;
  const state = (interval: LocalInterval, members: readonly WindowRow[], length: number) => {
    const delivered = members.filter(isDelivered);
    const open = isOpen(openHours, day, interval.slot, length) ?? looksOpen(members, delivered, writesZeros);
    return intervalState(evidence(interval, complete, through, delivered.length, open));
  };
  const rolled = (interval: LocalInterval, length: number) => {
    const members = membersOf(interval, rows);
    const shape = { interval, windows: windowsOf(interval), members, state: state(interval, members, length) };
    return rolledUp({ ...shape, withContacts, staffed, before: usual(day, members, excluded), forecastOf });
  };
  const pooled = once(() => {
    const members = dayWindows(day, zone)
      .flatMap((start) => rows.get(start) ?? [])
      .filter(isPooled);
    const windows = members.map(({ start }) => start);
    const [start = 0, end = 0] = [windows[0], (windows.at(-1) ?? 0) + windowLength];
    const interval = {
      date: day,
      slot: "",
      label: clockText(zone.minutes(start)),
      start,
      end,
      windows: windows.length,
    };
    const shape = { interval, windows, members, state: "data" as const };
    const sums = rolledUp({ ...shape, withContacts, staffed, before: usual(day, members, excluded), forecastOf });
    return { ...sums, pooled: true as const };
  });
  // only those that are asked for: most hours of most queues are not
  const longer = (length: 30 | 60) => {
    const intervals = once(() =>
      dayIntervals(day, zone, length).map((interval) => ({ ...interval, made: once(() => rolled(interval, length)) })),
    );
    return (at: number) =>
      intervals()
        .find(({ start, end }) => start <= at && at < end)
        ?.made();
  };
  const [half, hour] = [longer(30), longer(60)];
  const overOf = (own: Interval, merged: number) =>
    merged === wholeDay ? pooled() : (merged === 60 ? hour : half)(own.start);
  const intervals = dayIntervals(day, zone, grain);
  const asked = only === undefined ? intervals : intervals.filter(({ start }) => start === only);
  return asked.map((interval) => {
    const own = rolled(interval, grain);
    const merged = Math.max(0, ...membersOf(interval, rows).map((row) => row.merged ?? 0));
    const over = merged > grain ? overOf(own, merged) : undefined;
    return over ? { ...own, over } : own;
  });
}

/** The interval that the rep measures of a row stand for: itself, or the longer one that has enough reps. */
export function repInterval(row: Interval): Interval {
  return row.over ?? row;
}

/** "at 10:00", or "over the day so far" for windows that are reported together. */
export function whenOf({ label, pooled }: Pick<Interval, "label" | "pooled">): string {
  return pooled ? "over the day so far" : `at ${label}`;
}

const wholeDay = 1440;

function isPooled({ merged }: WindowRow): boolean {
  return merged === wholeDay;
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

interface Indexed {
  queues: Map<string, Map<number, WindowRow>>; // by start
  writesZeros: boolean;
}

// Cached: a page with all queues asks for each in turn.
const indexes = new WeakMap<readonly WindowRow[], Indexed>();

function indexed(windows: readonly WindowRow[]): Indexed {
  const cached = indexes.get(windows);
  if (cached) return cached;
  const queues = new Map<string, Map<number, WindowRow>>();
  for (const row of windows) {
    const byStart = queues.get(row.queue);
    if (byStart) byStart.set(row.start, row);
    else queues.set(row.queue, new Map([[row.start, row]]));
  }
  const writesZeros = windows.some((row) => row.queue !== allQueues && offered(row) === 0);
  const index = { queues, writesZeros };
  indexes.set(windows, index);
  return index;
}

/** The windows of one queue, each once. */
export function queueWindows(windows: readonly WindowRow[], queue: string): WindowRow[] {
  return [...(indexed(windows).queues.get(queue)?.values() ?? [])];
}

// Without opening hours: if a feed writes zero rows for open queues, a queue without a row is closed; otherwise a queue
// without logged-in reps is.
function looksOpen(
  members: readonly WindowRow[],
  delivered: readonly WindowRow[],
  writesZeros: boolean,
): boolean | null {
  if (delivered.length > 0) return null;
  const staffed = members.some((row) => (row.reps ?? 0) > 0 || row.merged === 0);
  return writesZeros || !staffed ? false : null;
}

/** Assigned plus abandoned; null while there is no data. */
export function offered(row: { assigned: number | null; abandoned: number | null }): number | null {
  return row.assigned === null || row.abandoned === null ? null : row.assigned + row.abandoned;
}

/** Whether the interval has counts, a true zero included. */
export function hasCounts(row: Pick<Interval, "assigned">): boolean {
  return row.assigned !== null;
}

function membersOf(interval: LocalInterval, rows: Map<number, WindowRow>): WindowRow[] {
  return windowsOf(interval).flatMap((window) => rows.get(window) ?? []);
}

function rolledUp({
  interval,
  windows,
  members,
  state,
  withContacts,
  staffed,
  before,
  forecastOf,
}: {
  interval: LocalInterval;
  windows: readonly number[]; // starts of the windows in it
  members: readonly WindowRow[];
  state: IntervalState;
  withContacts: ReadonlySet<number>; // windows whose contacts are in
  staffed: ReadonlySet<number>; // windows whose reps are in
  before: ReturnType<typeof usual>;
  forecastOf: (row: WindowRow) => number | null;
}): Interval {
  const delivered = members.filter(isDelivered);
  const counted = state === "partial" ? windows.filter((window) => withContacts.has(window)) : windows;
  const minutes = counted.length * windowMinutes;
  const held = members.some((row) => row.merged === 0);
  const empty = state === "zero" ? 0 : null;
  const counts = {
    assigned: wholeOf(delivered, (row) => row.assigned),
    abandoned: wholeOf(delivered, (row) => row.abandoned),
    within: wholeOf(
      delivered.filter((row) => row.within !== null || offered(row) !== 0),
      (row) => row.within,
    ),
  };
  const contradicts = members.some((row) => (row.contradicts ?? 0) % 2 === 1);
  const lacksCount = Object.values(counts).includes("incomplete");
  const shown = (count: number | null | "incomplete") => (count === "incomplete" ? null : (count ?? empty));
  const means = rollUp(delivered, {
    wait: { rule: "mean", mean: (row) => row.wait, weight: offered },
    handle: { rule: "mean", mean: (row) => row.handle, weight: (row) => handleWeight(row.assigned) },
    wrap: { rule: "mean", mean: (row) => row.wrap, weight: (row) => handleWeight(row.assigned) },
    handled: {
      rule: "count",
      of: (row) => (row.handle === null && row.wrap === null ? null : handleWeight(row.assigned)),
    },
  });
  const repsKnown = !held && counted.every((window) => staffed.has(window));
  const staff = members.filter(({ start }) => counted.includes(start));
  const time = (of: (row: WindowRow) => Maybe) =>
    repsKnown && staff.every((row) => !row.reps || quantity(of(row)) !== null)
      ? fte(sum(staff.map(of)), minutes)
      : null;
  return {
    label: interval.label,
    start: interval.start,
    end: interval.end,
    minutes,
    state:
      (lacksCount || (contradicts && counts.assigned === null)) && state === "data" ? ("incomplete" as const) : state,
    assigned: shown(counts.assigned),
    abandoned: shown(counts.abandoned),
    within: shown(counts.within),
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
    forecast: all(members, forecastOf, 1),
    forecastHandle: members.every((row) => forecastOf(row) === 0 || row.forecast_handle !== null)
      ? weightedMean(members.map((row) => ({ mean: row.forecast_handle, weight: row.forecast })))
      : null,
    forecastIssued: earliest(members),
    firstOffered:
      !lacksCount && delivered.some((row) => row.first_offered !== null)
        ? sum(delivered.map((row) => row.first_offered ?? offered(row)))
        : null,
    usual: before.median,
    usualLow: before.low,
    usualHigh: before.high,
    usualDays: before.n,
    usualExcluded: before.excluded,
    lastWeek: before.lastWeek,
    former: former(windows.length, members),
  };
}

// A window that has data only in earlier weeks was not delivered.
function isDelivered({ assigned, abandoned, contradicts = 0 }: WindowRow): boolean {
  return assigned !== null || abandoned !== null || contradicts % 2 === 1;
}

// "incomplete" where one window lacks a count that another has: the partial sum would pass for the whole.
function wholeOf(rows: readonly WindowRow[], of: (row: WindowRow) => Maybe): number | null | "incomplete" {
  const unknown = rows.filter((row) => quantity(of(row)) === null).length;
  return unknown > 0 && unknown < rows.length ? "incomplete" : sum(rows.map(of));
}

// A plan that covers only some windows does not cover the interval.
function all(members: readonly WindowRow[], of: (row: WindowRow) => Maybe, share: number): number | null {
  const whole = members.length > 0 && members.every((row) => quantity(of(row)) !== null);
  return whole ? ratio(sum(members.map(of)), share) : null;
}

function former(windows: number, members: readonly WindowRow[]): Former {
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
  const whole = members.length === windows;
  const staffed = whole && members.every((row) => row.usual_available !== null);
  const minutes = staffed ? sum(members.map((row) => row.usual_available)) : null;
  return {
    ...sums,
    wrap: null,
    within: within === "incomplete" ? null : within,
    available: fte(minutes, windows * windowMinutes),
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
  return { median, low, high, n, excluded, lastWeek: offeredOn.get(dates[0] ?? "") ?? null };
}

function earliest(rows: readonly WindowRow[]): number | null {
  const issues = rows.flatMap(({ forecast_issued }) => forecast_issued ?? []);
  return issues.length > 0 ? Math.min(...issues) * 60_000 : null;
}
