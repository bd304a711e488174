import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DayDetail, DaySnapshot, FileDetail } from "./snapshot.ts";

export interface Detail {
  summary: DayDetail;
  files: FileDetail[]; // in the order of run and path
}

/** The day's files as they now lie in staged/ and quarantine/, paths below the data folder. */
export interface StagedDay {
  staged: string | null;
  detail: string;
  quarantine: string | null;
  summary: DayDetail;
}

/** A day by its detail file: the others have its name, and are there when they have something to hold. */
export function stagedDay(detail: string, summary: DayDetail): StagedDay {
  return {
    staged: summary.rows > 0 ? detail.replace(/jsonl$/, "parquet") : null,
    detail,
    quarantine: summary.quarantined > 0 ? detail.replace(/^staged/, "quarantine") : null,
    summary,
  };
}

/** What was noted about a day's files while they were staged. */
export function readDetail(data: string, { detail }: Pick<DaySnapshot, "detail">): Detail {
  const [summary, ...files] = readFileSync(join(data, detail), "utf8").trimEnd().split("\n");
  return {
    summary: JSON.parse(summary!) as DayDetail,
    files: files.map((line) => JSON.parse(line) as FileDetail),
  };
}
