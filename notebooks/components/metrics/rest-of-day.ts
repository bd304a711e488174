import { count, percent } from "./format.js";
import { hasCounts, type Interval, offered } from "./interval.js";
import { type Projection, projectDay } from "./projection.js";
import { sum } from "./rollup.js";

/** The projection of a running day. */
export interface RestOfDay {
  projection: Projection;
  /** Projected contacts of each row that is not complete yet; null elsewhere. */
  rows: (number | null)[];
}

/**
 * The projection of a running day; null for a day that is over. `windows` are the day's quarter-hours, so that the result
 * does not depend on the length of the drawn intervals.
 */
export function restOfDay(windows: readonly Interval[], rows: readonly Interval[]): RestOfDay | null {
  if (!windows.some(({ state }) => state === "pending") || !windows.some(hasCounts)) return null;
  const actual = (row: Interval) => (row.state === "closed" || row.state === "skipped" ? 0 : offered(row));
  const projection = projectDay(windows.map((row) => ({ actual: actual(row), usual: row.usual })));
  const { factor, projected } = projection;
  const of = (row: Interval): number | null => {
    if (projected === null || factor === null) return null;
    const inside = windows.filter(({ start }) => start >= row.start && start < row.end);
    if (!inside.some(({ state }) => state === "pending")) return null;
    return sum(inside.map((window) => actual(window) ?? (window.usual ?? 0) * factor));
  };
  return { projection, rows: rows.map(of) };
}

/** The projection and its assumptions in words, or why there is none. */
export function projectionText({ projection }: RestOfDay): string {
  const { state, projected, low, high, ratio, shareIn, factor, usualSoFar, usualRest } = projection;
  if (state === "too few")
    return `The rest of the day is not projected: ${count(usualSoFar + usualRest)} contacts on a usual day are too few.`;
  if (state === "no baseline")
    return "The rest of the day is not projected: parts of it have fewer than four weeks to compare with.";
  if (projected === null) return "";
  return [
    `Projection: ${count(projected)} contacts by the end of the day (${count(low)} to ${count(high)} by chance alone).`,
    ratio === null
      ? "Contacts are not usual by this time; the rest is projected as usual."
      : `Volume so far is ${percent(ratio, 0)} of the usual, over a part of the day that usually brings ${percent(shareIn, 0)}; the rest is projected at ${percent(factor, 0)} of the usual${state === "damped" ? ", damped because less than a quarter of the day is in" : ""}.`,
    "This holds if the rest of the day keeps its usual shape; a one-off spike should not be carried forward.",
  ].join(" ");
}
