import { daysLater } from "./time-zone.js";

/** Common to all daily rows. `complete` is false for a day that has only partly arrived. */
export interface DayRow {
  day: string; // YYYY-MM-DD in the site's zone
  complete: boolean;
}

/** One local day and channel, as data-loaders/days.json.sql ships it. "All channels" is all of them together. */
export interface ConversationDay extends DayRow {
  channel: string;
  started: number; // conversations started on the day
  ended: number; // of them, ended; all fields below count these
  assisted: number; // with a rep
  handled: number; // with a handle time
  handle_p50: number | null; // seconds; null below the smallest group shown
  handle_p90: number | null;
  handle_bins: number[] | null; // histogram of handle times, see `quantile`
  queued: number; // waited in a queue
  wait_p50: number | null;
  wait_p90: number | null;
  wait_bins: number[] | null;
  resolved: number;
  unresolved: number;
  timeout: number;
  auto: number;
  other: number;
  rated: number; // answered the rating question
  satisfied: number | null; // of them, top two of five; null where too few answered
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

/** Totals over days: counts add, percentiles come from the summed histograms and are never averaged. */
export function conversationTotals(rows: readonly ConversationDay[]): ConversationTotals {
  const sum = (value: (row: ConversationDay) => number | null) =>
    rows.reduce((total, row) => total + (value(row) ?? 0), 0);
  const handle = addBins(rows.map((row) => row.handle_bins));
  const wait = addBins(rows.map((row) => row.wait_bins));
  const rated = rows.flatMap(({ rated, satisfied }) => (satisfied === null ? [] : [{ rated, satisfied }]));
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
    satisfied: rated.length ? rated.reduce((total, row) => total + row.satisfied, 0) : null,
  };
}

/** Totals of days and of the days they are compared with: pairs of complete days only, since a gap is not a change. */
export interface Compared {
  days: number;
  now: ConversationTotals;
  before: ConversationTotals;
}

/** Compares rows with those `length` days earlier; null where no day can be compared, or where the data begin later. */
export function comparedDays(
  every: readonly ConversationDay[],
  rows: readonly ConversationDay[],
  length: number,
): Compared | null {
  const byDay = new Map(every.map((row) => [row.day, row]));
  const [now, before]: [ConversationDay[], ConversationDay[]] = [[], []];
  for (const row of rows) {
    const earlier = byDay.get(daysLater(row.day, -length));
    if (!earlier) return null;
    if (!row.complete || !earlier.complete) continue;
    now.push(row);
    before.push(earlier);
  }
  if (now.length === 0) return null;
  return { days: now.length, now: conversationTotals(now), before: conversationTotals(before) };
}

/** Bin `i` counts values from 1.05^i to 1.05^(i+1) seconds, bin 0 all smaller ones too. So a quantile is within 5 %. */
const binRatio = 1.05;

/** The q-quantile of binned values, in seconds, interpolated within its bin; null without values. */
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
