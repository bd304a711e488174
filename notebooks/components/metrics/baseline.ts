import { type Bounds, type Maybe, quantity } from "./ratio.js";
import { daysLater } from "./time-zone.js";

/** What is usual for an interval: the same weekday and local clock time of the weeks before. */
export interface Baseline {
  state: "known" | "too few";
  median: number | null; // the three are null when too few
  low: number | null; // lower quartile
  high: number | null; // upper quartile
  n: number; // weeks with data
  of: number; // weeks wanted, for "6 of 8"
  dates: string[]; // the days it is made of, newest first
  excluded: string[]; // such days that were passed over, because they are excluded
}

export interface BaselineOptions {
  weeks?: number; // wanted, default 8
  least?: number; // needed, default 4
  reach?: number; // how many weeks back to look for them, default 16
  exclude?: ReadonlySet<string>; // holidays, outages
}

/**
 * Median and quartiles of the last weeks with data. `value` gives an interval's value on a day, null where there is none
 * (no data, closed, or the clock skipped it): such a week is not counted and an older one takes its place, as it does
 * for excluded days. A true zero is data. The day itself is never part of its own baseline.
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
    const known = quantity(value(day));
    if (known === null) continue;
    values.push(known);
    dates.push(day);
  }
  const { state, median, low, high } = spread(values, least);
  return { state, median, low, high, n: values.length, of: weeks, dates, excluded };
}

/** Median and quartiles of the known values; null with fewer than `least`. */
export function spread(values: readonly Maybe[], least = 4): Pick<Baseline, "state" | "median" | "low" | "high"> {
  const known = values.map(quantity).filter((value) => value !== null);
  if (known.length < Math.max(1, least)) return { state: "too few", median: null, low: null, high: null };
  const sorted = known.sort((a, b) => a - b);
  return {
    state: "known",
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
  };
}

/** A quantile of ascending values, interpolated between neighbours (type 7, DuckDB's quantile_cont). Null without values. */
export function quantile(sorted: readonly number[], share: number): number | null {
  if (sorted.length === 0 || !(share >= 0 && share <= 1)) return null;
  const place = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
  return below + (above - below) * (place - Math.floor(place));
}

/** Where an expected count of independent arrivals falls 19 times out of 20: expected ± 2 sqrt(expected), not below 0. */
export function noiseBand(expected: Maybe): Bounds | null {
  const mean = quantity(expected);
  if (mean === null) return null;
  const half = 2 * Math.sqrt(mean);
  return { low: Math.max(0, mean - half), high: mean + half };
}

/** The same weekdays before a day, newest first. Kept, because every interval of every queue asks for those of the same day. */
export function weeksBefore(date: string, reach: number): readonly string[] {
  if (lastAsked?.date !== date || lastAsked.days.length < reach) {
    lastAsked = { date, days: Array.from({ length: reach }, (_, week) => daysLater(date, -7 * (week + 1))) };
  }
  return lastAsked.days.slice(0, reach);
}

let lastAsked: { date: string; days: string[] } | undefined;
