import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { exitCodes } from "../src/base/errors.ts";
import { startS3Server } from "../src/demo/s3/s3-server.ts";
import { type CliKit, openCliKit } from "./cli-kit.ts";
import { type Hour, hourAgo } from "./hours.ts";
import { bucket, credentials, expand, putPartition } from "./sync-kit.ts";
import { within } from "./wait.ts";
import { startWatcher, type Watcher } from "./watcher.ts";

describe("watch", { timeout: 900_000 }, () => {
  let kit: CliKit;
  let watcher: Watcher | null = null;
  const [first, second, third] = [hourAgo(3), hourAgo(2), hourAgo(1)];
  const rows = [{ issue_id: 1, first_utterance_ts: first.start }];
  const instant = (end: string) => `${end.replace(" ", "T")}:00.000Z`;
  const brisk = ["--no-site", "--every", "1s"];
  const status = async () => JSON.parse((await kit.run(["status", "--json"])).stdout);
  const metrics = (hour: Hour) => `convos_metrics/${hour.path}`;

  afterEach(async () => {
    watcher?.child.kill("SIGKILL");
    await watcher?.closed;
    watcher = null;
    await kit.close();
  });

  it("does as many rounds as it is told, one line each, and nothing else when piped", async () => {
    kit = await openCliKit();
    kit.partition(metrics(first), rows);
    const { code, stdout, stderr } = await kit.run(["watch", "--rounds", "2", "--every", "1s", "--no-site"]);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "");
    const [news, none, ...rest] = stdout.trimEnd().split("\n");
    const at = String.raw`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC {2}`;
    const through = `through ${first.end} UTC`;
    assert.match(news!, new RegExp(String.raw`${at}1 new, 1 row, ${through}, .* s; next \d\d:\d\d$`));
    assert.match(none!, new RegExp(String.raw`${at}nothing new, ${through}, \d+\.\d s$`));
    assert.deepEqual(rest, []);
    assert.ok(!existsSync(join(kit.folder, "data", "watch.json")), "the note goes with the watcher");
  });

  it("takes up what comes while it waits, and ends well on SIGTERM", async () => {
    kit = await openCliKit();
    kit.partition(metrics(first), rows);
    watcher = startWatcher(kit.folder, brisk);
    const { ok, added, rows: staged } = await watcher.until("anything", () => true);
    assert.deepEqual({ ok, added, staged }, { ok: true, added: 1, staged: 1 });
    kit.partition(metrics(second), rows, { marker: false });
    await watcher.until("one partition that waits", ({ waiting, overdue }) => waiting + overdue === 1);
    const { watch } = await status();
    assert.deepEqual(
      [watch.pid, watch.running, watch.late, watch.failures, watch.everySeconds],
      [watcher.child.pid, true, false, 0, 1],
    );
    assert.ok(watch.since <= watch.round && watch.since <= watch.lastSuccess, JSON.stringify(watch));
    kit.partition(metrics(second), rows);
    const news = await watcher.until("one new partition", ({ added }) => added === 1);
    assert.equal(news.dataThrough, instant(second.end));
    watcher.child.kill("SIGTERM");
    assert.equal(await within("the watcher's end", watcher.closed), exitCodes.ok);
    assert.equal((await status()).watch, null);
    assert.equal(watcher.stderr(), "");
  });

  it("goes on when the store goes away, answers nonsense, or is locked, and when kit.yaml is broken for a while", async () => {
    kit = await openCliKit();
    kit.partition(metrics(first), rows);
    watcher = startWatcher(kit.folder, brisk);
    await watcher.until("one new partition", ({ added }) => added === 1);
    const yaml = readFileSync(join(kit.folder, "kit.yaml"), "utf8");

    writeFileSync(join(kit.folder, "kit.yaml"), `${yaml}fedes: []\n`);
    const misspelled = await watcher.until("a failure", ({ ok }) => !ok);
    assert.match(`${misspelled.exit} ${misspelled.message}`, /^config .*unknown option "fedes"/);
    writeFileSync(join(kit.folder, "kit.yaml"), yaml);
    await watcher.until("success after failures", ({ ok, failures }) => ok && failures === 0);

    const holder = {
      pid: process.pid,
      host: hostname(),
      since: new Date().toISOString(),
      started: null,
    };
    writeFileSync(join(kit.folder, "data", "lock"), JSON.stringify(holder));
    const locked = await watcher.until("a failure", ({ ok }) => !ok);
    assert.match(`${locked.exit} ${locked.message}`, new RegExp(`^locked another sync .* process ${process.pid}`));
    rmSync(join(kit.folder, "data", "lock"));
    await watcher.until("success", ({ ok }) => ok);

    const { port } = new URL(kit.server.url);
    await kit.server.close();
    const gone = await watcher.until("a second failure", ({ failures }) => failures === 2);
    assert.match(`${gone.exit} ${gone.message}`, /^unreachable cannot reach .*connection refused/);
    assert.equal(gone.dataThrough, instant(first.end), "what is here goes on to hold");
    const sick = await status();
    assert.equal(sick.ok, false);
    assert.match(sick.problems[0].what, /^the watcher: failed( \d+ times in a row)?: cannot reach/);

    let failing = true;
    const again = await startS3Server({
      credentials: [credentials],
      buckets: [bucket],
      port: Number(port),
      intercept: ({ operation }, response) => {
        if (!failing || operation !== "ListObjectsV2") return false;
        response.writeHead(400).end("<Error><Code>ExpiredToken</Code></Error>");
        return true;
      },
    });
    kit.server = again;
    putPartition((key, body) => void again.put(bucket, key, body), expand(metrics(third)), rows);
    const expired = await watcher.until("another failure", ({ exit }) => exit !== "unreachable");
    assert.equal(expired.exit, "credentialsExpired", JSON.stringify(expired));
    failing = false;
    assert.ok((await watcher.until("one new partition", ({ added }) => added === 1)).ok);
  });

  it("is told dead by status when it was killed, and another one takes its place", async () => {
    kit = await openCliKit();
    kit.partition(metrics(first), rows);
    watcher = startWatcher(kit.folder, brisk);
    await watcher.until("success", ({ ok }) => ok);
    const other = await kit.run(["watch", ...brisk]);
    assert.equal(other.code, exitCodes.locked);
    assert.match(other.stderr, new RegExp(`another watcher has this data folder: process ${watcher.child.pid}`));
    watcher.child.kill("SIGKILL");
    await watcher.closed;
    const { watch, problems, ok } = await status();
    assert.deepEqual([watch.running, ok], [false, false]);
    assert.match(problems[0].what, new RegExp(`the watcher, process ${watcher.child.pid}, has died \\(last round 20`));
    assert.equal((await kit.run(["watch", "--rounds", "1", ...brisk])).code, 0);
    assert.equal((await status()).watch, null);
  });

  it("is told late by status when it stands still", async () => {
    kit = await openCliKit();
    kit.partition(metrics(first), rows);
    watcher = startWatcher(kit.folder, brisk);
    await watcher.until("success", ({ ok }) => ok);
    watcher.child.kill("SIGSTOP");
    const note = join(kit.folder, "data", "watch.json");
    const waited = (seconds: number) => {
      const round = new Date(Date.now() - seconds * 1000).toISOString();
      const told = JSON.parse(readFileSync(note, "utf8"));
      writeFileSync(note, JSON.stringify({ ...told, round, next: null }));
    };
    waited(590);
    assert.deepEqual((({ running, late }) => [running, late])((await status()).watch), [true, false]);
    waited(610);
    const { watch, problems, ok } = await status();
    assert.deepEqual([watch.running, watch.late, ok], [true, true, false]);
    assert.match(problems[0].what, new RegExp(`the watcher, process ${watcher.child.pid}, is stuck \\(last round 20`));
    assert.match(problems[0].next, new RegExp(`stop process ${watcher.child.pid}`));
    watcher.child.kill("SIGCONT");
    await watcher.until("success", ({ ok }) => ok);
    assert.equal((await status()).watch.late, false);
  });

  it("ends inside a round when it is told to, with nothing half-done", async () => {
    let asked = () => {};
    const download = new Promise<void>((resolve) => {
      asked = resolve;
    });
    kit = await openCliKit("", {
      intercept: async ({ operation }) => {
        if (operation !== "GetObject") return false;
        asked();
        await new Promise((resolve) => setTimeout(resolve, 60_000).unref());
        return false;
      },
    });
    kit.partition(metrics(first), rows);
    watcher = startWatcher(kit.folder, brisk);
    await within("the first download", download);
    watcher.child.kill("SIGINT");
    assert.equal(await within("the watcher's end", watcher.closed), exitCodes.ok);
    for (const name of ["lock", "tmp", "watch.json"]) assert.ok(!existsSync(join(kit.folder, "data", name)), name);
  });

  it("refuses what it cannot do before the first round", async () => {
    kit = await openCliKit();
    for (const [args, message] of [
      [["--every", "0"], /not a length of time from 1s to 24h, like 30s or 5m: 0/],
      [["--every", "5 min"], /not a length of time/],
      [["--serve", "--no-site"], /exclude each other/],
      [["--port", "3000"], /--port goes with --serve/],
      [["--feed", "convo_metrics"], /did you mean "convos_metrics"/],
    ] as const) {
      const { code, stderr } = await kit.run(["watch", ...args]);
      assert.notEqual(code, 0);
      assert.match(stderr, message);
    }
    writeFileSync(join(kit.folder, "kit.yaml"), "timezone: UTC\n");
    assert.equal((await kit.run(["watch", "--rounds", "1"])).code, exitCodes.config);
  });
});
