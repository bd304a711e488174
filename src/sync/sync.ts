import { setMaxListeners } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CliError } from "../errors.ts";
import { docsName } from "../export/layout.ts";
import { partitionKey } from "../export/partition.ts";
import type { RemotePartition } from "../export/remote-partition.ts";
import type { Project } from "../project.ts";
import { DayRecord, type DayWork, unpack } from "./day-work.ts";
import { fetchDocs, newDocs } from "./docs.ts";
import { type Download, describe, fetchPartition } from "./download.ts";
import { diskError } from "./files.ts";
import {
  type FeedSync,
  type LastSync,
  readLastSync,
  syncDue,
  type Unfinished,
  writeLastSync,
} from "./last-sync.ts";
import { withLock } from "./lock.ts";
import { requireSource, sourcePlace } from "./open-source.ts";
import { Places } from "./places.ts";
import type { PlanEntry } from "./plan.ts";
import { ProgressMeter, type SyncEvent } from "./progress.ts";
import { restore, tmpFolder } from "./raw.ts";
import { type FeedReport, failures, type SyncReport } from "./report.ts";
import { defaultPatience, type Patience } from "./retry.ts";
import { SourceError } from "./source.ts";
import { type FeedSurvey, type Survey, survey } from "./survey.ts";
import { inWindow } from "./window.ts";

export interface SyncOptions {
  dryRun?: boolean; // list and plan; write nothing, take no lock
  full?: boolean; // list every day, not only the open ones
  feeds?: string[] | undefined; // only these
  signal?: AbortSignal | undefined;
  onProgress?: (event: SyncEvent) => void;
  now?: Date;
  moved?: boolean; // take over what another place exports, see `LastSync.place`
  wait?: boolean; // for another sync to end
  held?: boolean; // the caller holds the lock
  patience?: Partial<Patience>;
}

const flushMs = 2_000; // a manifest of a long day is written so often while the day goes on

/**
 * Brings the data folder up to the bucket: completed partitions only, each whole or not at all, then the manifest.
 * A partition that cannot be had is reported in `failed` and does not stop the others. Throws CliError when there is no
 * point in going on: config, unknownFeed, noCredentials, credentialsRefused, credentialsExpired, clockSkew,
 * noSuchBucket, accessDenied, unreachable, noFeeds, onlyWaiting, notWritable, diskFull, locked, interrupted. What was
 * complete by then is kept and recorded.
 */
export async function sync(project: Project, options: SyncOptions = {}): Promise<SyncReport> {
  requireSource(project);
  if (options.dryRun) return run(project, options);
  const { held = false, wait = false, signal, onProgress } = options;
  const onWait = ({ pid, host, since }: { pid: number; host: string; since: string }) =>
    onProgress?.({ type: "locked", pid, host, since });
  return withLock(project, { held, wait, signal, onWait }, () => run(project, options));
}

/** Syncs unless the last one finished less than `maxAgeMinutes` ago (0: never syncs). Null when there was no need. */
export async function syncIfOlder(
  project: Project,
  maxAgeMinutes: number,
  options: SyncOptions = {},
): Promise<SyncReport | null> {
  const due = () => syncDue(project, options.now ?? new Date(), maxAgeMinutes);
  if (!due()) return null;
  // Whoever comes second finds it done when the lock is free again.
  return withLock(project, { held: options.held ?? false, wait: true, signal: options.signal }, async () =>
    due() ? await sync(project, { ...options, held: true }) : null,
  );
}

async function run(project: Project, options: SyncOptions): Promise<SyncReport> {
  const started = performance.now();
  const now = options.now ?? new Date();
  const report = options.onProgress ?? (() => {});
  const patience = { ...defaultPatience, ...options.patience };
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const abort = () => stop.abort(options.signal?.reason);
  if (options.signal?.aborted) abort();
  options.signal?.addEventListener("abort", abort, { once: true });
  const places = new Places(project, patience, stop.signal, report);
  try {
    const restored = options.dryRun ? 0 : onDisk(project, () => restore(project));
    if (restored > 0)
      report({ type: "note", text: `put ${restored} partitions back that a killed sync had moved` });
    const last = readLastSync(project);
    const { full = false, feeds = null, moved = false } = options;
    const asked = { full, feeds, moved, now, report };
    const found = await survey(project, places, last, asked);
    const source = (await places.of()).source.describe();
    const result = summarize(found, {
      source,
      startedAt: now.toISOString(),
      dryRun: options.dryRun ?? false,
    });
    const { added: add, replaced: replace, kept: keep, objects, bytes } = result;
    report({ type: "planned", add, replace, keep, wait: result.waiting + result.overdue, objects, bytes });
    if (!options.dryRun) await new Run(project, found, result, { stop, report, patience }).go();
    result.finishedAt = new Date(now.getTime() + performance.now() - started).toISOString();
    if (!options.dryRun)
      onDisk(project, () => record(project, last, found, result, options.feeds === undefined));
    return result;
  } catch (error) {
    if (options.signal?.aborted && !(error instanceof CliError))
      throw new CliError("interrupted", "interrupted", "run again to go on; what was complete is kept", {
        cause: error,
      });
    throw error;
  } finally {
    options.signal?.removeEventListener("abort", abort);
    await places.close();
  }
}

