// The warehouse compared with bare DuckDB on the same files, each step in a process of its own: first load, one more hour,
// everything anew, and a dashboard query over the current rows, over a dedupe view of Parquet, and over the .jsonl.gz.
//   node dist/bench/warehouse.js [--days 30] [--rows 2500] [--runs 3] [--folder KEPT] [--verify]
// --rows: per hourly file of convos_metrics. --folder: filled once, and kept for the next run. A year: --days 360 --runs 1.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { emptyConfig } from "../src/config/config.ts";
import { openDatabase } from "../src/duckdb/database.ts";
import { quoteList, quoteText } from "../src/duckdb/quote.ts";
import { partitionPath } from "../src/export/layout.ts";
import { partitionOf, readAll } from "../src/sync/manifest.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { relationColumns } from "../src/warehouse/current/relation.ts";
import { dedupeSelect } from "../src/warehouse/dedupe/dedupe.ts";
import { loadSnapshot } from "../src/warehouse/snapshot/snapshot.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { verifyFeed } from "../src/warehouse/verify.ts";
import { rawFixture } from "../test/raw-fixture.ts";
import { at, feed, fill, hour } from "./history.ts";
import { machine, measure, middle, type Usage } from "./measure.ts";

const question = `select first_utterance_ts::date as day, platform, count(*), avg(total_handle_time), sum(assisted),
  quantile_cont(total_session_time, 0.9), sum(customer_sent_msgs), sum(rep_sent_msgs), avg(time_in_queue), max(hold_ct)`;
const { values } = parseArgs({
  options: {
    days: { type: "string", default: "30" },
    rows: { type: "string", default: "2500" },
    runs: { type: "string", default: "3" },
    folder: { type: "string" },
    verify: { type: "boolean", default: false },
    child: { type: "string" },
  },
});
const hours = Number(values.days) * 24;
const perHour = Number(values.rows);

const steps: Record<string, (folder: string) => Promise<void>> = {
  bare: bareCopy,
  load: update,
  hour: update,
  async rebuild(folder) {
    await updateWarehouse(rawFixture(undefined, folder).project, { rebuild: true, force: true });
  },
  async current(folder) {
    const catalog = await openCatalog(rawFixture(undefined, folder).project);
    await catalog.rows(`${question} from convos_metrics group by all`);
    catalog.close();
  },
  async view(folder) {
    const { project } = rawFixture(undefined, folder);
    const catalog = await openCatalog(project);
    const columns = relationColumns(loadSnapshot(project.data).feeds[feed.name]!);
    await catalog.rows(`${question} from (${dedupeSelect(feed, columns, "raw.convos_metrics")}) group by all`);
    catalog.close();
  },
  async raw(folder) {
    const db = await openDatabase();
    const names = feed.columns.map(({ name, type }) => ({ name, type }));
    const files = `(select *, filename as _file, 0 as _line, filename as _run, null as _rescued from ${bareRead(folder)})`;
    await db.rows(`${question} from (${dedupeSelect(feed, names, files)}) group by all`);
    db.close();
  },
  async verify(folder) {
    const { ok } = await verifyFeed(rawFixture(undefined, folder).project, feed.name);
    if (!ok) throw new Error("current is not what the raw files give");
  },
};
const names: Record<string, string> = {
  bare: "bare COPY to one Parquet file",
  load: "first load",
  hour: "one more hour",
  rebuild: "everything anew",
  current: "question over `<feed>`",
  view: "question over the dedupe view of Parquet",
  raw: "question over the `.jsonl.gz`, deduplicated",
  verify: "verify",
};

if (values.child === undefined) main();
else await child(values.child, values.folder!);

