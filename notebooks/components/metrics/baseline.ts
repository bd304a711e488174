import { type Bounds, type Maybe, quantity } from "./ratio.js";
import { daysLater } from "./time-zone.js";

/** The usual value of an interval: the same weekday and local time in earlier weeks. */
export interface Baseline {
  state: "known" | "too few";
  median: number | null; // null, as the quartiles are, when too few
  low: number | null; // lower quartile
  high: number | null; // upper quartile
  n: number; // weeks with data
  of: number; // weeks wanted, for "6 of 8"
  dates: string[]; // days used, newest first
  excluded: string[]; // days skipped because they are excluded
}

export interface BaselineOptions {
  weeks?: number; // weeks wanted, default 8
  least?: number; // weeks required, default 4
  reach?: number; // how many weeks to look back, default 16
  exclude?: ReadonlySet<string>; // holidays, outages
}

/**
 * Median and quartiles of the last weeks with data. `value` is an interval's value on a day, null where there is none
 * (no data, closed, or skipped by the clock): an older week then takes its place, as for an excluded day. A true zero is
 * data. A day is never part of its own baseline.
 */
export function baseline(date: string, value: (date: string) => Maybe, options: BaselineOptions = {}): Baseline {
  const { weeks = 8, least = 4, reach = 16, exclude } = options;
  const values: number[] = [];
  const dates: string[] = [];
  const excluded: string[] = [];
  for (const day of weeksBefore(date, reach)) {
    if (values.length >= weeks) break;
    if (exclude?.has(day)) {
      excluded.push(day);
      continue;
    }
    const amount = quantity(value(day));
    if (amount === null) continue;
    values.push(amount);
    dates.push(day);
  }
  const { state, median, low, high } = spread(values, least);
  return { state, median, low, high, n: values.length, of: weeks, dates, excluded };
}

/** Median and quartiles of the values that exist; null with fewer than `least`. */
export function spread(values: readonly Maybe[], least = 4): Pick<Baseline, "state" | "median" | "low" | "high"> {
  const sorted = values
    .map(quantity)
    .filter((value) => value !== null)
    .sort((a, b) => a - b);
  if (sorted.length < Math.max(1, least)) return { state: "too few", median: null, low: null, high: null };
  return {
    state: "known",
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
  };
}

/** A quantile of ascending values, interpolated (type 7, as DuckDB's quantile_cont). Null without values. */
export function quantile(sorted: readonly number[], share: number): number | null {
  const rank = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(rank)], sorted[Math.ceil(rank)]];
  if (below === undefined || above === undefined || !(share >= 0 && share <= 1)) return null;
  return below + (above - below) * (rank - Math.floor(rank));
}

/** The range in which a count of independent arrivals falls 19 times out of 20: expected ± 2 sqrt(expected), at least 0. */
export function noiseBand(expected: Maybe): Bounds | null {
  const mean = quantity(expected);
  if (mean === null) return null;
  const half = 2 * Math.sqrt(mean);
  return { low: Math.max(0, mean - half), high: mean + half };
}

/**
 * Whether a count differs from the expected one by more than chance alone makes of it: it is outside of its noise band, which
 * is at least that of one contact. `counted`: the expected one is the count of a single day too, and varies as much.
 */
export function isChange(count: Maybe, expected: Maybe, counted = false): boolean {
  const [now, then] = [quantity(count), quantity(expected)];
  if (now === null || then === null) return false;
  const variance = Math.max(1, counted ? now + then : then);
  return Math.abs(now - then) > 2 * Math.sqrt(variance);
}

/** The same weekday in earlier weeks, newest first. Cached: every interval of every queue asks for those of one day. */
export function weeksBefore(date: string, reach: number): readonly string[] {
  if (cached?.date !== date || cached.days.length < reach) {
    cached = { date, days: Array.from({ length: reach }, (_, week) => daysLater(date, -7 * (week + 1))) };
  }
  return cached.days.slice(0, reach);
}

let cached: { date: string; days: string[] } | undefined;
