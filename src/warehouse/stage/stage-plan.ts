import { own } from "../../base/names.ts";
import { policyOf, type SchemaPolicy, selectFeed } from "../../config/config.ts";
import { feedOf, type Project } from "../../config/project.ts";
import type { Feed } from "../../export/feed.ts";
import { compareVersions, parseKey, partitionPath } from "../../export/layout.ts";
import { coveredMinutes, runOf } from "../../export/partition.ts";
import {
  type DayFile,
  hasFiles,
  listDays,
  type ManifestDay,
  type ManifestPartition,
  partitionOf,
  readDay,
} from "../../sync/manifest.ts";
import {
  type DaySnapshot,
  emptyFeed,
  type FeedSnapshot,
  type Layout,
  type Snapshot,
  shortHash,
} from "../snapshot/snapshot.ts";
import { startColumns } from "./columns.ts";
import type { DayFiles, ListedFile } from "./day-files.ts";
import { stageFormat } from "./day-summary.ts";
import { type SharedSchema, sharedSchema } from "./shared-schema.ts";
import { lostFiles } from "./staged-files.ts";

export interface PlanOptions {
  days?: { feed: string; dt: string }[]; // look at these alone; default: all whose manifest changed
  force?: boolean; // stage them again even if nothing changed
  rename?: boolean; // give columns the names they would have if the days had come in order
}

/** One feed's part of the work. */
export interface FeedJob {
  feed: Feed;
  policy: SchemaPolicy;
  rules: string;
  before: FeedSnapshot;
  schema: SharedSchema;
  days: Map<string, DaySnapshot>; // as they will be
  layouts: Layout[];
  tasks: (DayFiles & { stamp: string; lost: boolean })[]; // lost: what is staged of it is not all there
  lost: ReadonlySet<string>; // files that the days name and that are gone, be it by hand
  refused: { dt: string; reason: string }[];
  gone: string[];
  warnings: string[];
  restamped: boolean; // a manifest was written anew and says the same
}

/** What there is to do, feed by feed. Reads manifests that changed since they were last looked at, and nothing else. */
export function feedJobs(project: Project, snapshot: Snapshot, options: PlanOptions): FeedJob[] {
  const files = new Map<string, DayFile[]>();
  for (const file of listDays(project)) {
    const list = files.get(file.feed);
    if (list) list.push(file);
    else files.set(file.feed, [file]);
  }
  const names = new Set([...files.keys(), ...Object.keys(snapshot.feeds)]);
  const wanted = options.days && new Set(options.days.map(({ feed, dt }) => `${feed} ${dt}`));
  const jobs: FeedJob[] = [];
  for (const name of [...names].sort()) {
    const job = newJob(project, name, snapshot.feeds[name], options);
    const here = new Set<string>();
    for (const file of files.get(name) ?? []) {
      here.add(file.dt);
      if (!wanted || wanted.has(`${name} ${file.dt}`)) addTask(project, job, file, options.force === true);
    }
    for (const [dt, day] of [...job.days]) {
      if (here.has(dt) || (wanted && !wanted.has(`${name} ${dt}`))) continue;
      job.refused.push({ dt, reason: withoutManifest(name, dt, "is gone") });
      if (!stagedFiles(day).some((path) => job.lost.has(path))) continue;
      job.days.delete(dt);
      job.gone.push(dt);
    }
    jobs.push(job);
  }
  return jobs;
}

function newJob(project: Project, name: string, known: FeedSnapshot | undefined, options: PlanOptions): FeedJob {
  const feed = feedOf(project, name);
  const selection = selectFeed(project.config, name);
  const { onNewColumn, onTypeChange, onMissingColumn } = policyOf(project.config, name);
  const rules = shortHash(
    stageFormat,
    JSON.stringify(feed.columns.map((column) => [column.name, column.type])),
    JSON.stringify([onNewColumn, onTypeChange, onMissingColumn, selection?.version, selection?.format]),
    JSON.stringify([feed.key, feed.renamed]), // by which rows without their key are counted
  );
  const before = known ?? emptyFeed();
  return {
    feed,
    policy: { onNewColumn, onTypeChange, onMissingColumn },
    rules,
    before,
    schema: sharedSchema(
      {
        key: feed,
        rangesOf: new Set([...feed.key, ...feed.key.flatMap((name) => own(feed.renamed, name) ?? [])]),
        onNewColumn,
        onTypeChange,
      },
      {
        columns: startColumns(feed, known, before.rules === rules, options.rename),
        rescuedKeys: new Set(),
      },
    ),
    days: new Map(before.days.map((day) => [day.dt, day])),
    layouts: [...before.layouts],
    tasks: [],
    lost: lostFiles(project.data, before.days.flatMap(stagedFiles)),
    refused: [],
    gone: [],
    warnings: [],
    restamped: false,
  };
}

