import { namesOf } from "../../base/names.ts";
import { feedOf, type Project } from "../../config/project.ts";
import { type Database, openDatabase } from "../../duckdb/database.ts";
import { quoteList, quoteText } from "../../duckdb/quote.ts";
import { firstTime } from "../../export/partition.ts";
import { parquetRelation, rowsSql, withProvenance } from "../current/relation.ts";
import { readDetail } from "../snapshot/detail.ts";
import type { DaySnapshot, FeedSnapshot, ReplacedRun, Snapshot } from "../snapshot/snapshot.ts";
import { throughOf } from "../wfm/runs-through.ts";
import { keyValue } from "../wfm/wfm.ts";
import { windowRuns } from "../wfm/window-days.ts";
import { knownSelect, knownTypes, timestamp } from "./known.ts";

/** A select of the partitions in these files that were known, in the state of then: columns as in `knownSelect`. */
export function partitionsThen(
  project: Pick<Project, "data" | "config">,
  files: readonly string[],
  past: Past,
): string {
  const names = new Set(files.map((file) => file.split("/")[1]));
  const replaced = [...past.feeds].flatMap(([feed, change]) =>
    names.has(feed) ? change.replaced.map(({ partition }) => partition) : [],
  );
  const known = knownSelect(project, files, past.moment);
  return replaced.length === 0 ? known : `${known} union all by name select * from ${rowsSql(knownTypes, replaced)}`;
}

/** What was known at a moment. */
export interface Past {
  moment: Date;
  snapshot: Snapshot; // the days that were known; `staged` files may hold later rows, and `current` is that of now
  feeds: ReadonlyMap<string, PastFeed>; // those whose rows differ from now
  doubts: Doubt[]; // sorted
  knownBy: ReadonlyMap<string, { marker: number; run: number }>; // partitions that were known, by feed and by what says so
}

/**
 * A partition that was due by then and has a later time in the bucket. "replaced": exported again, and the former rows are not
 * kept; "late": it came late, or was exported again before it was first fetched. Its rows are left out.
 */
export interface Doubt {
  feed: string;
  run: string;
  why: "replaced" | "late";
}

/** The difference of a feed's rows from now. */
export interface PastFeed {
  now: FeedSnapshot;
  runs: ReadonlyMap<string, string[]>; // the known runs of days that have later ones, by dt
  replaced: ReplacedRun[]; // rows that were known and are no longer delivered
  laterRows: number; // delivered now and not known then
}

interface DayRow {
  feed: string;
  dt: string;
  runs: string[]; // known
  later: number; // runs that were not known
}

/**
 * What was known at a moment: each partition as it was by then (see known.sql), under today's rules. Reads the list of
 * partitions, and windows of the days of which a part was known.
 */
export async function pastOf(project: Project, snapshot: Snapshot, moment: Date): Promise<Past> {
  const { data } = project;
  const { graceMinutes } = project.config.sync;
  const files = Object.values(snapshot.feeds).flatMap(({ partitions }) => partitions ?? []);
  const database = await openDatabase({ threads: 2 });
  try {
    const at = timestamp(moment);
    await database.run(`create table known as ${knownSelect(project, files)}`);
    const rows = await database.objects<DayRow>(
      `select feed, dt::varchar as dt, coalesce(list(run order by run) filter (known), []) as runs,
         count(*) filter (not known)::integer as later
       from (select feed, dt, run, min(known_at) <= ${at} as known from known group by all)
       group by all having later > 0`,
    );
    const doubts = await database.objects<Doubt>(
      `select feed, run, case when bool_or(state = 'replaced') then 'replaced' else 'late' end as why
       from known where known_at > ${at} and run_end + to_minutes(case when state = 'replaced' then 0 else ${graceMinutes} end) <= ${at}
       group by all order by all`,
    );
    const sources = await database.objects<{ feed: string; marker: number; run: number }>(
      `select feed, count(*) filter (known_by = 'marker')::integer as marker, count(*) filter (known_by = 'run')::integer as run
       from known where known_at <= ${at} group by feed`,
    );
    const partial = new Map(rows.map((row) => [`${row.feed} ${row.dt}`, row]));
    const feeds = new Map<string, PastFeed>();
    const snapshots = new Map<string, FeedSnapshot>();
    for (const [name, feed] of Object.entries(snapshot.feeds)) {
      const dayOf = (dt: string) => partial.get(`${name} ${dt}`);
      const change = changeOf(data, feed, dayOf, moment);
      if (change !== null) feeds.set(name, change);
      const isWfm = feedOf(project, name).kind === "wfm";
      const windows =
        change && isWfm ? await windowsOf(database, data, feed, change, moment) : new Map<string, string[]>();
      snapshots.set(name, feedThen(data, feed, { change, dayOf, moment, isWfm, windows }));
    }
    return {
      moment,
      snapshot: { ...snapshot, feeds: namesOf([...snapshots]) },
      feeds,
      doubts: doubts.filter(({ feed, run }) => !feeds.get(feed)?.replaced.some((kept) => kept.run === run)),
      knownBy: new Map(sources.map(({ feed, marker, run }) => [feed, { marker, run }])),
    };
  } finally {
    database.close();
  }
}

