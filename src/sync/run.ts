import { mkdirSync, rmSync } from "node:fs";
import { join, sep } from "node:path";
import { CliError, reasonOf } from "../base/errors.ts";
import { concernsAll, diskError } from "../base/faults.ts";
import type { Project } from "../config/project.ts";
import { partitionKey } from "../export/partition.ts";
import type { RemotePartition } from "../export/remote-partition.ts";
import { SourceError } from "../sources/source.ts";
import { adoptRaw } from "./adopt.ts";
import { DayRecord, type DayWork, unpack } from "./day-work.ts";
import { fetchDocs, newDocs } from "./docs.ts";
import { type Download, describe, fetchPartition } from "./download.ts";
import type { PlanEntry } from "./plan.ts";
import { ProgressMeter, type SyncEvent } from "./progress.ts";
import { restore, tmpFolder } from "./raw.ts";
import type { FeedReport, SyncReport } from "./report.ts";
import type { Patience } from "./retry.ts";
import type { Survey } from "./survey.ts";

const flushMs = 2_000; // interval of manifest writes while a long day is being fetched

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
export class Run {
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
  private readonly open = new Set<OpenDay>(); // days in progress
  private fatal: unknown = null;

  constructor(
    project: Project,
    found: Survey,
    result: SyncReport,
    { stop, report, patience }: { stop: AbortController; report: (event: SyncEvent) => void; patience: Patience },
  ) {
    this.project = project;
    this.found = found;
    this.result = result;
    this.stop = stop;
    this.report = report;
    this.patience = patience;
    this.meter = new ProgressMeter({ partitions: result.added + result.replaced, bytes: result.bytes }, report);
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
      for (const work of this.found.works)
        if (work.mend) work.adopted = await adoptRaw(this.project, work.feed.feed, work.dt);
      await Promise.all(Array.from({ length: this.project.config.sync.concurrency }, worker));
      if (this.fatal === null) this.result.docs = await this.docs();
    } catch (error) {
      this.fatal ??= diskError(error, this.project.data);
    }
    try {
      // On a full disk this frees the room that the manifests need.
      rmSync(join(run, "new"), { recursive: true, force: true });
      for (const { record } of this.open) if (record.pending) this.flush(record);
      restore(this.project);
    } catch (error) {
      this.fatal ??= diskError(error, this.project.data);
    }
    if (this.fatal !== null) throw this.fatal;
    this.result.failed.sort((a, b) => (partitionKey(a.id) < partitionKey(b.id) ? -1 : 1));
    this.result.changedDays = [...this.changed.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, day]) => day);
  }

  // One queue for all workers: each takes the next task when it is free.
  private *tasks(): Generator<Task> {
    for (const work of this.found.works) {
      const record = new DayRecord(this.project, work.feed.feed, work.dt, work.adopted);
      for (const entry of work.changes) record.apply(entry);
      if (work.fetches.length === 0) {
        const nothing = work.mend && work.changes.length + (work.adopted?.length ?? 0) === 0;
        if (!nothing) this.guard(() => this.flush(record));
        continue;
      }
      const day: OpenDay = { record, left: work.fetches.length, flushed: performance.now() };
      this.open.add(day);
      const ids = work.fetches.map(({ id }) => id);
      const remotes = unpack(work.remote, ids, work.feed.place.prefix);
      work.remote = "";
      for (const [index, entry] of work.fetches.entries()) yield { entry, remote: remotes[index]!, work, day };
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
      if (!(error instanceof SourceError) && !this.isOfFeed(error, work.feed.feed)) {
        this.fatal ??= error;
        this.stop.abort(error);
        return;
      }
      failed = true;
      const reason = reasonOf(error);
      const again =
        error instanceof SourceError && error.trouble === "changed" ? `${reason}; the next sync takes it up` : reason;
      this.result.failed.push({
        id: entry.id,
        reason: again,
        denied: error instanceof SourceError && error.trouble === "denied",
      });
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

  // An obstacle in the feed's own folder, or an internal error over its content, spares the other feeds.
  private isOfFeed(error: unknown, feed: string): boolean {
    if (!(error instanceof CliError)) return !concernsAll(error);
    const { path = "" } = (error.cause ?? {}) as NodeJS.ErrnoException;
    const own = join("raw", feed) + sep;
    return error.exit === "notWritable" && path.includes(own);
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
      source,
      retry,
      data: this.project.data,
      run: this.name,
      signal: this.stop.signal,
      patience: this.patience,
      decrypt: this.project.config.decrypt,
      maxRatio: this.project.config.sync.maxRatio,
      onBytes: (bytes) => this.meter.received(bytes),
    };
  }

  private docs(): Promise<string[]> {
    const { place, objects } = this.found.docs;
    return fetchDocs(newDocs(this.project, objects, place.prefix), place.prefix, this.download(place));
  }
}
