import { existsSync } from "node:fs";
import { join } from "node:path";
import { reasonOf } from "../../base/errors.ts";
import { isFatal } from "../../base/faults.ts";
import { noNames } from "../../base/names.ts";
import { feedOf, type Project } from "../../config/project.ts";
import { type Database, openDatabase } from "../../duckdb/database.ts";
import { runOf } from "../../export/partition.ts";
import { hasFiles, type ManifestPartition, readDay } from "../../sync/manifest.ts";
import { type PartitionRow, partitionRows, partitionsPath, writePartitions } from "../current/partitions.ts";
import type { DayFacts, DaySnapshot, FeedSnapshot, Snapshot } from "../snapshot/snapshot.ts";
import type { Trouble } from "../snapshot/trouble.ts";
import { throughOf } from "../wfm/runs-through.ts";
import { windowRuns } from "../wfm/window-days.ts";
import { macroStatements, macrosIn } from "./macros.ts";
import { type DayTimes, horizonOf, isOdd, timeColumns, timesOfDays } from "./times.ts";

/**
 * The snapshot with updated facts of every day whose manifest or staged file changed, or which had times beyond the horizon.
 * A feed whose facts cannot be computed has none and is listed in `failed`.
 */
export async function withFacts(
  project: Project,
  snapshot: Snapshot,
  now: Date,
): Promise<{ snapshot: Snapshot; failed: Trouble[] }> {
  const { data, config } = project;
  const { futureHours } = config.sync;
  const horizon = horizonOf(now, config);
  let opening: Promise<Database> | null = null;
  const open = () => (opening ??= openFacts({ futureHours, horizon }));
  const feeds: Snapshot["feeds"] = noNames();
  const failed: Trouble[] = [];
  try {
    for (const [name, feed] of Object.entries(snapshot.feeds)) {
      const hasPartitions = feed.partitions !== undefined && existsSync(join(data, feed.partitions));
      try {
        feeds[name] = await withFeedFacts(project, name, feed, { known: hasPartitions, horizon, open }).catch(
          (error) => {
            if (isFatal(error) || !hasPartitions) throw error;
            // The partitions file is damaged.
            return withFeedFacts(project, name, feed, { known: false, horizon, open });
          },
        );
      } catch (error) {
        if (isFatal(error)) throw error;
        failed.push({ feed: name, dt: "", reason: reasonOf(error) });
        const { partitions: _, ...rest } = feed;
        feeds[name] = rest;
      }
    }
  } finally {
    await (opening as Promise<Database> | null)?.then((database) => database.close());
  }
  const { horizon: _, ...rest } = snapshot;
  const usesHorizon = Object.values(feeds).some(({ days }) => days.some(({ facts }) => facts?.horizon));
  return { snapshot: { ...rest, feeds, ...(usesHorizon && { horizon }) }, failed };
}

async function withFeedFacts(
  project: Project,
  name: string,
  feed: FeedSnapshot,
  { known, horizon, open }: { known: boolean; horizon: string; open: () => Promise<Database> },
): Promise<FeedSnapshot> {
  const { data, config } = project;
  const { futureHours } = config.sync;
  const feedEntry = feedOf(project, name);
  const stampOf = (day: DaySnapshot) => `${day.stamp} ${day.staged} ${futureHours}`;
  const isCurrent = ({ facts, ...day }: DaySnapshot) =>
    known && facts?.stamp === stampOf(day) && (facts.horizon ?? horizon) === horizon;
  const outdated = feed.days.filter((day) => !isCurrent(day));
  const times =
    outdated.length === 0
      ? new Map<string, DayTimes>()
      : await timesOfDays(await open(), data, feed, outdated, {
          columns: timeColumns(feedEntry),
          windows: feedEntry.kind === "wfm",
          futureHours,
        });
  const changed = new Map<string, PartitionRow[]>();
  const days = feed.days.map((day) => {
    const dayTimes = times.get(day.dt);
    if (dayTimes === undefined) return day;
    const manifest = readDay(project, name, day.dt);
    const partitions = manifest?.partitions.filter(hasFiles) ?? [];
    const oddPartitions = partitions.filter((partition) => isOdd(day.dt, partition, horizon));
    const timely = partitions.filter((partition) => !oddPartitions.includes(partition));
    const facts: DayFacts = {
      stamp: stampOf(day),
      states: countStates(partitions),
      lines: countLines(partitions),
      through: throughOf(
        feedEntry.kind === "wfm",
        timely.map(({ hr, mi }) => ({ dt: day.dt, hr, mi })),
        dayTimes.windows,
      ),
      ...(name === "queue_wfm" && { windows: windowRuns(dayTimes.windows) }),
      ...(dayTimes.mixed && { mixed: true as const }),
      ...(dayTimes.odd && { odd: dayTimes.odd }),
      ...(oddPartitions.length > 0 && {
        oddRuns: oddPartitions.map(({ hr, mi }) => runOf({ dt: day.dt, hr, mi })).sort(),
      }),
      ...((oddPartitions.length > 0 || dayTimes.beyond) && { horizon }),
    };
    changed.set(day.dt, manifest === null ? [] : partitionRows(data, manifest, { ...day, facts }));
    return { ...day, facts };
  });
  const partitions = partitionsPath(name, days);
  if (!known || partitions !== feed.partitions) {
    const before = known ? (feed.partitions ?? null) : null;
    await writePartitions(await open(), data, { before, changed, days, path: partitions });
  }
  return { ...feed, partitions, days };
}

async function openFacts(settings: { futureHours: number; horizon: string }): Promise<Database> {
  const database = await openDatabase({ threads: 1 });
  const macros = macroStatements({ timezone: "UTC", variant: "offered", ...settings });
  const needed = macrosIn("timely, window_start", macros).map((name) => macros.get(name));
  await database.run(needed.join("\n"));
  return database;
}

function countLines(partitions: ManifestPartition[]): number {
  return partitions.reduce((sum, { objects }) => sum + objects.reduce((lines, object) => lines + object.lines, 0), 0);
}

function countStates(partitions: ManifestPartition[]): DayFacts["states"] {
  const states = new Map<string, number>();
  for (const { state } of partitions) states.set(state, (states.get(state) ?? 0) + 1);
  return Object.fromEntries([...states].sort(([a], [b]) => (a < b ? -1 : 1)));
}
