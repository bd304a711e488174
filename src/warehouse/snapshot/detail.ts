import { readFileSync } from "node:fs";
import { join } from "node:path";
import { allOfKind, damagedFile, isFields, isText } from "../../base/stored.ts";
import type { DayDetail, DaySnapshot, FileDetail } from "./snapshot.ts";

export interface Detail {
  summary: DayDetail;
  files: FileDetail[]; // in the order of run and path
}

/** A day's files in staged/ and quarantine/, as paths below the data folder. */
export interface StagedDay {
  staged: string | null;
  detail: string;
  quarantine: string | null;
  summary: DayDetail;
}

/** A day by its detail file: the other files share its name and exist only if not empty. */
export function stagedDay(detail: string, summary: DayDetail): StagedDay {
  return {
    staged: summary.rows > 0 ? detail.replace(/jsonl$/, "parquet") : null,
    detail,
    quarantine: summary.quarantined > 0 ? detail.replace(/^staged/, "quarantine") : null,
    summary,
  };
}

/** The detail of a day's files, recorded in staging; null if it cannot be read. */
export function readDetail(data: string, { detail }: Pick<DaySnapshot, "detail">): Detail | null {
  try {
    const [summary, ...files] = readFileSync(join(data, detail), "utf8")
      .trimEnd()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    return isSummary(summary) && files.every(isFile) ? { summary, files } : null;
  } catch {
    return null;
  }
}

/** The same, but throws CliError("verifyFailed") that names the file if it cannot be read. */
export function requireDetail(data: string, day: Pick<DaySnapshot, "detail">): Detail {
  const detail = readDetail(data, day);
  if (detail === null) throw damagedFile(day.detail, "its content is invalid", "asapp-kit verify --repair rebuilds it");
  return detail;
}

function isSummary(value: unknown): value is DayDetail {
  if (!isFields(value)) return false;
  const { columns, seen, found, rescued } = value;
  return (
    [value.feed, value.dt, value.source, value.path].every(isText) &&
    [value.rows, value.quarantined].every(Number.isSafeInteger) &&
    allOfKind(columns, isFields) !== null &&
    allOfKind(seen, isText) !== null &&
    [found, rescued].every(isFields)
  );
}

function isFile(value: unknown): value is FileDetail {
  return (
    isFields(value) &&
    [value.file, value.md5, value.run].every(isText) &&
    [value.lines, value.blank, value.rows, value.quarantined].every(Number.isSafeInteger)
  );
}
