import { setMaxListeners } from "node:events";
import { CliError } from "../base/errors.ts";
import { onDisk } from "../base/faults.ts";
import { withLock } from "../base/lock.ts";
import { namesOf, noNames } from "../base/names.ts";
import type { Project } from "../config/project.ts";
import { docsName } from "../export/layout.ts";
import { partitionKey } from "../export/partition.ts";
import { executePlan } from "./execute.ts";
import { type FeedSync, type LastSync, readLastSync, syncDue, type Unfinished, writeLastSync } from "./last-sync.ts";
import type { PlanEntry } from "./plan.ts";
import type { SyncEvent } from "./progress.ts";
import { restore } from "./raw.ts";
import { failures, type SyncReport, summarize } from "./report.ts";
import { defaultRetryLimits, type RetryLimits } from "./retry.ts";
import { requireSource, Stores, sourcePlace } from "./stores.ts";
import { type Survey, survey } from "./survey.ts";
import { inWindow } from "./window.ts";

export interface SyncOptions {
  dryRun?: boolean; // list and plan; write nothing, take no lock
  full?: boolean; // list every day, not only the open ones
  feeds?: string[] | undefined; // only these
  signal?: AbortSignal | undefined;
  onProgress?: (event: SyncEvent) => void;
  now?: Date;
  damagedDays?: { feed: string; dt: string }[]; // whose manifest is missing or unreadable
  moved?: boolean; // accept another location of the exports, see `LastSync.place`
  wait?: boolean; // until another sync has ended
  held?: boolean; // the caller holds the lock
  limits?: Partial<RetryLimits>;
}

/**
 * Brings the data folder up to date with the bucket: completed partitions only, each whole or not at all, then the manifest.
 * A partition that cannot be fetched is reported in `failed` and does not stop the others. Throws CliError when going on is
 * pointless: config, unknownFeed, noCredentials, credentialsRefused, credentialsExpired, clockSkew, noSuchBucket,
 * accessDenied, unreachable, noFeeds, onlyWaiting, notWritable, diskFull, locked, interrupted. The partitions fetched by
 * then are kept and recorded.
 */
export async function sync(project: Project, options: SyncOptions = {}): Promise<SyncReport> {
  requireSource(project);
  if (options.dryRun) return run(project, options);
  const { held = false, wait = false, signal, onProgress } = options;
  const onWait = ({ pid, host, since }: { pid: number; host: string; since: string }) =>
    onProgress?.({ type: "locked", pid, host, since });
  return withLock(project, { held, wait, signal, onWait }, () => run(project, options));
}

/** Syncs unless the last sync finished less than `maxAgeMinutes` ago (0: never syncs). Null when no sync was due. */
export async function syncIfOlder(
  project: Project,
  maxAgeMinutes: number,
  options: SyncOptions = {},
): Promise<SyncReport | null> {
  const due = () => syncDue(project, options.now ?? new Date(), maxAgeMinutes);
  if (!due()) return null;
  // A second process finds the sync done when it gets the lock.
  return withLock(project, { held: options.held ?? false, wait: true, signal: options.signal }, async () =>
    due() ? await sync(project, { ...options, held: true }) : null,
  );
}

