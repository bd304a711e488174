import { finite, type Maybe, quantity, ratio } from "./ratio.js";
import { fte } from "./staffing.js";

/**
 * How a measure is added up over intervals and queues. There is none for percentiles: they do not combine and are
 * recomputed from the contacts; a sum of rates, a mean of means or a sum of reps cannot be written down either.
 */
export type Rule<Row> =
  | { rule: "count"; of: (row: Row) => Maybe } // counts add
  | { rule: "rate"; part: (row: Row) => Maybe; whole: (row: Row) => Maybe } // from added counts
  | { rule: "mean"; mean: (row: Row) => Maybe; weight: (row: Row) => Maybe } // weighted by its own denominator
  | { rule: "max"; of: (row: Row) => Maybe }
  | { rule: "distinct"; of: (row: Row) => Key }; // reps: each once, however many queues and windows

export type Key = string | number | null | undefined;

/** One value per measure. Unknown values (null) are left out; a measure without any known value is null. */
export function rollUp<Row, Name extends string>(
  rows: readonly Row[],
  rules: Record<Name, Rule<Row>>,
): Record<Name, number | null> {
  const values = {} as Record<Name, number | null>;
  for (const name in rules) values[name] = apply(rows, rules[name]);
  return values;
}

/** The same per group, such as per queue or per interval, in order of first appearance. */
export function rollUpBy<Row, Group extends string | number, Name extends string>(
  rows: readonly Row[],
  group: (row: Row) => Group,
  rules: Record<Name, Rule<Row>>,
): Map<Group, Record<Name, number | null>> {
  const groups = new Map<Group, Row[]>();
  for (const row of rows) {
    const found = groups.get(group(row));
    if (found) found.push(row);
    else groups.set(group(row), [row]);
  }
  return new Map([...groups].map(([name, members]) => [name, rollUp(members, rules)]));
}

/** Sum of what is known; null if nothing is. */
export function sum(values: Iterable<Maybe>): number | null {
  let result: number | null = null;
  for (const value of values) {
    const known = quantity(value);
    if (known !== null) result = (result ?? 0) + known;
  }
  return result === null ? null : finite(result);
}

/** Mean of means. An interval without weight, or without a mean, says nothing: it counts neither above nor below. */
export function weightedMean(rows: Iterable<{ mean: Maybe; weight: Maybe }>): number | null {
  let [above, below] = [0, 0];
  for (const row of rows) {
    const [mean, weight] = [quantity(row.mean), quantity(row.weight)];
    if (mean === null || weight === null || weight === 0) continue;
    above += mean * weight;
    below += weight;
  }
  return below === 0 ? null : finite(above / below);
}

/**
 * What a mean handle or wrap-up time weighs: the contacts assigned. The feeds average over dispositions, whose number they
 * do not tell; a window with some but without an assignment still counts a little. SQL: handle_weight.
 */
export function handleWeight(assigned: Maybe): number | null {
  const known = quantity(assigned);
  return known === null ? null : Math.max(known, 1);
}

/** Rate of added counts, over the rows that know both. */
export function addedRate(rows: Iterable<{ part: Maybe; whole: Maybe }>): number | null {
  let [above, below] = [0, 0];
  for (const row of rows) {
    const [part, whole] = [quantity(row.part), quantity(row.whole)];
    if (part === null || whole === null) continue;
    above += part;
    below += whole;
  }
  return ratio(above, below);
}

/** Largest known value; null if nothing is known. */
export function maximum(values: Iterable<Maybe>): number | null {
  let result: number | null = null;
  for (const value of values) {
    const known = quantity(value);
    if (known !== null && (result === null || known > result)) result = known;
  }
  return result;
}

/** Minutes of one rep in one window, as `queue_membership_wfm` repeats them on every queue of the rep. */
export interface RepWindow {
  rep: Key;
  window: Key; // its start
  minutes: Maybe;
}

export interface RepTime {
  reps: number; // distinct
  minutes: number; // each rep and window once
  windows: number; // distinct
  meanReps: number | null; // per window
  peakReps: number | null;
}

/** Reps and their time, each rep counted once per window. Where copies differ the longest counts; rows of no rep do not. */
export function repTime(rows: Iterable<RepWindow>): RepTime {
  const windows = new Map<Key, Map<Key, number>>();
  const reps = new Set<Key>();
  for (const { rep, window, minutes } of rows) {
    const known = quantity(minutes);
    if (known === null || isNone(rep) || isNone(window)) continue;
    reps.add(rep);
    const here = windows.get(window) ?? new Map<Key, number>();
    windows.set(window, here.set(rep, Math.max(known, here.get(rep) ?? 0)));
  }
  const staffed = [...windows.values()];
  const each = staffed.flatMap((here) => [...here.values()]);
  const counts = staffed.map((here) => here.size);
  return {
    reps: reps.size,
    minutes: each.reduce((a, b) => a + b, 0),
    windows: windows.size,
    meanReps: ratio(sum(counts), counts.length),
    peakReps: maximum(counts),
  };
}

/** Full-time equivalents over an interval, from distinct reps. */
export function repFte(rows: Iterable<RepWindow>, intervalMinutes: number): number | null {
  return fte(repTime(rows).minutes, intervalMinutes);
}

function apply<Row>(rows: readonly Row[], rule: Rule<Row>): number | null {
  switch (rule.rule) {
    case "count":
      return sum(rows.map(rule.of));
    case "rate":
      return addedRate(rows.map((row) => ({ part: rule.part(row), whole: rule.whole(row) })));
    case "mean":
      return weightedMean(rows.map((row) => ({ mean: rule.mean(row), weight: rule.weight(row) })));
    case "max":
      return maximum(rows.map(rule.of));
    case "distinct":
      return new Set(rows.map(rule.of).filter((key) => !isNone(key))).size;
  }
}

function isNone(key: Key): boolean {
  return key === null || key === undefined;
}
