import { own } from "../../base/names.ts";
import { editDistance } from "../../base/suggest.ts";
import type { WfmColumn } from "./wfm.ts";

/** A summary of a column's values; min, median and max are null without numbers. */
export interface Values {
  rows: number;
  filled: number; // share of rows with a value, including unfit values, 0 to 1
  numeric: number; // share of these that are numbers; 1 without a value
  whole: number; // share of the numbers that are integers
  min: number | null;
  median: number | null;
  max: number | null;
}

/** A column that may hold a metric. */
export interface Guess {
  column: string;
  score: number; // 0 to 1
  note: string | null; // a reason against it, or an option to set with it
}

// Word stems: a metric's column has one of each group; one of `not` points to another metric.
const words: Record<string, { groups: string[][]; not: string[] }> = {
  assignments: {
    groups: [["assign", "handled", "answered", "accepted", "taken"]],
    not: ["aband", "time", "wait", "avg", "mean", "under", "within", "rep", "agent", "pct", "rate", "sec"],
  },
  abandons: {
    groups: [["aband", "lost"]],
    not: ["time", "wait", "avg", "mean", "under", "within", "pct", "rate", "sec"],
  },
  handle_seconds: { groups: [["handle", "handling", "aht"]], not: ["total", "sum", "count", "max", "wrap"] },
  wrap_seconds: { groups: [["wrap", "acw"]], not: ["total", "sum", "count", "max"] },
  wait_seconds: {
    groups: [["wait", "asa", "enqueue"]],
    not: ["under", "within", "below", "less", "over", "max", "total", "sum", "aband", "longest", "sla"],
  },
  within_threshold: {
    groups: [["under", "within", "below", "less", "sla", "threshold", "sl"]],
    not: ["over", "above", "pct", "rate", "ratio", "avg", "mean"],
  },
  reps: {
    groups: [["rep", "agent", "staff", "headcount"]],
    not: ["avail", "busy", "time", "min", "id", "respon", "avg"],
  },
  logged_in: { groups: [["logged", "login", "signed", "online"]], not: ["cum"] },
  available: { groups: [["avail"]], not: ["ute", "util", "cum", "busy"] },
  busy: { groups: [["busy"]], not: ["ute", "util", "cum", "avail"] },
  utilized: { groups: [["ute", "util"]], not: ["avail", "busy", "cum", "ratio", "level"] },
  utilized_available: { groups: [["ute", "util"], ["avail"]], not: ["cum", "busy", "ratio"] },
  utilized_busy: { groups: [["ute", "util"], ["busy"]], not: ["cum", "avail", "ratio"] },
};

/** How well a column's name fits a metric, 0 to 1. `seconds` is the threshold of the service level. */
export function nameScore(metric: string, usual: string | null, column: string, seconds: number): number {
  if (metric === "within_threshold" && countsOtherThreshold(column, seconds)) return 0;
  if (column.toLowerCase() === usual) return 1;
  const { groups, not } = own(words, metric) ?? { groups: [], not: [] };
  const tokens = tokensOf(column);
  const has = (stem: string) => tokens.some((token) => token.startsWith(stem));
  const matched = groups.filter((group) => group.some(has)).length;
  if (matched < groups.length) return 0;
  const name = column.toLowerCase();
  const similarity = usual === null ? 0 : 1 - editDistance(name, usual) / Math.max(name.length, usual.length);
  return (0.7 + 0.25 * similarity) * (not.some(has) ? 0.4 : 1);
}

/** How well the values fit a metric, 0 to 1, and a reason against it. */
function valueScore(metric: string, unit: string | null, values: Values): [number, string | null] {
  const { filled, numeric, whole, min, median, max } = values;
  if (filled === 0) return [0.3, "no value so far"];
  if (numeric < 0.9 || min === null || median === null || max === null) return [0, "no numbers"];
  if (min < 0) return [0, "negative values"];
  if (unit === null) return whole < 0.99 ? [0.2, "not whole numbers, as counts would be"] : [1, null];
  if (unit === "minutes" && max > 15.1)
    return max > 900.5 ? [0, "more than a window has"] : [0.7, "looks like seconds: set rep_unit"];
  if (unit === "seconds" && metric === "handle_seconds" && median < 20)
    return [0.6, "looks like minutes: set handle_unit"];
  return [1, null];
}

/** The columns that may hold a metric, best first; without `values`, by name alone. */
export function guesses(
  { metric, usual, unit }: Pick<WfmColumn, "metric" | "usual" | "unit">,
  columns: { name: string; values: Values | null }[],
  seconds: number,
): Guess[] {
  return columns
    .map(({ name, values }) => {
      const [fit, note] = values === null ? [1, null] : valueScore(metric, unit, values);
      const score = nameScore(metric, usual, name, seconds) * (0.6 + 0.4 * fit) * (fit === 0 ? 0 : 1);
      return { column: name, score: Math.round(score * 100) / 100, note };
    })
    .filter(({ score }) => score >= 0.2)
    .sort((a, b) => b.score - a.score || (a.column < b.column ? -1 : 1))
    .slice(0, 3);
}

/** The first guess, if it is good and clearly ahead of the second. */
export function clearGuess([first, second]: Guess[]): string | null {
  if (first === undefined || first.score < 0.6) return null;
  return second === undefined || first.score - second.score >= 0.1 ? first.column : null;
}

function tokensOf(column: string): string[] {
  const spaced = column.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
  return spaced.match(/\p{L}+/gu) ?? [];
}

// waits_under_30s does not count a threshold of 60 seconds; one_minute or plain `sla` may.
function countsOtherThreshold(column: string, seconds: number): boolean {
  const numbers = [...column.matchAll(/(\d+)(?:[\s_-]*(m(?:in)?))?/gi)].map(
    ([, number, minutes]) => Number(number) * (minutes === undefined ? 1 : 60),
  );
  return numbers.length > 0 && !numbers.includes(seconds);
}
