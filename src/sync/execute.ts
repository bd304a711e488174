import { mkdirSync, rmSync } from "node:fs";
import { join, sep } from "node:path";
import { mapConcurrently } from "../base/concurrency.ts";
import { CliError, reasonOf } from "../base/errors.ts";
import { diskError, isFatal } from "../base/faults.ts";
import type { Project } from "../config/project.ts";
import { partitionKey } from "../export/partition.ts";
import type { RemotePartition } from "../export/remote-partition.ts";
import { SourceError } from "../sources/source.ts";
import { adoptRaw } from "./adopt.ts";
import { fetchDocs, newDocs } from "./docs.ts";
import { type Download, describe, fetchPartition } from "./download.ts";
import { DayRecord, type LocalState } from "./manifest.ts";
import { unpack } from "./packed.ts";
import type { PlanEntry } from "./plan.ts";
import { ProgressMeter, type SyncEvent } from "./progress.ts";
import { restore, tmpFolder } from "./raw.ts";
import type { FeedReport, SyncReport } from "./report.ts";
import type { RetryLimits } from "./retry.ts";
import type { Survey } from "./survey.ts";
import type { DayWork } from "./survey-feed.ts";

const flushMs = 2_000; // interval of manifest writes while a long day is being fetched

export interface Execution {
  stop: AbortController;
  report: (event: SyncEvent) => void;
  limits: RetryLimits;
}

interface Task {
  entry: PlanEntry;
  partition: RemotePartition;
  work: DayWork;
  day: OpenDay;
}

interface OpenDay {
  record: DayRecord;
  left: number; // partitions still to fetch
  flushed: number; // time of the last manifest write
}

/**
 * Carries out the plan of a survey: fetches partitions, `concurrency` at once, and writes each day's manifest after them.
 * Updates `result`. Throws the first fatal error, once all that was fetched is recorded.
 */
export function executePlan(project: Project, survey: Survey, result: SyncReport, execution: Execution): Promise<void> {
  return new Executor(project, survey, result, execution).execute();
}

class Executor {
  private readonly project: Project;
  private readonly survey: Survey;
  private readonly result: SyncReport;
  private readonly stop: AbortController;
  private readonly report: (event: SyncEvent) => void;
  private readonly limits: RetryLimits;
  private readonly meter: ProgressMeter;
  private readonly tmp = `${process.pid}-${Date.now().toString(36)}`; // name of its folder below tmp/
  private readonly changed = new Map<string, { feed: string; dt: string }>();
  private readonly feeds: Map<string, FeedReport>;
  private readonly open = new Set<OpenDay>(); // days in progress

  constructor(project: Project, survey: Survey, result: SyncReport, { stop, report, limits }: Execution) {
    this.project = project;
    this.survey = survey;
    this.result = result;
    this.stop = stop;
    this.report = report;
    this.limits = limits;
    this.meter = new ProgressMeter({ partitions: result.added + result.replaced, bytes: result.bytes }, report);
    this.feeds = new Map(result.feeds.map((feed) => [feed.feed, feed]));
    Object.assign(result, { added: 0, replaced: 0, objects: 0, bytes: 0 });
    for (const feed of result.feeds) Object.assign(feed, { added: 0, replaced: 0, bytes: 0 });
  }

