// Staging beside one bare DuckDB COPY of the same .jsonl.gz to one Parquet file, each in a process of its own.
//   node dist/bench/stage.js [--days 30] [--rows 2500] [--runs 3]     rows: per hourly file of convos_metrics
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { emptyConfig } from "../src/config.ts";
import type { Column } from "../src/export/feed.ts";
import { loadRegistry } from "../src/export/registry.ts";
import { listDays, readAll } from "../src/sync/manifest.ts";
import { openDatabase, quoteList, quoteText } from "../src/warehouse/database.ts";
import { loadSnapshot, saveSnapshot } from "../src/warehouse/snapshot.ts";
import { stage } from "../src/warehouse/stage.ts";
import { rawFixture } from "../test/raw-fixture.ts";
import { machine, measure, middle, type Usage, usageTable } from "./measure.ts";

const feed = loadRegistry().get("convos_metrics")!;
let state = 42; // of the random numbers
const { values } = parseArgs({
  options: {
    days: { type: "string", default: "30" },
    rows: { type: "string", default: "2500" },
    runs: { type: "string", default: "3" },
    child: { type: "string" },
    folder: { type: "string" },
  },
});
if (values.child === undefined) main();
else if (values.child === "bare") await bareCopy(values.folder!);
else await stageAll(values.folder!);

function main(): void {
  const { project, put, delete: remove } = rawFixture();
  try {
    const bytes = fill(put);
    const raw = join(project.data, "raw");
    console.log(
      `${machine()}; ${listDays(project).length} days, ${(bytes / 1e9).toFixed(2)} GB of JSON; median of ${values.runs}\n`,
    );
    const bare: Usage[] = [];
    const staged: Usage[] = [];
    const added: Usage[] = [];
    for (let run = 0; run < Number(values.runs); run++) {
      bare.push(measure(child("bare", project.root)));
      const folder = mkdtempSync(join(tmpdir(), "kit-bench-"));
      const data = emptyConfig(folder).data;
      mkdirSync(data, { recursive: true });
      symlinkSync(raw, join(data, "raw"));
      cpSync(join(project.data, "manifest"), join(data, "manifest"), { recursive: true });
      staged.push(measure(child("stage", folder)));
      rmSync(join(data, "raw"));
      cpSync(raw, join(data, "raw"), { recursive: true });
      const last = rawFixture(undefined, folder);
      last.put(
        feed.name,
        `${day(Number(values.days) - 1)} 23`,
        hour(Number(values.rows), 24 * Number(values.days)),
      );
      added.push(measure(child("stage", folder)));
      rmSync(folder, { recursive: true });
    }
    const rows = [
      { name: "bare COPY", usage: middle(bare) },
      { name: "stage everything", usage: middle(staged) },
      { name: "stage one more hour", usage: middle(added) },
    ];
    console.log(usageTable(rows, "bare COPY"));
  } finally {
    remove();
  }
}

function child(kind: string, folder: string): string[] {
  return [process.execPath, fileURLToPath(import.meta.url), "--child", kind, "--folder", folder];
}

async function bareCopy(folder: string): Promise<void> {
  const { data } = emptyConfig(folder);
  const files: string[] = [];
  for (const { dt, partitions } of readAll({ data }))
    for (const { hr, objects } of partitions)
      for (const { name } of objects)
        files.push(join(data, `raw/${feed.name}/version=1/format=jsonl/dt=${dt}/hr=${hr}/${name}`));
  const columns = feed.columns.map(({ name, type }) => `${quoteText(name)}: ${quoteText(type)}`);
  const target = join(folder, "bare.parquet");
  const db = await openDatabase();
  await db.run(
    `copy (from read_json(${quoteList(files)}, format = 'newline_delimited', columns = {${columns.join(", ")}}))
     to ${quoteText(target)} (format parquet, compression zstd)`,
  );
  db.close();
  if (!existsSync(target)) throw new Error("nothing was copied");
}

async function stageAll(folder: string): Promise<void> {
  const { project } = rawFixture(undefined, folder);
  const report = await stage(project);
  if (report.failed.length > 0) throw new Error(report.failed[0]!.reason);
  saveSnapshot(project.data, loadSnapshot(project.data), report.snapshot, new Date());
}

function fill(put: ReturnType<typeof rawFixture>["put"]): number {
  let bytes = 0;
  for (let h = 0; h < Number(values.days) * 24 - 1; h++) {
    const text = hour(Number(values.rows), h);
    bytes += text.length;
    put(feed.name, `${day(Math.floor(h / 24))} ${String(h % 24).padStart(2, "0")}`, text);
  }
  return bytes;
}

function day(number: number): string {
  return new Date(Date.UTC(2026, 0, 1 + number)).toISOString().slice(0, 10);
}

function random(below: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

function hour(rows: number, h: number): Buffer {
  const start = Date.UTC(2026, 0, 1, h);
  const lines: string[] = [];
  for (let i = 0; i < rows; i++)
    lines.push(
      JSON.stringify(Object.fromEntries(feed.columns.map((column) => [column.name, sample(column, start)]))),
    );
  return Buffer.from(`${lines.join("\n")}\n`);
}

function sample({ name, type }: Column, start: number): unknown {
  if (random(10) === 0) return null;
  if (type === "TIMESTAMP")
    return new Date(start + random(3_600_000)).toISOString().replace("Z", "000+00:00");
  if (type === "DOUBLE") return random(1_000_000) / 1000;
  if (type === "BIGINT") return random(50);
  if (type === "BOOLEAN") return random(2) === 0;
  return name.endsWith("_id") ? 20_000_000 + random(10_000_000) : `word_${random(100)} word_${random(100)}`;
}
