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

/** Those of the files, paths below the data folder, that are not there, be it that a folder has their name. */
export function lostFiles(data: string, files: readonly string[]): Set<string> {
  // One listing a folder, as a stat of each file would cost more the longer the history is.
  const folders = new Map<string, Set<string>>();
  return new Set(
    files.filter((file) => {
      const folder = dirname(file);
      if (!folders.has(folder)) {
        const entries = entriesOf(join(data, folder)).filter((entry) => !entry.isDirectory());
        folders.set(folder, new Set(entries.map(({ name }) => name)));
      }
      return !folders.get(folder)!.has(file.slice(folder.length + 1));
    }),
  );
}

/** By dt: days to be staged that lie there already, from the same files and rules. Their detail file came last, so they are whole. */
export function leftoverDays(
  data: string,
  feed: string,
  before: FeedSnapshot,
  tasks: readonly Pick<DayFiles, "dt" | "source">[],
): Map<string, StagedDay> {
  const found = new Map<string, StagedDay>();
  const folder = `staged/${feed}`;
  if (tasks.length === 0 || !statSync(join(data, folder), { throwIfNoEntry: false })?.isDirectory()) return found;
  const known = filesOf({ ...emptySnapshot(), feeds: namesOf([[feed, before]]) });
  const wanted = new Map(tasks.map(({ dt, source }) => [dt, source]));
  for (const name of readdirSync(join(data, folder))) {
    const detail = `${folder}/${name}`;
    if (!name.endsWith(".jsonl") || known.has(detail) || !wanted.has(name.slice(0, 10))) continue;
    const summary = readDetail(data, { detail })?.summary;
    if (summary === undefined || wanted.get(summary.dt) !== summary.source) continue;
    const day = stagedDay(detail, summary);
    const files = [day.staged, day.quarantine].filter((file) => file !== null);
    if (files.every((file) => existsSync(join(data, file)))) found.set(summary.dt, day);
  }
  return found;
}

/** What is staged of a day and still right, now that files have come to it. */
export interface Reuse {
  parquet: string | null; // absolute
  quarantine: string | null; // absolute
  summary: DayDetail;
  files: FileDetail[];
}

/**
 * The staged rows of a day to which files were added, none of its own changed or gone, under the same rules; else null.
 * So a file's JSON is parsed once, however often its day grows.
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

/** True when the staged rows are what staging them anew with these columns would give. */
export function fits(reuse: Reuse, columns: readonly StagedColumn[]): boolean {
  const now = new Map(columns.map((column) => [column.key, column]));
  return reuse.summary.columns.every(({ key, name, type, untyped }) => {
    const column = now.get(key);
    return column?.name === name && (untyped || column.type === type);
  });
}

/** SQL that reads the staged rows in the shape of `columns`; those that came later are null. */
export function reuseSelect(parquet: string, reuse: Reuse, columns: readonly StagedColumn[]): string {
  const there = new Set(reuse.summary.columns.filter(({ untyped }) => !untyped).map(({ name }) => name));
  const outputs = columns
    .filter(({ untyped }) => !untyped)
    .map(({ name, type }) => `${there.has(name) ? quoteName(name) : `null::${type}`} as ${quoteName(name)}`);
  return `select ${[...outputs, "_file", "_line", "_run", "_rescued"].join(", ")} from read_parquet(${quoteFiles([parquet])})`;
}
