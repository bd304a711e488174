import { type QueueDay, windowRows } from "../metrics/day-file.js";
import type { WindowRow } from "../metrics/interval.js";
import type { KnownDay } from "../metrics/queues/known-day.js";
import { whenIdle } from "../picture/dom.js";
import { cachedRows, datasetUrl, fetchRows } from "./day-fetch.js";

const cache = new Map<string, Promise<WindowRow[]>>();

/**
 * The rows of one day, cached. Each day is a file, fetched on demand, so that a page with a year of data opens as fast as
 * one with a week. `index` is the attachment that lists the days; Framework's preview changes its address when the data
 * change.
 */
export function dayRows(index: { href: string }, day: string): Promise<WindowRow[]> {
  const name = `${index.href} ${day}`;
  const cached = cache.get(name);
  if (cached) return cached;
  const rows = fetchRows<QueueDay>(datasetUrl(index.href, `intraday/${day}.json`)).then(windowRows);
  cache.set(name, rows);
  rows.catch(() => cache.delete(name));
  return rows;
}

/** What was known of a day, and when; cached, and read when asked for. */
export function knownRows(index: { href: string }, day: string): Promise<KnownDay[]> {
  return cachedRows<KnownDay>(index, datasetUrl(index.href, `known/${day}.json`));
}

/**
 * Prefetches the days before and after the one shown when the browser is idle, and lets the page prepare them: readers
 * usually step there next.
 */
export function readAhead(
  index: { href: string },
  days: readonly { day: string }[],
  day: string,
  prepare: (windows: WindowRow[], day: string) => void = () => {},
): void {
  const at = days.findIndex((entry) => entry.day === day);
  const adjacent = at < 0 ? [] : [days[at - 1], days[at + 1]].filter((entry) => entry !== undefined);
  whenIdle(() => {
    for (const { day } of adjacent)
      dayRows(index, day).then(
        (windows) => prepare(windows, day),
        () => {}, // reported when the reader goes there
      );
  });
}
