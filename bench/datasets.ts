// All datasets of the site in one process, compared with a process for each, as Framework runs loaders.
//   node dist/bench/datasets.js [--config FILE | --days 30 --conversations 1400 [--year]] [--runs 3]
// --config: an existing project, such as .demo/kit.yaml. Without it, days of the demo are generated.
// --year: four weeks of these days, repeated to 52 weeks, as one Parquet file per feed and day.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { daysLater } from "../notebooks/components/metrics/time-zone.ts";
import { loadersFolder } from "../src/base/kit-folders.ts";
import { openProject, type Project } from "../src/config/project.ts";
import { type Database, openDatabase } from "../src/duckdb/database.ts";
import { quoteName, quoteText } from "../src/duckdb/quote.ts";
import { datasetsReady } from "../src/site/child.ts";
import { batches, computeDatasets, computeTogether } from "../src/site/dataset.ts";
import { type Dataset, listDatasets } from "../src/site/dataset-list.ts";
import { openTracing } from "../src/site/privacy/personal.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { keepDerived, keptRelations } from "../src/warehouse/catalog/derived.ts";
import { type DaySnapshot, loadSnapshot, saveSnapshot } from "../src/warehouse/snapshot/snapshot.ts";
import { demoProject, siteFeeds } from "../test/site-demo.ts";
import { machine, measure, middle, type Usage } from "./measure.ts";

const { values } = parseArgs({
  options: {
    days: { type: "string", default: "30" },
    conversations: { type: "string", default: "1400" },
    year: { type: "boolean", default: false },
    runs: { type: "string", default: "3" },
    config: { type: "string" },
    child: { type: "string" }, // the project whose datasets this process computes
  },
});
const self = fileURLToPath(import.meta.url);
const loader = fileURLToPath(new URL("../src/site/loader.js", import.meta.url));

if (values.child !== undefined) {
  const project = openProject(values.child);
  const out = mkdtempSync(join(tmpdir(), "kit-answers-"));
  const computed = await computeDatasets(project, { out });
  rmSync(out, { recursive: true });
  const bytes = computed.reduce((sum, dataset) => sum + dataset.bytes, 0);
  console.log(`${computed.length} datasets, ${(bytes / 1e6).toFixed(1)} MB`);
} else if (values.config !== undefined) {
  await compare(openProject(values.config));
} else {
  const demo = await demoProject({
    days: Number(values.days),
    conversationsPerDay: Number(values.conversations),
    feeds: [...siteFeeds, "rep_utilized"],
  });
  try {
    if (values.year) await repeatWeeks(demo.project);
    await compare(demo.project);
  } finally {
    demo.delete();
  }
}

async function compare(project: Project): Promise<void> {
  const config = project.configFile!;
  const runs = Array.from({ length: Number(values.runs) }, () => measure([process.execPath, self, "--child", config]));
  const all = middle(runs);
  const datasets = listDatasets(project);
  const newest = new Map(datasets.map((dataset) => [dataset.file, dataset]));
  const each = new Map([...newest.values()].map((dataset) => [dataset.file, alone(config, dataset)]));
  const sum = (of: (usage: Usage) => number) => datasets.reduce((total, { file }) => total + of(each.get(file)!), 0);
  const days = loadSnapshot(project.data).feeds.issue_queues!.days.length;
  const row = (name: string, seconds: number, cpu: number, peak: number) =>
    console.log(
      `| ${name} | ${seconds.toFixed(2)} | ${cpu.toFixed(2)} | ${(cpu / all.cpuSeconds).toFixed(1)}x | ${peak.toFixed(0)} |`,
    );
  console.log(`${days} days; ${machine()}\n`);
  console.log("| | seconds | CPU seconds | ratio by CPU | peak MiB |\n|---|---|---|---|---|");
  row(`${all.output.trim()}, one process`, all.seconds, all.cpuSeconds, all.peakMiB);
  row(
    "a process for each, one by one",
    sum(({ seconds }) => seconds),
    sum(({ cpuSeconds }) => cpuSeconds),
    Math.max(...[...each.values()].map(({ peakMiB }) => peakMiB)),
  );
  console.log("\n| most time in the one process | CPU seconds |\n|---|---|");
  for (const [name, cpu] of (await costs(project)).slice(0, 5)) console.log(`| ${name} | ${cpu.toFixed(2)} |`);
}

