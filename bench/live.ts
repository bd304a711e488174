// The time from a marker in the bucket to the page on disk: `watch` runs over the demo's bucket and site, while the newest
// windows of the two WFM feeds and the newest hours of all others are delivered one by one. Then rounds without new data:
// their cost, and the memory of the process.
//   node dist/bench/live.js [--windows N] [--hours N] [--quiet N] [--every TIME] [--days N] [--conversations N]
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Round } from "../src/commands/steps/round.ts";
import { demoBucket, demoCredentials, demoRegion, startDemo } from "../src/demo/demo.ts";
import { machine } from "./measure.ts";

const { values } = parseArgs({
  options: {
    windows: { type: "string", default: "5" },
    hours: { type: "string", default: "3" },
    quiet: { type: "string", default: "100" },
    every: { type: "string", default: "1s" },
    days: { type: "string", default: "30" },
    conversations: { type: "string", default: "1400" },
  },
});
const bin = fileURLToPath(new URL("../../bin/asapp-kit.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "kit-live-"));
const site = join(folder, "site");
const env = {
  ...process.env,
  AWS_ACCESS_KEY_ID: demoCredentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: demoCredentials.secretAccessKey,
  AWS_EC2_METADATA_DISABLED: "true",
};
const demo = await startDemo({
  seed: 1,
  now: new Date(),
  days: Number(values.days),
  conversationsPerDay: Number(values.conversations),
});
const { store } = demo.server;
try {
  const held = [
    ...holdBack("hour", /^(?![^/]*wfm)[^/]*\/.*(dt=[^/]+\/hr=\d+)\/[^/]+$/, Number(values.hours)),
    ...holdBack("window", /^[^/]*queue_(?:membership_)?wfm\/.*(dt=[^/]+\/hr=\d+\/mi=\d+)\//, Number(values.windows)),
  ];
  const config = join(folder, "kit.yaml");
  writeFileSync(
    config,
    `environment: prod\ncompany: demo\nregion: ${demoRegion}\nendpoint: ${demo.url}\ntimezone: America/New_York\ndata: data\n`,
  );
  console.error(`building the site of ${values.days} days x ${values.conversations} conversations`);
  const args = ["--config", config, "--output", site];
  // In a process of its own, so that this one's server stays responsive.
  await ended(spawn(process.execPath, [bin, "build", ...args], { env, stdio: ["ignore", "ignore", "inherit"] }));

  const watcher = spawn(process.execPath, [bin, "watch", "--json", "--every", values.every, ...args], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: watcher.stdout })[Symbol.asyncIterator]();
  const nextRound = async () => JSON.parse((await lines.next()).value) as Round;
  await nextRound();
  const rows: string[][] = [];
  for (const { what, objects } of held) {
    const before = shown();
    const cpuBefore = cpuSeconds(watcher.pid!);
    const begun = performance.now();
    for (const { key, body } of objects) store.put(demoBucket, key, body);
    let round = await nextRound();
    while (round.added === 0) round = await nextRound();
    const elapsed = (performance.now() - begun) / 1000;
    if (shown() === before) throw new Error("the page did not change");
    const { sync, update, site: pages } = round.seconds;
    const cpu = cpuSeconds(watcher.pid!) - cpuBefore;
    const seconds = [elapsed, sync, update, pages, cpu].map((time) => time.toFixed(2));
    rows.push([what, ...seconds, String(round.datasets)]);
  }
  const quiet: string[][] = [];
  const cpuQuiet = cpuSeconds(watcher.pid!);
  for (let done = 1; done <= Number(values.quiet); done++) {
    const { added, files } = await nextRound();
    if (added > 0) throw new Error("a quiet round fetched something");
    const marks = [1, 10, Number(values.quiet) / 2, Number(values.quiet)];
    if (!marks.includes(done) && files === null) continue;
    const cpu = (cpuSeconds(watcher.pid!) - cpuQuiet) / done;
    quiet.push([String(done), String(residentMiB(watcher.pid!)), cpu.toFixed(3), String(files ?? 0)]);
  }
  watcher.kill("SIGTERM");
  await ended(watcher);
  rows.sort((a, b) => Number(a[1]) - Number(b[1]));
  console.log(`${machine()}; a round every ${values.every}\n`);
  table(["", "from marker to page, s", "sync", "update", "site", "CPU seconds, all rounds", "datasets"], rows);
  for (const what of ["window", "hour"]) {
    const times = rows.filter((row) => row[0] === what).map((row) => row[1]);
    console.log(`${what}: median ${times[Math.floor(times.length / 2)]} s, slowest ${times.at(-1)} s`);
  }
  console.log("");
  table(["rounds without new data", "resident, MiB", "CPU seconds a round", "files of the site"], quiet);
} finally {
  await demo.close();
  rmSync(folder, { recursive: true, force: true });
}

/** Removes the newest complete runs of these keys from the bucket. Returns them oldest first, each with its markers last. */
function holdBack(what: string, pattern: RegExp, count: number) {
  const runs = new Map<string, string[]>();
  for (const key of store.keys(demoBucket)) {
    const [, run] = pattern.exec(key) ?? [];
    if (run !== undefined) runs.set(run, [...(runs.get(run) ?? []), key]);
  }
  const complete = [...runs].filter(([, keys]) => keys.some((key) => key.endsWith("_SUCCESS")));
  const newest = complete.sort(([a], [b]) => (a < b ? -1 : 1)).slice(complete.length - count);
  if (newest.length < count) throw new Error(`the bucket has ${newest.length} runs: ${what}`);
  return newest.map(([, keys]) => {
    const markerLast = [...keys].sort((a, b) => Number(a.endsWith("_SUCCESS")) - Number(b.endsWith("_SUCCESS")));
    const objects = markerLast.map((key) => ({ key, body: store.read(demoBucket, key) }));
    for (const { key } of objects) store.delete(demoBucket, key);
    return { what, objects };
  });
}

function table(head: string[], rows: string[][]): void {
  for (const row of [head, head.map(() => "---"), ...rows]) console.log(`| ${row.join(" | ")} |`);
  console.log("");
}

function shown(): string {
  return readFileSync(join(site, "today.html"), "utf8");
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function residentMiB(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
  return Math.round((pages * 4096) / 2 ** 20);
}

async function ended(child: ReturnType<typeof spawn>): Promise<void> {
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`${child.spawnargs.slice(1, 3).join(" ")} ended with ${code}`);
}
