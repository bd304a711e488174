import type { WindowRow } from "./interval.js";
import { windowLength } from "./windows.js";

type Series = readonly (number | null)[];

/** One queue or group on one day, as data-loaders/intraday/[day].json.sql ships it: lists with one value per window. */
export type QueueDay = {
  [Measure in Exclude<keyof WindowRow, "queue" | "start" | "contradicts" | "weeks">]: Series;
} & {
  queue: string;
  start: string; // of the first window, ISO, UTC
  contradicts?: readonly number[]; // 0 to 3
  weeks: readonly (Series | null)[] | null;
};

/** The lists as one row per window. */
export function windowRows(file: readonly QueueDay[]): WindowRow[] {
  const rows: WindowRow[] = [];
  for (const day of file) {
    const first = Date.parse(day.start);
    for (const i of day.assigned.keys()) {
      const at = (series: Series) => series[i] ?? null;
      rows.push({
        queue: day.queue,
        start: first + i * windowLength,
        assigned: at(day.assigned),
        abandoned: at(day.abandoned),
        within: at(day.within),
        wait: at(day.wait),
        handle: at(day.handle),
        wrap: at(day.wrap),
        reps: at(day.reps),
        logged_in: at(day.logged_in),
        available: at(day.available),
        busy: at(day.busy),
        utilized_available: at(day.utilized_available),
        utilized_busy: at(day.utilized_busy),
        merged: at(day.merged),
        contradicts: day.contradicts?.[i] ?? 0,
        first_offered: at(day.first_offered),
        weeks: day.weeks?.map((week) => week?.[i] ?? null) ?? null,
        usual_offered: at(day.usual_offered),
        usual_abandoned: at(day.usual_abandoned),
        usual_within: at(day.usual_within),
        usual_wait: at(day.usual_wait),
        usual_handle: at(day.usual_handle),
        usual_available: at(day.usual_available),
        scheduled: at(day.scheduled),
        forecast: at(day.forecast),
        forecast_handle: at(day.forecast_handle),
        forecast_issued: at(day.forecast_issued),
      });
    }
  }
  return rows;
}
