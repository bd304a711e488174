import { timeZone } from "../../../notebooks/components/metrics/time-zone.ts";
import { windowLength } from "../../../notebooks/components/metrics/windows.ts";
import type { Snapshot, WindowRun } from "../snapshot/snapshot.ts";

/** Groups sorted quarter-hours into runs of consecutive ones. */
export function windowRuns(starts: readonly string[]): WindowRun[] {
  const runs: WindowRun[] = [];
  let next = Number.NaN;
  for (const start of starts) {
    const time = Date.parse(start);
    const last = runs.at(-1);
    if (last && time === next) last[1]++;
    else runs.push([start, 1]);
    next = time + windowLength;
  }
  return runs;
}

/**
 * The local days of the intraday pages, each with its own dataset: the newest 92 days with a window of the feed, oldest first.
 * Feeds other than the WFM ones have no windows in the snapshot: each local day that a UTC day of theirs touches counts.
 */
export function windowDays({ feeds }: Pick<Snapshot, "feeds">, timezone: string, feed = "queue_wfm"): string[] {
  const zone = timeZone(timezone);
  const days = new Set<string>();
  for (const { dt, facts } of feeds[feed]?.days ?? []) {
    const runs = facts?.windows ?? [[`${dt}T00:00:00.000Z`, 96]];
    for (const [start, count] of runs) {
      const first = Date.parse(start);
      for (let i = 0; i < count; i++) days.add(zone.date(first + i * windowLength));
    }
  }
  return [...days].sort().slice(-92);
}
