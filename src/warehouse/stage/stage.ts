import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CliError, reasonOf } from "../../base/errors.ts";
import { diskError, isFatal } from "../../base/faults.ts";
import { namesOf } from "../../base/names.ts";
import type { Project } from "../../config/project.ts";
import type { Database } from "../../duckdb/database.ts";
import { readDocs } from "../schema/export-docs-history.ts";
import type { SchemaChange } from "../schema/schema-change.ts";
import type { StagedDay } from "../snapshot/detail.ts";
import { formerSnapshot, type Snapshot, type StagePath } from "../snapshot/snapshot.ts";
import type { Trouble } from "../snapshot/trouble.ts";
import type { DayFiles } from "./day-files.ts";
import { inLanes } from "./lanes.ts";
import { Scratch } from "./scratch.ts";
import { type StageContext, stageDay } from "./stage-day.ts";
import { feedResult, recordDay } from "./stage-feed.ts";
import { afterGroup, type GroupOutcome, groupDays, mostFailures, stageGroup } from "./stage-group.ts";
import { type FeedJob, feedJobs, type PlanOptions } from "./stage-plan.ts";
import { unrecordedDays } from "./staged-files.ts";

export interface StageOptions extends PlanOptions {
  from?: Snapshot; // default: the saved one
  signal?: AbortSignal | undefined;
  onDay?: ((day: DayReport, done: number, total: number) => void) | undefined;
}

export interface DayReport {
  feed: string;
  dt: string;
  rows: number;
  quarantined: number;
  rescued: number; // values in _rescued
  path: StagePath | "kept"; // kept: staged by an earlier, interrupted update
  seconds: number;
}

export interface StageReport {
  snapshot: Snapshot; // not saved yet: current must be updated first
  changed: { feed: string; dt: string }[]; // newly staged or removed, sorted
  days: DayReport[]; // newly staged, sorted
  failed: Trouble[]; // sorted; their former state stays
  warnings: string[];
  changes: (SchemaChange & { feed: string })[]; // new ones
}

/**
 * Updates staged/ from the manifests: each changed day becomes a Parquet file with every row as delivered. A day that fails
 * keeps its former state and does not stop the others. Readers see no change until the returned snapshot is saved. The caller
 * holds the lock. Throws CliError("interrupted" or "diskFull"); days staged before that are kept.
 */
export async function stage(project: Project, options: StageOptions = {}): Promise<StageReport> {
  const before = options.from ?? formerSnapshot(project.data);
  const jobs = feedJobs(project, before, options);
  const docs = await readDocs(project.data, project.feeds, before.docs);
  const report: StageReport = {
    snapshot: { ...before, feeds: namesOf(Object.entries(before.feeds)), ...(docs && { docs }) },
    changed: [],
    days: [],
    failed: jobs.flatMap(({ feed, refused }) => refused.map((day) => ({ feed: feed.name, ...day }))),
    warnings: jobs.flatMap(({ warnings }) => warnings),
    changes: [],
  };
  const context = {
    data: project.data,
    maxRatio: project.config.sync.maxRatio,
    tmp: join(project.data, "tmp", "stage"),
  };
  try {
    rmSync(context.tmp, { recursive: true, force: true }); // left by a killed process
    await stageAll(context, jobs, report, options);
  } finally {
    rmSync(context.tmp, { recursive: true, force: true });
  }
  for (const job of jobs) finishFeed(job, report, options, docs !== before.docs);
  for (const list of [report.changed, report.days, report.failed]) list.sort(byDay);
  return report;
}

