import { allQueues } from "../interval.js";
import { evidence, type IntervalState, intervalState, isOpen, type OpenHours } from "../interval-state.js";
import { ratio } from "../ratio.js";
import { maximum, sum, weightedMean } from "../rollup.js";
import { type ServiceCounts, type ServiceLevelVariant, serviceLevel } from "../service-level.js";
import { dayIntervals, type Grain, type LocalInterval, windowLength, windowsOf } from "../windows.js";

type Series = readonly (number | null)[];

/** A local day with a file in data/waiting/. */
export interface WaitingDate {
  day: string;
  through: string; // end of the newest quarter-hour for which both queue feeds are complete, ISO, UTC
}

/**
 * One queue or group on one day, as data-loaders/waiting/[day].json.sql ships it: lists with one value per quarter-hour, null
 * where the feeds are not complete.
 */
export interface WaitingDay {
  queue: string;
  start: string; // of the first window, ISO, UTC
  entered: Series; // visits to the queue that began
  direct: Series; // contacts assigned without one
  gone: Series; // visits that ended
  waiting: Series; // contacts at the end of the window
  oldest: Series; // the longest of their waits, seconds, rounded up to the minute; null without any, or with few contacts in the day
  answered: Series;
  abandoned: Series;
  timed_out: Series; // visits that ended by CUSTOMER_TIMEDOUT
  answered_bands: readonly Series[]; // by wait, see `bands`
  abandoned_bands: readonly Series[];
  leavers: Series; // abandoned whose waits the next two tell; fewer than `abandoned` where some are withheld or unknown
  abandoned_wait: Series; // mean, seconds, of the window or of its block with enough of them
  abandoned_longest: Series; // the same, rounded up to the minute
  steps: readonly number[] | null; // seconds, ascending; null, as the next two, with few contacts in the day
  answered_by: readonly number[] | null; // contacts of the day up to each step
  abandoned_by: readonly number[] | null;
  abandoned_short: number; // before the short threshold
  gone_mean: number | null; // waits of the abandoned, seconds; null with few of them
  gone_p50: number | null;
  gone_p90: number | null;
  exits: readonly Exit[] | null; // how the visits that began on the day ended
}

export interface Exit {
  event: string | null; // exit_queue_eventtype
  abandoned: boolean;
  exited: boolean; // false: no exit, and no later event of the issue
  visits: number;
}

/** The bands of waits, by their upper end in seconds. */
export const bands = [0, 10, 30, 60, 120, 300, Infinity] as const;

/** Slots and chats of all reps on a day, full-time equivalents, as data-loaders/slots/[day].json.sql ships them. */
export type SlotDay = Record<SlotMeasure, Series> & {
  start: string;
  merged: Series; // minutes over which reps are reported: 15, 30, 60, 1440; 0: withheld
  reps: Series; // distinct
  lacking: readonly string[] | null; // columns of rep_utilized without a value
};

const slotMeasures = [
  "logged_in",
  "all_light",
  "all_full",
  "all_over",
  "active_none",
  "active_light",
  "active_full",
  "active_over",
  "flex",
  "slots",
  "chats",
  "effort",
] as const;
type SlotMeasure = (typeof slotMeasures)[number];

/** An interval of the Waiting page. Figures are null where the feeds are not complete. */
export interface WaitingInterval extends Pick<LocalInterval, "label" | "start" | "end"> {
  minutes: number;
  state: IntervalState;
  entered: number | null;
  direct: number | null;
  gone: number | null;
  waiting: number | null; // at its end
  oldest: number | null;
  answered: number | null;
  abandoned: number | null;
  timedOut: number | null;
  leavers: number | null; // abandoned behind the next two
  abandonedWait: number | null; // mean, seconds
  abandonedLongest: number | null; // seconds, rounded up to the minute
  answeredBands: readonly number[] | null;
  abandonedBands: readonly number[] | null;
}

export interface WaitingOptions {
  day: string;
  grain: Grain;
  timezone: string;
  through: number | null; // of the day's data, UTC, ms
}

