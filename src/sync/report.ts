import type { PartitionId } from "../export/partition.ts";
import type { Oddities } from "../export/remote-partition.ts";
import type { PlanEntry } from "./plan.ts";
import type { Survey } from "./survey.ts";
import type { FeedSurvey } from "./survey-feed.ts";

/** The outcome of a sync, or with `dryRun` its plan. */
export interface SyncReport extends Oddities {
  dryRun: boolean;
  source: string; // for display; holds no secret
  full: boolean;
  fullReason: string | null; // why everything was listed: "asked for", "first sync", "once a day", …
  startedAt: string; // ISO, UTC
  finishedAt: string;
  plan: PlanEntry[]; // every listed partition except those kept unchanged; sorted
  added: number; // partitions fetched for the first time (dry run: to be fetched)
  replaced: number;
  kept: number; // already local, including expired and markerless ones
  waiting: number; // not overdue
  overdue: number;
  encrypted: number; // in the bucket, unreadable without a decrypt command
  expired: number; // gone from the bucket since the last sync
  failed: Failed[];
  unlisted: { feed: string; reason: string }[]; // feeds, or export_docs, whose listing failed; their local state is unchanged
  objects: number; // data files fetched (dry run: to be fetched)
  bytes: number; // of these
  changedDays: { feed: string; dt: string }[]; // whose manifest changed; sorted
  feeds: FeedReport[]; // sorted by name
  ignored: number; // days in the bucket before `since` or `lookback`
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
export function summarize(survey: Survey, head: { source: string; startedAt: string; dryRun: boolean }): SyncReport {
  const feeds = survey.feeds.map(summarizeFeed);
  const sum = (of: (feed: FeedReport) => number) => feeds.reduce((total, feed) => total + of(feed), 0);
  const plan = survey.feeds.flatMap(({ entries }) => entries);
  const fetches = survey.works.flatMap((work) => work.fetches).filter(({ state }) => state !== "encrypted");
  return {
    ...head,
    full: survey.full,
    fullReason: survey.fullReason,
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
    unlisted: survey.unlisted.map(({ feed, error }) => ({ feed, reason: error.message })),
    objects: fetches.reduce((total, { objects }) => total + objects, 0),
    bytes: sum((feed) => feed.bytes),
    changedDays: survey.works.map(({ remote, dt }) => ({ feed: remote.feed, dt })),
    feeds,
    ...survey.oddities,
    ignored: survey.ignored,
    docs: [],
    notes: survey.notes,
  };
}

function summarizeFeed({ remote, entries, kept }: FeedSurvey): FeedReport {
  const { feed, version, format, versions } = remote;
  const count = (matches: (entry: PlanEntry) => boolean) => entries.filter(matches).length;
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