async function stageAll(
  context: StageContext,
  jobs: FeedJob[],
  report: StageReport,
  options: StageOptions,
): Promise<void> {
  if (jobs.some(({ tasks }) => tasks.length > 0)) openLayer(context.data);
  const tasks = jobs.flatMap((job) => {
    const unrecorded = options.force
      ? new Map<string, StagedDay>()
      : unrecordedDays(context.data, job.feed.name, job.before, job.tasks);
    return job.tasks.map((task) => ({ job, task, unrecorded: unrecorded.get(task.dt) }));
  });
  if (tasks.length === 0) return;
  const units = readingUnits(tasks);
  const failures = new Map<FeedJob, number>(); // of groups
  let done = 0;

  const stageUnit = async (lane: Lane, unit: readonly Task[], waited: number): Promise<void> => {
    const [first] = unit;
    if (first === undefined) return;
    const { job } = first;
    if (unit.length === 1 || (failures.get(job) ?? 0) >= mostFailures) {
      for (const task of unit) await stageOne(lane, task, null, waited);
      return;
    }
    const started = performance.now();
    const outcome = await tryGroup(lane, job, unit);
    const share = waited + (performance.now() - started) / unit.length;
    const byDt = new Map(unit.map((task) => [task.task.dt, task]));
    const after = afterGroup([...byDt.keys()], outcome);
    failures.set(job, (failures.get(job) ?? 0) + after.failures);
    for (const part of after.parts) {
      if (part.as === "together") {
        await stageUnit(
          lane,
          part.dts.flatMap((dt) => byDt.get(dt) ?? []),
          share,
        );
        continue;
      }
      const task = byDt.get(part.dt);
      if (task) await stageOne(lane, task, part.as === "staged" ? part.day : null, share);
    }
  };
  const stageOne = async (lane: Lane, one: Task, read: StagedDay | null, waited: number): Promise<void> => {
    if (options.signal?.aborted) throw new CliError("interrupted", "interrupted");
    const started = performance.now() - waited;
    const { job, task, unrecorded } = one;
    const kept = unrecorded !== undefined && job.schema.adopt(unrecorded.summary.columns);
    const staged = kept ? unrecorded : (read ?? (await tryDay(lane, job, task, report)));
    done += 1;
    if (!staged && task.incomplete) giveUp(job, task.dt);
    if (!staged) return;
    recordDay(job, task, staged);
    const { feed, dt, rows, quarantined, rescued, path } = staged.summary;
    const day: DayReport = {
      feed,
      dt,
      rows,
      quarantined,
      rescued: Object.values(rescued).reduce((a, b) => a + b, 0),
      path: kept ? "kept" : path,
      seconds: Math.round(performance.now() - started) / 1000,
    };
    report.days.push(day);
    options.onDay?.(day, done, tasks.length);
  };

  const scratches = new Map<number, Scratch>();
  await inLanes(units, options.signal, async (db, unit, lane) => {
    const scratch = scratches.get(lane) ?? new Scratch(join(context.tmp, `unpacked-${lane}`));
    scratches.set(lane, scratch);
    await stageUnit({ db, context: { ...context, scratch } }, unit, 0);
  });
}

interface Task {
  job: FeedJob;
  task: FeedJob["tasks"][number];
  unrecorded: StagedDay | undefined;
}

/** One of several concurrent workers. */
interface Lane {
  db: Database;
  context: StageContext & { scratch: Scratch };
}

/** Units of reading: several small days of a feed, or one day. */
function readingUnits(tasks: readonly Task[]): Task[][] {
  return [...new Set(tasks.map(({ job }) => job))].flatMap((job) => {
    const days = tasks.filter((task) => task.job === job);
    const kept = days.filter(({ unrecorded }) => unrecorded !== undefined).map((task) => [task]);
    const others = days.filter(({ unrecorded }) => unrecorded === undefined);
    const groups = groupDays(others.map((one) => ({ ...one.task, one })));
    return [...kept, ...groups.map((group) => group.map(({ one }) => one))];
  });
}

async function tryGroup({ db, context }: Lane, job: FeedJob, unit: readonly Task[]): Promise<GroupOutcome> {
  try {
    const days = unit.map(({ task }) => task);
    return await stageGroup(db, context, days, job.schema);
  } catch (error) {
    throw diskError(error, context.data);
  }
}

async function tryDay(
  { db, context }: Lane,
  job: FeedJob,
  task: DayFiles,
  report: StageReport,
): Promise<StagedDay | null> {
  try {
    return await stageDay(db, context, task, job.schema);
  } catch (error) {
    if (isFatal(error)) throw diskError(error, context.data);
    report.failed.push({ feed: task.feed, dt: task.dt, reason: reasonOf(error) });
    return null;
  }
}

// A failure here concerns all feeds.
function openLayer(data: string): void {
  try {
    mkdirSync(join(data, "staged"), { recursive: true });
  } catch (error) {
    throw diskError(error, data);
  }
}

/** Leaves out a day whose files are missing and that cannot be staged again: queries over the feed would fail. */
function giveUp(job: FeedJob, dt: string): void {
  job.days.delete(dt);
  job.gone.push(dt);
}

function finishFeed(job: FeedJob, report: StageReport, options: StageOptions, newDocs: boolean): void {
  const { feed, gone, restamped } = job;
  const { name } = feed;
  const staged = new Set(report.days.filter((day) => day.feed === name).map(({ dt }) => dt));
  if (staged.size === 0 && gone.length === 0 && !restamped && !newDocs) return;
  const partly = options.days !== undefined || report.failed.some((day) => day.feed === name);
  const result = feedResult(job, staged, report.snapshot.docs?.changes[name], partly);
  for (const dt of [...result.staged, ...gone]) report.changed.push({ feed: name, dt });
  report.days = report.days.filter((day) => day.feed !== name || result.staged.has(day.dt));
  report.failed.push(...result.refused.map((day) => ({ feed: name, ...day })));
  report.warnings.push(...result.warnings);
  report.changes.push(...result.changes.map((change) => ({ feed: name, ...change })));
  if (result.snapshot) report.snapshot.feeds[name] = result.snapshot;
  else delete report.snapshot.feeds[name];
}

function byDay(a: { feed: string; dt: string }, b: { feed: string; dt: string }): number {
  return a.feed === b.feed ? (a.dt < b.dt ? -1 : 1) : a.feed < b.feed ? -1 : 1;
}
