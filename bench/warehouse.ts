// The warehouse beside a bare DuckDB on the same files, each step in a process of its own: first load, one more hour,
// rebuilding, and a dashboard question over the current rows, over a dedupe view of Parquet, and over the .jsonl.gz.
//   node dist/bench/warehouse.js [--days 30] [--rows 2500] [--runs 3]     rows: per hourly file of convos_metrics
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { emptyConfig } from "../src/config.ts";
import type { Column } from "../src/export/feed.ts";
import { loadRegistry } from "../src/export/registry.ts";
import { readAll } from "../src/sync/manifest.ts";
import { openCatalog } from "../src/warehouse/catalog.ts";
import { openDatabase, quoteList, quoteText } from "../src/warehouse/database.ts";
import { dedupeSelect } from "../src/warehouse/dedupe.ts";
import { relationColumns } from "../src/warehouse/relation.ts";
import { loadSnapshot } from "../src/warehouse/snapshot.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { verifyFeed } from "../src/warehouse/verify.ts";
import { rawFixture } from "../test/raw-fixture.ts";
import { machine, measure, middle, type Usage, usageTable } from "./measure.ts";

const feed = loadRegistry().get("convos_metrics")!;
const question = `select first_utterance_ts::date as day, platform, count(*), avg(total_handle_time), sum(assisted),
  quantile_cont(total_session_time, 0.9), sum(customer_sent_msgs), sum(rep_sent_msgs), avg(time_in_queue), max(hold_ct)`;
const { values } = parseArgs({
  options: {
    days: { type: "string", default: "30" },
    rows: { type: "string", default: "2500" },
    runs: { type: "string", default: "3" },
    child: { type: "string" },
    folder: { type: "string" },
  },
});
const days = Number(values.days);
const perHour = Number(values.rows);

const steps: Record<string, (folder: string) => Promise<void>> = {
  bare: bareCopy,
  async load(folder) {
    const { project } = rawFixture(undefined, folder);
    const { failed } = await updateWarehouse(project);
    if (failed.length > 0) throw new Error(failed[0]!.reason);
  },
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
    await catalog.rows(
      `${question} from (${dedupeSelect(feed, columns, "raw.convos_metrics")}) group by all`,
    );
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
  async nothing() {
    await (await openDatabase()).rows("select 1");
  },
};

if (values.child === undefined) main();
else await steps[values.child]!(values.folder!);

function main(): void {
  const source = rawFixture();
  const folder = mkdtempSync(join(tmpdir(), "kit-bench-"));
  try {
    const bytes = fill(source.put);
    const found: Record<string, Usage[]> = {};
    const run = (step: string, of = folder) => {
      found[step] = [...(found[step] ?? []), measure(child(step, of))];
    };
    console.log(
      `${machine()}; ${days} days of ${24 * perHour} rows, ${(bytes / 1e9).toFixed(2)} GB of JSON; median of ${values.runs}\n`,
    );
    for (let i = 0; i < Number(values.runs); i++) {
      run("bare", source.project.root);
      rmSync(folder, { recursive: true, force: true });
      const { data } = emptyConfig(folder);
      mkdirSync(data, { recursive: true });
      cpSync(source.project.data, data, { recursive: true });
      rmSync(join(data, "bare.parquet"), { force: true });
      run("load");
      rawFixture(undefined, folder).put(feed.name, `${day(days - 1)} 23`, hour(24 * days - 1));
      const before = found.load!.length;
      run("load");
      found.hour = [...(found.hour ?? []), ...found.load!.splice(before)];
      for (const step of ["rebuild", "current", "view", "raw", "nothing"]) run(step);
    }
    run("verify");
    const names: Record<string, string> = {
      bare: "bare COPY to one Parquet file",
      load: "first load",
      hour: "one more hour",
      rebuild: "everything anew",
      current: "question over <feed>",
      view: "question over the dedupe view of Parquet",
      raw: "question over the .jsonl.gz, deduplicated",
      nothing: "starting Node and DuckDB",
      verify: "verify",
    };
    const rows = Object.entries(names).map(([step, name]) => ({ name, usage: middle(found[step]!) }));
    console.log(usageTable(rows, names.bare!));
  } finally {
    rmSync(folder, { recursive: true, force: true });
    source.delete();
  }
}

function child(step: string, folder: string): string[] {
  return [process.execPath, fileURLToPath(import.meta.url), "--child", step, "--folder", folder];
}

function bareRead(folder: string): string {
  const { data } = emptyConfig(folder);
  const files: string[] = [];
  for (const { dt, partitions } of readAll({ data }))
    for (const { hr, objects } of partitions)
      for (const { name } of objects)
        files.push(join(data, `raw/${feed.name}/version=1/format=jsonl/dt=${dt}/hr=${hr}/${name}`));
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
  if (!existsSync(target)) throw new Error("nothing was copied");
  rmSync(target);
}

function fill(put: ReturnType<typeof rawFixture>["put"]): number {
  let bytes = 0;
  for (let h = 0; h < days * 24 - 1; h++) {
    const text = hour(h);
    bytes += text.length;
    put(feed.name, `${day(Math.floor(h / 24))} ${String(h % 24).padStart(2, "0")}`, text);
  }
  return bytes;
}

function day(number: number): string {
  return new Date(Date.UTC(2026, 0, 1 + number)).toISOString().slice(0, 10);
}

/** Each issue is delivered three times: in the hour it begins, in the next, and two hours later. */
function hour(h: number): Buffer {
  const part = Math.ceil(perHour / 3);
  const lines = Array.from({ length: perHour }, (_, i) => {
    const begun = h - [0, 1, 3][Math.floor(i / part)]!;
    const issue = 1_000_000 + (begun + 3) * part + (i % part);
    const start = Date.UTC(2026, 0, 1, begun) + (i % part) * 1000;
    const row = feed.columns.map((column, at) => [column.name, sample(column, issue, at, start)]);
    return JSON.stringify({ ...Object.fromEntries(row), issue_id: issue });
  });
  return Buffer.from(`${lines.join("\n")}\n`);
}

function sample({ name, type }: Column, issue: number, at: number, start: number): unknown {
  const random = (Math.imul(issue ^ (at << 20), 0x9e3779b1) >>> 5) / 2 ** 27;
  if (random > 0.9 && at > 4) return null;
  if (type === "TIMESTAMP") return new Date(start).toISOString().replace("Z", "000+00:00");
  if (type === "DOUBLE") return Math.floor(random * 1_000_000) / 1000;
  if (type === "BIGINT") return Math.floor(random * 50);
  if (type === "BOOLEAN") return random < 0.5;
  if (name === "platform") return ["web", "ios", "android"][Math.floor(random * 3)];
  return name.endsWith("_id")
    ? 20_000_000 + Math.floor(random * 10_000_000)
    : `word_${Math.floor(random * 100)}`;
}
