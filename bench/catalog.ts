// Time to the first answer of a catalog of 53 feeds x 400 days, with 96 partitions a day for the WFM feeds, and of its tables
// about the data.
//   node dist/bench/catalog.js [--feeds 53] [--days 400]
import { linkSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { openDatabase } from "../src/duckdb/database.ts";
import { quoteName, quoteText } from "../src/duckdb/quote.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { partitionsPath } from "../src/warehouse/current/partitions.ts";
import {
  type DaySnapshot,
  emptyFeed,
  emptySnapshot,
  type FeedSnapshot,
  provenance,
  saveSnapshot,
} from "../src/warehouse/snapshot/snapshot.ts";
import { rawFixture } from "../test/raw-fixture.ts";
import { machine } from "./measure.ts";
import { stagedColumns } from "./staged-columns.ts";

const { values } = parseArgs({
  options: { feeds: { type: "string", default: "53" }, days: { type: "string", default: "400" } },
});
const { project, delete: remove } = rawFixture();
const { data } = project;
const feeds = [...project.feeds.values()].slice(0, Number(values.feeds));
const first = Date.UTC(2025, 0, 1);
const dts = Array.from({ length: Number(values.days) }, (_, i) =>
  new Date(first + i * 86_400_000).toISOString().slice(0, 10),
);
try {
  await fill();
  console.log(`${machine()}; ${feeds.length} feeds x ${dts.length} days\n`);
  console.log("| question to a new catalog | seconds | CPU seconds |\n|---|---|---|");
  await ask("select 1");
  await ask("select count(*) from queue_wfm where instance_ts > timestamp '2099-01-01'");
  for (const table of ["feeds", "days", "partitions", "row_counts"]) await ask(`select count(*) from kit.${table}`);
} finally {
  remove();
}

async function ask(question: string): Promise<void> {
  const started = performance.now();
  const cpu = process.cpuUsage();
  const catalog = await openCatalog(project);
  const { rows } = await catalog.rows(question);
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - started) / 1000;
  catalog.close();
  console.log(`| \`${question}\`: ${rows[0]![0]} | ${seconds.toFixed(2)} | ${((user + system) / 1e6).toFixed(2)} |`);
}

async function fill(): Promise<void> {
  const db = await openDatabase();
  const snapshot = emptySnapshot();
  for (const { name, kind, columns } of feeds) {
    const hourly = name !== "export_row_counts";
    const day = (dt: string): DaySnapshot => ({
      dt,
      stamp: dt,
      source: dt,
      quarantine: null,
      quarantined: 0,
      layout: 0,
      staged: `staged/${name}/${dt}.parquet`,
      detail: `staged/${name}/${dt}.jsonl`,
      current: `current/${name}/${dt}.parquet`,
      rows: 1,
      currentRows: 1,
      facts: { stamp: dt, states: { complete: 24 }, lines: 1, through: `${dt}T23:00:00.000Z` },
    });
    const days = dts.map(day);
    const partitions = partitionsPath(name, days);
    const feed: FeedSnapshot = {
      ...emptyFeed(),
      columns: stagedColumns(columns, dts),
      layouts: [{ columns, seen: columns.map((column) => column.name), found: {} }],
      days,
      partitions,
    };
    snapshot.feeds[name] = feed;
    for (const { staged, current } of days)
      for (const file of [staged, current]) mkdirSync(dirname(join(data, file!)), { recursive: true });
    const quarters = kind === "wfm" ? 4 : 1;
    await db.run(`copy (
        select ${quoteText(name)} as feed, date '2025-01-01' + d::integer as dt, lpad(h::varchar, 2, '0') as hr,
          ${kind === "wfm" ? "lpad((q * 15)::varchar, 2, '0')" : "null::varchar"} as mi, dt || ' ' || h || q as run, '1' as version, 'jsonl' as format,
          'complete' as state, 1 as files, 100 as bytes, 10 as lines, 0 as blank, timestamp '2025-01-01' as completed_at
        from range(${dts.length}) days(d), range(24) hours(h), range(${quarters}) quarters(q)
      ) to ${quoteText(join(data, partitions))} (format parquet)`);
    const nulls = [...columns, ...provenance].map((column) => `null::${column.type} as ${quoteName(column.name)}`);
    const rows = hourly ? `select ${nulls.join(", ")}` : counts(nulls);
    const one = join(data, days[0]!.current!);
    await db.run(`copy (${rows}) to ${quoteText(one)} (format parquet)`);
    if (!hourly) for (const each of days.slice(1)) each.current = null;
    for (const { staged, current } of days)
      for (const file of [staged, current])
        if (file !== null && join(data, file) !== one) linkSync(one, join(data, file));
  }
  db.close();
  saveSnapshot(data, emptySnapshot(), snapshot, new Date());
}

// The rows of export_row_counts: one per feed and hour.
function counts(nulls: string[]): string {
  return `select * replace (feed as export_name, dt::varchar as export_date, 'hr=' || lpad(h::varchar, 2, '0') as export_interval, 10 as exported_rows)
    from (select ${nulls.join(", ")}),
    (select unnest([${feeds.map(({ name }) => quoteText(name)).join(", ")}]) as feed) names,
    (select date '2025-01-01' + d::integer as dt from range(${dts.length}) days(d)) dates, range(24) hours(h)`;
}
