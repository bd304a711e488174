import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Site } from "../notebooks/components/metrics/site.ts";
import { timeZone } from "../notebooks/components/metrics/time-zone.ts";
import { exitCodes } from "../src/base/errors.ts";
import { fillBucket } from "../src/demo/bucket.ts";
import { memoryStore } from "../src/demo/s3/object-store.ts";
import { type S3Server, startS3Server } from "../src/demo/s3/s3-server.ts";
import { simulateLazily } from "../src/demo/simulator/simulate.ts";
import { runOf } from "../src/export/partition.ts";
import { filesOf } from "../src/site/attachments.ts";
import { readLastSync } from "../src/sync/last-sync.ts";
import { siteFeeds } from "./site-demo.ts";
import { bucket, credentials, tree } from "./sync-kit.ts";
import { until, within } from "./wait.ts";
import { startWatcher, type Watcher } from "./watcher.ts";

interface Held {
  run: string; // dt=2026-11-22/hr=14/mi=30
  files: { key: string; body: Buffer }[];
  markers: { key: string; body: Buffer }[];
}

interface Day {
  day: string;
  channel: string;
  started: number;
}

function attached(html: string, page: string, dataset: string): string {
  return filesOf(html, page).find(({ name }) => name === dataset)!.path;
}

// The simulated centre is of now, as the command's own clock is. Held back are the newest window, as later ones restate
// it, and the fullest hour of the last day.
describe("watch over a site", { timeout: 900_000 }, () => {
  const store = memoryStore();
  const zone = timeZone("America/New_York");
  let server: S3Server;
  let folder: string;
  let site: string;
  let watcher: Watcher;
  let url: string;
  let window: Held;
  let hour: Held;

  before(async () => {
    const now = new Date();
    fillBucket(store, bucket, simulateLazily({ seed: 4, days: 3, now, conversationsPerDay: 150 }), {
      feeds: siteFeeds,
    });
    window = holdBack(/^queue_wfm\/.*(dt=[^/]+\/hr=\d+\/mi=\d+)\//, now, ([a], [b]) => (a < b ? 1 : -1));
    hour = holdBack(/^convos_metrics\/.*(dt=[^/]+\/hr=\d+)\/[^/]+$/, now, ([, a], [, b]) => b - a);
    server = await startS3Server({ credentials: [credentials], store });
    folder = mkdtempSync(join(tmpdir(), "asapp-watch-site-"));
    site = join(folder, "site");
    writeFileSync(
      join(folder, "kit.yaml"),
      `bucket: ${bucket}\nendpoint: ${server.url}\ndata: data\ntimezone: America/New_York\n`,
    );
    watcher = startWatcher(folder, ["--serve", "--output", "site", "--every", "1s"]);
    await watcher.until("success", ({ ok }) => ok);
    url = /"event":"serving","url":"([^"]+)"/.exec(watcher.stderr())![1]!;
  });
  after(async () => {
    watcher.child.kill("SIGKILL");
    await watcher.closed;
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("shows a window of the WFM feeds once its marker is there, on disk and to who is served", async () => {
    const page = () => readFileSync(join(site, "today.html"), "utf8");
    const shown = (text: () => string = page) => attached(text(), "today.html", "site.json");
    const through = (text: string) =>
      Date.parse((JSON.parse(text) as Site[])[0]!.feeds.find(({ feed }) => feed === "queue_wfm")!.through!);
    const former = shown();
    const before = through(readFileSync(join(site, former), "utf8"));
    deliver(window.files);
    await seen(window);
    assert.equal(through(readFileSync(join(site, shown()), "utf8")), before, "nothing is shown before its marker");
    await measured(window, () => through(readFileSync(join(site, shown()), "utf8")) > before);
    const html = await (await fetch(`${url}today`)).text();
    const now = await (await fetch(url + shown(() => html))).text();
    assert.ok(through(now) > before);
    const day = zone.date(through(now) - 1);
    const windows = await (await fetch(`${url}data/intraday/${day}.json`)).text();
    assert.equal(windows, readFileSync(join(site, "data", "intraday", `${day}.json`), "utf8"));
  });

  it("shows an hour of conversations, whose page attaches the new answer", async () => {
    const ofPage = (html: string) => attached(html, "conversations.html", "days.json");
    const shown = () => ofPage(readFileSync(join(site, "conversations.html"), "utf8"));
    const started = (text: string) =>
      (JSON.parse(text) as Day[])
        .filter(({ channel }) => channel === "All channels")
        .reduce((sum, day) => sum + day.started, 0);
    const former = shown();
    const before = started(readFileSync(join(site, former), "utf8"));
    deliver(hour.files);
    await seen(hour);
    assert.equal(shown(), former, "nothing is shown before its marker");
    await measured(hour, () => shown() !== former);
    const served = ofPage(await (await fetch(`${url}conversations`)).text());
    assert.equal(served, shown());
    const now = started(await (await fetch(url + served)).text());
    assert.ok(now > before, `${before} conversations, then ${now}`);
    assert.equal((await fetch(url + former)).status, 200, "who has the former page open gets its own answer");
  });

  it("touches no file in a round without news, and ends well", async () => {
    await watcher.until("nothing new", ({ added, files }) => added === 0 && files === null);
    const before = tree(site, true);
    for (let round = 0; round < 3; round++) {
      const { added, datasets, files, ok } = await watcher.until("anything", () => true);
      assert.deepEqual({ added, datasets, files, ok }, { added: 0, datasets: null, files: null, ok: true });
    }
    assert.deepEqual(tree(site, true), before);
    watcher.child.kill("SIGINT");
    assert.equal(await within("the watcher's end", watcher.closed), exitCodes.ok);
    await assert.rejects(fetch(url), "it serves no more");
  });

  /** Puts the markers and waits until the site shows them. */
  async function measured({ run, markers }: Held, shown: () => boolean): Promise<void> {
    const begun = performance.now();
    deliver(markers);
    await until(`${run} on its page`, () => {
      assert.equal(watcher.child.exitCode, null, watcher.stderr());
      return shown();
    });
    const seconds = (performance.now() - begun) / 1000;
    console.log(`    ${run}: ${seconds.toFixed(2)} s from marker to page, a round every second`);
  }

  function deliver(objects: Held["files"]): void {
    for (const { key, body } of objects) store.put(bucket, key, body);
  }

  /** Waits for a round that found the run, which has no marker. */
  async function seen({ run }: Held): Promise<void> {
    const name = run.replace(/dt=(.{10})\/hr=(\d+)(?:\/mi=(\d+))?/, (_, dt, hr, mi) =>
      runOf({ dt, hr, mi: mi ?? null }),
    );
    await watcher.until(`${name} waiting for its marker`, () => {
      const { feeds } = readLastSync({ data: join(folder, "data") })!;
      return Object.values(feeds).some(({ unfinished }) => unfinished.some(({ id }) => runOf(id) === name));
    });
  }

  /** Takes the run of the last day that comes first in this order, by its name or its bytes, out of the bucket. */
  function holdBack(pattern: RegExp, now: Date, order: (a: [string, number], b: [string, number]) => number): Held {
    const since = `dt=${new Date(now.getTime() - 86_400_000).toISOString().slice(0, 10)}`;
    const bytes = new Map<string, number>();
    for (const key of store.keys(bucket)) {
      const run = pattern.exec(key)?.[1];
      if (run !== undefined && run >= since) bytes.set(run, (bytes.get(run) ?? 0) + store.head(bucket, key)!.size);
    }
    const [run] = [...bytes].sort(order)[0]!;
    const keys = store.keys(bucket).filter((key) => pattern.exec(key)?.[1] === run);
    const held = keys.map((key) => ({ key, body: store.read(bucket, key) }));
    for (const { key } of held) store.delete(bucket, key);
    const marker = ({ key }: { key: string }) => key.endsWith("_SUCCESS");
    return { run, files: held.filter((object) => !marker(object)), markers: held.filter(marker) };
  }
});