interface Task {
  entry: PlanEntry;
  remote: RemotePartition;
  work: DayWork;
  day: OpenDay;
}

interface OpenDay {
  record: DayRecord;
  left: number;
  flushed: number;
}

/** Carries out the plan: fetches partitions, `concurrency` at once, and writes each day's manifest after them. */
class Run {
  private readonly project: Project;
  private readonly found: Survey;
  private readonly result: SyncReport;
  private readonly stop: AbortController;
  private readonly report: (event: SyncEvent) => void;
  private readonly patience: Patience;
  private readonly meter: ProgressMeter;
  private readonly name = `${process.pid}-${Date.now().toString(36)}`;
  private readonly changed = new Map<string, { feed: string; dt: string }>();
  private readonly feeds: Map<string, FeedReport>;
  private readonly open = new Set<OpenDay>(); // days under way
  private fatal: unknown = null;

  constructor(
    project: Project,
    found: Survey,
    result: SyncReport,
    {
      stop,
      report,
      patience,
    }: { stop: AbortController; report: (event: SyncEvent) => void; patience: Patience },
  ) {
    this.project = project;
    this.found = found;
    this.result = result;
    this.stop = stop;
    this.report = report;
    this.patience = patience;
    this.meter = new ProgressMeter(
      { partitions: result.added + result.replaced, bytes: result.bytes },
      report,
    );
    this.feeds = new Map(result.feeds.map((feed) => [feed.feed, feed]));
    Object.assign(result, { added: 0, replaced: 0, objects: 0, bytes: 0 });
    for (const feed of result.feeds) Object.assign(feed, { added: 0, replaced: 0, bytes: 0 });
  }

  async go(): Promise<void> {
    const tasks = this.tasks();
    const worker = async () => {
      for (const task of tasks) {
        await this.carryOut(task);
        if (this.fatal !== null) return;
      }
    };
    const run = join(tmpFolder(this.project), this.name);
    try {
      mkdirSync(join(run, "new"), { recursive: true });
      await Promise.all(Array.from({ length: this.project.config.sync.concurrency }, worker));
      if (this.fatal === null) this.result.docs = await this.docs();
    } catch (error) {
      this.fatal ??= diskError(error, this.project.data);
    }
    try {
      // On a full disk this makes the room that the manifests need.
      rmSync(join(run, "new"), { recursive: true, force: true });
      for (const { record } of this.open) if (record.pending) this.flush(record);
      restore(this.project);
    } catch (error) {
      this.fatal ??= diskError(error, this.project.data);
    }
    if (this.fatal !== null) throw this.fatal;
    this.result.failed.sort((a, b) => (partitionKey(a.id) < partitionKey(b.id) ? -1 : 1));
    this.result.changedDays = [...this.changed.entries()]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, day]) => day);
  }

  // One list for all workers: each takes the next task when it has done its last.
  private *tasks(): Generator<Task> {
    for (const work of this.found.works) {
      const record = new DayRecord(this.project, work.feed.feed, work.dt);
      for (const entry of work.changes) record.apply(entry);
      if (work.fetches.length === 0) {
        this.guard(() => this.flush(record));
        continue;
      }
      const day: OpenDay = { record, left: work.fetches.length, flushed: performance.now() };
      this.open.add(day);
      const ids = work.fetches.map(({ id }) => id);
      const remotes = unpack(work.remote, ids, work.feed.place.prefix);
      work.remote = "";
      for (const [index, entry] of work.fetches.entries())
        yield { entry, remote: remotes[index]!, work, day };
    }
  }

  private async carryOut({ entry, remote, work, day }: Task): Promise<void> {
    let failed = false;
    try {
      const partition =
        entry.state === "encrypted"
          ? describe(remote, [], "encrypted")
          : await fetchPartition(remote, this.download(work.feed.place));
      const kept = entry.state === "replaced" && partition.state !== "encrypted";
      day.record.put(kept ? { ...partition, state: "replaced" } : partition);
      this.count(entry, partition.objects.length > 0 || remote.objects.length === 0, work.feed.feed);
    } catch (error) {
      if (!(error instanceof SourceError)) {
        this.fatal ??= error;
        this.stop.abort(error);
        return;
      }
      failed = true;
      const { message: reason } = error;
      const again = error.trouble === "changed" ? `${reason}; the next sync takes it up` : reason;
      this.result.failed.push({ id: entry.id, reason: again });
      this.feeds.get(work.feed.feed)!.failed += 1;
      this.report({ type: "failed", id: entry.id, reason: again });
    }
    this.meter.finished(failed);
    day.left -= 1;
    const now = performance.now();
    if (day.left > 0 && now - day.flushed < flushMs) return;
    day.flushed = now;
    if (day.record.pending) this.guard(() => this.flush(day.record));
    if (day.left === 0) this.open.delete(day);
  }

  private count({ id, action, state, objects, bytes }: PlanEntry, fetched: boolean, feed: string): void {
    const of = this.feeds.get(feed)!;
    if (state === "encrypted") return;
    const what = action === "replace" ? "replaced" : "added";
    this.result[what] += 1;
    of[what] += 1;
    if (fetched) {
      this.result.objects += objects;
      this.result.bytes += bytes;
      of.bytes += bytes;
    }
    this.report({ type: "partition", id, action, state, objects, bytes });
  }

  private flush(record: DayRecord): void {
    if (record.flush()) this.changed.set(`${record.feed} ${record.dt}`, { feed: record.feed, dt: record.dt });
  }

  private guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fatal ??= diskError(error, this.project.data);
      this.stop.abort(error);
    }
  }

  private download({ source, retry }: Pick<Download, "source" | "retry">): Download {
    return {
      ...{ source, retry, data: this.project.data, run: this.name, signal: this.stop.signal },
      patience: this.patience,
      decrypt: this.project.config.decrypt,
      onBytes: (bytes) => this.meter.received(bytes),
    };
  }

  private docs(): Promise<string[]> {
    const { place, objects } = this.found.docs;
    return fetchDocs(newDocs(this.project, objects, place.prefix), place.prefix, this.download(place));
  }
}

