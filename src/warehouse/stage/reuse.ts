import { existsSync } from "node:fs";
import { join } from "node:path";
import { quoteFiles, quoteName } from "../../duckdb/quote.ts";
import { readDetail } from "../snapshot/detail.ts";
import type { DayDetail, DaySnapshot, FileDetail, StagedColumn } from "../snapshot/snapshot.ts";
import type { ListedFile } from "./day-files.ts";

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
export function reusable(
  data: string,
  files: readonly ListedFile[],
  before: DaySnapshot | null,
): Reuse | null {
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
