import { whenIdle } from "../charts/dom.js";
import type { WindowRow } from "./interval.js";
import { fetchRows } from "./piece.js";
import { windowLength } from "./windows.js";

type Series = readonly (number | null)[];

/** One queue or group of one day, as data-loaders/intraday/[day].json.sql ships it: lists with one value per window. */
export type QueueDay = {
  [Measure in Exclude<keyof WindowRow, "queue" | "start" | "small" | "contradicts" | "weeks">]: Series;
} & {
  queue: string;
  start: string; // of the first window, ISO, UTC
  small: readonly number[]; // 0 or 1
  contradicts?: readonly number[]; // 0 to 3
  weeks: readonly (Series | null)[] | null;
};

/** The lists as one row per window of the day. */
export function windowRows(file: readonly QueueDay[]): WindowRow[] {
  const rows: WindowRow[] = [];
  for (const day of file) {
    const first = Date.parse(day.start);
    for (let i = 0; i < day.small.length; i++) {
      rows.push({
        queue: day.queue,
        start: first + i * windowLength,
        assigned: day.assigned[i]!,
        abandoned: day.abandoned[i]!,
        within: day.within[i]!,
        wait: day.wait[i]!,
        handle: day.handle[i]!,
        wrap: day.wrap[i]!,
        reps: day.reps[i]!,
        logged_in: day.logged_in[i]!,
        available: day.available[i]!,
        busy: day.busy[i]!,
        utilized_available: day.utilized_available[i]!,
        utilized_busy: day.utilized_busy[i]!,
        small: day.small[i] === 1,
        contradicts: day.contradicts?.[i] ?? 0,
        first_offered: day.first_offered[i]!,
        weeks: day.weeks?.map((week) => week?.[i] ?? null) ?? null,
        usual_offered: day.usual_offered[i]!,
        usual_abandoned: day.usual_abandoned[i]!,
        usual_within: day.usual_within[i]!,
        usual_wait: day.usual_wait[i]!,
        usual_handle: day.usual_handle[i]!,
        usual_available: day.usual_available[i]!,
        scheduled: day.scheduled[i]!,
        forecast: day.forecast[i]!,
      });
    }
  }
  return rows;
}

const kept = new Map<string, Promise<WindowRow[]>>();

/**
 * The rows of one day. Days are files of their own, fetched when they are looked at, so that a page with a year
 * behind it opens as fast as one with a week. `index` is the attachment that lists the days; it has another address when
 * Framework's preview has new data for the open page.
 */
export function dayRows(index: { href: string }, day: string): Promise<WindowRow[]> {
  const name = `${index.href} ${day}`;
  const known = kept.get(name);
  if (known) return known;
  const rows = fetchRows<QueueDay>(datasetUrl(index.href, `intraday/${day}.json`)).then(windowRows);
  kept.set(name, rows);
  rows.catch(() => kept.delete(name));
  return rows;
}

/**
 * Fetches the days before and after one that is drawn, when the browser has time, and lets the page prepare them: most
 * readers step to them next.
 */
export function readAhead(
  index: { href: string },
  days: readonly { day: string }[],
  day: string,
  prepare: (windows: WindowRow[], day: string) => void = () => {},
): void {
  const at = days.findIndex((entry) => entry.day === day);
  const beside = at < 0 ? [] : [days[at - 1], days[at + 1]].filter((entry) => entry !== undefined);
  whenIdle(() => {
    for (const near of beside)
      dayRows(index, near.day).then(
        (windows) => prepare(windows, near.day),
        () => {}, // told when it is looked at
      );
  });
}

/**
 * A dataset that is not attached by name. Framework's preview serves what loaders make below _file; a built site has the
 * files in data/. `index` is the address of a dataset that is attached.
 */
export function datasetUrl(index: string, name: string): string {
  const preview = new URL(index).searchParams.has("sha");
  return new URL(preview ? name : `../../data/${name}`, index).href;
}