function addTask(project: Project, job: FeedJob, file: DayFile, force: boolean): void {
  const { feed, dt } = file;
  const known = job.days.get(dt);
  const stamp = `${file.mtimeMs}:${file.size}:${job.rules}`;
  const lost = known !== undefined && stagedFiles(known).some((path) => job.lost.has(path));
  const anew = force || lost;
  if (known?.stamp === stamp && !anew) return;
  const manifest = readDay(project, feed, dt);
  if (manifest === null) {
    job.refused.push({ dt, reason: withoutManifest(feed, dt, "cannot be read") });
    return;
  }
  const files = dataFiles(project, manifest, (text) => job.warnings.push(`${feed} ${dt} is ${text}`));
  if (files === null) {
    if (known) job.gone.push(dt);
    job.days.delete(dt);
    return;
  }
  const source = shortHash(job.rules, JSON.stringify(files));
  if (known?.source === source && !anew) {
    job.days.set(dt, { ...known, stamp });
    job.restamped = true;
  } else {
    const before = known?.stamp.endsWith(`:${job.rules}`) && !anew ? known : null;
    job.tasks.push({ feed, dt, source, stamp, files, before, lost });
  }
}

// A manifest is never removed by the kit: the rows stay, and whoever removed it hears of it.
function withoutManifest(feed: string, dt: string, what: string): string {
  return `manifest/${feed}/${dt}.json ${what}: asapp-kit sync lists and fetches that day again`;
}

/** Days that the warehouse has rows of, and whose manifest is gone, or is another than it was and cannot be read. */
export function daysWithoutManifest(project: Project, snapshot: Snapshot): { feed: string; dt: string }[] {
  const files = new Map(listDays(project).map((file) => [`${file.feed} ${file.dt}`, file]));
  return Object.entries(snapshot.feeds).flatMap(([feed, { days }]) =>
    days.flatMap(({ dt, stamp }) => {
      const file = files.get(`${feed} ${dt}`);
      if (file !== undefined && stamp.startsWith(`${file.mtimeMs}:${file.size}:`)) return [];
      return readDay(project, feed, dt) === null ? { feed, dt } : [];
    }),
  );
}

function stagedFiles({ staged, detail, quarantine }: DaySnapshot): string[] {
  return [staged, detail, quarantine].filter((path) => path !== null);
}

/**
 * The files to stage of a day, null when no partition is left. A day is read in one version and format: the one that covers
 * most of it, so that half a day in a new version does not take the place of a whole one in the old. Of those that cover
 * as much, the configured one counts, else the oldest version and `jsonl`.
 */
function dataFiles(project: Project, day: ManifestDay, warn: (text: string) => void): ListedFile[] | null {
  const partitions = day.partitions.filter(hasFiles);
  if (partitions.length === 0) return null;
  const { version, format } = selectFeed(project.config, day.feed) ?? {};
  const rank = (partition: ManifestPartition) =>
    Number(partition.version !== version) * 2 + Number(partition.format !== (format ?? "jsonl"));
  partitions.sort((a, b) => rank(a) - rank(b) || compareVersions(a.version, b.version) || compare(a.format, b.format));
  const exports = new Map<string, ManifestPartition[]>();
  for (const partition of partitions) {
    const name = `version=${partition.version}/format=${partition.format}`;
    exports.set(name, [...(exports.get(name) ?? []), partition]);
  }
  const [first, ...others] = [...exports];
  let chosen = first!;
  for (const other of others) if (minutesOf(other[1]) > minutesOf(chosen[1])) chosen = other;
  if (chosen !== first && rank(partitions[0]!) === 0 && (version || format))
    warn(
      `read in ${chosen[0]}: ${first![0]} has ${hours(first![1])} of the ${hours(chosen[1])} hours that are here of it`,
    );
  return chosen[1]
    .flatMap((partition) => {
      const id = partitionOf(day, partition);
      const folder = partitionPath(id);
      return partition.objects
        .map(({ name, md5, lines }) => ({
          path: `${folder}/${name}`,
          run: runOf(id),
          lines: lines ?? null,
          md5,
        }))
        .filter(({ path }) => {
          const parsed = parseKey(path);
          return parsed.kind === "data" && !parsed.encrypted;
        });
    })
    .sort((a, b) => (a.run === b.run ? compare(a.path, b.path) : compare(a.run, b.run)));
}

function minutesOf(partitions: ManifestPartition[]): number {
  return partitions.reduce((sum, id) => sum + coveredMinutes(id), 0);
}

function hours(partitions: ManifestPartition[]): string {
  return String(minutesOf(partitions) / 60);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