  async execute(): Promise<void> {
    let fatal: unknown = null;
    const fresh = join(tmpFolder(this.project), this.tmp, "new");
    try {
      mkdirSync(fresh, { recursive: true });
      for (const work of this.survey.works)
        if (work.rebuild) work.adopted = await adoptRaw(this.project, work.remote.feed, work.dt);
      await mapConcurrently(this.project.config.sync.concurrency, this.tasks(), (task) => this.carryOut(task));
      this.result.docs = await this.docs();
    } catch (error) {
      fatal = diskError(error, this.project.data);
    }
    try {
      // On a full disk this frees the space that the manifests need.
      rmSync(fresh, { recursive: true, force: true });
      for (const { record } of this.open) if (record.pending) this.flush(record);
      restore(this.project);
    } catch (error) {
      fatal ??= diskError(error, this.project.data);
    }
    if (fatal !== null) throw fatal;
    this.result.failed.sort((a, b) => (partitionKey(a.id) < partitionKey(b.id) ? -1 : 1));
    this.result.changedDays = [...this.changed.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, day]) => day);
  }

  // Lazy, so that only the listings of days in progress are unpacked.
  private *tasks(): Generator<Task> {
    for (const work of this.survey.works) {
      const record = new DayRecord(this.project, work.remote.feed, work.dt, work.adopted);
      for (const { id, action, state } of work.changes)
        record.set(id, action === "remove" ? null : (state as LocalState));
      if (work.fetches.length === 0) {
        const isEmpty = work.rebuild && work.changes.length + (work.adopted?.length ?? 0) === 0;
        if (!isEmpty) this.flushOrStop(record);
        continue;
      }
      const day: OpenDay = { record, left: work.fetches.length, flushed: performance.now() };
      this.open.add(day);
      const ids = work.fetches.map(({ id }) => id);
      const partitions = unpack(work.packed, ids, work.remote.store.prefix);
      work.packed = "";
      for (const [i, partition] of partitions.entries()) yield { entry: work.fetches[i]!, partition, work, day };
    }
  }

  private async carryOut({ entry, partition, work, day }: Task): Promise<void> {
    const { feed, store } = work.remote;
    let failed = false;
    try {
      const fetched =
        entry.state === "encrypted"
          ? describe(partition, [], "encrypted")
          : await fetchPartition(partition, this.download(store));
      const isReplaced = entry.state === "replaced" && fetched.state !== "encrypted";
      day.record.put(isReplaced ? { ...fetched, state: "replaced" } : fetched);
      this.count(entry, fetched.objects.length > 0 || partition.objects.length === 0, feed);
    } catch (error) {
      if (!(error instanceof SourceError) && !failsFeedAlone(error, feed)) {
        this.stop.abort(error);
        throw error;
      }
      failed = true;
      const trouble = error instanceof SourceError ? error.trouble : null;
      const reason = `${reasonOf(error)}${trouble === "changed" ? "; the next sync fetches it" : ""}`;
      this.result.failed.push({ id: entry.id, reason, denied: trouble === "denied" });
      const ofFeed = this.feeds.get(feed);
      if (ofFeed) ofFeed.failed += 1;
      this.report({ type: "failed", id: entry.id, reason });
    }
    this.meter.finished(failed);
    day.left -= 1;
    const now = performance.now();
    if (day.left > 0 && now - day.flushed < flushMs) return;
    day.flushed = now;
    if (day.record.pending) this.flushOrStop(day.record);
    if (day.left === 0) this.open.delete(day);
  }

  private count({ id, action, state, objects, bytes }: PlanEntry, fetched: boolean, feed: string): void {
    if (state === "encrypted") return;
    const ofFeed = this.feeds.get(feed);
    const counts = ofFeed ? [this.result, ofFeed] : [this.result];
    for (const report of counts) {
      report[action === "replace" ? "replaced" : "added"] += 1;
      if (fetched) report.bytes += bytes;
    }
    if (fetched) this.result.objects += objects;
    this.report({ type: "partition", id, action, state, objects, bytes });
  }

  private flush(record: DayRecord): void {
    if (record.flush()) this.changed.set(`${record.feed} ${record.dt}`, { feed: record.feed, dt: record.dt });
  }

  private flushOrStop(record: DayRecord): void {
    try {
      this.flush(record);
    } catch (error) {
      this.stop.abort(error);
      throw error;
    }
  }

  private download({ source, retry }: Pick<Download, "source" | "retry">): Download {
    return {
      source,
      retry,
      data: this.project.data,
      tmp: this.tmp,
      signal: this.stop.signal,
      limits: this.limits,
      decrypt: this.project.config.decrypt,
      maxRatio: this.project.config.sync.maxRatio,
      onBytes: (bytes) => this.meter.received(bytes),
    };
  }

  private docs(): Promise<string[]> {
    const { store, objects } = this.survey.docs;
    return fetchDocs(newDocs(this.project, objects, store.prefix), store.prefix, this.download(store));
  }
}

/** True for an obstacle in the feed's own folder, and for an internal error over its content: other feeds go on. */
function failsFeedAlone(error: unknown, feed: string): boolean {
  if (!(error instanceof CliError)) return !isFatal(error);
  const { path = "" } = (error.cause ?? {}) as NodeJS.ErrnoException;
  return error.exit === "notWritable" && path.includes(join("raw", feed) + sep);
}
