import { writeAtomically } from "../base/files.ts";
import { type Names, namesOf } from "../base/names.ts";
import { allOfKind, type Fields, isFields, isText, readStored, type Stored } from "../base/stored.ts";
import type { Project } from "../config/project.ts";
import type { PartitionId } from "../export/partition.ts";

/** A partition that is not complete, and why. */
export interface Unfinished {
  id: PartitionId;
  state: "waiting" | "overdue" | "failed" | "encrypted" | "markerless";
  reason: string;
}

export interface FeedSync {
  version: string;
  format: string;
  versions: string[]; // all in the bucket
  place?: string; // where its exports came from, see LastSync.place
  listedAs: string; // bucket, prefix, since and so on: a change calls for a full listing
  unlisted?: string; // why its listing failed; the other fields are then of the sync before
  waiting: number;
  overdue: number;
  failed: number;
  encrypted: number;
  unfinished: Unfinished[]; // sorted by day and run
}

export const lastSyncName = "last-sync.json";

/** `last-sync.json`: the only file that a sync writes when nothing is new. Times are ISO, UTC. */
export interface LastSync {
  format: 1;
  source: string;
  place?: string; // where the exports came from; another place may be another company's
  startedAt: string;
  finishedAt: string;
  full: boolean;
  lastFull: string; // start of the last full listing
  outcome: "nothing new" | "something new" | "some failed";
  oddFolders?: string[]; // hold exports under a name that no feed can have
  docsUnlisted?: string; // why the schema documents could not be listed
  feeds: Names<FeedSync>;
}

/** The notes of the last finished sync. Null before the first, and when unreadable: the next sync then lists everything. */
export function readLastSync(project: { data: string }): LastSync | null {
  return readNote(project).value;
}

/** Why the notes of the last sync are unreadable; null when they are readable, or missing. */
export function lastSyncDamage(project: { data: string }): string | null {
  return readNote(project).damage;
}

function readNote({ data }: { data: string }): Stored<LastSync> {
  return readStored(data, lastSyncName, 1, noteIn);
}

function noteIn(fields: Fields): LastSync | null {
  const { source, startedAt, finishedAt, lastFull, outcome, feeds, oddFolders = [] } = fields as Partial<LastSync>;
  if (![source, startedAt, finishedAt, lastFull, outcome].every(isText)) return null;
  if (!isFields(feeds) || allOfKind(feeds, isFeed) === null || allOfKind(oddFolders, isText) === null) return null;
  return { ...(fields as object as LastSync), feeds: namesOf(Object.entries(feeds)) };
}

function isFeed(value: unknown): value is FeedSync {
  if (!isFields(value)) return false;
  const { version, format, listedAs, versions, unfinished } = value as Partial<FeedSync>;
  return (
    [version, format, listedAs].every(isText) &&
    allOfKind(versions, isText) !== null &&
    allOfKind(unfinished, isUnfinished) !== null
  );
}

function isUnfinished(value: unknown): value is Unfinished {
  return isFields(value) && isFields(value.id) && isText(value.id.dt) && isText(value.state);
}

export function writeLastSync(project: { data: string }, last: LastSync): void {
  writeAtomically(project.data, lastSyncName, `${JSON.stringify(last, null, 1)}\n`);
}

/** Whether the last sync finished `maxAgeMinutes` or more ago; never for 0, and never without a source. */
export function syncDue(project: Project, now: Date, maxAgeMinutes = project.config.sync.maxAgeMinutes): boolean {
  if (project.config.source === null || maxAgeMinutes <= 0) return false;
  const finished = Date.parse(readLastSync(project)?.finishedAt ?? "");
  return !(Math.abs(now.getTime() - finished) < maxAgeMinutes * 60_000);
}
