// What was known at past moments of a year of the two WFM feeds, 50 queues and 150 reps, each window delivered three times: time
// and peak memory of a day's figures, beside the same question to the present.
//   node dist/bench/as-of.js [--days 365]
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { feedOf, openProject } from "../src/config/project.ts";
import { type Database, openDatabase } from "../src/duckdb/database.ts";
import { quoteText } from "../src/duckdb/quote.ts";
import { updateCurrent } from "../src/warehouse/current/current.ts";
import { partitionsPath } from "../src/warehouse/current/partitions.ts";
import {
  type DayDetail,
  type DaySnapshot,
  emptyFeed,
  emptySnapshot,
  saveSnapshot,
} from "../src/warehouse/snapshot/snapshot.ts";
import { machine, measure, middle, type Usage, usageTable } from "./measure.ts";
import { stagedColumns } from "./staged-columns.ts";

const { values } = parseArgs({
  options: { days: { type: "string", default: "365" }, runs: { type: "string", default: "3" } },
});
const days = Number(values.days);
const last = "2026-09-16";
const day = 86_400_000;
const dateOf = (back: number) => new Date(Date.parse(`${last}T00:00:00Z`) - back * day).toISOString().slice(0, 10);
const dts = Array.from({ length: days }, (_, i) => dateOf(days - 1 - i));
const folder = mkdtempSync(join(tmpdir(), "kit-as-of-"));
const config = join(folder, "kit.yaml");
writeFileSync(config, "data: data\n");
const project = openProject(config);
const bin = new URL("../../bin/asapp-kit.js", import.meta.url).pathname;

// From 08:00 to 20:00 UTC; a run each half hour delivers the windows of the three before it.
const windows = (dt: string) =>
  `(select ts::timestamp as ts, time_bucket(interval 30 minutes, ts::timestamp) + interval 30 minutes * v as run
    from generate_series(date ${quoteText(dt)}::timestamp + interval 8 hours, date ${quoteText(dt)}::timestamp + interval 20 hours - interval 15 minutes,
      interval 15 minutes) as s (ts), range(2, 5) as versions (v))`;
const chance = (...of: string[]) => `(hash(${of.join(", ")}) % 1000 / 1000.0)`;
const rows: Record<string, (dt: string) => string> = {
  queue_wfm: (
    dt,
  ) => `select ts as instance_ts, q::varchar as queue_id, 'Queue ' || q as queue_name, null::varchar as rep_id,
      (20 * ${chance("ts", "q")})::bigint as total_assignments, (2 * ${chance("ts", "q", "1")})::bigint as total_abandons,
      300 + 200 * ${chance("ts", "q", "run")} as avg_handle_time_seconds, 30.0 as avg_wrap_time_seconds,
      60 * ${chance("ts", "q", "2")} as avg_wait_time_seconds, 5 as waits_under_60s, 12 as reps_in_queue, run
    from ${windows(dt)}, range(50) as queues (q)`,
  queue_membership_wfm: (
    dt,
  ) => `select ts as instance_ts, q::varchar as queue_id, 'Queue ' || q as queue_name, r::varchar as rep_id,
      15.0 as lin_logged_in_min, 9 + 6 * ${chance("ts", "r")} as lin_avail_min, 3.0 as lin_busy_min,
      8.0 as lin_ute_avail_min, 2.0 as lin_ute_busy_min, run
    from ${windows(dt)}, (select r, (r + 7 * n) % 50 as q from range(150) as reps (r), range(2) as places (n))`,
};

