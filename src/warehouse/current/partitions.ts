import { dirname, join } from "node:path";
import { makeFolder, moveFile } from "../../base/files.ts";
import type { Database } from "../../duckdb/database.ts";
import { quoteList } from "../../duckdb/quote.ts";
import { runOf } from "../../export/partition.ts";
import { type ManifestDay, partitionOf } from "../../sync/manifest.ts";
import { requireDetail } from "../snapshot/detail.ts";
import { type DaySnapshot, shortHash } from "../snapshot/snapshot.ts";
import { writeParquet } from "../stage/inspect.ts";
import { parquetRelation, rowsSql } from "./relation.ts";

/** The columns of a feed's partitions file, the source of kit.partitions for fetched partitions. */
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
  { name: "blank", type: "BIGINT" }, // lines that hold no row
  { name: "completed_at", type: "TIMESTAMP" }, // the marker's time
  { name: "written_at", type: "TIMESTAMP" }, // the latest time of its objects: a file may be newer than its marker
  { name: "fingerprint", type: "VARCHAR" }, // of its objects; null in files of a former version of the kit
];

const columnTypes = Object.fromEntries(partitionColumns.map(({ name, type }) => [name, type]));

export type PartitionRow = Record<string, string | number | null>;

/** The rows of a day: the partitions of its manifest, with the blank lines counted in staging. */
export function partitionRows(data: string, manifest: ManifestDay, day: DaySnapshot): PartitionRow[] {
  const blank = new Map<string, number>();
  if (day.facts?.lines !== day.rows + day.quarantined)
    for (const file of requireDetail(data, day).files) blank.set(file.run, (blank.get(file.run) ?? 0) + file.blank);
  return manifest.partitions.map((partition) => {
    const { version, format, hr, mi, state, marker, objects, fingerprint } = partition;
    const run = runOf(partitionOf(manifest, partition));
    return {
      feed: manifest.feed,
      dt: manifest.dt,
      hr,
      mi,
      run,
      version,
      format,
      state,
      files: objects.length,
      bytes: objects.reduce((sum, { size }) => sum + size, 0),
      lines: objects.reduce((sum, { lines }) => sum + (lines ?? 0), 0),
      blank: blank.get(run) ?? 0,
      completed_at: marker.modified,
      written_at: [marker, ...objects].map(({ modified }) => modified).reduce((a, b) => (b > a ? b : a)),
      fingerprint,
    };
  });
}

/** The path of a feed's partitions file below the data folder; it changes with any of the days. */
export function partitionsPath(feed: string, days: readonly DaySnapshot[]): string {
  return `staged/${feed}/partitions.${shortHash(...days.map(({ dt, facts }) => `${dt} ${facts?.stamp}`))}.parquet`;
}

export interface PartitionsChange {
  before: string | null; // the former file
  changed: ReadonlyMap<string, PartitionRow[]>; // rows of changed days, by dt
  days: readonly DaySnapshot[]; // all present days
  path: string; // of the new file
}

/** Writes a feed's partitions file from the former one, so that a new day does not read a year of manifests. */
export async function writePartitions(
  database: Database,
  data: string,
  { before, changed, days, path }: PartitionsChange,
): Promise<void> {
  const kept = days.map(({ dt }) => dt).filter((dt) => !changed.has(dt));
  const selects = [`select * from ${rowsSql(columnTypes, [...changed.values()].flat())}`];
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
  moveFile(draft, data, path);
}
