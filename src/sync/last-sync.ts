import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PartitionId } from "../export/partition.ts";
import type { Project } from "../project.ts";
import { writeAtomically } from "./files.ts";

/** A partition that is not complete here, and why. */
export interface Unfinished {
  id: PartitionId;
  state: "waiting" | "overdue" | "failed" | "encrypted" | "markerless";
  reason: string;
}

export interface FeedSync {
  version: string;
  format: string;
  versions: string[]; // all that the bucket has
  place?: string; // where its exports came from, see LastSync.place
  listedAs: string; // bucket, prefix, since and so on: when they change, every day is listed again
  unlisted?: string; // why its listing failed in that sync; the rest is what was known before
  waiting: number;
  overdue: number;
  failed: number;
  encrypted: number;
  unfinished: Unfinished[]; // those partitions, sorted by day and run
}

const name = "last-sync.json";

/** `last-sync.json`: the only file that a sync without news writes. Times are ISO, UTC. */
export interface LastSync {
  format: 1;
  source: string;
  place?: string; // where that source has the exports; when it changes, they may be another company's
  startedAt: string;
  finishedAt: string;
  full: boolean;
  lastFull: string; // start of the last full listing
  outcome: "nothing new" | "something new" | "some failed";
  docsUnlisted?: string; // why the schema documents could not be listed
  feeds: Record<string, FeedSync>;
}

/** What the last finished sync noted; null before the first. */
export function readLastSync(project: { data: string }): LastSync | null {
  try {
    const last = JSON.parse(readFileSync(join(project.data, name), "utf8")) as LastSync;
    return last.format === 1 ? last : null;
  } catch {
    return null;
  }
}

export function writeLastSync(project: { data: string }, last: LastSync): void {
  writeAtomically(project.data, name, `${JSON.stringify(last, null, 1)}\n`);
}

/** Whether the last sync finished `maxAgeMinutes` or more ago; never for 0, and never without a source. */
export function syncDue(
  project: Project,
  now: Date,
  maxAgeMinutes = project.config.sync.maxAgeMinutes,
): boolean {
  if (project.config.source === null || maxAgeMinutes <= 0) return false;
  const finished = Date.parse(readLastSync(project)?.finishedAt ?? "");
  return !(Math.abs(now.getTime() - finished) < maxAgeMinutes * 60_000);
}
