import { minute } from "../simulator/zone.ts";
import { windowLength } from "../tables/rep-time.ts";
import { lastRunOf, lastWfmRun, newestWindowEnd } from "../tables/schedule.ts";
import { queueMembershipWfm, queueWfm } from "../tables/wfm-tables.ts";
import { clear, type Source, type Tables } from "./source.ts";

export const wfmFeeds = ["queue_membership_wfm", "queue_wfm"] as const;

export type WfmTables = Tables<(typeof wfmFeeds)[number]>;

/** Fills the tables with one intraday run: two new windows and the four before them. */
export function fillWfm(tables: WfmTables, { centre, timeline, from, now }: Source, run: number): void {
  clear(tables);
  const newest = newestWindowEnd(run);
  for (let end = newest - 5 * windowLength; end <= newest; end += windowLength) {
    const window = end - windowLength;
    if (window < from) continue;
    const parts = timeline.stretches(window);
    // A window is incomplete only if the run that corrects it is in the bucket too.
    const isCorrected = lastRunOf(end) <= lastWfmRun(now);
    const isReported = (at: number, late: number) => !isCorrected || at + late <= run - 5 * minute;
    const cutoff = isCorrected && end === newest ? end - 3 * minute : end;
    tables.queue_wfm.addRows(queueWfm(centre, (queue) => timeline.queue(queue, window), window, parts, isReported));
    tables.queue_membership_wfm.addRows(queueMembershipWfm(window, parts, cutoff));
  }
}
