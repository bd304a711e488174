import { plural } from "../../base/words.ts";
import type { FeedReport, MetricReport } from "./wfm-report.ts";

/** The metrics without data that kit.yaml does not declare as not delivered: their charts stay empty. */
export function unmapped(feeds: readonly FeedReport[]): MetricReport[] {
  return feeds.flatMap(({ metrics }) => metrics.filter(({ state }) => state !== "mapped" && state !== "off"));
}

/** One warning about all metrics without a column, with the unmapped columns and suggestions; null if none is missing. */
export function unmappedText(feeds: readonly FeedReport[]): string | null {
  const open = feeds.filter((feed) => unmapped([feed]).length > 0);
  if (open.length === 0) return null;
  const blocks = open.map((feed) => {
    const lines = unmapped([feed]).map((metric) => `  ${metric.metric}: ${reasonText(metric)}`);
    const free = feed.columns.filter(({ column }) => !isMapped(feed, column)).map(({ column }) => column);
    const seen = free.length === 0 ? "no other column is delivered" : `unmapped columns: ${listed(free)}`;
    return `${feed.feed}: ${plural(lines.length, "metric")} without a column, so the charts stay empty\n${lines.join("\n")}\n  ${seen}`;
  });
  return blocks.join("\n");
}

/** The next step for `unmappedText`. */
export const unmappedNext = "asapp-kit wfm columns shows them and can write the mapping";

/** Why a metric has no column, and the columns that may hold it. */
export function reasonText({ state, columns, guesses, clear }: MetricReport): string {
  const column = columns
    .filter((each) => each.state === state)
    .map((each) => each.column)
    .join(", ");
  const why = {
    missing: `${column} is not in the feed`,
    ended: `${column} is no longer delivered`,
    empty: `${column} has no values`,
    "no numbers": `${column} has no numbers`,
    mapped: "",
    off: "",
  }[state];
  if (guesses.length === 0) return `${why}, and no other column has a similar name`;
  const shown = clear === null ? guesses : guesses.slice(0, 1);
  const names = shown.map(({ column, note }) => (note === null ? column : `${column} (${note})`));
  return `${why}; ${clear === null ? "perhaps" : "probably"} ${names.join(", or ")}`;
}

function isMapped(feed: FeedReport, column: string): boolean {
  return feed.metrics.some(({ columns }) =>
    columns.some((mapped) => mapped.state === "mapped" && isSame(mapped.column, column)),
  );
}

/** Compares column names as DuckDB does. */
export function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function listed(names: string[], shown = 12): string {
  const first = names.slice(0, shown).join(", ");
  return names.length > shown ? `${first} and ${names.length - shown} more` : first;
}
