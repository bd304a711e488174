import { coveredMinutes, type PartitionId, partitionStart } from "../../export/partition.ts";

const minute = 60_000;
const windowMinutes = 15;

type Run = Pick<PartitionId, "dt" | "hr" | "mi">;

/** The end of what these runs of a feed cover, and of these windows of a WFM feed; ISO, UTC. Null without any. */
export function throughOf(isWfm: boolean, runs: readonly Run[], windows: readonly string[]): string | null {
  const ends = runs.map(isWfm ? windowsThrough : partitionEnd);
  return latest([...ends, ...(isWfm ? windowEnds(windows) : [])]);
}

/** The end of the time that a partition covers, which its name begins. */
function partitionEnd(id: Run): string {
  return new Date(partitionStart(id).getTime() + coveredMinutes(id) * minute).toISOString();
}

/**
 * The end of the windows that a finished run of a WFM feed covers, with or without rows: a centre that is closed at night has
 * none, and its feed is nevertheless up to date. A run follows its windows by 20 minutes or more.
 */
function windowsThrough(id: Run): string {
  const length = windowMinutes * minute;
  return new Date(Math.floor((partitionStart(id).getTime() - 20 * minute) / length) * length).toISOString();
}

function windowEnds(starts: readonly string[]): string[] {
  return starts.slice(-1).map((start) => new Date(Date.parse(start) + windowMinutes * minute).toISOString());
}

function latest(times: string[]): string | null {
  return times.reduce<string | null>((last, time) => (last === null || time > last ? time : last), null);
}
