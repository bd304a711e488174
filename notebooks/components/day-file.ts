import type { WindowRow } from "./interval.js";
import { windowLength } from "./windows.js";

type Series = readonly (number | null)[];

/** One queue or group of one day, as data-loaders/intraday/[day].json.sql ships it: lists with one value per window. */
export interface QueueDay extends Record<Measure, Series> {
  queue: string;
  start: string; // of the first window, ISO, UTC
  weeks: readonly (Series | null)[] | null;
}

const measures = [
  "assigned",
  "abandoned",
  "within",
  "wait",
  "handle",
  "wrap",
  "reps",
  "logged_in",
  "available",
  "busy",
  "utilized_available",
  "utilized_busy",
  "small",
  "first_offered",
  "usual_offered",
  "usual_abandoned",
  "usual_within",
  "usual_wait",
  "usual_handle",
  "usual_available",
  "scheduled",
  "forecast",
] as const;
type Measure = (typeof measures)[number];

/** The lists as one row per window that anything is known of. */
export function windowRows(file: readonly QueueDay[]): WindowRow[] {
  return file.flatMap(({ queue, start, weeks, ...series }) => {
    const first = Date.parse(start);
    return series.small.map((_, i): WindowRow => {
      const value = (measure: Measure) => series[measure][i] ?? null;
      return {
        queue,
        start: first + i * windowLength,
        ...(Object.fromEntries(measures.map((measure) => [measure, value(measure)])) as Record<
          Exclude<Measure, "small">,
          number | null
        >),
        small: value("small") === 1,
        weeks: weeks?.map((week) => week?.[i] ?? null) ?? null,
      };
    });
  });
}

const kept = new Map<string, Promise<WindowRow[]>>();

/**
 * The rows of one day. Days are files of their own, fetched when they are looked at, so that a page with a year
 * behind it opens as fast as one with a week. `index` is the attachment that lists the days.
 */
export function dayRows(index: { href: string }, day: string): Promise<WindowRow[]> {
  const url = dayUrl(index.href, day);
  const known = kept.get(url);
  if (known) return known;
  const rows = fetchRows(url, day);
  kept.set(url, rows);
  rows.catch(() => kept.delete(url));
  return rows;
}

async function fetchRows(url: string, day: string): Promise<WindowRow[]> {
  const response = await fetch(url, { cache: "no-cache" });
  if (!response.ok) throw new Error(`${day}: ${response.status} ${response.statusText}`);
  return windowRows(await response.json());
}

export function dayUrl(index: string, day: string): string {
  return datasetUrl(index, `intraday/${day}.json`);
}

/**
 * A dataset that is not attached by name. Framework's preview serves what loaders make below _file; a built site has the
 * files in data/. `index` is the address of a dataset that is attached.
 */
export function datasetUrl(index: string, name: string): string {
  const preview = new URL(index).searchParams.has("sha");
  return new URL(preview ? name : `../../data/${name}`, index).href;
}
