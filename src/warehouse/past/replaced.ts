import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isFatal } from "../../base/faults.ts";
import { makeFolder, moveFile } from "../../base/files.ts";
import { namesOf } from "../../base/names.ts";
import type { Project } from "../../config/project.ts";
import { type Database, openDatabase } from "../../duckdb/database.ts";
import { quoteFiles, quoteList } from "../../duckdb/quote.ts";
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
  let database: Database | null = null;
  try {
    for (const [name, feed] of feeds) {
      const former = before.feeds[name];
      const replaced = (feed.replaced ?? []).filter(({ until }) => until >= oldest);
      if (former?.partitions && feed.partitions && former.partitions !== feed.partitions && keepReplacedMinutes > 0) {
        database ??= await openDatabase({ threads: 1 });
        replaced.push(...(await keepRows(database, project, name, former, feed, now).catch(unlessFatal)));
      }
      const { replaced: _, ...rest } = feed;
      feeds.set(name, replaced.length === 0 ? rest : { ...rest, replaced });
    }
  } finally {
    database?.close();
  }
  return { ...next, feeds: namesOf([...feeds]) };
}

// A former file may be damaged: the rows of before are then not kept, and the update goes on.
function unlessFatal(error: unknown): ReplacedRun[] {
  if (isFatal(error)) throw error;
  return [];
}

/** Writes the former rows of partitions whose objects changed, or that are gone: one file a day. */
async function keepRows(
  database: Database,
  project: Project,
  name: string,
  former: FeedSnapshot,
  feed: FeedSnapshot,
  now: Date,
): Promise<ReplacedRun[]> {
  const { data } = project;
  const files = [former.partitions, feed.partitions].filter((path) => path !== undefined);
  if (!files.every((path) => existsSync(join(data, path)))) return [];
  const [old, current] = files.map((path) => knownSelect(project, [path]));
  const runs = await database.objects<ReplacedRun["partition"] & { run: string; dt: string; until: string | null }>(
    `select old.* replace (old.dt::varchar as dt, ${isoSql("old.known_at")} as known_at, ${isoSql("old.completed_at")} as completed_at,
         ${isoSql("old.written_at")} as written_at,
         ${isoSql("old.run_end")} as run_end),
       ${isoSql("now.known_at")} as until
     from (${old}) as old left join (${current}) as now using (dt, run, version, format)
     where now.run is null or now.completed_at is distinct from old.completed_at or now.fingerprint <> old.fingerprint
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
