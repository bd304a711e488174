import { dirname, join } from "node:path";
import { makeFolder, putFile } from "../../base/files.ts";
import type { Database } from "../../duckdb/database.ts";
import { quoteList } from "../../duckdb/quote.ts";
import { runOf } from "../../export/partition.ts";
import { type ManifestDay, partitionOf } from "../../sync/manifest.ts";
import { requireDetail } from "../snapshot/detail.ts";
import { type DaySnapshot, shortHash } from "../snapshot/snapshot.ts";
import { writeParquet } from "../stage/inspect.ts";
import { parquetRelation, rowsSql } from "./relation.ts";

/** The columns of a feed's file of partitions, which is what kit.partitions shows of those that are here. */
export const partitionColumns = [
  { name: "feed", type: "VARCHAR" },
  { name: "dt", type: "DATE" },
  { name: "hr", type: "VARCHAR" },
  { name: "mi", type: "VARCHAR" },
  { name: "run", type: "VARCHAR" },
  { name: "version", type: "VARCHAR" },
  { name: "format", type: "VARCHAR" },
  { name: "state", type: "VARCHAR" },
  { name: "files", type: "BIGINT" },
  { name: "bytes", type: "BIGINT" },
  { name: "lines", type: "BIGINT" },
  { name: "blank", type: "BIGINT" }, // of the lines, those that are not to be rows
  { name: "completed_at", type: "TIMESTAMP" },
];

const shape = Object.fromEntries(partitionColumns.map(({ name, type }) => [name, type]));

export type PartitionRow = Record<string, string | number | null>;

/** The rows of a day: its manifest's partitions, with the blank lines that were met while it was staged. */
export function partitionRows(data: string, manifest: ManifestDay, day: DaySnapshot): PartitionRow[] {
  const blank = new Map<string, number>();
  if (day.facts?.lines !== day.rows + day.quarantined)
    for (const file of requireDetail(data, day).files)
      blank.set(file.run, (blank.get(file.run) ?? 0) + file.blank);
  return manifest.partitions.map((partition) => {
    const { version, format, hr, mi, state, marker, objects } = partition;
    const run = runOf(partitionOf(manifest, partition));
    return {
      ...{ feed: manifest.feed, dt: manifest.dt, hr, mi, run, version, format, state },
      files: objects.length,
      bytes: objects.reduce((sum, { size }) => sum + size, 0),
      lines: objects.reduce((sum, { lines }) => sum + (lines ?? 0), 0),
      blank: blank.get(run) ?? 0,
      completed_at: marker.modified,
    };
  });
}

/** The file of a feed's partitions, below the data folder: another one when any of its days is. */
export function partitionsPath(feed: string, days: readonly DaySnapshot[]): string {
  return `staged/${feed}/partitions.${shortHash(...days.map(({ dt, facts }) => `${dt} ${facts?.stamp}`))}.parquet`;
}

export interface PartitionsChange {
  before: string | null; // the file till now
  changed: ReadonlyMap<string, PartitionRow[]>; // days that are other ones, by dt
  days: readonly DaySnapshot[]; // all that are here now
  path: string; // of the new file
}

/** Writes the file of a feed's partitions anew, from the one before it: a year of manifests is not read for one day. */
export async function writePartitions(
  database: Database,
  data: string,
  { before, changed, days, path }: PartitionsChange,
): Promise<void> {
  const kept = days.map(({ dt }) => dt).filter((dt) => !changed.has(dt));
  const selects = [`select * from ${rowsSql(shape, [...changed.values()].flat())}`];
  if (before !== null && kept.length > 0)
    selects.push(
      `select * from ${parquetRelation(data, [before], partitionColumns)} where dt::varchar in ${quoteList(kept)}`,
    );
  const draft = join(data, `${path}.${process.pid}`);
  makeFolder(data, dirname(path));
  await writeParquet(
    database,
    [`select * from (${selects.join(" union all ")}) order by dt, run, version, format`],
    draft,
  );
  putFile(draft, data, path);
}