function summarize(found: Survey, head: { source: string; startedAt: string; dryRun: boolean }): SyncReport {
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
    failed: [],
    unlisted: found.unlisted.map(({ feed, error }) => ({ feed, reason: error.message })),
    objects: fetches.reduce((total, { objects }) => total + objects, 0),
    bytes: sum((feed) => feed.bytes),
    changedDays: found.works.map(({ feed, dt }) => ({ feed: feed.feed, dt })),
    feeds,
    ...{
      foreign: found.foreign,
      hostile: found.hostile,
      hostileKeys: found.hostileKeys,
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
    failed: 0,
    bytes: fetched.reduce((total, { bytes }) => total + bytes, 0),
  };
}

const neverListed: FeedSync = {
  ...{ version: "", format: "", versions: [], listedAs: "" },
  ...{ waiting: 0, overdue: 0, failed: 0, encrypted: 0, unfinished: [] },
};

/** Notes the end of a sync. Of days and feeds that it did not look at, what was said before goes on to hold. */
function record(
  project: Project,
  last: LastSync | null,
  found: Survey,
  result: SyncReport,
  all: boolean,
): void {
  const feeds: LastSync["feeds"] = all ? {} : { ...last?.feeds };
  for (const { place, comesFrom, window, listedAs, entries } of found.feeds) {
    const { feed, version, format, versions } = place;
    const before = last?.feeds[feed]?.unfinished.filter(({ id }) => !inWindow(window, id.dt)) ?? [];
    const failed = result.failed.filter(({ id }) => id.feed === feed);
    const now = entries.flatMap(unfinishedOf);
    const unfinished = [
      ...before,
      ...now,
      ...failed.map(({ id, reason }) => ({ id, state: "failed" as const, reason })),
    ];
    unfinished.sort((a, b) => (partitionKey(a.id) < partitionKey(b.id) ? -1 : 1));
    const count = (wanted: Unfinished["state"]) => unfinished.filter(({ state }) => state === wanted).length;
    feeds[feed] = {
      ...{ version, format, versions, listedAs, place: comesFrom },
      waiting: count("waiting"),
      overdue: count("overdue"),
      failed: count("failed"),
      encrypted: count("encrypted"),
      unfinished,
    };
  }
  let docsUnlisted = all ? undefined : last?.docsUnlisted;
  for (const { feed, reason } of result.unlisted) {
    if (feed === docsName) {
      docsUnlisted = reason;
      continue;
    }
    const known = last?.feeds[feed] ?? neverListed;
    feeds[feed] = { ...known, listedAs: "", unlisted: reason };
  }
  const news = result.added + result.replaced > 0 || result.changedDays.length > 0;
  const { source, startedAt, finishedAt, full } = result;
  const place = sourcePlace(project);
  const before = last?.place === undefined || last.place === place ? last?.lastFull : undefined;
  writeLastSync(project, {
    ...{ format: 1, source, place, startedAt, finishedAt, full },
    lastFull: full && all ? startedAt : (before ?? ""),
    outcome: failures(result) > 0 ? "some failed" : news ? "something new" : "nothing new",
    ...(docsUnlisted !== undefined && { docsUnlisted }),
    feeds: Object.fromEntries(Object.entries(feeds).sort(([a], [b]) => (a < b ? -1 : 1))),
  });
}

function unfinishedOf({ id, state, reason, odd }: PlanEntry): Unfinished[] {
  if (odd === "markerless") return [{ id, state: "markerless", reason }];
  return state === "waiting" || state === "overdue" || state === "encrypted" ? [{ id, state, reason }] : [];
}

function onDisk<T>(project: Project, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw diskError(error, project.data);
  }
}
