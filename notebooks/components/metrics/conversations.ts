import { daysLater } from "./time-zone.js";

/** What every daily row has. `complete` is false for a day of which not all has come. */
export interface DayRow {
  day: string; // YYYY-MM-DD in the site's zone
  complete: boolean;
}

/** One local day and channel, as data-loaders/days.json.sql ships it. "All channels" is every channel together. */
export interface ConversationDay extends DayRow {
  channel: string;
  started: number; // conversations that began on the day
  ended: number; // of them, those that have ended; all that follows is about these
  assisted: number; // with a rep
  handled: number; // with a handle time
  handle_p50: number | null; // seconds; null below the smallest group that is shown
  handle_p90: number | null;
  handle_bins: number[] | null; // counts of handle times, see `quantile`
  queued: number; // that waited in a queue
  wait_p50: number | null;
  wait_p90: number | null;
  wait_bins: number[] | null;
  resolved: number;
  unresolved: number;
  timeout: number;
  auto: number;
  other: number;
  rated: number; // with an answer to the rating question
  satisfied: number | null; // of them, those in the top two of five; null where too few answered
}

export interface ConversationTotals {
  days: number;
  started: number;
  ended: number;
  assisted: number;
  handled: number;
  handle_p50: number | null;
  handle_p90: number | null;
  queued: number;
  wait_p50: number | null;
  wait_p90: number | null;
  resolved: number;
  rated: number;
  satisfied: number | null;
}

/** Days added up: counts add, and percentiles are read from the added histograms, never averaged. */
export function conversationTotals(rows: readonly ConversationDay[]): ConversationTotals {
  const sum = (value: (row: ConversationDay) => number | null) =>
    rows.reduce((total, row) => total + (value(row) ?? 0), 0);
  const handle = addBins(rows.map((row) => row.handle_bins));
  const wait = addBins(rows.map((row) => row.wait_bins));
  const rated = rows.filter((row) => row.satisfied !== null);
  return {
    days: rows.length,
    started: sum((row) => row.started),
    ended: sum((row) => row.ended),
    assisted: sum((row) => row.assisted),
    handled: sum((row) => row.handled),
    handle_p50: quantile(handle, 0.5),
    handle_p90: quantile(handle, 0.9),
    queued: sum((row) => row.queued),
    wait_p50: quantile(wait, 0.5),
    wait_p90: quantile(wait, 0.9),
    resolved: sum((row) => row.resolved),
    rated: rated.reduce((total, row) => total + row.rated, 0),
    satisfied: rated.length ? rated.reduce((total, row) => total + row.satisfied!, 0) : null,
  };
}

/** Days, and those so many days before them, added up: only pairs of complete ones, since a gap is no change. */
export interface Compared {
  days: number;
  now: ConversationTotals;
  before: ConversationTotals;
}

/** Sets rows against those `length` days before; null where no day can be compared, or where the days before begin earlier than the data. */
export function comparedDays(
  every: readonly ConversationDay[],
  rows: readonly ConversationDay[],
  length: number,
): Compared | null {
  const known = new Map(every.map((row) => [row.day, row]));
  const twins = rows.map((row) => [row, known.get(daysLater(row.day, -length))] as const);
  if (twins.some(([, before]) => before === undefined)) return null;
  const pairs = twins.filter(([row, before]) => row.complete && before!.complete);
  if (pairs.length === 0) return null;
  const totals = (side: 0 | 1) => conversationTotals(pairs.map((pair) => pair[side]!));
  return { days: pairs.length, now: totals(0), before: totals(1) };
}

/** Bin `i` counts values from 1.05^i to 1.05^(i+1) seconds; bin 0 also takes everything below. So a quantile is within 5 %. */
const binRatio = 1.05;

/** The q-quantile of binned values in seconds, interpolated inside its bin; null without values. */
export function quantile(bins: readonly number[], q: number): number | null {
  const total = bins.reduce((sum, n) => sum + n, 0);
  if (total === 0) return null;
  const rank = q * total;
  let before = 0;
  for (const [bin, n] of bins.entries()) {
    if (n > 0 && before + n >= rank) {
      const low = bin === 0 ? 0 : binRatio ** bin;
      const high = binRatio ** (bin + 1);
      return low + (high - low) * Math.min(1, Math.max(0, (rank - before) / n));
    }
    before += n;
  }
  return null;
}

function addBins(list: readonly (readonly number[] | null)[]): number[] {
  const added: number[] = [];
  for (const bins of list)
    bins?.forEach((n, bin) => {
      added[bin] = (added[bin] ?? 0) + n;
    });
  return Array.from(added, (n) => n ?? 0);
}