function changeOf(
  data: string,
  now: FeedSnapshot,
  dayOf: (dt: string) => DayRow | undefined,
  moment: Date,
): PastFeed | null {
  const at = moment.toISOString();
  const replaced = (now.replaced ?? []).filter(({ from, until }) => from <= at && at < until);
  const later = now.days.filter(({ dt }) => dayOf(dt) !== undefined);
  if (later.length === 0 && replaced.length === 0) return null;
  const runs = new Map(later.map(({ dt }) => [dt, dayOf(dt)?.runs ?? []]));
  const laterRows = later.reduce((sum, day) => sum + day.rows - rowsOf(data, day, runs.get(day.dt) ?? []).rows, 0);
  return { now, runs, replaced, laterRows };
}

/** The snapshot of a feed, with the days that had a known partition, and the columns that were seen by then. */
function feedThen(
  data: string,
  feed: FeedSnapshot,
  {
    change,
    dayOf,
    moment,
    isWfm,
    windows,
  }: {
    change: PastFeed | null;
    dayOf: (dt: string) => DayRow | undefined;
    moment: Date;
    isWfm: boolean;
    windows: ReadonlyMap<string, string[]>;
  },
): FeedSnapshot {
  if (change === null) return feed;
  const today = moment.toISOString().slice(0, 10);
  const replacedRuns = change.replaced.map(({ run }) => run);
  const days = feed.days.flatMap((day): DaySnapshot[] => {
    const row = dayOf(day.dt);
    const former = replacedRuns.filter((run) => run.startsWith(day.dt));
    if (row === undefined && former.length === 0) return [day];
    const runs = [...new Set([...(row?.runs ?? runsOf(data, day)), ...former])].sort();
    if (runs.length === 0) return [];
    const { dedupe: _, facts, ...rest } = day;
    const timely = runs.filter((run) => !facts?.oddRuns?.includes(run));
    const starts = windows.get(day.dt) ?? [];
    return [
      {
        ...rest,
        ...rowsOf(data, day, row === undefined ? null : runs),
        ...(facts && {
          facts: {
            ...facts,
            states: { complete: runs.length },
            through: throughOf(isWfm, timely.map(partsOf), starts),
            ...(facts.windows && { windows: windowRuns(starts) }),
          },
        }),
      },
    ];
  });
  return {
    ...feed,
    days,
    columns: feed.columns.filter(
      ({ documented, firstSeen }) => documented || (firstSeen !== null && firstSeen <= today),
    ),
    changes: feed.changes.filter(({ dt }) => dt <= today),
  };
}

/** The lines of a day in these runs, or in all. */
function rowsOf(
  data: string,
  day: DaySnapshot,
  runs: readonly string[] | null,
): Pick<DaySnapshot, "rows" | "quarantined"> {
  const { rows, quarantined } = day;
  if (runs === null) return { rows, quarantined };
  const files = runs.length === 0 ? [] : (readDetail(data, day)?.files ?? []).filter(({ run }) => runs.includes(run));
  return {
    rows: files.reduce((sum, file) => sum + file.rows, 0),
    quarantined: files.reduce((sum, file) => sum + file.quarantined, 0),
  };
}

function runsOf(data: string, day: DaySnapshot): string[] {
  return [...new Set((readDetail(data, day)?.files ?? []).map(({ run }) => run))];
}

/** The quarter-hours of a WFM feed's rows as they were known, on days of which a part was; ISO, UTC, sorted, by dt. */
async function windowsOf(
  database: Database,
  data: string,
  feed: FeedSnapshot,
  { runs, replaced }: PastFeed,
  moment: Date,
): Promise<Map<string, string[]>> {
  const columns = withProvenance(feed.columns);
  const time = keyValue(feed.columns, "instance_ts");
  const knownDays = [...runs].flatMap(([dt, known]) => (known.length > 0 ? [dt] : []));
  const days = new Set([...knownDays, ...replaced.map(({ run }) => run.slice(0, 10))]);
  const staged = feed.days.flatMap(({ dt, staged }) => (staged !== null && days.has(dt) ? [{ dt, staged }] : []));
  const parts = [
    ...staged.map(({ dt, staged }) => {
      const known = runs.get(dt);
      return `from ${parquetRelation(data, [staged], columns)}${known ? ` where "_run" in ${quoteList(known)}` : ""}`;
    }),
    ...replacedSelects(data, columns, replaced),
  ];
  if (parts.length === 0) return new Map();
  const rows = await database.objects<{ dt: string; start: string }>(
    `select distinct left("_run", 10) as dt, strftime(time_bucket(interval 15 minutes, ${time}), '%Y-%m-%dT%H:%M:%S.%gZ') as start
     from (${parts.join(" union all ")}) where ${time} between ${quoteText(firstTime)} and ${timestamp(moment)} + interval 1 day
     order by start`,
  );
  const windows = new Map<string, string[]>();
  for (const { dt, start } of rows) windows.set(dt, [...(windows.get(dt) ?? []), start]);
  return windows;
}

/** Selects of the rows of replaced runs, with these columns. */
export function replacedSelects(
  data: string,
  columns: Parameters<typeof parquetRelation>[2],
  replaced: readonly ReplacedRun[],
): string[] {
  const files = new Set(replaced.flatMap(({ rows }) => rows ?? []));
  return [...files].map((file) => {
    const runs = replaced.filter(({ rows }) => rows === file).map(({ run }) => run);
    return `from ${parquetRelation(data, [file], columns)} where "_run" in ${quoteList(runs)}`;
  });
}

function partsOf(run: string): { dt: string; hr: string | null; mi: string | null } {
  const [dt = "", hr = null, mi = null] = run.split(/[ :]/);
  return { dt, hr, mi };
}
