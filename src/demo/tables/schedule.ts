import { day, hour, minute } from "../simulator/zone.ts";

/** When partitions are finished. Before that their files may be in the bucket without the marker. */
export const schedule = {
  hourly: { after: 10 * minute }, // the hour's end
  daily: { after: 90 * minute }, // the UTC day's end
  wfm: { every: 30 * minute, at: 5 * minute, lag: 20 * minute, after: 4 * minute }, // runs at :05 and :35
};

/** End of the newest hour whose partitions are complete at `now`. */
export function hourlyThrough(now: number): number {
  return floor(now - schedule.hourly.after, hour);
}

/** End of the newest UTC day whose partitions are complete at `now`. */
export function dailyThrough(now: number): number {
  return floor(now - schedule.daily.after, day);
}

/** Time of the newest intraday run that is complete at `now`. */
export function lastWfmRun(now: number): number {
  const { every, at, after } = schedule.wfm;
  return floor(now - after - at, every) + at;
}

/** End of the newest intraday window in that run: 20 minutes before it, as published at 01:35 for 01:00 to 01:15. */
export function wfmThrough(now: number): number {
  return newestWindowEnd(lastWfmRun(now));
}

export function newestWindowEnd(run: number): number {
  return floor(run - schedule.wfm.lag, 15 * minute);
}

/** The last run that exports a window. */
export function lastRunOf(windowEnd: number): number {
  const { every, at, lag } = schedule.wfm;
  const first = Math.ceil((windowEnd + lag - at) / every) * every + at;
  return first + 2 * every;
}

export function floor(at: number, step: number): number {
  return Math.floor(at / step) * step;
}