try {
  const db = await openDatabase({ threads: 2 });
  let snapshot = emptySnapshot();
  let delivered = 0;
  for (const name of Object.keys(rows)) {
    const feed = await fill(db, name);
    delivered += feed.days.reduce((sum, each) => sum + each.rows, 0);
    snapshot.feeds[name] = feed;
  }
  db.close();
  ({ snapshot } = await updateCurrent(project, emptySnapshot(), snapshot));
  saveSnapshot(project.data, emptySnapshot(), snapshot, new Date());
  console.log(
    `${machine()}; ${days} days, ${delivered.toLocaleString("en-US")} rows delivered; median of ${values.runs}\n`,
  );
  const ask = (at: string, more: string[]): Usage => {
    const sql = `select queue, sum(assigned), sum(available), count(*) from wfm.intraday where day = '${at}' group by all`;
    const command = ["node", bin, "sql", "-c", config, ...more, sql];
    return middle(Array.from({ length: Number(values.runs) }, () => measure(command)));
  };
  const moment = (at: string) => ["--as-of", `${at}T14:00Z`];
  const middleDay = dateOf(Math.floor(days / 2));
  console.log(
    usageTable(
      [
        { name: "now", usage: ask(last, []) },
        { name: "today at 14:00", usage: ask(last, moment(last)) },
        { name: "today at 14:00, since today", usage: ask(last, [...moment(last), "--since", last]) },
        { name: "a week ago", usage: ask(dateOf(7), moment(dateOf(7))) },
        {
          name: "half a year ago, since that day",
          usage: ask(middleDay, [...moment(middleDay), "--since", middleDay]),
        },
        { name: "half a year ago", usage: ask(middleDay, moment(middleDay)) },
      ],
      "now",
    ),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function fill(db: Database, name: string) {
  const { data } = project;
  const { columns } = feedOf(project, name);
  mkdirSync(join(data, "staged", name), { recursive: true });
  const seen = columns.map((column) => column.name);
  const staged = stagedColumns(columns, dts);
  const filled: DaySnapshot[] = [];
  for (const dt of dts) {
    const path = `staged/${name}/${dt}.parquet`;
    const file = `'${name}/version=1/format=jsonl/dt=${dt}/' || strftime(run, 'hr=%H/mi=%M') || '/${name}.jsonl.gz'`;
    await db.run(`create or replace table delivered as select * exclude (run), ${file} as _file,
        row_number() over (partition by run order by instance_ts, queue_id, rep_id) as _line, strftime(run, '%Y-%m-%d %H:%M') as _run, null::json as _rescued
      from (${rows[name]!(dt)});
      copy (from delivered order by _run, _file, _line) to ${quoteText(join(data, path))} (format parquet, compression zstd)`);
    const files = await db.objects<{ file: string; run: string; rows: number }>(
      "select _file as file, _run as run, count(*)::integer as rows from delivered group by all order by all",
    );
    const total = files.reduce((sum, each) => sum + each.rows, 0);
    const most = `${dt} 19:45:00`;
    const ranges = { instance_ts: [`${dt} 08:00:00`, most] as [string, string] };
    const detail: DayDetail = {
      feed: name,
      dt,
      source: dt,
      rows: total,
      quarantined: 0,
      path: "typed",
      columns: staged,
      seen,
      found: {},
      rescued: {},
    };
    const lines = files.map((each) => ({ md5: "", lines: each.rows, blank: 0, quarantined: 0, ...each }));
    writeFileSync(
      join(data, `staged/${name}/${dt}.jsonl`),
      [detail, ...lines].map((line) => JSON.stringify(line)).join("\n"),
    );
    filled.push({
      dt,
      stamp: dt,
      source: dt,
      quarantine: null,
      quarantined: 0,
      layout: 0,
      staged: path,
      detail: `staged/${name}/${dt}.jsonl`,
      current: null,
      rows: total,
      currentRows: 0,
      ranges,
      facts: {
        stamp: dt,
        states: { complete: files.length },
        lines: total,
        through: `${dt}T20:00:00.000Z`,
        ...(name === "queue_wfm" && { windows: [[`${dt}T08:00:00.000Z`, 48]] }),
      },
    });
  }
  const partitions = partitionsPath(name, filled);
  const [first] = dts;
  await db.run(`copy (
      select ${quoteText(name)} as feed, run::date as dt, strftime(run, '%H') as hr, strftime(run, '%M') as mi, strftime(run, '%Y-%m-%d %H:%M') as run,
        '1' as version, 'jsonl' as format, 'complete' as state, 1 as files, 100 as bytes, 10 as lines, 0 as blank,
        run + interval 2 minutes as completed_at, run + interval 2 minutes as written_at, md5(run::varchar) as fingerprint
      from (select date ${quoteText(first!)}::timestamp + to_days(d::integer) + to_minutes(30 * h::integer) as run
        from range(${days}) days(d), range(18, 44) hours(h))
    ) to ${quoteText(join(data, partitions))} (format parquet)`);
  return { ...emptyFeed(), columns: staged, layouts: [{ columns, seen, found: {} }], days: filled, partitions };
}
