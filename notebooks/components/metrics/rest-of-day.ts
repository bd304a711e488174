import { count, percent } from "./format.js";
import { type Interval, known, offered } from "./interval.js";
import { type Projection, projectDay } from "./projection.js";
import { sum } from "./rollup.js";

/** Where a running day goes. */
export interface RestOfDay {
  projection: Projection;
  /** The contacts an interval will have had: of those that have not come whole. In the order of the rows; null elsewhere. */
  rows: (number | null)[];
}

/**
 * The projection of a running day; null for one that is over, which has nothing to project. `windows` are the day's
 * quarter-hours, so that the length of the drawn intervals does not change the result.
 */
export function restOfDay(windows: readonly Interval[], rows: readonly Interval[]): RestOfDay | null {
  if (!windows.some(({ state }) => state === "pending") || !windows.some(known)) return null;
  const came = (row: Interval) => (row.state === "closed" || row.state === "skipped" ? 0 : offered(row));
  const projection = projectDay(windows.map((row) => ({ actual: came(row), usual: row.usual })));
  const { factor, projected } = projection;
  const of = (row: Interval): number | null => {
    if (projected === null || factor === null) return null;
    const inside = windows.filter(({ start }) => start >= row.start && start < row.end);
    if (!inside.some(({ state }) => state === "pending")) return null;
    return sum(inside.map((window) => came(window) ?? (window.usual ?? 0) * factor));
  };
  return { projection, rows: rows.map(of) };
}

/** The projection in words, with what it assumes; or why there is none. */
export function projectionText({ projection }: RestOfDay): string {
  const { state, projected, low, high, ratio, shareIn, factor, usualSoFar, usualRest } = projection;
  if (state === "too few")
    return `The rest of the day is not projected: ${count(usualSoFar + usualRest)} contacts on a usual day are too few.`;
  if (state === "no baseline")
    return "The rest of the day is not projected: for some of it there are fewer than four weeks to compare with.";
  if (projected === null) return "";
  return [
    `Projection: ${count(projected)} contacts by the end of the day (${count(low)} to ${count(high)} by chance alone).`,
    ratio === null
      ? "Nothing usually comes by now; the rest is taken as usual."
      : `So far ${percent(ratio, 0)} of the usual came, in a part of the day that usually brings ${percent(shareIn, 0)}; the rest is taken at ${percent(factor, 0)} of the usual${state === "damped" ? ", damped because less than a quarter of the day is in" : ""}.`,
    "It holds if the rest of the day keeps its usual shape; a single spike should not be carried forward.",
  ].join(" ");
}
