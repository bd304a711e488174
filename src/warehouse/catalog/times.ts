import { join } from "node:path";
import type { Config } from "../../config/config.ts";
import type { Database } from "../../duckdb/database.ts";
import { quoteList, quoteName, quoteText } from "../../duckdb/quote.ts";
import type { Feed } from "../../export/feed.ts";
import { firstTime, partitionStart } from "../../export/partition.ts";
import type { ManifestPartition } from "../../sync/manifest.ts";
import { parquetRelation } from "../current/relation.ts";
import { type RelationColumn, spellingsOf } from "../dedupe/dedupe.ts";
import type { DaySnapshot, FeedSnapshot, OddTimes } from "../snapshot/snapshot.ts";
import { keyValue, wfmNames, windowKeys } from "../wfm/wfm.ts";

const hour = 3_600_000;

/** The time after which nothing can have happened yet, allowing for clock differences. In whole hours, so that it rarely changes. */
export function horizonOf(now: Date, { sync }: Pick<Config, "sync">): string {
  const last = now.getTime() + sync.futureHours * hour;
  return new Date(Math.floor(last / hour) * hour).toISOString();
}

/** True for a partition dated before `firstTime` or after the horizon. */
export function isOdd(dt: string, partition: Pick<ManifestPartition, "hr" | "mi">, horizon: string): boolean {
  return dt < firstTime || partitionStart({ dt, ...partition }).toISOString() > horizon;
}

/** The times of a day's rows. */
export interface DayTimes {
  odd?: OddTimes;
  beyond: boolean; // some are odd only because of the horizon, which moves
  windows: string[]; // of a WFM feed: its quarter-hours, ISO, UTC, sorted
  mixed: boolean; // of a WFM feed: its key splits a window of a queue, or merges queues of different ids
}

/** The event times of a feed: timestamp columns of its key and order, and those that pages count by. */
export function timeColumns({ key, order, columns }: Feed): string[] {
  const counted = ["instance_ts", "first_utterance_ts", "exit_queue_ts", "issue_assigned_ts"];
  const names = new Set([...key, ...order.flatMap((term) => term.columns), ...counted]);
  return columns.filter(({ name, type }) => names.has(name) && type === "TIMESTAMP").map(({ name }) => name);
}

/**
 * The times of the rows of staged days, by dt, checked by the macro `timely` of this database. For most days the footer of the
 * Parquet file suffices. `windows`: the feed is a WFM feed.
 */
export async function timesOfDays(
  database: Database,
  data: string,
  feed: Pick<FeedSnapshot, "columns">,
  days: readonly DaySnapshot[],
  options: { columns: readonly string[]; windows: boolean; futureHours: number },
): Promise<Map<string, DayTimes>> {
  const times = new Map<string, DayTimes>(days.map(({ dt }) => [dt, { beyond: false, windows: [], mixed: false }]));
  const timeColumnsOf = (names: readonly string[]) =>
    names.flatMap((name) => spellingsOf(feed.columns, name).filter(({ type }) => /^(TIMESTAMP|VARCHAR)$/.test(type)));
  const columns = timeColumnsOf(options.columns);
  const doubtfulDays = await findDoubtful(database, data, days, columns, options.futureHours);
  if (doubtfulDays.length > 0) {
    const rows = await database.objects<OddTimes & { dt: string; beyond: boolean }>(`
      select left(_run, 10) as dt, count(distinct (_file, _line))::integer as rows, min_by(name, ${firstOf}) as column,
        min_by(ts::varchar, ${firstOf}) as value, min_by(_run, ${firstOf}) as run,
        bool_or(ts > horizon() and ts <= run_time(_run) + to_hours(future_hours())) as beyond
      from (${timesSql(data, doubtfulDays, columns)})
      where ts is not null and timely(ts, _run) is null
      group by all`);
    for (const { dt, beyond, ...odd } of rows) Object.assign(times.get(dt) ?? {}, { odd, beyond });
  }
  if (options.windows) {
    const columns = wfmNames.flatMap((name) => spellingsOf(feed.columns, name));
    const files = days.flatMap(({ staged }) => staged ?? []);
    const rows = await database.objects<{ dt: string; start: string; mixed: boolean }>(`
      with delivered as (
        select left(_run, 10) as dt, ${windowKeys(feed.columns)
          .map(([name, sql]) => `${sql} as ${name}`)
          .join(", ")}
        from ${parquetRelation(data, files, [...columns, ...provenanceColumns])}
        where timely(${keyValue(feed.columns, "instance_ts")}, _run) is not null
      )
      select dt, start, bool_or(mixed) as mixed
      from (
        select dt, start, count(distinct (instance_ts, coalesce(queue_id, ''))) > 1 or bool_or(instance_ts <> start) as mixed
        from delivered group by dt, start, queue_name, rep_id
      )
      group by dt, start order by start`);
    for (const { dt, start, mixed } of rows) {
      const day = times.get(dt);
      day?.windows.push(new Date(start).toISOString());
      if (day && mixed) day.mixed = true;
    }
  }
  return times;
}

const provenanceColumns = [
  { name: "_file", type: "VARCHAR" },
  { name: "_line", type: "BIGINT" },
  { name: "_run", type: "VARCHAR" },
];

const firstOf = "(_run, _file, _line, name)";

// A time that is not too late for the first run of its day is not too late for any.
async function findDoubtful(
  database: Database,
  data: string,
  days: readonly DaySnapshot[],
  times: readonly RelationColumn[],
  futureHours: number,
): Promise<DaySnapshot[]> {
  const staged = days.flatMap((day) => (day.staged === null ? [] : [{ day, file: join(data, day.staged) }]));
  if (staged.length === 0 || times.length === 0) return [];
  const names = times.map(({ name }) => name);
  const rows = await database.objects<{
    file: string;
    least: string | null;
    most: string | null;
    text: boolean;
  }>(`
    select file_name as file, min(stats_min_value) as least, max(stats_max_value) as most,
      bool_or("type" = 'BYTE_ARRAY') as text
    from parquet_metadata(${quoteList(staged.map(({ file }) => file))})
    where path_in_schema in ${quoteList(names)}
    group by all`);
  const ranges = new Map(rows.map((row) => [row.file, row]));
  return staged.flatMap(({ day, file }) => {
    const range = ranges.get(file);
    if (range === undefined) return [];
    const { text, least, most } = range;
    const limit = new Date(Date.parse(`${day.dt}T00:00:00Z`) + futureHours * hour).toISOString().replace("T", " ");
    return text || (least !== null && least < firstTime) || (most !== null && most > limit) ? [day] : [];
  });
}

function timesSql(data: string, days: readonly DaySnapshot[], columns: readonly RelationColumn[]): string {
  const files = days.flatMap(({ staged }) => staged ?? []);
  const timesOf = (column: RelationColumn) =>
    `select ${quoteText(column.name)} as name, try_cast(${quoteName(column.name)} as timestamp) as ts, _file, _line, _run
      from ${parquetRelation(data, files, [column, ...provenanceColumns])}`;
  return columns.map(timesOf).join(" union all ");
}