/** A queue's day in intervals. Counts add over complete windows; who waits is taken at the end of the interval. */
export function waitingIntervals(
  file: readonly WaitingDay[],
  {
    day,
    queue,
    grain,
    timezone,
    through,
    openHours,
  }: WaitingOptions & {
    queue: string;
    openHours?: readonly OpenHours[] | null;
  },
): WaitingInterval[] {
  const row = file.find((each) => each.queue === queue);
  const all = file.find((each) => each.queue === allQueues);
  const starts = completeStarts(all?.start, all?.entered);
  return dayIntervals(day, timezone, grain).map((interval) => {
    const { at, last, some } = positions(interval, starts);
    const add = (series: Series | undefined) => (some ? (sum(at.map((i) => series?.[i])) ?? 0) : null);
    const lists = (series: readonly Series[] | undefined) =>
      some ? bands.map((_, band) => sum(at.map((i) => series?.[band]?.[i])) ?? 0) : null;
    const moves = [row?.entered, row?.direct, row?.gone, row?.answered, row?.abandoned, row?.waiting];
    const rows = at.filter((i) => moves.some((series) => series?.[i])).length;
    const open = isOpen(openHours, day, interval.slot, grain);
    return {
      label: interval.label,
      start: interval.start,
      end: interval.end,
      minutes: interval.windows * 15,
      state: intervalState(evidence(interval, starts, through, rows, open)),
      entered: add(row?.entered),
      direct: add(row?.direct),
      gone: add(row?.gone),
      waiting: last === null ? null : (row?.waiting[last] ?? 0),
      oldest: last === null ? null : (row?.oldest[last] ?? null),
      answered: add(row?.answered),
      abandoned: add(row?.abandoned),
      timedOut: add(row?.timed_out),
      leavers: add(row?.leavers),
      abandonedWait: weightedMean(at.map((i) => ({ mean: row?.abandoned_wait[i], weight: row?.leavers[i] }))),
      abandonedLongest: maximum(at.map((i) => row?.abandoned_longest[i])),
      answeredBands: lists(row?.answered_bands),
      abandonedBands: lists(row?.abandoned_bands),
    };
  });
}

/** Reps by load in an interval, full-time equivalents: the mean over its windows, null where one lacks the figure. */
export interface SlotInterval extends Pick<WaitingInterval, "label" | "start" | "end" | "minutes" | "state"> {
  reps: number | null; // the most in a window
  merged: number | null; // most minutes over which a window is reported
  figures: Record<SlotMeasure, number | null>;
}

export function slotIntervals(
  file: SlotDay | undefined,
  { day, grain, timezone, through }: WaitingOptions,
): SlotInterval[] {
  const starts = completeStarts(file?.start, file?.merged);
  return dayIntervals(day, timezone, grain).map((interval) => {
    const { at, some } = positions(interval, starts);
    const mean = (series: Series | undefined) => {
      const values = at.map((i) => series?.[i] ?? null);
      return values.includes(null) ? null : ratio(sum(values), values.length);
    };
    return {
      label: interval.label,
      start: interval.start,
      end: interval.end,
      minutes: interval.windows * 15,
      state: intervalState(evidence(interval, starts, through, at.length, null)),
      reps: some ? maximum(at.map((i) => file?.reps[i])) : null,
      merged: some ? (at.some((i) => file?.merged[i] === 0) ? 0 : maximum(at.map((i) => file?.merged[i]))) : null,
      figures: Object.fromEntries(slotMeasures.map((name) => [name, mean(file?.[name])])) as SlotInterval["figures"],
    };
  });
}

/** The load of reps in parts of their logged-in time: no chat, below, at and above their slots. */
export interface Load {
  none: number;
  light: number;
  full: number;
  over: number;
}

/** By all chats, or by active ones alone; null where a part is unknown. */
export function loadOf({ figures }: Pick<SlotInterval, "figures">, chats: "all" | "active"): Load | null {
  const [light, full, over] = [figures[`${chats}_light`], figures[`${chats}_full`], figures[`${chats}_over`]];
  if (light === null || full === null || over === null || figures.logged_in === null) return null;
  const none = chats === "active" ? figures.active_none : Math.max(0, figures.logged_in - light - full - over);
  return none === null ? null : { none, light, full, over };
}

/** What the formulas of the service level count, with this many seconds as the threshold; null where few contacts are withheld. */
export function countsBy(row: WaitingDay | undefined, seconds: number): ServiceCounts | null {
  const step = row?.steps?.indexOf(seconds) ?? -1;
  if (!row?.answered_by || !row.abandoned_by || step < 0) return null;
  return {
    answered: sum(row.answered) ?? 0,
    abandoned: sum(row.abandoned) ?? 0,
    answeredWithin: row.answered_by[step],
    abandonedWithin: row.abandoned_by[step],
    abandonedShort: row.abandoned_short,
  };
}

/** The shortest step within which the target share is served; null where no step reaches it. */
export function secondsToReach(
  row: WaitingDay | undefined,
  target: number,
  variant: ServiceLevelVariant,
): number | null {
  const reached = (step: number) => {
    const counts = countsBy(row, step);
    const level = counts && serviceLevel(counts, variant);
    return level !== null && level >= target - 1e-9;
  };
  return row?.steps?.find(reached) ?? null;
}

// The starts of complete windows, with their places in the file's lists.
function completeStarts(start: string | undefined, series: Series | undefined): Map<number, number> {
  const first = Date.parse(start ?? "");
  return new Map(
    (series ?? []).flatMap((value, i) => (value === null ? [] : [[first + i * windowLength, i] as const])),
  );
}

function positions(interval: LocalInterval, starts: ReadonlyMap<number, number>) {
  const windows = windowsOf(interval);
  const at = windows.flatMap((window) => starts.get(window) ?? []);
  const end = windows.at(-1);
  return { at, last: (end === undefined ? undefined : starts.get(end)) ?? null, some: at.length > 0 };
}
