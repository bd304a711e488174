import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import type { Project } from "../src/config/project.ts";
import { readLastSync } from "../src/sync/last-sync.ts";
import type { SyncEvent } from "../src/sync/progress.ts";
import { type SyncOptions, sync } from "../src/sync/sync.ts";
import { readStatus } from "../src/warehouse/status.ts";
import { type Fault, type FaultProxy, isGet, isList, startFaultProxy } from "./fault-proxy.ts";
import {
  bucket,
  credentials,
  endState,
  hasty,
  type Kit,
  noise,
  now,
  openKit,
  projectAt,
  tree,
  useCredentials,
} from "./sync-kit.ts";

const fresh = { accessKeyId: "AKIDFRESH", secretAccessKey: "fresh-secret" };
const large = gzipSync(noise(700_000, 1));
const rows = Array.from({ length: 200 }, (_, i) => ({ issue_id: i, text: `line ${i * 7919}` }));

describe("sync under faults", () => {
  let kit: Kit;
  let proxy: FaultProxy;
  let project: Project;

  beforeEach(async () => {
    kit = await openKit("", { credentials: [credentials, fresh] });
    proxy = await startFaultProxy(kit.server.url);
    project = projectAt(kit.folder, `bucket: ${bucket}\nendpoint: ${proxy.url}\ndata: data`);
    for (let hr = 0; hr < 6; hr++) kit.partition(`convos_metrics/dt=2026-11-22/hr=0${hr}`, rows);
    kit.partition("utterances/dt=2026-11-22/hr=00", {
      "utterances.jsonl.00.gz": large,
      "utterances.jsonl.01.gz": gzipSync("{}\n"),
    });
  });
  afterEach(async () => {
    await proxy.close();
    await kit.close();
  });

  const run = (options: SyncOptions = {}) => sync(project, { now, limits: hasty, ...options });
  const big = ({ url }: { url: string }) => url.includes("utterances.jsonl.00");
  const hr03 = ({ url }: { url: string }) => url.includes("hr%3D03") && isGet({ url });

  /** The faulty run must end as a run that nothing disturbed. */
  async function endsWell(options: SyncOptions = {}) {
    const report = await run(options);
    assert.deepEqual(report.failed, []);
    assert.equal(report.added, 7);
    await endsAlike();
    return report;
  }

  let calmState: Record<string, string> | null = null;
  async function endsAlike() {
    if (calmState === null) {
      const calm = projectAt(join(kit.folder, "calm"), `bucket: ${bucket}\nendpoint: ${kit.server.url}\ndata: data`);
      await sync(calm, { now });
      calmState = endState(calm);
    }
    assert.deepEqual(endState(project), calmState);
  }

  const passing: [string, Fault, (request: { url: string }) => boolean, number][] = [
    ["500 for half a dozen objects", { kind: "status", status: 500, code: "InternalError" }, isGet, 6],
    ["503 SlowDown", { kind: "status", status: 503, code: "SlowDown" }, isGet, 12],
    [
      "429 with Retry-After",
      { kind: "status", status: 429, code: "TooManyRequests", headers: { "retry-after": "0" } },
      isGet,
      4,
    ],
    ["a reset before the answer", { kind: "reset" }, isGet, 5],
    ["a reset inside the body", { kind: "reset inside", after: 300_000 }, big, 2],
    ["a connection that ends inside the body", { kind: "end inside", after: 100 }, hr03, 3],
    ["a body cut short without a length", { kind: "cut", after: 400 }, hr03, 2],
    ["wrong bytes of the right length", { kind: "corrupt", at: 200 }, hr03, 2],
    ["wrong bytes in a large object", { kind: "corrupt", at: 500_000 }, big, 1],
    ["500 for listings", { kind: "status", status: 500, code: "InternalError" }, isList, 5],
    ["a reset while listing", { kind: "reset inside", after: 50 }, isList, 3],
    ["a listing cut short without a length", { kind: "cut", after: 200 }, isList, 3],
    ["another answer than a listing", { kind: "rewrite", body: () => "<html><body>Sign in</body></html>" }, isList, 2],
    ["a slow drip", { kind: "drip", piece: 300, everyMs: 20 }, hr03, 1],
    ["slow answers", { kind: "delay", ms: 50 }, isGet, 3],
  ];
  for (const [name, fault, match, times] of passing) {
    it(`gets over ${name}`, async () => {
      proxy.rules.push({ match, fault, times });
      await endsWell();
      assert.equal(proxy.log.filter((entry) => entry.fault === fault.kind).length, times);
    });
  }

  it("cuts a stall before the headers and inside the body", async () => {
    const limits = { ...hasty, idle: 300 };
    proxy.rules.push({ match: big, fault: { kind: "stall", after: 300_000 }, times: 1 });
    proxy.rules.push({ match: hr03, fault: { kind: "stall", after: null }, times: 1 });
    proxy.rules.push({ match: isList, fault: { kind: "stall", after: 100 }, times: 1 });
    await endsWell({ limits });
  });

  it("finds wrong bytes by the stored checksum alone, where the ETag is no MD5 and nothing is packed", async () => {
    const folder = "reps/version=1/format=jsonl/dt=2026-11-22";
    kit.put(`${folder}/reps.jsonl`, "{}\n".repeat(500), {
      crc32: true,
      etag: "0123456789abcdef0123456789abcdef-2",
    });
    kit.put(`${folder}/_SUCCESS`, "");
    const reps = ({ url }: { url: string }) => url.includes("reps.jsonl");
    proxy.rules.push({ match: reps, fault: { kind: "corrupt", at: 700 } });
    const report = await run();
    assert.equal(report.added, 7);
    assert.match(report.failed[0]!.reason, /reps.jsonl: crc32 differs from the stored checksum \(fetched 3 times\)/);
    proxy.rules[0]!.times = 1;
    assert.deepEqual((await run()).failed, []);
  });

  it("gives up an object that comes in drops, and nothing else", async () => {
    proxy.rules.push({ match: hr03, fault: { kind: "drip", piece: 4, everyMs: 20 } });
    const report = await run({ limits: { ...hasty, slowest: 100_000, grace: 1_000 } });
    assert.equal(report.added, 6);
    assert.match(report.failed[0]!.reason, /too slow: \d+ of \d+ bytes/);
  });

  it("goes on where a large object broke off", async () => {
    proxy.rules.push({ match: big, fault: { kind: "reset inside", after: 300_000 }, times: 1 });
    await endsWell();
    assert.match(proxy.log.filter(big).at(-1)!.range ?? "", /^bytes=\d{4,}-$/);
  });

  it("asks for less at once when the store says SlowDown", async () => {
    const events: SyncEvent[] = [];
    proxy.rules.push({ match: isGet, fault: { kind: "status", status: 503, code: "SlowDown" }, times: 20 });
    await endsWell({ onProgress: (event) => events.push(event) });
    const cuts = events.flatMap((event) => (event.type === "slowdown" ? [event.atOnce] : []));
    assert.equal(cuts[0], 32, "half of the 64 that are usual");
    assert.ok(events.some((event) => event.type === "retry"));
  });

  it("heeds duplicated and reordered keys", async () => {
    const shuffle = (xml: string) => {
      const contents = xml.match(/<Contents>.*?<\/Contents>/gs) ?? [];
      return xml.replace(/<Contents>.*<\/Contents>/s, [...contents, ...contents].reverse().join(""));
    };
    proxy.rules.push({ match: isList, fault: { kind: "rewrite", body: shuffle } });
    await endsWell();
  });

  // What stays broken is reported with its partition; the others arrive.
  const lasting: [string, Fault, RegExp][] = [
    ["403 in the middle", { kind: "status", status: 403, code: "AccessDenied" }, /access denied/],
    [
      "404 after the listing",
      { kind: "status", status: 404, code: "NoSuchKey" },
      /gone since it was listed; the next sync/,
    ],
    [
      "412 after the listing",
      { kind: "status", status: 412, code: "PreconditionFailed" },
      /changed since it was listed; the next/,
    ],
    [
      "wrong bytes every time",
      { kind: "corrupt", at: 300 },
      /hr=03|convos_metrics.jsonl.gz: MD5 differs .* \(fetched 3 times\)/,
    ],
    ["a body that is always short", { kind: "cut", after: 0 }, /broken off after 0 of \d+ bytes \(12 tries\)/],
    [
      "500 every time",
      { kind: "status", status: 500, code: "InternalError" },
      /\(500 InternalError: injected\) \(12 tries\)/,
    ],
  ];
  for (const [name, fault, reason] of lasting) {
    it(`lets one partition fail alone: ${name}`, async () => {
      proxy.rules.push({ match: hr03, fault });
      const report = await run();
      assert.equal(report.added, 6);
      assert.equal(report.failed.length, 1);
      assert.equal(report.failed[0]!.id.hr, "03");
      assert.match(report.failed[0]!.reason, reason);
      assert.equal(readLastSync(project)!.outcome, "some failed");
      assert.ok(!Object.keys(tree(project.data)).some((path) => path.includes("hr=03") || path.startsWith("tmp")));
      proxy.rules.length = 0;
      const next = await run();
      assert.deepEqual([next.added, next.failed.length], [1, 0]);
      await endsAlike();
    });
  }

  it("stops clearly when the credentials expire for good, and keeps what it has", async () => {
    let gets = 0;
    proxy.rules.push({
      match: (request) => isGet(request) && ++gets > 4,
      fault: { kind: "status", status: 400, code: "ExpiredToken" },
    });
    project = projectAt(kit.folder, `bucket: ${bucket}\nendpoint: ${proxy.url}\ndata: data\nsync: { concurrency: 1 }`);
    await assert.rejects(run(), { exit: "credentialsExpired" });
    const kept = Object.keys(tree(project.data)).filter((path) => path.endsWith("_SUCCESS")).length;
    assert.equal(kept, 4);
    proxy.rules.length = 0;
    assert.equal((await run()).added, 3, "the manifest had those that were complete");
    await endsAlike();
  });

  it("takes fresh credentials from the chain when the old ones expire", async () => {
    let gets = 0;
    proxy.rules.push({
      match: (request) => isGet(request) && ++gets === 3,
      fault: () => {
        useCredentials(fresh);
        return { kind: "status", status: 400, code: "ExpiredToken" };
      },
    });
    try {
      await endsWell();
    } finally {
      useCredentials(credentials);
    }
  });

  it("ends as unreachable when the network goes away in the middle, and goes on the next time", async () => {
    let gets = 0;
    proxy.rules.push({ match: (request) => isGet(request) && ++gets > 3, fault: { kind: "reset" } });
    await assert.rejects(run({ limits: { ...hasty, attempts: 1e6, silence: 300 } }), {
      exit: "unreachable",
    });
    proxy.rules.length = 0;
    await run();
    await endsAlike();
  });

  it("gives up soon when the store never answers", async () => {
    proxy.rules.push({ match: () => true, fault: { kind: "stall", after: null } });
    await assert.rejects(run({ limits: { ...hasty, idle: 50, first: 100 } }), { exit: "unreachable" });
    assert.deepEqual(tree(kit.folder), {}, "nothing half-done remains");
  });

  const ofUtterances = ({ url }: { url: string }) => isList({ url }) && url.includes("utterances");
  const unlistable: [string, Fault, RegExp][] = [
    ["500 every time", { kind: "status", status: 500, code: "InternalError" }, /500 InternalError.*12 tries/],
    ["403 on its prefix", { kind: "status", status: 403, code: "AccessDenied" }, /access denied/],
    ["404 on its prefix", { kind: "status", status: 404, code: "NoSuchKey" }, /404 NoSuchKey: injected/],
    ["no listing at all", { kind: "rewrite", body: () => "<html>sign in</html>" }, /12 tries/],
  ];
  for (const [name, fault, reason] of unlistable) {
    it(`lets one feed that cannot be listed fail alone: ${name}`, async () => {
      proxy.rules.push({ match: ofUtterances, fault });
      const report = await run();
      assert.deepEqual([report.added, report.failed.length], [6, 0]);
      assert.deepEqual(
        report.unlisted.map(({ feed }) => feed),
        ["utterances"],
      );
      assert.match(report.unlisted[0]!.reason, reason);
      const { outcome, feeds } = readLastSync(project)!;
      assert.equal(outcome, "some failed");
      assert.match(feeds.utterances!.unlisted!, reason);
      proxy.rules.length = 0;
      const next = await run();
      assert.deepEqual([next.added, next.unlisted], [1, []]);
      assert.equal(readLastSync(project)!.feeds.utterances!.unlisted, undefined);
      await endsAlike();
    });
  }

  it("keeps a feed whose listing fails as it is, and lists its whole history the next time", async () => {
    kit.partition("utterances/dt=2026-10-01/hr=00", rows);
    await run();
    const before = endState(project);
    kit.partition("utterances/dt=2026-10-02/hr=00", rows);
    proxy.rules.push({ match: ofUtterances, fault: { kind: "status", status: 403, code: "AccessDenied" } });
    const report = await run({ full: true });
    assert.deepEqual([report.expired, report.changedDays, report.unlisted.length], [0, [], 1]);
    assert.deepEqual(endState(project), before);
    proxy.rules.length = 0;
    const next = await run();
    assert.deepEqual([next.full, next.added], [false, 1], "the day outside the window came too");
  });

  it("lets the schema documents fail alone when their folder cannot be listed", async () => {
    kit.put("export_docs/export_docs.yaml", "schemas: []\n");
    const ofDocs = ({ url }: { url: string }) => isList({ url }) && url.includes("export_docs");
    proxy.rules.push({ match: ofDocs, fault: { kind: "status", status: 403, code: "AccessDenied" } });
    const report = await run();
    assert.deepEqual([report.added, report.failed, report.docs], [7, [], []]);
    assert.deepEqual(
      report.unlisted.map(({ feed }) => feed),
      ["export_docs"],
    );
    const { outcome, docsUnlisted, feeds } = readLastSync(project)!;
    assert.deepEqual([outcome, Object.keys(feeds)], ["some failed", ["convos_metrics", "utterances"]]);
    assert.match(docsUnlisted!, /access denied/);
    const { problems } = await readStatus(project, now);
    assert.match(problems.map(({ what }) => what).join(), /could not list export_docs: .*access denied/);
    await run({ feeds: ["utterances"] });
    assert.match(readLastSync(project)!.docsUnlisted!, /access denied/, "it goes on to hold");
    proxy.rules.length = 0;
    const next = await run();
    assert.deepEqual([next.added, next.unlisted, next.docs], [0, [], ["export_docs/export_docs.yaml"]]);
    assert.equal(readLastSync(project)!.docsUnlisted, undefined);
  });

  it("stops when no feed, or the root, can be listed", async () => {
    const denied: Fault = { kind: "status", status: 403, code: "AccessDenied" };
    const root = ({ url }: { url: string }) => isList({ url }) && !/convos_metrics|utterances/.test(url);
    proxy.rules.push({ match: root, fault: denied });
    await assert.rejects(run(), { exit: "accessDenied" });
    proxy.rules[0] = { match: (request) => isList(request) && !root(request), fault: denied };
    await assert.rejects(run(), { exit: "accessDenied" });
    assert.equal(readLastSync(project), null);
  });
});
