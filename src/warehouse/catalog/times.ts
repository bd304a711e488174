import { join } from "node:path";
import type { Config } from "../../config/config.ts";
import type { Database } from "../../duckdb/database.ts";
import { quoteList, quoteName, quoteText } from "../../duckdb/quote.ts";
import type { Feed } from "../../export/feed.ts";
import { partitionStart } from "../../export/partition.ts";
import type { ManifestPartition } from "../../sync/manifest.ts";
import { parquetRelation } from "../current/relation.ts";
import { type RelationColumn, spellingsOf } from "../dedupe/dedupe.ts";
import type { DaySnapshot, FeedSnapshot, OddTimes } from "../snapshot/snapshot.ts";
import { keyValue, wfmNames, windowKeys } from "../wfm/wfm.ts";

const hour = 3_600_000;

/** ASAPP dates from 2014: what is dated earlier than this was dated by a clock at its start, or not at all. */
export const firstTime = "2010-01-01";

/** The time after which nothing can have happened yet, however clocks differ: by the hour, so that it stands still for a while. */
export function horizonOf(now: Date, { sync }: Pick<Config, "sync">): string {
  const last = now.getTime() + sync.futureHours * hour;
  return new Date(Math.floor(last / hour) * hour).toISOString();
}

/** Whether a partition is dated before the first time or after the horizon. */
export function isOdd(dt: string, partition: Pick<ManifestPartition, "hr" | "mi">, horizon: string): boolean {
  return dt < firstTime || partitionStart({ dt, ...partition }).toISOString() > horizon;
}

/** What the times of a day's rows say. */
export interface DayTimes {
  odd?: OddTimes;
  beyond: boolean; // some are odd for the horizon alone, which moves
  windows: string[]; // of a WFM feed: the quarter-hours it tells of, ISO, UTC, sorted
  mixed: boolean; // of a WFM feed: rows of one window and queue that its key tells apart, or does not though their ids differ
}

/** The columns of a feed that say when something happened: of its key and order, and those that pages count by. */
export function timeColumns({ key, order, columns }: Feed): string[] {
  const counted = ["instance_ts", "first_utterance_ts", "exit_queue_ts", "issue_assigned_ts"];
  const names = new Set([...key, ...order.flatMap((term) => term.columns), ...counted]);
  return columns.filter(({ name, type }) => names.has(name) && type === "TIMESTAMP").map(({ name }) => name);
}

/**
 * The times of the rows of staged days, by dt; the macro `timely` of this database decides. Most days are judged by the
 * footer of their file. `windows`: the feed is one of the WFM feeds.
 */
export async function timesOfDays(
  database: Database,
  data: string,
  feed: Pick<FeedSnapshot, "columns">,
  days: readonly DaySnapshot[],
  options: { columns: readonly string[]; windows: boolean; futureHours: number },
): Promise<Map<string, DayTimes>> {
  const found = new Map<string, DayTimes>(
    days.map(({ dt }) => [dt, { beyond: false, windows: [], mixed: false }]),
  );
  const named = (names: readonly string[]) =>
    names.flatMap((name) =>
      spellingsOf(feed.columns, name).filter(({ type }) => /^(TIMESTAMP|VARCHAR)$/.test(type)),
    );
  const times = named(options.columns);
  const suspects = await doubtful(database, data, days, times, options.futureHours);
  if (suspects.length > 0) {
    const rows = await database.objects<OddTimes & { dt: string; beyond: boolean }>(`
      select left(_run, 10) as dt, count(distinct (_file, _line))::integer as rows, min_by(name, ${firstOf}) as column,
        min_by(ts::varchar, ${firstOf}) as value, min_by(_run, ${firstOf}) as run,
        bool_or(ts > horizon() and ts <= run_time(_run) + to_hours(future_hours())) as beyond
      from (${timesSql(data, suspects, times)})
      where ts is not null and timely(ts, _run) is null
      group by all`);
    for (const { dt, beyond, ...odd } of rows) Object.assign(found.get(dt)!, { odd, beyond });
  }
  if (options.windows) {
    const columns = wfmNames.flatMap((name) => spellingsOf(feed.columns, name));
    const files = days.flatMap(({ staged }) => staged ?? []);
    const rows = await database.objects<{ dt: string; start: string; mixed: boolean }>(`
      with told as (
        select left(_run, 10) as dt, ${windowKeys(feed.columns)
          .map(([name, sql]) => `${sql} as ${name}`)
          .join(", ")}
        from ${parquetRelation(data, files, [...columns, ...place])}
        where timely(${keyValue(feed.columns, "instance_ts")}, _run) is not null
      )
      select dt, start, bool_or(mixed) as mixed
      from (
        select dt, start, count(distinct (instance_ts, coalesce(queue_id, ''))) > 1 or bool_or(instance_ts <> start) as mixed
        from told group by dt, start, queue_name, rep_id
      )
      group by dt, start order by start`);
    for (const { dt, start, mixed } of rows) {
      const day = found.get(dt)!;
      day.windows.push(new Date(start).toISOString());
      day.mixed ||= mixed;
    }
  }
  return found;
}

const place = [
  { name: "_file", type: "VARCHAR" },
  { name: "_line", type: "BIGINT" },
  { name: "_run", type: "VARCHAR" },
];

const firstOf = "(_run, _file, _line, name)";

// A time is late for no run of its day if it is not for the first.
async function doubtful(
  database: Database,
  data: string,
  days: readonly DaySnapshot[],
  times: readonly RelationColumn[],
  futureHours: number,
): Promise<DaySnapshot[]> {
  const staged = days.filter((day) => day.staged !== null);
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
    from parquet_metadata(${quoteList(staged.map((day) => join(data, day.staged!)))})
    where path_in_schema in ${quoteList(names)}
    group by all`);
  const ranges = new Map(rows.map((row) => [row.file, row]));
  return staged.filter((day) => {
    const range = ranges.get(join(data, day.staged!));
    if (range === undefined) return false;
    const limit = new Date(Date.parse(`${day.dt}T00:00:00Z`) + futureHours * hour).toISOString();
    const { least, most } = range;
    return (
      range.text || (least !== null && least < firstTime) || (most !== null && most > limit.replace("T", " "))
    );
  });
}

function timesSql(data: string, days: readonly DaySnapshot[], columns: readonly RelationColumn[]): string {
  const files = days.flatMap(({ staged }) => staged ?? []);
  const of = (column: RelationColumn) =>
    `select ${quoteText(column.name)} as name, try_cast(${quoteName(column.name)} as timestamp) as ts, _file, _line, _run
      from ${parquetRelation(data, files, [column, ...place])}`;
  return columns.map(of).join(" union all ");
}
