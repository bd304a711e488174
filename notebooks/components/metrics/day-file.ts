import type { WindowRow } from "./interval.js";
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
