import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DayDetail, DaySnapshot, FileDetail } from "./snapshot.ts";

export interface Detail {
  summary: DayDetail;
  files: FileDetail[]; // in the order of run and path
}

/** What was noted about a day's files while they were staged. */
export function readDetail(data: string, { detail }: Pick<DaySnapshot, "detail">): Detail {
  const [summary, ...files] = readFileSync(join(data, detail), "utf8").trimEnd().split("\n");
  return {
    summary: JSON.parse(summary!) as DayDetail,
    files: files.map((line) => JSON.parse(line) as FileDetail),
  };
}
