import { finite, type Maybe, quantity, ratio } from "./ratio.js";
import { fte } from "./staffing.js";

/**
 * How a measure is aggregated over intervals and queues. Percentiles have no rule, as they do not combine and must be
 * recomputed from contacts; nor can a sum of rates, a mean of means or a sum of reps be expressed.
 */
export type Rule<Row> =
  | { rule: "count"; of: (row: Row) => Maybe } // counts add
  | { rule: "rate"; part: (row: Row) => Maybe; whole: (row: Row) => Maybe } // from summed counts
  | { rule: "mean"; mean: (row: Row) => Maybe; weight: (row: Row) => Maybe } // weighted by its own denominator
  | { rule: "max"; of: (row: Row) => Maybe }
  | { rule: "distinct"; of: (row: Row) => Key }; // reps: each once, over any queues and windows

export type Key = string | number | null | undefined;

/** One value per measure. Missing values are left out; a measure without any value is null. */
export function rollUp<Row, Name extends string>(
  rows: readonly Row[],
  rules: Record<Name, Rule<Row>>,
): Record<Name, number | null> {
  const values = {} as Record<Name, number | null>;
  for (const name in rules) values[name] = apply(rows, rules[name]);
  return values;
}

/** The same per group, such as queue or interval, in order of first appearance. */
export function rollUpBy<Row, Group extends string | number, Name extends string>(
  rows: readonly Row[],
  group: (row: Row) => Group,
  rules: Record<Name, Rule<Row>>,
): Map<Group, Record<Name, number | null>> {
  const groups = new Map<Group, Row[]>();
  for (const row of rows) {
    const members = groups.get(group(row));
    if (members) members.push(row);
    else groups.set(group(row), [row]);
  }
  return new Map([...groups].map(([name, members]) => [name, rollUp(members, rules)]));
}

/** The sum of the values that exist; null if none does. */
export function sum(values: Iterable<Maybe>): number | null {
  let result: number | null = null;
  for (const value of values) {
    const amount = quantity(value);
    if (amount !== null) result = (result ?? 0) + amount;
  }
  return result === null ? null : finite(result);
}

/** Weighted mean of means. A row without a weight or a mean is left out. */
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
 * The weight of a mean handle or wrap-up time: contacts assigned. The feeds average over dispositions but do not count
 * them; a window with dispositions and no assignment gets weight 1. SQL: handle_weight.
 */
export function handleWeight(assigned: Maybe): number | null {
  const contacts = quantity(assigned);
  return contacts === null ? null : Math.max(contacts, 1);
}

/** Rate of summed counts, over the rows that have both. */
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

/** The largest value; null if there is none. */
export function maximum(values: Iterable<Maybe>): number | null {
  let result: number | null = null;
  for (const value of values) {
    const amount = quantity(value);
    if (amount !== null && (result === null || amount > result)) result = amount;
  }
  return result;
}

/** Minutes of one rep in one window. `queue_membership_wfm` repeats them for every queue of the rep. */
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

/** Reps and their time, each rep counted once per window. Where copies differ, the longest counts; rows without a rep do not. */
export function repTime(rows: Iterable<RepWindow>): RepTime {
  const windows = new Map<Key, Map<Key, number>>();
  const reps = new Set<Key>();
  for (const { rep, window, minutes } of rows) {
    const time = quantity(minutes);
    if (time === null || isNone(rep) || isNone(window)) continue;
    reps.add(rep);
    const byRep = windows.get(window) ?? new Map<Key, number>();
    windows.set(window, byRep.set(rep, Math.max(time, byRep.get(rep) ?? 0)));
  }
  const staffed = [...windows.values()];
  const each = staffed.flatMap((byRep) => [...byRep.values()]);
  const counts = staffed.map((byRep) => byRep.size);
  return {
    reps: reps.size,
    minutes: each.reduce((a, b) => a + b, 0),
    windows: windows.size,
    meanReps: ratio(sum(counts), counts.length),
    peakReps: maximum(counts),
  };
}

/** Full-time equivalents of distinct reps over an interval. */
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
