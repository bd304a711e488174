import { existsSync } from "node:fs";
import { join } from "node:path";
import { coveredMinutes, partitionStart } from "../export/partition.ts";
import { feedOf, type Project } from "../project.ts";
import { hasFiles, type ManifestPartition, partitionOf, readDay } from "../sync/manifest.ts";
import { type Database, openDatabase } from "./database.ts";
import { type PartitionRow, partitionRows, partitionsPath, writePartitions } from "./partitions.ts";
import { parquetRelation } from "./relation.ts";
import type { DayFacts, DaySnapshot, Snapshot } from "./snapshot.ts";

const minute = 60_000;
const windowMinutes = 15;

/** The snapshot with the facts of every day whose manifest or staged file is another than when they were taken. */
export async function withFacts(project: Project, snapshot: Snapshot): Promise<Snapshot> {
  const { data } = project;
  let database: Database | null = null;
  const feeds: Snapshot["feeds"] = {};
  try {
    for (const [name, feed] of Object.entries(snapshot.feeds)) {
      const wfm = feedOf(project, name).kind === "wfm";
      const known = feed.partitions !== undefined && existsSync(join(data, feed.partitions));
      const changed = new Map<string, PartitionRow[]>();
      const days: DaySnapshot[] = [];
      for (const day of feed.days) {
        const stamp = `${day.stamp} ${day.staged}`;
        if (known && day.facts?.stamp === stamp) {
          days.push(day);
          continue;
        }
        const manifest = readDay(project, name, day.dt);
        const partitions = manifest?.partitions.filter(hasFiles) ?? [];
        let through = latest(
          partitions.map((partition) => partitionEnd({ feed: name, dt: day.dt }, partition)),
        );
        if (wfm && day.staged) {
          database ??= await openDatabase({ threads: 1 });
          through = await windowsEnd(database, data, day.staged);
        } else if (wfm) through = null;
        const facts = { stamp, states: countStates(partitions), lines: countLines(partitions), through };
        days.push({ ...day, facts });
        changed.set(day.dt, manifest === null ? [] : partitionRows(data, manifest, { ...day, facts }));
      }
      const partitions = partitionsPath(name, days);
      feeds[name] = { ...feed, partitions, days };
      if (known && partitions === feed.partitions) continue;
      database ??= await openDatabase({ threads: 1 });
      const before = known ? feed.partitions! : null;
      await writePartitions(database, data, { before, changed, days, path: partitions });
    }
  } finally {
    database?.close();
  }
  return { ...snapshot, feeds };
}

/** The end of what a partition covers, from its name on. */
function partitionEnd(day: { feed: string; dt: string }, partition: ManifestPartition): string {
  const id = partitionOf(day, partition);
  return new Date(partitionStart(id).getTime() + coveredMinutes(id) * minute).toISOString();
}

async function windowsEnd(database: Database, data: string, staged: string): Promise<string | null> {
  const relation = parquetRelation(data, [staged], [{ name: "instance_ts", type: "TIMESTAMP" }]);
  const { rows } = await database.rows(
    `select time_bucket(interval '${windowMinutes} minutes', max("instance_ts")) + interval '${windowMinutes} minutes' from ${relation}`,
  );
  const end = rows[0]?.[0];
  return typeof end === "string" ? new Date(end).toISOString() : null;
}

function latest(times: string[]): string | null {
  return times.reduce<string | null>((last, time) => (last === null || time > last ? time : last), null);
}

function countLines(partitions: ManifestPartition[]): number {
  return partitions.reduce(
    (sum, { objects }) => sum + objects.reduce((lines, object) => lines + object.lines, 0),
    0,
  );
}

function countStates(partitions: ManifestPartition[]): DayFacts["states"] {
  const states: Record<string, number> = {};
  for (const { state } of partitions) states[state] = (states[state] ?? 0) + 1;
  return Object.fromEntries(Object.entries(states).sort(([a], [b]) => (a < b ? -1 : 1)));
}
