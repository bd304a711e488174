import { mkdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { CliError, concernsAll, reasonOf } from "../../base/errors.ts";
import { namesOf } from "../../base/names.ts";
import type { Project } from "../../config/project.ts";
import { type Database, openDatabase } from "../../duckdb/database.ts";
import { readDocs } from "../schema/docs-history.ts";
import type { SchemaChange } from "../schema/schema-change.ts";
import type { StagedDay } from "../snapshot/detail.ts";
import {
  type DaySnapshot,
  type FeedSnapshot,
  formerSnapshot,
  type Layout,
  type Snapshot,
  type StagePath,
} from "../snapshot/snapshot.ts";
import type { Trouble } from "../snapshot/trouble.ts";
import { leftoverDays } from "./leftover.ts";
import { crowdedOut, crowdedText, history, mergedColumns } from "./schema.ts";
import { Scratch } from "./scratch.ts";
import { type DayFiles, type DayPlace, stageDay } from "./stage-day.ts";
import { type GroupResult, groupDays, stageGroup } from "./stage-group.ts";
import { type FeedJob, feedJobs, type PlanOptions } from "./stage-plan.ts";

export interface StageOptions extends PlanOptions {
  from?: Snapshot; // default: the one that is saved
  signal?: AbortSignal | undefined;
  onDay?: ((day: DayReport, done: number, total: number) => void) | undefined;
}

export interface DayReport {
  feed: string;
  dt: string;
  rows: number;
  quarantined: number;
  rescued: number; // values in _rescued
  path: StagePath | "kept"; // kept: an earlier run that was cut short had staged it
  seconds: number;
}

export interface StageReport {
  snapshot: Snapshot; // what to save once current is up to date; nothing is saved here
  changed: { feed: string; dt: string }[]; // days staged anew or gone, sorted
  days: DayReport[]; // staged anew, sorted
  failed: Trouble[]; // sorted; their earlier state stays
  warnings: string[];
  changes: (SchemaChange & { feed: string })[]; // those not known before
}

const memoryLimit = "1500MB";

/**
 * Brings staged/ up to the manifests: each changed day becomes a Parquet file with every row as delivered. Days that
 * fail keep what they had and do not stop the others. Readers notice nothing before the returned snapshot is saved.
 * Only for the holder of the lock. Throws CliError("interrupted" or "diskFull"); what was staged till then is not lost.
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
  const place = {
    data: project.data,
    maxRatio: project.config.sync.maxRatio,
    tmp: join(project.data, "tmp", "stage"),
  };
  try {
    rmSync(place.tmp, { recursive: true, force: true }); // of a run that was killed
    await stageAll(place, jobs, report, options);
  } finally {
    rmSync(place.tmp, { recursive: true, force: true });
  }
  for (const job of jobs) finishFeed(job, report, options, docs !== before.docs);
  for (const list of [report.changed, report.days, report.failed]) list.sort(byDay);
  return report;
}

async function stageAll(
  place: DayPlace,
  jobs: FeedJob[],
  report: StageReport,
  options: StageOptions,
): Promise<void> {
  if (jobs.some(({ tasks }) => tasks.length > 0)) openLayer(place.data);
  const tasks = jobs.flatMap((job) => {
    const leftovers = options.force ? new Map<string, StagedDay>() : leftoverDays(place.data, job);
    return job.tasks.map((task) => ({ job, task, leftover: leftovers.get(task.dt) }));
  });
  if (tasks.length === 0) return;
  const units = readingUnits(tasks);
  const failures = new Map<FeedJob, number>(); // of groups
  const tries = (job: FeedJob) => mostFailures - (failures.get(job) ?? 0);
  let next = 0;
  let done = 0;
  const work = async (db: Database, lane: number) => {
    const scratch = new Scratch(join(place.tmp, `unpacked-${lane}`));
    while (next < units.length) await stageUnit(units[next++]!);

    async function stageUnit(unit: readonly Task[]): Promise<void> {
      const { job } = unit[0]!;
      const begun = performance.now();
      const grouped = unit.length > 1 && tries(job) > 0;
      const together = grouped ? await attemptGroup(job, unit) : notGrouped;
      const failed = () => failures.set(job, (failures.get(job) ?? 0) + 1);
      if (together.failed) failed();
      const at = unit.findIndex(({ task }) => task.dt === together.odd);
      if (at >= 0) {
        for (const part of [unit.slice(0, at), unit.slice(at, at + 1), unit.slice(at + 1)])
          if (part.length > 0) await stageUnit(part);
        return;
      }
      if (together.failed) failures.set(job, mostFailures);
      const share = (performance.now() - begun) / unit.length;
      const others: Task[] = [];
      for (const one of unit) {
        const read = together.staged.get(one.task.dt);
        if (read || together.apart.has(one.task.dt)) await stageOne(one, read, share);
        else others.push(one);
      }
      // What one of them teaches the schema, the others may wait for.
      const [first, ...rest] = others;
      if (first) await stageOne(first, undefined, share);
      if (rest.length > 0 && grouped && !together.failed) failed();
      if (rest.length > 0) await stageUnit(rest);
    }
    async function attemptGroup({ schema }: FeedJob, unit: readonly Task[]): Promise<GroupResult> {
      try {
        const days = unit.map(({ task }) => task);
        return await stageGroup(db, { ...place, scratch }, days, schema);
      } catch (error) {
        throw problem(error, place.data);
      }
    }
    async function stageOne({ job, task, leftover }: Task, read: StagedDay | undefined, share: number) {
      if (options.signal?.aborted) throw new CliError("interrupted", "interrupted");
      const started = performance.now() - share;
      const kept = leftover !== undefined && takeOver(job, leftover);
      const staged = kept
        ? leftover
        : (read ?? (await attempt(db, { ...place, scratch }, job, task, report)));
      done += 1;
      if (!staged && task.lost) giveUp(job, task.dt);
      if (!staged) return;
      record(job, task, staged);
      const { feed, dt, rows, quarantined, rescued, path } = staged.summary;
      const day: DayReport = {
        ...{ feed, dt, rows, quarantined },
        rescued: Object.values(rescued).reduce((a, b) => a + b, 0),
        path: kept ? "kept" : path,
        seconds: Math.round(performance.now() - started) / 1000,
      };
      report.days.push(day);
      options.onDay?.(day, done, tasks.length);
    }
  };
  const stop = () => {
    next = units.length;
  };
  await inLanes(Math.min(units.length, lanes()), options.signal, work, stop);
}

interface Task {
  job: FeedJob;
  task: FeedJob["tasks"][number];
  leftover: StagedDay | undefined;
}

const notGrouped: GroupResult = { staged: new Map(), apart: new Set(), odd: null, failed: false };

// A feed whose days are often odd loses more by groups that are read in vain than it gains.
const mostFailures = 3;

/** What is read at once: several small days of a feed, or one. */
function readingUnits(tasks: readonly Task[]): Task[][] {
  return [...new Set(tasks.map(({ job }) => job))].flatMap((job) => {
    const days = tasks.filter((task) => task.job === job);
    const kept = days.filter(({ leftover }) => leftover !== undefined).map((task) => [task]);
    const others = days.filter(({ leftover }) => leftover === undefined);
    const groups = groupDays(others.map((one) => ({ ...one.task, one })));
    return [...kept, ...groups.map((group) => group.map(({ one }) => one))];
  });
}

// One thread reads a day, so that its lines keep their numbers; several days at a time keep the cores busy.
function lanes(): number {
  return Math.max(2, Math.min(4, availableParallelism()));
}

/** Does the work on several connections at once. When one fails, `stop` tells the others, and the error is thrown at the end. */
async function inLanes(
  count: number,
  signal: AbortSignal | undefined,
  work: (db: Database, lane: number) => Promise<void>,
  stop: () => void,
): Promise<void> {
  // A connection of its own works for each lane. With a second thread DuckDB would have one of the two wait, at full speed.
  const db = await openDatabase({ threads: 1, memoryLimit });
  const links = [db];
  const interrupt = () => {
    for (const link of links) link.interrupt();
  };
  signal?.addEventListener("abort", interrupt);
  try {
    while (links.length < count) links.push(await db.connect());
    const ends = await Promise.allSettled(
      links.map(async (link, lane) => {
        try {
          await work(link, lane);
        } catch (error) {
          stop();
          throw error;
        }
      }),
    );
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  } finally {
    signal?.removeEventListener("abort", interrupt);
    for (const link of links.reverse()) link.close();
  }
}

async function attempt(
  db: Database,
  place: DayPlace,
  job: FeedJob,
  task: DayFiles,
  report: StageReport,
): Promise<StagedDay | null> {
  try {
    return await stageDay(db, place, task, job.schema);
  } catch (error) {
    if (concernsAll(error)) throw problem(error, place.data);
    report.failed.push({ feed: task.feed, dt: task.dt, reason: reasonOf(error) });
    return null;
  }
}

// What no feed can write below concerns them all.
function openLayer(data: string): void {
  try {
    mkdirSync(join(data, "staged"), { recursive: true });
  } catch (error) {
    throw problem(error, data);
  }
}

const notWritable = ["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST"];

/** What stopped DuckDB or Node as a user's problem, when it is one; anything else comes back as it is. */
export function problem(error: unknown, data: string): unknown {
  const { message, code = "" } = error as NodeJS.ErrnoException;
  if (/^INTERRUPT Error/.test(message))
    return new CliError("interrupted", "interrupted", undefined, { cause: error });
  if (code === "ENOSPC" || /no space left on device/i.test(message)) {
    const next = "free some space, then run again: what is complete is kept";
    return new CliError("diskFull", `no space left for ${data}`, next, { cause: error });
  }
  if (!notWritable.includes(code)) return error;
  const next = "make the data folder writable for this user, or set `data` in kit.yaml to another folder";
  return new CliError("notWritable", `cannot write to ${data}: ${message}`, next, { cause: error });
}

function takeOver(job: FeedJob, { summary }: StagedDay): boolean {
  const columns = mergedColumns(job.schema.columns, summary.columns);
  if (columns === null) return false;
  job.schema.columns = columns;
  return true;
}

/** Leaves out a day whose files are gone and that cannot be staged again: no query over the feed would find them. */
function giveUp(job: FeedJob, dt: string): void {
  job.days.delete(dt);
  job.gone.push(dt);
}

function record(job: FeedJob, { dt, stamp, source }: FeedJob["tasks"][number], day: StagedDay): void {
  const { staged, detail, quarantine, summary } = day;
  const before = job.days.get(dt);
  job.days.set(dt, {
    ...{ dt, stamp, source, staged, detail, quarantine },
    current: before?.current ?? null,
    rows: summary.rows,
    quarantined: summary.quarantined,
    currentRows: before?.currentRows ?? 0,
    layout: layoutIndex(job.layouts, {
      columns: summary.columns.filter(({ untyped }) => !untyped).map(({ name, type }) => ({ name, type })),
      seen: summary.seen,
      found: summary.found,
    }),
    ...(summary.ranges ? { ranges: summary.ranges } : {}),
    ...(Object.keys(summary.rescued).length > 0 ? { rescued: summary.rescued } : {}),
    ...(summary.unfit ? { unfit: summary.unfit } : {}),
    ...(summary.spelled ? { spelled: summary.spelled } : {}),
    ...(summary.keyless ? { keyless: summary.keyless } : {}),
    ...(before?.dedupe ? { dedupe: before.dedupe } : {}),
  });
}

function layoutIndex(layouts: Layout[], layout: Layout): number {
  const text = JSON.stringify(layout);
  const index = layouts.findIndex((other) => JSON.stringify(other) === text);
  return index === -1 ? layouts.push(layout) - 1 : index;
}

function finishFeed(job: FeedJob, report: StageReport, options: StageOptions, newDocs: boolean): void {
  const { feed, gone, before } = job;
  const name = feed.name;
  const staged = new Set(report.days.filter((day) => day.feed === name).map(({ dt }) => dt));
  if (staged.size === 0 && gone.length === 0 && !job.restamped && !newDocs) return;
  refuseMissing(job, staged, report);
  for (const dt of [...staged, ...gone]) report.changed.push({ feed: name, dt });
  const days = [...job.days.values()].sort((a, b) => (a.dt < b.dt ? -1 : 1));
  if (days.length === 0) {
    delete report.snapshot.feeds[name];
    return;
  }
  const tidy = usedLayouts(job.layouts, days);
  const said = report.snapshot.docs?.changes[name];
  const { columns, changes } = history(
    feed,
    job.schema.columns,
    tidy.layouts,
    tidy.days,
    job.policy.onTypeChange,
    said,
  );
  report.changes.push(...newChanges(name, before.changes, changes));
  const crowded = crowdedOut({ columns, days: tidy.days });
  if (crowded.length > 0 && staged.size > 0)
    report.warnings.push(`${name}: ${crowdedText(crowded)}; their values are in _rescued`);
  const behind = options.days !== undefined || report.failed.some((day) => day.feed === name);
  const rules = behind ? before.rules : job.rules;
  report.snapshot.feeds[name] = { ...before, rules, columns, ...tidy, changes } satisfies FeedSnapshot;
}

/** Those changes of a feed that were not known before. */
export function newChanges(
  feed: string,
  before: readonly SchemaChange[],
  after: readonly SchemaChange[],
): StageReport["changes"] {
  const known = new Set(before.map(changeKey));
  return after.filter((change) => !known.has(changeKey(change))).map((change) => ({ feed, ...change }));
}

// A document that comes later may tell more about a change: it is the same change.
function changeKey({ dt, column, change, to }: SchemaChange): string {
  return JSON.stringify([dt, column, change, to]);
}

/** Warns of staged days without a column that the day before them had, or gives them up: as on_missing_column says. */
function refuseMissing(job: FeedJob, staged: Set<string>, report: StageReport): void {
  const policy = job.policy.onMissingColumn;
  if (policy === "null") return;
  const earlier = new Map(job.before.days.map((day) => [day.dt, day]));
  let last: DaySnapshot | undefined;
  for (const dt of [...job.days.keys()].sort()) {
    const day = job.days.get(dt)!;
    if (day.rows === 0) continue;
    const seen = new Set(job.layouts[day.layout]!.seen);
    const missing = last ? job.layouts[last.layout]!.seen.filter((name) => !seen.has(name)) : [];
    const reason = `${missing.join(", ")} no longer delivered`;
    if (missing.length === 0 || !staged.has(dt)) {
      last = day;
    } else if (policy === "warn") {
      report.warnings.push(`${job.feed.name} ${dt}: ${reason}`);
      last = day;
    } else {
      report.failed.push({ feed: job.feed.name, dt, reason: `${reason}, and on_missing_column is fail` });
      report.days = report.days.filter((other) => other.feed !== job.feed.name || other.dt !== dt);
      staged.delete(dt);
      const before = earlier.get(dt);
      if (before) job.days.set(dt, before);
      else job.days.delete(dt);
    }
  }
}

function usedLayouts(layouts: Layout[], days: DaySnapshot[]): { layouts: Layout[]; days: DaySnapshot[] } {
  const used = [...new Set(days.map(({ layout }) => layout))];
  return {
    layouts: used.map((index) => layouts[index]!),
    days: days.map((day) => ({ ...day, layout: used.indexOf(day.layout) })),
  };
}

function byDay(a: { feed: string; dt: string }, b: { feed: string; dt: string }): number {
  return a.feed === b.feed ? (a.dt < b.dt ? -1 : 1) : a.feed < b.feed ? -1 : 1;
}
