// From a marker in the bucket to the page on disk: the demo's bucket and site, a `watch` that goes round and round, and
// the newest windows of the two WFM feeds held back and then delivered, one after the other.
//   node dist/bench/live.js [--windows N] [--every TIME] [--days N] [--conversations N]
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Round } from "../src/cli/watch-run.ts";
import { demoBucket, demoCredentials, demoRegion, startDemo } from "../src/demo/demo.ts";
import { machine } from "./measure.ts";

const { values } = parseArgs({
  options: {
    windows: { type: "string", default: "5" },
    every: { type: "string", default: "1s" },
    days: { type: "string", default: "29" },
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
  ...{ seed: 1, now: new Date() },
  ...{ days: Number(values.days), conversationsPerDay: Number(values.conversations) },
});
const { store } = demo.server;
try {
  const held = holdBack(Number(values.windows));
  const config = join(folder, "kit.yaml");
  writeFileSync(
    config,
    `environment: prod\ncompany: demo\nregion: ${demoRegion}\nendpoint: ${demo.url}\ntimezone: America/New_York\ndata: data\n`,
  );
  console.error(`building the site of ${values.days} days x ${values.conversations} conversations`);
  const args = ["--config", config, "--output", site];
  // In a process of its own that leaves this one's server free to answer.
  await ended(
    spawn(process.execPath, [bin, "build", ...args], { env, stdio: ["ignore", "ignore", "inherit"] }),
  );

  const watcher = spawn(process.execPath, [bin, "watch", "--json", "--every", values.every, ...args], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: watcher.stdout })[Symbol.asyncIterator]();
  const nextRound = async () => JSON.parse((await lines.next()).value) as Round;
  await nextRound();
  const rows: string[][] = [];
  for (const objects of held) {
    const before = shown();
    const cpuBefore = cpuSeconds(watcher.pid!);
    const begun = performance.now();
    for (const { key, body } of objects) store.put(demoBucket, key, body);
    let round = await nextRound();
    while (round.added === 0) round = await nextRound();
    const told = (performance.now() - begun) / 1000;
    if (shown() === before) throw new Error("the page is as it was");
    const { sync, update, site: pages } = round.seconds;
    const cpu = cpuSeconds(watcher.pid!) - cpuBefore;
    rows.push(
      [told, sync, update, pages, cpu].map((seconds) => seconds.toFixed(2)).concat([String(round.datasets)]),
    );
  }
  watcher.kill("SIGTERM");
  await ended(watcher);
  rows.sort((a, b) => Number(a[0]) - Number(b[0]));
  console.log(`${machine()}; a round every ${values.every}; load average ${loadavg()[0]!.toFixed(1)}\n`);
  console.log("| from marker to page, s | sync | update | site | CPU seconds, all rounds | datasets |");
  console.log("|---|---|---|---|---|---|");
  for (const row of rows) console.log(`| ${row.join(" | ")} |`);
  console.log(`\nmedian ${rows[Math.floor(rows.length / 2)]![0]} s, slowest ${rows.at(-1)![0]} s`);
} finally {
  await demo.close();
  rmSync(folder, { recursive: true, force: true });
}

/** Takes the newest windows of the WFM feeds out of the bucket; oldest first, each one's marker last. */
function holdBack(windows: number): { key: string; body: Buffer }[][] {
  const runs = new Map<string, string[]>();
  for (const key of store.keys(demoBucket)) {
    const [, run] = /^[^/]*queue_(?:membership_)?wfm\/.*(dt=[^/]+\/hr=\d+\/mi=\d+)\//.exec(key) ?? [];
    if (run !== undefined) runs.set(run, [...(runs.get(run) ?? []), key]);
  }
  const newest = [...runs].sort(([a], [b]) => (a < b ? -1 : 1)).slice(-windows);
  if (newest.length < windows) throw new Error(`the bucket has ${newest.length} windows`);
  return newest.map(([, keys]) => {
    const markerLast = [...keys].sort(
      (a, b) => Number(a.endsWith("_SUCCESS")) - Number(b.endsWith("_SUCCESS")),
    );
    const objects = markerLast.map((key) => ({ key, body: store.read(demoBucket, key) }));
    for (const { key } of objects) store.delete(demoBucket, key);
    return objects;
  });
}

function shown(): string {
  return readFileSync(join(site, "today.html"), "utf8");
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function ended(child: ReturnType<typeof spawn>): Promise<void> {
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`${child.spawnargs.slice(1, 3).join(" ")} ended with ${code}`);
}
