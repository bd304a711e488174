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
import { missingFiles } from "./staged-files.ts";

export interface PlanOptions {
  days?: { feed: string; dt: string }[]; // only these; default: all whose manifest changed
  force?: boolean; // stage them again even if nothing changed
  rename?: boolean; // give columns the names they would have if the days had arrived in order
}

/** The work for one feed. */
export interface FeedJob {
  feed: Feed;
  policy: SchemaPolicy;
  rules: string;
  before: FeedSnapshot;
  schema: SharedSchema;
  days: Map<string, DaySnapshot>; // the next state
  layouts: Layout[];
  tasks: (DayFiles & { stamp: string; incomplete: boolean })[]; // incomplete: one of its staged files is missing
  missing: ReadonlySet<string>; // files of the former days
  refused: { dt: string; reason: string }[];
  gone: string[]; // dt of days without data
  warnings: string[];
  restamped: boolean; // a manifest was rewritten with the same content
}

/** The work, feed by feed. Reads only manifests that changed. */
export function feedJobs(project: Project, snapshot: Snapshot, options: PlanOptions): FeedJob[] {
  const files = new Map<string, DayFile[]>();
  for (const file of listDays(project)) {
    const list = files.get(file.feed);
    if (list) list.push(file);
    else files.set(file.feed, [file]);
  }
  const names = new Set([...files.keys(), ...Object.keys(snapshot.feeds)]);
  const selected = options.days && new Set(options.days.map(({ feed, dt }) => `${feed} ${dt}`));
  const jobs: FeedJob[] = [];
  for (const name of [...names].sort()) {
    const job = newJob(project, name, snapshot.feeds[name], options);
    const withManifest = new Set<string>();
    for (const file of files.get(name) ?? []) {
      withManifest.add(file.dt);
      if (!selected || selected.has(`${name} ${file.dt}`)) addTask(project, job, file, options.force === true);
    }
    for (const [dt, day] of [...job.days]) {
      if (withManifest.has(dt) || (selected && !selected.has(`${name} ${dt}`))) continue;
      job.refused.push({ dt, reason: withoutManifest(name, dt, "is gone") });
      if (!stagedFiles(day).some((path) => job.missing.has(path))) continue;
      job.days.delete(dt);
      job.gone.push(dt);
    }
    jobs.push(job);
  }
  return jobs;
}

function newJob(project: Project, name: string, former: FeedSnapshot | undefined, options: PlanOptions): FeedJob {
  const feed = feedOf(project, name);
  const selection = selectFeed(project.config, name);
  const { onNewColumn, onTypeChange, onMissingColumn } = policyOf(project.config, name);
  const rules = shortHash(
    stageFormat,
    JSON.stringify(feed.columns.map((column) => [column.name, column.type])),
    JSON.stringify([onNewColumn, onTypeChange, onMissingColumn, selection?.version, selection?.format]),
    JSON.stringify([feed.key, feed.renamed]), // rows without their key are counted by these
  );
  const before = former ?? emptyFeed();
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
        columns: startColumns(feed, former, before.rules === rules, options.rename),
        rescuedKeys: new Set(),
      },
    ),
    days: new Map(before.days.map((day) => [day.dt, day])),
    layouts: [...before.layouts],
    tasks: [],
    missing: missingFiles(project.data, before.days.flatMap(stagedFiles)),
    refused: [],
    gone: [],
    warnings: [],
    restamped: false,
  };
}

function addTask(project: Project, job: FeedJob, file: DayFile, force: boolean): void {
  const { feed, dt } = file;
  const former = job.days.get(dt);
  const stamp = `${file.mtimeMs}:${file.size}:${job.rules}`;
  const incomplete = former !== undefined && stagedFiles(former).some((path) => job.missing.has(path));
  const restage = force || incomplete;
  if (former?.stamp === stamp && !restage) return;
  const manifest = readDay(project, feed, dt);
  if (manifest === null) {
    job.refused.push({ dt, reason: withoutManifest(feed, dt, "cannot be read") });
    return;
  }
  const files = dataFiles(project, manifest, (text) => job.warnings.push(`${feed} ${dt} is ${text}`));
  if (files === null) {
    if (former) job.gone.push(dt);
    job.days.delete(dt);
    return;
  }
  const source = shortHash(job.rules, JSON.stringify(files));
  if (former?.source === source && !restage) {
    job.days.set(dt, { ...former, stamp });
    job.restamped = true;
  } else {
    const before = former?.stamp.endsWith(`:${job.rules}`) && !restage ? former : null;
    job.tasks.push({ feed, dt, source, stamp, files, before, incomplete });
  }
}

// The kit never removes a manifest: the rows stay, and the report says that it is gone.
function withoutManifest(feed: string, dt: string, what: string): string {
  return `manifest/${feed}/${dt}.json ${what}: asapp-kit sync lists and fetches that day again`;
}

/** Days of the warehouse whose manifest is gone, or has changed and cannot be read. */
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
 * The files to stage of a day; null when no partition is left. A day is read in one version and format: the one that covers
 * most of it, so that half a day in a new version does not replace a whole day in the old. Among equals, the configured one,
 * else the oldest version and `jsonl`.
 */
function dataFiles(project: Project, day: ManifestDay, warn: (text: string) => void): ListedFile[] | null {
  const partitions = day.partitions.filter(hasFiles);
  const { version, format } = selectFeed(project.config, day.feed) ?? {};
  const rank = (partition: ManifestPartition) =>
    Number(partition.version !== version) * 2 + Number(partition.format !== (format ?? "jsonl"));
  partitions.sort((a, b) => rank(a) - rank(b) || compareVersions(a.version, b.version) || compare(a.format, b.format));
  const exports = new Map<string, ManifestPartition[]>();
  for (const partition of partitions) {
    const name = `version=${partition.version}/format=${partition.format}`;
    exports.set(name, [...(exports.get(name) ?? []), partition]);
  }
  const [first, ...others] = exports;
  if (first === undefined) return null;
  let chosen = first;
  for (const other of others) if (minutesOf(other[1]) > minutesOf(chosen[1])) chosen = other;
  if (chosen !== first && partitions.some((partition) => rank(partition) === 0) && (version || format))
    warn(`read in ${chosen[0]}: ${first[0]} has ${hours(first[1])} of the ${hours(chosen[1])} hours delivered`);
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
