import type { PartitionId } from "../export/partition.ts";
import type { PlanEntry } from "./plan.ts";
import type { FeedSurvey, Survey } from "./survey.ts";

/** What a sync did, or with `dryRun` would do. */
export interface SyncReport {
  dryRun: boolean;
  source: string; // for people; holds no secret
  full: boolean;
  fullReason: string | null; // why everything was listed: "asked for", "first sync", "once a day", …
  startedAt: string; // ISO, UTC
  finishedAt: string;
  plan: PlanEntry[]; // every partition that was listed, but those kept unchanged; sorted
  added: number; // partitions fetched for the first time (dry run: to be fetched)
  replaced: number;
  kept: number; // here already, expired and markerless ones included
  waiting: number; // not overdue
  overdue: number;
  encrypted: number; // in the bucket, unreadable without a decrypt command
  expired: number; // newly found gone from the bucket
  failed: Failed[];
  unlisted: { feed: string; reason: string }[]; // feeds, or export_docs, whose listing failed; they are as they were
  objects: number; // data files fetched (dry run: to be fetched)
  bytes: number; // of these
  changedDays: { feed: string; dt: string }[]; // whose manifest changed; sorted
  feeds: FeedReport[]; // sorted by name
  foreign: number; // keys that are no export; ignored
  hostile: number; // keys refused for what they would do to a file system
  hostileKeys: { key: string; reason: string }[]; // the first few
  strays: number; // files and folders below feeds that do not fit the layout, and are not read
  strayKeys: string[]; // the first few
  ignored: number; // days of the bucket before `since` or `lookback`
  docs: string[]; // export_docs.yaml files fetched, below data/docs/
  notes: string[]; // a newer version of a feed, a feed of the config that the bucket has not, …
}

export interface Failed {
  id: PartitionId;
  reason: string;
  denied: boolean; // the store refused to hand it out
}

/** Whether all that the run asked for was denied: the credentials may list, and not read. */
export function deniedAll({ failed, objects }: Pick<SyncReport, "failed" | "objects">): boolean {
  return objects === 0 && failed.length > 0 && failed.every(({ denied }) => denied);
}

/** How many partitions and feeds the bucket did not give. */
export function failures({ failed, unlisted }: Pick<SyncReport, "failed" | "unlisted">): number {
  return failed.length + unlisted.length;
}

export interface FeedReport {
  feed: string;
  version: string;
  format: string;
  versions: string[]; // all that the bucket has
  added: number;
  replaced: number;
  kept: number;
  waiting: number;
  overdue: number;
  encrypted: number;
  failed: number;
  bytes: number;
}

/** The report of a plan that nothing was fetched for yet. */
export function summarize(
  found: Survey,
  head: { source: string; startedAt: string; dryRun: boolean },
): SyncReport {
  const feeds = found.feeds.map(summarizeFeed);
  const sum = (of: (feed: FeedReport) => number) => feeds.reduce((total, feed) => total + of(feed), 0);
  const plan = found.feeds.flatMap(({ entries }) => entries);
  const fetches = found.works.flatMap((work) => work.fetches).filter(({ state }) => state !== "encrypted");
  return {
    ...head,
    ...{ full: found.full, fullReason: found.fullReason, finishedAt: head.startedAt, plan },
    added: sum((feed) => feed.added),
    replaced: sum((feed) => feed.replaced),
    kept: sum((feed) => feed.kept),
    waiting: sum((feed) => feed.waiting),
    overdue: sum((feed) => feed.overdue),
    encrypted: sum((feed) => feed.encrypted),
    expired: plan.filter(({ state, changed }) => state === "expired" && changed).length,
    failed: plan.flatMap(({ id, state, reason }) =>
      state === "failed" ? [{ id, reason, denied: false }] : [],
    ),
    unlisted: found.unlisted.map(({ feed, error }) => ({ feed, reason: error.message })),
    objects: fetches.reduce((total, { objects }) => total + objects, 0),
    bytes: sum((feed) => feed.bytes),
    changedDays: found.works.map(({ feed, dt }) => ({ feed: feed.feed, dt })),
    feeds,
    ...{
      foreign: found.foreign,
      hostile: found.hostile,
      hostileKeys: found.hostileKeys,
      strays: found.strays,
      strayKeys: found.strayKeys,
      ignored: found.ignored,
    },
    docs: [],
    notes: found.notes,
  };
}

function summarizeFeed({ place, entries, kept }: FeedSurvey): FeedReport {
  const { feed, version, format, versions } = place;
  const count = (test: (entry: PlanEntry) => boolean) => entries.filter(test).length;
  const fetched = entries.filter(
    (e) => (e.action === "add" || e.action === "replace") && e.state !== "encrypted",
  );
  return {
    ...{ feed, version, format, versions, kept },
    added: fetched.filter(({ action }) => action === "add").length,
    replaced: fetched.filter(({ action }) => action === "replace").length,
    waiting: count(({ state }) => state === "waiting"),
    overdue: count(({ state }) => state === "overdue"),
    encrypted: count(({ state, action }) => state === "encrypted" && action !== "remove"),
    failed: count(({ state }) => state === "failed"),
    bytes: fetched.reduce((total, { bytes }) => total + bytes, 0),
  };
}