// The newest dataset of a file stands for all of them.
function alone(config: string, { file, parameters }: Dataset): Usage {
  const options = Object.entries(parameters).map(([name, value]) => `--${name}=${value}`);
  const env = { ASAPP_KIT_CONFIG: config, [datasetsReady]: "1" };
  return measure([process.execPath, loader, file, ...options], env);
}

/** CPU seconds of the shared views and of each file, run one by one; most first. */
async function costs(project: Project): Promise<[name: string, cpu: number][]> {
  const database = await openCatalog(project);
  const seconds = new Map<string, number>();
  const cost = async (name: string, work: () => Promise<unknown>) => {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    seconds.set(name, (seconds.get(name) ?? 0) + (user + system) / 1e6);
  };
  for (const name of keptRelations) await cost(`${name}, for all its readers`, () => keepDerived(database, [name]));
  const tracing = openTracing(project);
  for (const batch of batches(listDatasets(project)))
    await cost(relative(loadersFolder, batch[0]!.file), () => computeTogether(database, batch, project, { tracing }));
  await tracing.close();
  database.close();
  return [...seconds].sort(([, a], [, b]) => b - a);
}

/** Repeats the last four whole weeks twelve times before the first day, on the same weekdays and with issues of their own. */
async function repeatWeeks({ data }: Project): Promise<void> {
  const before = loadSnapshot(data);
  const next = structuredClone(before);
  const database = await openDatabase();
  for (const [name, feed] of Object.entries(next.feeds)) {
    const days = feed.days.slice(-29);
    feed.days = days;
    const older: DaySnapshot[] = [];
    for (let k = 1; k <= 12; k++)
      for (const day of days.slice(0, -1)) older.push(await copyDay(database, data, name, day, 28 * k));
    feed.days = [...older, ...days].sort((a, b) => (a.dt < b.dt ? -1 : 1));
    if (feed.partitions !== undefined) feed.partitions = await copyPartitions(database, data, feed.partitions);
  }
  database.close();
  saveSnapshot(data, before, next, new Date());
}

async function copyDay(
  database: Database,
  data: string,
  name: string,
  day: DaySnapshot,
  back: number,
): Promise<DaySnapshot> {
  const dt = daysLater(day.dt, -back);
  const copy = async (path: string | null) => {
    if (path === null) return null;
    const target = join(dirname(path), `${dt}.parquet`);
    mkdirSync(dirname(join(data, target)), { recursive: true });
    const source = quoteText(join(data, path));
    const { rows } = await database.rows(`select column_name, column_type from (describe from ${source})`);
    const moved = rows.flatMap(([name, type]) => {
      const column = quoteName(String(name));
      if (type === "TIMESTAMP") return `${column} - to_days(${back}) as ${column}`;
      return name === "issue_id" ? `(${column}::BIGINT + ${back} * 1000000000000)::${type} as ${column}` : [];
    });
    const columns = moved.length === 0 ? "*" : `* replace (${moved.join(", ")})`;
    await database.run(`copy (select ${columns} from ${source}) to ${quoteText(join(data, target))} (format parquet)`);
    return target;
  };
  // Only the first deliveries of queue_wfm are read from staged.
  const staged = name === "queue_wfm" ? await copy(day.staged) : null;
  return { ...day, dt, staged, current: await copy(day.current), facts: { ...day.facts!, through: null } };
}

async function copyPartitions(database: Database, data: string, path: string): Promise<string> {
  const target = path.replace(/\.parquet$/, ".year.parquet");
  await database.run(`copy (
    from ${quoteText(join(data, path))}
    union all
    select partitions.* replace (dt - 28 * k::integer as dt, (dt - 28 * k::integer)::varchar || substr(run, 11) as run)
    from ${quoteText(join(data, path))} as partitions, range(1, 13) as weeks (k)
  ) to ${quoteText(join(data, target))} (format parquet)`);
  return target;
}