async function run(project: Project, options: SyncOptions): Promise<SyncReport> {
  const started = performance.now();
  const now = options.now ?? new Date();
  const report = options.onProgress ?? (() => {});
  const limits = { ...defaultRetryLimits, ...options.limits };
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const abort = () => stop.abort(options.signal?.reason);
  if (options.signal?.aborted) abort();
  options.signal?.addEventListener("abort", abort, { once: true });
  const stores = new Stores(project, limits, stop.signal, report);
  try {
    const restored = options.dryRun ? 0 : onDisk(project, () => restore(project));
    if (restored > 0) report({ type: "note", text: `put back ${restored} partitions that a killed sync had moved` });
    const last = readLastSync(project);
    const { full = false, feeds = null, moved = false, damagedDays = [], dryRun = false } = options;
    const surveyed = await survey(project, stores, last, { full, feeds, moved, damagedDays, now, report });
    const source = (await stores.of()).source.describe();
    const result = summarize(surveyed, { source, startedAt: now.toISOString(), dryRun });
    const { added: add, replaced: replace, kept: keep, objects, bytes } = result;
    report({ type: "planned", add, replace, keep, wait: result.waiting + result.overdue, objects, bytes });
    if (!dryRun) await executePlan(project, surveyed, result, { stop, report, limits });
    result.finishedAt = new Date(now.getTime() + performance.now() - started).toISOString();
    if (!dryRun) onDisk(project, () => record(project, last, surveyed, result, options.feeds === undefined));
    return result;
  } catch (error) {
    if (options.signal?.aborted && !(error instanceof CliError))
      throw new CliError("interrupted", "interrupted", "run again to go on; what was complete is kept", {
        cause: error,
      });
    throw error;
  } finally {
    options.signal?.removeEventListener("abort", abort);
    await stores.close();
  }
}

const neverListed: FeedSync = {
  version: "",
  format: "",
  versions: [],
  listedAs: "",
  waiting: 0,
  overdue: 0,
  failed: 0,
  encrypted: 0,
  unfinished: [],
};

/** Writes last-sync.json. Keeps the notes of the days and feeds that this sync did not list. */
function record(project: Project, last: LastSync | null, surveyed: Survey, result: SyncReport, all: boolean): void {
  const feeds: LastSync["feeds"] = all ? noNames() : namesOf(Object.entries(last?.feeds ?? {}));
  for (const { remote, comesFrom, window, listedAs, entries } of surveyed.feeds) {
    const { feed, version, format, versions } = remote;
    const before = last?.feeds[feed]?.unfinished.filter(({ id }) => !inWindow(window, id.dt)) ?? [];
    const failed = result.failed.filter(({ id }) => id.feed === feed);
    const now = entries.flatMap(unfinishedOf);
    const unfinished = [
      ...before,
      ...now,
      ...failed.map(({ id, reason }) => ({ id, state: "failed" as const, reason })),
    ];
    unfinished.sort((a, b) => (partitionKey(a.id) < partitionKey(b.id) ? -1 : 1));
    const count = (counted: Unfinished["state"]) => unfinished.filter(({ state }) => state === counted).length;
    feeds[feed] = {
      version,
      format,
      versions,
      listedAs,
      place: comesFrom,
      waiting: count("waiting"),
      overdue: count("overdue"),
      failed: count("failed"),
      encrypted: count("encrypted"),
      unfinished,
    };
  }
  const oddFolders = surveyed.oddFolders ?? last?.oddFolders ?? [];
  let docsUnlisted = all ? undefined : last?.docsUnlisted;
  for (const { feed, reason } of result.unlisted) {
    if (feed === docsName) {
      docsUnlisted = reason;
      continue;
    }
    feeds[feed] = { ...(last?.feeds[feed] ?? neverListed), listedAs: "", unlisted: reason };
  }
  const news = result.added + result.replaced > 0 || result.changedDays.length > 0;
  const { source, startedAt, finishedAt, full } = result;
  const place = sourcePlace(project);
  const before = last?.place === undefined || last.place === place ? last?.lastFull : undefined;
  writeLastSync(project, {
    format: 1,
    source,
    place,
    startedAt,
    finishedAt,
    full,
    lastFull: full && all ? startedAt : (before ?? ""),
    outcome: failures(result) > 0 ? "some failed" : news ? "something new" : "nothing new",
    ...(docsUnlisted !== undefined && { docsUnlisted }),
    ...(oddFolders.length > 0 && { oddFolders }),
    feeds: namesOf(Object.entries(feeds).sort(([a], [b]) => (a < b ? -1 : 1))),
  });
}

function unfinishedOf({ id, state, reason, odd }: PlanEntry): Unfinished[] {
  if (odd === "markerless") return [{ id, state: "markerless", reason }];
  return state === "waiting" || state === "overdue" || state === "encrypted" ? [{ id, state, reason }] : [];
}
