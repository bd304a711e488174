import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { entriesOf } from "../../base/files.ts";
import { namesOf } from "../../base/names.ts";
import { quoteFiles, quoteName } from "../../duckdb/quote.ts";
import { readDetail, type StagedDay, stagedDay } from "../snapshot/detail.ts";
import {
  type DayDetail,
  type DaySnapshot,
  emptySnapshot,
  type FeedSnapshot,
  type FileDetail,
  filesOf,
  type StagedColumn,
} from "../snapshot/snapshot.ts";
import type { DayFiles, ListedFile } from "./day-files.ts";

/** The files, paths below the data folder, that are missing; a folder is no file. */
export function missingFiles(data: string, files: readonly string[]): Set<string> {
  // One listing per folder: the cost of a stat per file would grow with the history.
  const folders = new Map<string, Set<string>>();
  const filesIn = (folder: string): Set<string> => {
    const listed = folders.get(folder);
    if (listed !== undefined) return listed;
    const entries = entriesOf(join(data, folder)).filter((entry) => !entry.isDirectory());
    const names = new Set(entries.map(({ name }) => name));
    folders.set(folder, names);
    return names;
  };
  return new Set(
    files.filter((file) => {
      const folder = dirname(file);
      return !filesIn(folder).has(file.slice(folder.length + 1));
    }),
  );
}

/** By dt: days staged before from the same files and rules, but not recorded. Their detail file came last, so they are complete. */
export function unrecordedDays(
  data: string,
  feed: string,
  before: FeedSnapshot,
  tasks: readonly Pick<DayFiles, "dt" | "source">[],
): Map<string, StagedDay> {
  const unrecorded = new Map<string, StagedDay>();
  const folder = `staged/${feed}`;
  if (tasks.length === 0 || !statSync(join(data, folder), { throwIfNoEntry: false })?.isDirectory()) return unrecorded;
  const recorded = filesOf({ ...emptySnapshot(), feeds: namesOf([[feed, before]]) });
  const sources = new Map(tasks.map(({ dt, source }) => [dt, source]));
  for (const name of readdirSync(join(data, folder))) {
    const detail = `${folder}/${name}`;
    if (!name.endsWith(".jsonl") || recorded.has(detail) || !sources.has(name.slice(0, 10))) continue;
    const summary = readDetail(data, { detail })?.summary;
    if (summary === undefined || sources.get(summary.dt) !== summary.source) continue;
    const day = stagedDay(detail, summary);
    const files = [day.staged, day.quarantine].filter((file) => file !== null);
    if (files.every((file) => existsSync(join(data, file)))) unrecorded.set(summary.dt, day);
  }
  return unrecorded;
}

/** The staged part of a day that stays valid when files were added to it. */
export interface Reuse {
  parquet: string | null; // absolute
  quarantine: string | null; // absolute
  summary: DayDetail;
  files: FileDetail[];
}

/**
 * The staged rows of a day to which files were only added, under the same rules; else null. So a file's JSON is parsed once,
 * however often its day grows.
 */
export function reusable(data: string, files: readonly ListedFile[], before: DaySnapshot | null): Reuse | null {
  if (before === null) return null;
  const paths = [before.detail, before.staged, before.quarantine].filter((path) => path !== null);
  if (!paths.every((path) => existsSync(join(data, path)))) return null;
  const detail = readDetail(data, before);
  if (detail === null) return null;
  const now = new Map(files.map((file) => [file.path, file.md5]));
  if (detail.files.length === 0 || !detail.files.every(({ file, md5 }) => now.get(file) === md5)) return null;
  const absolute = (path: string | null) => path && join(data, path);
  return { ...detail, parquet: absolute(before.staged), quarantine: absolute(before.quarantine) };
}

/** True when staging the rows again with these columns would give the same. */
export function fits(reuse: Reuse, columns: readonly StagedColumn[]): boolean {
  const now = new Map(columns.map((column) => [column.key, column]));
  return reuse.summary.columns.every(({ key, name, type, untyped }) => {
    const column = now.get(key);
    return column?.name === name && (untyped || column.type === type);
  });
}

/** SQL that reads the staged rows in the shape of `columns`; later columns are null. */
export function reuseSelect(parquet: string, reuse: Reuse, columns: readonly StagedColumn[]): string {
  const staged = new Set(reuse.summary.columns.filter(({ untyped }) => !untyped).map(({ name }) => name));
  const outputs = columns
    .filter(({ untyped }) => !untyped)
    .map(({ name, type }) => `${staged.has(name) ? quoteName(name) : `null::${type}`} as ${quoteName(name)}`);
  return `select ${[...outputs, "_file", "_line", "_run", "_rescued"].join(", ")} from read_parquet(${quoteFiles([parquet])})`;
}