function main(): void {
  const folder = values.folder ? resolve(values.folder) : mkdtempSync(join(tmpdir(), "kit-bench-"));
  mkdirSync(folder, { recursive: true });
  const fixture = rawFixture(undefined, folder);
  const last = at(hours - 1);
  try {
    if (readAll(fixture.project).next().done) fill(fixture, hours - 1, perHour);
    else fixture.remove(feed.name, last); // of an interrupted run
    const measured: Record<string, Step[]> = {};
    const run = (step: string) => {
      measured[step] = [...(measured[step] ?? []), measureStep(step, folder)];
    };
    const gigabytes = (hours * hour(0, perHour).length) / 1e9;
    console.log(
      `${machine()}; ${values.days} days of ${24 * perHour} rows, ${gigabytes.toFixed(1)} GB of JSON; median of ${values.runs}\n`,
    );
    for (let i = 0; i < Number(values.runs); i++) {
      run("bare");
      for (const built of ["staged", "current", "quarantine", "catalog.json"])
        rmSync(join(fixture.project.data, built), { recursive: true, force: true });
      run("load");
      fixture.put(feed.name, last, hour(hours - 1, perHour), { level: 1 });
      run("hour");
      for (const step of ["rebuild", "current", "view", "raw", ...(values.verify ? ["verify"] : [])]) run(step);
      fixture.remove(feed.name, last);
    }
    console.log(report(measured));
  } finally {
    if (values.folder === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

interface Step {
  whole: Usage;
  own: { seconds: number; cpuSeconds: number }; // without starting Node and loading modules
}

function measureStep(step: string, folder: string): Step {
  const options = ["--child", step, "--folder", folder];
  const whole = measure([process.execPath, fileURLToPath(import.meta.url), ...options]);
  return { whole, own: JSON.parse(whole.output) };
}

async function child(step: string, folder: string): Promise<void> {
  const started = performance.now();
  const cpu = process.cpuUsage();
  await steps[step]!(folder);
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - started) / 1000;
  console.log(JSON.stringify({ seconds, cpuSeconds: (user + system) / 1e6 }));
}

function report(found: Record<string, Step[]>): string {
  const of = (step: string) => {
    const runs = found[step]!;
    const whole = middle(runs.map((run) => run.whole));
    return { whole, own: runs.find((run) => run.whole === whole)!.own };
  };
  const figures = Object.keys(found).map((step) => {
    const { whole, own } = of(step);
    const cells = [whole.seconds, whole.cpuSeconds, own.seconds, own.cpuSeconds].map((s) => s.toFixed(2));
    return `| ${names[step]} | ${cells.join(" | ")} | ${whole.peakMiB.toFixed(0)} |`;
  });
  const ratio = (a: string, b: string, goal: string) => {
    const [over, under] = [of(a).own, of(b).own];
    const [wall, cpu] = [over.seconds / under.seconds, over.cpuSeconds / under.cpuSeconds];
    return `| ${names[a]} / ${names[b]} | ${wall.toFixed(1)}x | ${cpu.toFixed(1)}x | ${goal} |`;
  };
  return [
    "| step | seconds | CPU seconds | in process | CPU in process | peak MiB |",
    "|---|---|---|---|---|---|",
    ...figures,
    "",
    "| ratio | by wall | by CPU | goal |",
    "|---|---|---|---|",
    ratio("load", "bare", "at most 2.0x"),
    ratio("rebuild", "hour", "at least 20x"),
    ratio("view", "current", "at least 8x"),
    ratio("raw", "current", "at least 50x"),
  ].join("\n");
}

async function update(folder: string): Promise<void> {
  const { failed } = await updateWarehouse(rawFixture(undefined, folder).project);
  if (failed.length > 0) throw new Error(failed[0]!.reason);
}

function bareRead(folder: string): string {
  const { data } = emptyConfig(folder);
  const files: string[] = [];
  for (const day of readAll({ data }))
    for (const partition of day.partitions)
      for (const { name } of partition.objects)
        files.push(join(data, "raw", partitionPath(partitionOf(day, partition)), name));
  const columns = feed.columns.map(({ name, type }) => `${quoteText(name)}: ${quoteText(type)}`);
  return `read_json(${quoteList(files)}, format = 'newline_delimited', filename = true, columns = {${columns.join(", ")}})`;
}

async function bareCopy(folder: string): Promise<void> {
  const target = join(folder, "bare.parquet");
  const db = await openDatabase();
  await db.run(
    `copy (select * exclude (filename) from ${bareRead(folder)}) to ${quoteText(target)} (format parquet, compression zstd)`,
  );
  db.close();
  rmSync(target);
}
