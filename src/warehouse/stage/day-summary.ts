import { moveFile, writeAtomically } from "../../base/files.ts";
import type { Found } from "../schema/typing.ts";
import { type StagedDay, stagedDay } from "../snapshot/detail.ts";
import {
  type DayDetail,
  type FileDetail,
  type Keyless,
  type Ranges,
  type StagedColumn,
  type StagePath,
  shortHash,
  type UnfitValues,
} from "../snapshot/snapshot.ts";
import type { DayFiles } from "./day-files.ts";
import type { RescuedValues, Written } from "./inspect.ts";
import { rescuedName } from "./stage-sql.ts";
import type { Reuse } from "./staged-files.ts";

/** Part of every fingerprint: a new value restages all days. */
export const stageFormat = "6";

/** A day as read. */
export interface DayRead extends DayEvidence {
  day: Pick<DayFiles, "feed" | "dt" | "source">;
  path: StagePath;
  columns: readonly StagedColumn[];
  spelled: ReadonlySet<string>; // time columns read in every spelling
  firstLines: readonly string[]; // of each file
  details: readonly FileDetail[]; // of each file
  reuse: Reuse | null; // rows of other files, staged before
  keyless: Keyless | null;
}

/** The findings of a read. */
export interface DayEvidence {
  written: Written | null; // null: no row at all
  rescued: ReadonlyMap<string, RescuedValues>; // by name in `_rescued`
  found: ReadonlyMap<string, ReadonlySet<Found>>; // by key
}

/** The summary of a day, and the details of its files by run and path. `rangesOf`: keys of the columns whose range is recorded. */
export function daySummary(read: DayRead, rangesOf: ReadonlySet<string>): { summary: DayDetail; files: FileDetail[] } {
  const { columns, rescued, reuse, spelled, keyless } = read;
  const { feed, dt, source } = read.day;
  const files = [...(reuse?.files ?? []), ...read.details].sort(byRun);
  if (files.some(({ lines, blank, rows, quarantined }) => lines !== blank + rows + quarantined))
    throw new Error(`internal: lines are lost in ${feed} ${dt}`);
  const ranges = rangesIn(read, rangesOf);
  const unfit = unfitIn(read);
  const summary: DayDetail = {
    feed,
    dt,
    source,
    rows: sum(files, "rows"),
    quarantined: sum(files, "quarantined"),
    path: slower(read.path, reuse?.summary.path),
    columns: [...columns],
    seen: seenIn(read),
    found: foundByName(read),
    ...(Object.keys(ranges).length > 0 ? { ranges } : {}),
    rescued: rescuedByColumn(rescued, columns),
    ...(unfit.length > 0 ? { unfit } : {}),
    ...(spelled.size > 0 ? { spelled: [...spelled].sort() } : {}),
    ...(keyless ? { keyless } : {}),
  };
  return { summary, files };
}

/** Moves the files of a day into place, unless empty, and writes its detail file. */
export function installDay(
  data: string,
  from: { parquet: string; quarantine: string },
  summary: DayDetail,
  files: readonly FileDetail[],
): StagedDay {
  const { feed, dt, source, columns } = summary;
  const name = `${feed}/${dt}.${shortHash(source, JSON.stringify(columns), stageFormat)}`;
  const day = stagedDay(`staged/${name}.jsonl`, summary);
  if (day.staged) moveFile(from.parquet, data, day.staged);
  if (day.quarantine) moveFile(from.quarantine, data, day.quarantine);
  // Last: a detail file means that the others are complete.
  const lines = [summary, ...files].map((line) => `${JSON.stringify(line)}\n`);
  writeAtomically(data, day.detail, lines.join(""), { flush: true });
  return day;
}

/** Columns with a value, rescued ones included, or whose key is in the first line of a file. */
function seenIn({ columns, written, rescued, firstLines, reuse }: DayRead): string[] {
  if (written === null) return [];
  const before = new Set(reuse?.summary.seen);
  const empty = columns.filter((column) => {
    const { name, untyped } = column;
    if (before.has(name) || rescued.has(rescuedName(column))) return false;
    return untyped || !written.filled(name);
  });
  const absent = new Set(empty.map(({ key }) => key));
  for (const line of firstLines) {
    if (absent.size === 0) break;
    for (const key of keysIn(line)) absent.delete(key);
  }
  return columns.filter(({ key }) => !absent.has(key)).map(({ name }) => name);
}

function keysIn(line: string): string[] {
  try {
    const value: unknown = JSON.parse(line.replace(/^\ufeff/, ""));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  } catch {
    return [];
  }
}

function rangesIn({ columns, written }: DayRead, rangesOf: ReadonlySet<string>): Ranges {
  const ranged = columns.filter(({ key, untyped }) => rangesOf.has(key) && !untyped);
  return Object.fromEntries(
    ranged.flatMap(({ name }) => {
      const range = written?.range(name);
      return range ? [[name, range]] : [];
    }),
  );
}

function unfitIn({ columns, written, rescued }: DayRead): UnfitValues[] {
  if (written === null) return [];
  return columns
    .flatMap((column) => {
      const values = rescued.get(rescuedName(column));
      if (!values) return [];
      const { name, untyped } = column;
      // A time with nanoseconds is in its column, and as text in _rescued.
      const fit = untyped ? 0 : Math.min(written.rows - written.nulls(name), written.rows - values.count);
      return [{ column: name, values: values.count, fit, example: values.example }];
    })
    .sort((a, b) => (a.column < b.column ? -1 : 1));
}

function foundByName({ columns, found }: DayRead): Record<string, Found[]> {
  const pairs = columns.map(({ key, name }) => [name, [...(found.get(key) ?? [])].sort()] as const);
  return Object.fromEntries(pairs.filter(([, kinds]) => kinds.length > 0));
}

// "status#1" is an earlier value of a repeated key.
function rescuedByColumn(
  rescued: ReadonlyMap<string, { count: number }>,
  columns: readonly StagedColumn[],
): Record<string, number> {
  const names = new Map(columns.map((column) => [rescuedName(column), column.name]));
  const counts = new Map<string, number>();
  for (const [member, { count }] of rescued) {
    const name = names.get(member) ?? names.get(member.replace(/#\d+$/, "")) ?? member;
    counts.set(name, (counts.get(name) ?? 0) + count);
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const paths: StagePath[] = ["typed", "text", "careful"];

function slower(a: StagePath, b: StagePath = "typed"): StagePath {
  return paths.indexOf(a) > paths.indexOf(b) ? a : b;
}

function byRun(a: FileDetail, b: FileDetail): number {
  if (a.run !== b.run) return a.run < b.run ? -1 : 1;
  return a.file < b.file ? -1 : 1;
}

function sum(details: readonly FileDetail[], what: "rows" | "quarantined"): number {
  return details.reduce((total, detail) => total + detail[what], 0);
}
