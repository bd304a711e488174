import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Project } from "../src/config/project.ts";
import { openDatabase } from "../src/duckdb/database.ts";
import { quoteList } from "../src/duckdb/quote.ts";
import type { Value } from "../src/duckdb/values.ts";
import type { Column, Feed } from "../src/export/feed.ts";
import { unknownFeed } from "../src/export/registry.ts";
import {
  type DayDetail,
  type FileDetail,
  loadSnapshot,
  type QuarantinedLine,
  saveSnapshot,
} from "../src/warehouse/snapshot/snapshot.ts";
import { quarantinedLines } from "../src/warehouse/stage/quarantine.ts";
import { type StageOptions, type StageReport, stage } from "../src/warehouse/stage/stage.ts";
import { type RawFixture, rawFixture } from "./raw-fixture.ts";

export const now = new Date("2026-09-10T00:00:00Z");

/** Stages and saves, as an update of the warehouse does. */
export async function stageAndSave(project: Project, options: StageOptions = {}): Promise<StageReport> {
  const report = await stage(project, options);
  saveSnapshot(project.data, loadSnapshot(project.data), report.snapshot, now);
  return report;
}

/** All staged rows of a feed in delivered order, without the columns named. */
export async function stagedRows(
  project: Project,
  feed: string,
  without: string[] = ["_file", "_run", "_rescued"],
): Promise<Record<string, Value>[]> {
  const days = loadSnapshot(project.data).feeds[feed]?.days ?? [];
  const db = await openDatabase();
  const rows: Record<string, Value>[] = [];
  for (const { staged } of days) {
    if (staged === null) continue;
    const list = quoteList([join(project.data, staged)]);
    rows.push(...(await db.objects(`from read_parquet(${list}) order by _run, _file, _line`)));
  }
  db.close();
  for (const row of rows) for (const name of without) delete row[name];
  return rows;
}

export function quarantine(project: Project, feed: string): (QuarantinedLine & { dt: string })[] {
  return [...quarantinedLines(project.data, loadSnapshot(project.data), feed)];
}

export function detail(project: Project, feed: string, dt: string): { day: DayDetail; files: FileDetail[] } {
  const day = loadSnapshot(project.data).feeds[feed]!.days.find((other) => other.dt === dt)!;
  const [first, ...files] = readFileSync(join(project.data, day.detail), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  return { day: first, files };
}

/** A column of each type. */
export const eventColumns = {
  id: "VARCHAR",
  n: "BIGINT",
  x: "DOUBLE",
  flag: "BOOLEAN",
  ts: "TIMESTAMP",
  day: "DATE",
  o: "JSON",
};

/** A project with a documented feed `events` of these columns. */
export function eventsFixture(): RawFixture {
  return rawFixture((project) => {
    project.feeds.set("events", documented("events", eventColumns));
  });
}

/** A documented feed with these columns: `{id: "VARCHAR", n: "BIGINT"}`. */
export function documented(name: string, columns: Record<string, string>): Feed {
  return {
    ...unknownFeed(name),
    key: Object.keys(columns).slice(0, 1),
    columns: Object.entries(columns).map(([column, type]) => documentedColumn(column, type)),
  };
}

/** A documented column that holds nothing personal. */
export function documentedColumn(name: string, type: string): Column {
  return {
    name,
    type,
    published: null,
    doc: "",
    personal: "none",
    added: null,
    deprecated: null,
    endOfLife: null,
    assumed: false,
  };
}

export function columnTypes(project: Project, feed: string): Record<string, string> {
  const columns = loadSnapshot(project.data).feeds[feed]?.columns ?? [];
  return Object.fromEntries(columns.map(({ name, type }) => [name, type]));
}
