import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isFatal } from "../../base/faults.ts";
import { makeFolder, moveFile } from "../../base/files.ts";
import { namesOf } from "../../base/names.ts";
import type { Project } from "../../config/project.ts";
import { type Database, openDatabase } from "../../duckdb/database.ts";
import { quoteFiles, quoteList } from "../../duckdb/quote.ts";
import { partitionColumns } from "../current/partitions.ts";
import { parquetRelation } from "../current/relation.ts";
import { type FeedSnapshot, type ReplacedRun, type Snapshot, shortHash } from "../snapshot/snapshot.ts";
import { writeParquet } from "../stage/inspect.ts";
import { knownSelect } from "./known.ts";

/**
 * The snapshot `next` with the rows of partitions that were exported again since `before`, as they were, for
 * `sync.keep_replaced`. The rows come from the staged files of `before`, which are still on disk; a file that is missing is
 * passed over, as is a damaged one. Rows kept longer than that are left out.
 */
export async function withReplaced(project: Project, before: Snapshot, next: Snapshot, now: Date): Promise<Snapshot> {
  const { keepReplacedMinutes } = project.config.sync;
  const oldest = new Date(now.getTime() - keepReplacedMinutes * 60_000).toISOString();
  const feeds = new Map(Object.entries(next.feeds));
  const pairs = [...feeds].flatMap(([name, feed]): Pair[] => {
    const former = before.feeds[name];
    return former?.partitions && feed.partitions && former.partitions !== feed.partitions
      ? [{ name, former, feed, files: [former.partitions, feed.partitions] }]
      : [];
  });
  const kept = keepReplacedMinutes === 0 ? new Map<string, ReplacedRun[]>() : await keptRows(project, pairs, now);
  for (const [name, feed] of feeds) {
    const { replaced: earlier = [], ...rest } = feed;
    const replaced = [...earlier.filter(({ until }) => until >= oldest), ...(kept.get(name) ?? [])];
    feeds.set(name, replaced.length === 0 ? rest : { ...rest, replaced });
  }
  return { ...next, feeds: namesOf([...feeds]) };
}

/** A feed before and after an update, with its partitions files. */
interface Pair {
  name: string;
  former: FeedSnapshot;
  feed: FeedSnapshot;
  files: [old: string, now: string];
}

/** The rows kept of each feed. Most updates replace nothing, which one query over all feeds tells. */
async function keptRows(project: Project, all: readonly Pair[], now: Date): Promise<Map<string, ReplacedRun[]>> {
  const pairs = all.filter(({ files }) => files.every((path) => existsSync(join(project.data, path))));
  const kept = new Map<string, ReplacedRun[]>();
  if (pairs.length === 0) return kept;
  const database = await openDatabase({ threads: 1 });
  // A former file may be damaged: the rows of before are then not kept, and the update goes on.
  const unlessFatal =
    <T>(instead: T) =>
    (error: unknown): T => {
      if (isFatal(error)) throw error;
      return instead;
    };
  try {
    const names = new Set(pairs.map(({ name }) => name));
    const changed = await feedsReplaced(database, project.data, pairs).catch(unlessFatal(names));
    for (const pair of pairs)
      if (changed.has(pair.name))
        kept.set(pair.name, await keepRows(database, project, pair, now).catch(unlessFatal([])));
  } finally {
    database.close();
  }
  return kept;
}

// The columns that `old` and `now` are joined by, and what tells that a partition was replaced, or is gone.
const partitionKey = "feed, dt, run, version, format";
const isReplaced =
  "now.run is null or now.completed_at is distinct from old.completed_at or now.fingerprint <> old.fingerprint";

async function feedsReplaced(database: Database, data: string, pairs: readonly Pair[]): Promise<Set<string>> {
  const [old, current] = [0, 1].map((at) =>
    parquetRelation(
      data,
      pairs.flatMap(({ files }) => files[at] ?? []),
      partitionColumns,
    ),
  );
  const { rows } = await database.rows(
    `select distinct old.feed from ${old} as old left join ${current} as now using (${partitionKey}) where ${isReplaced}`,
  );
  return new Set(rows.map(([feed]) => String(feed)));
}

/** Writes the former rows of partitions whose objects changed, or that are gone: one file a day. */
async function keepRows(
  database: Database,
  project: Project,
  { name, former, files }: Pair,
  now: Date,
): Promise<ReplacedRun[]> {
  const { data } = project;
  const [old, current] = files.map((path) => knownSelect(project, [path]));
  const runs = await database.objects<ReplacedRun["partition"] & { run: string; dt: string; until: string | null }>(
    `select old.* replace (old.dt::varchar as dt, ${isoSql("old.known_at")} as known_at, ${isoSql("old.completed_at")} as completed_at,
         ${isoSql("old.written_at")} as written_at,
         ${isoSql("old.run_end")} as run_end),
       ${isoSql("now.known_at")} as until
     from (${old}) as old left join (${current}) as now using (${partitionKey})
     where ${isReplaced}
     order by old.run, old.version, old.format`,
  );
  const kept: ReplacedRun[] = [];
  const byDay = new Map<string, typeof runs>();
  for (const run of runs) byDay.set(run.dt, [...(byDay.get(run.dt) ?? []), run]);
  for (const [dt, ofDay] of byDay) {
    const day = former.days.find((day) => day.dt === dt);
    if (day === undefined || (day.staged !== null && !existsSync(join(data, day.staged)))) continue;
    const path =
      day.staged === null ? null : await keepDay(database, data, { name, dt, staged: day.staged, runs: ofDay });
    for (const { until, ...partition } of ofDay)
      kept.push({
        run: partition.run,
        from: String(partition.known_at),
        until: until ?? now.toISOString(),
        rows: path,
        partition,
      });
  }
  return kept;
}

async function keepDay(
  database: Database,
  data: string,
  { name, dt, staged, runs }: { name: string; dt: string; staged: string; runs: readonly { run: string }[] },
): Promise<string | null> {
  const folder = `replaced/${name}`;
  const names = runs.map(({ run }) => run);
  const draft = join(data, folder, `.${dt}.${process.pid}.parquet`);
  makeFolder(data, folder);
  try {
    const { rows } = await writeParquet(
      database,
      [
        `select * from read_parquet(${quoteFiles([join(data, staged)])}) where "_run" in ${quoteList(names)} order by "_run", "_file", "_line"`,
      ],
      draft,
    );
    if (rows === 0) return null;
    const path = `${folder}/${dt}.${shortHash(staged, ...names)}.parquet`;
    moveFile(draft, data, path);
    return path;
  } finally {
    rmSync(draft, { force: true });
  }
}

function isoSql(time: string): string {
  return `strftime(${time}, '%Y-%m-%dT%H:%M:%S.%gZ')`;
}
