import type { PartitionId } from "../export/partition.ts";
import type { PlanEntry } from "./plan.ts";
import type { FeedSurvey, Survey } from "./survey.ts";

/** The outcome of a sync, or with `dryRun` its plan. */
export interface SyncReport {
  dryRun: boolean;
  source: string; // for display; holds no secret
  full: boolean;
  fullReason: string | null; // why everything was listed: "asked for", "first sync", "once a day", …
  startedAt: string; // ISO, UTC
  finishedAt: string;
  plan: PlanEntry[]; // every listed partition except those kept unchanged; sorted
  added: number; // partitions fetched for the first time (dry run: to be fetched)
  replaced: number;
  kept: number; // local already, expired and markerless ones included
  waiting: number; // not overdue
  overdue: number;
  encrypted: number; // in the bucket, unreadable without a decrypt command
  expired: number; // no longer in the bucket since this sync
  failed: Failed[];
  unlisted: { feed: string; reason: string }[]; // feeds, or export_docs, whose listing failed; their local state is unchanged
  objects: number; // data files fetched (dry run: to be fetched)
  bytes: number; // of these
  changedDays: { feed: string; dt: string }[]; // whose manifest changed; sorted
  feeds: FeedReport[]; // sorted by name
  foreign: number; // keys that are not exports; ignored
  hostile: number; // keys refused as dangerous to a file system
  hostileKeys: { key: string; reason: string }[]; // the first few
  strays: number; // files and folders of feeds that do not fit the layout; ignored
  strayKeys: string[]; // the first few
  ignored: number; // days of the bucket before `since` or `lookback`
  docs: string[]; // export_docs.yaml files fetched, below data/docs/
  notes: string[]; // a newer version of a feed, a configured feed missing from the bucket, …
}

export interface Failed {
  id: PartitionId;
  reason: string;
  denied: boolean; // the store refused access
}

/** Whether every object was denied: the credentials may list, but not read. */
export function deniedAll({ failed, objects }: Pick<SyncReport, "failed" | "objects">): boolean {
  return objects === 0 && failed.length > 0 && failed.every(({ denied }) => denied);
}

/** The number of partitions and feeds that could not be fetched or listed. */
export function failures({ failed, unlisted }: Pick<SyncReport, "failed" | "unlisted">): number {
  return failed.length + unlisted.length;
}

export interface FeedReport {
  feed: string;
  version: string;
  format: string;
  versions: string[]; // all in the bucket
  added: number;
  replaced: number;
  kept: number;
  waiting: number;
  overdue: number;
  encrypted: number;
  failed: number;
  bytes: number;
}

/** The report of a plan before any download. */
export function summarize(found: Survey, head: { source: string; startedAt: string; dryRun: boolean }): SyncReport {
  const feeds = found.feeds.map(summarizeFeed);
  const sum = (of: (feed: FeedReport) => number) => feeds.reduce((total, feed) => total + of(feed), 0);
  const plan = found.feeds.flatMap(({ entries }) => entries);
  const fetches = found.works.flatMap((work) => work.fetches).filter(({ state }) => state !== "encrypted");
  return {
    ...head,
    full: found.full,
    fullReason: found.fullReason,
    finishedAt: head.startedAt,
    plan,
    added: sum((feed) => feed.added),
    replaced: sum((feed) => feed.replaced),
    kept: sum((feed) => feed.kept),
    waiting: sum((feed) => feed.waiting),
    overdue: sum((feed) => feed.overdue),
    encrypted: sum((feed) => feed.encrypted),
    expired: plan.filter(({ state, changed }) => state === "expired" && changed).length,
    failed: plan.flatMap(({ id, state, reason }) => (state === "failed" ? [{ id, reason, denied: false }] : [])),
    unlisted: found.unlisted.map(({ feed, error }) => ({ feed, reason: error.message })),
    objects: fetches.reduce((total, { objects }) => total + objects, 0),
    bytes: sum((feed) => feed.bytes),
    changedDays: found.works.map(({ feed, dt }) => ({ feed: feed.feed, dt })),
    feeds,
    foreign: found.foreign,
    hostile: found.hostile,
    hostileKeys: found.hostileKeys,
    strays: found.strays,
    strayKeys: found.strayKeys,
    ignored: found.ignored,
    docs: [],
    notes: found.notes,
  };
}

function summarizeFeed({ place, entries, kept }: FeedSurvey): FeedReport {
  const { feed, version, format, versions } = place;
  const count = (test: (entry: PlanEntry) => boolean) => entries.filter(test).length;
  const fetched = entries.filter((e) => (e.action === "add" || e.action === "replace") && e.state !== "encrypted");
  return {
    feed,
    version,
    format,
    versions,
    kept,
    added: fetched.filter(({ action }) => action === "add").length,
    replaced: fetched.filter(({ action }) => action === "replace").length,
    waiting: count(({ state }) => state === "waiting"),
    overdue: count(({ state }) => state === "overdue"),
    encrypted: count(({ state, action }) => state === "encrypted" && action !== "remove"),
    failed: count(({ state }) => state === "failed"),
    bytes: fetched.reduce((total, { bytes }) => total + bytes, 0),
  };
}
