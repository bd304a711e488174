// The first load of many small days, as a new user has them: the demo's exports, 29 feeds of hourly and 15-minute files,
// compared with one bare COPY per feed of the same files. Each step runs in a process of its own.
//   node dist/bench/small-days.js [--days 29] [--runs 3] [--folder KEPT]
// --folder: filled once, and kept for the next run.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { feedOf, openProject, type Project } from "../src/config/project.ts";
import { fillBucket } from "../src/demo/bucket.ts";
import { folderStore } from "../src/demo/s3/object-store.ts";
import { simulateLazily } from "../src/demo/simulator/simulate.ts";
import { openDatabase } from "../src/duckdb/database.ts";
import { quoteList, quoteText } from "../src/duckdb/quote.ts";
import { partitionPath } from "../src/export/layout.ts";
import { partitionOf, readAll } from "../src/sync/manifest.ts";
import { sync } from "../src/sync/sync.ts";
import { stage } from "../src/warehouse/stage/stage.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { machine, measure, middle, type Usage } from "./measure.ts";

const { values } = parseArgs({
  options: {
    days: { type: "string", default: "29" },
    runs: { type: "string", default: "3" },
    folder: { type: "string" },
    child: { type: "string" },
  },
});
const bucket = "demo";
const names = { bare: "bare COPY a feed", stage: "staging", load: "first load" };
type Step = keyof typeof names;

if (values.child === undefined) await main();
else await child(values.child as Step, openProject(join(values.folder!, "kit.yaml")));

async function main(): Promise<void> {
  const folder = values.folder ? resolve(values.folder) : mkdtempSync(join(tmpdir(), "kit-bench-"));
  try {
    if (!existsSync(join(folder, "kit.yaml"))) await fill(folder, Number(values.days));
    const feedDays = [...readAll(openProject(join(folder, "kit.yaml")))].length;
    console.log(`${machine()}; ${feedDays} feed-days; median of ${values.runs}\n`);
    const usages: Record<Step, Usage[]> = { bare: [], stage: [], load: [] };
    for (let i = 0; i < Number(values.runs); i++)
      for (const step of Object.keys(names) as Step[])
        usages[step].push(
          measure([process.execPath, fileURLToPath(import.meta.url), "--child", step, "--folder", folder]),
        );
    const base = middle(usages.bare);
    console.log("| step | seconds | CPU seconds | ratio by CPU | peak MiB |\n|---|---|---|---|---|");
    for (const step of Object.keys(names) as Step[]) {
      const { seconds, cpuSeconds, peakMiB } = middle(usages[step]);
      const ratio = `${(cpuSeconds / base.cpuSeconds).toFixed(1)}x`;
      const cells = [names[step], seconds.toFixed(2), cpuSeconds.toFixed(2), ratio, peakMiB.toFixed(0)];
      console.log(`| ${cells.join(" | ")} |`);
    }
  } finally {
    if (values.folder === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

async function fill(folder: string, days: number): Promise<void> {
  const now = new Date("2026-09-16T18:41:00Z");
  const store = join(folder, "bucket");
  mkdirSync(store, { recursive: true });
  fillBucket(folderStore(store), bucket, simulateLazily({ seed: 4, days, now, conversationsPerDay: 1400 }));
  const config = join(folder, "kit.yaml");
  writeFileSync(config, `source:\n  path: ${join(store, bucket)}\ndata: data\ntimezone: America/New_York\n`);
  await sync(openProject(config), { now });
}

async function child(step: Step, project: Project): Promise<void> {
  for (const built of ["staged", "current", "quarantine", "catalog.json", "tmp"])
    rmSync(join(project.data, built), { recursive: true, force: true });
  if (step === "bare") return bareCopies(project);
  const { failed } = step === "stage" ? await stage(project) : await updateWarehouse(project);
  if (failed.length > 0) throw new Error(failed[0]!.reason);
}

/** DuckDB alone. It skips lines that are not JSON, which would otherwise end the COPY. */
async function bareCopies(project: Project): Promise<void> {
  const files = new Map<string, string[]>();
  for (const day of readAll(project))
    for (const partition of day.partitions)
      for (const { name } of partition.objects) {
        const list = files.get(day.feed) ?? [];
        files.set(day.feed, list);
        list.push(join(project.data, "raw", partitionPath(partitionOf(day, partition)), name));
      }
  const target = join(project.data, "..", "bare.parquet");
  const db = await openDatabase();
  for (const [feed, list] of files) {
    const columns = feedOf(project, feed).columns.map(({ name, type }) => `${quoteText(name)}: ${quoteText(type)}`);
    const read = `read_json(${quoteList(list)}, format = 'newline_delimited', ignore_errors = true, columns = {${columns.join(", ")}})`;
    await db.run(`copy (from ${read}) to ${quoteText(target)} (format parquet, compression zstd)`);
  }
  db.close();
  rmSync(target, { force: true });
}
