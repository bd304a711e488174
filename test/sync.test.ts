import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { readLastSync } from "../src/sync/last-sync.ts";
import { readDay } from "../src/sync/manifest.ts";
import type { SyncEvent } from "../src/sync/progress.ts";
import type { SyncReport } from "../src/sync/report.ts";
import { sync, syncIfOlder } from "../src/sync/sync.ts";
import {
  bucket,
  credentials,
  endState,
  hasty,
  type Kit,
  lines,
  noise,
  now,
  openKit,
  projectAt,
  putPartition,
  tree,
  useCredentials,
} from "./sync-kit.ts";
import { ended, within } from "./wait.ts";

const nextDay = new Date("2026-11-23T12:30:00Z");
const soon = new Date("2026-11-22T12:15:00Z");
const hour = "raw/convos_metrics/version=1/format=jsonl/dt=2026-11-22/hr=05";

describe("sync", () => {
  let kit: Kit;
  afterEach(() => kit.close());

  const states = (dt = "2026-11-22", feed = "convos_metrics") =>
    readDay(kit.project, feed, dt)?.partitions.map(({ hr, state }) => `${hr} ${state}`);

  it("fetches completed partitions, and no others", async () => {
    kit = await openKit();
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", [{ issue_id: 1 }, { issue_id: 2 }]);
    kit.partition("convos_metrics/dt=2026-11-22/hr=06", [{ issue_id: 3 }], { marker: false });
    kit.partition("reps/dt=2026-11-21", []);
    kit.partition("reps/dt=2026-11-20", {});
    const report = await kit.sync();
    assert.deepEqual([report.added, report.overdue, report.waiting, report.failed], [3, 1, 0, []]);
    assert.deepEqual(Object.keys(tree(kit.project.data)), [
      "last-sync.json",
      "manifest/convos_metrics/2026-11-22.json",
      "manifest/reps/2026-11-20.json",
      "manifest/reps/2026-11-21.json",
      `${hour}/_SUCCESS`,
      `${hour}/convos_metrics.jsonl.gz`,
      "raw/reps/version=1/format=jsonl/dt=2026-11-20/_SUCCESS",
      "raw/reps/version=1/format=jsonl/dt=2026-11-21/_SUCCESS",
      "raw/reps/version=1/format=jsonl/dt=2026-11-21/reps.jsonl.gz",
    ]);
    assert.equal(readDay(kit.project, "convos_metrics", "2026-11-22")!.partitions[0]!.objects[0]!.lines, 2);
    assert.deepEqual(
      [states(), states("2026-11-21", "reps"), states("2026-11-20", "reps")],
      [["05 complete"], ["null empty"], ["null empty"]],
    );
    assert.deepEqual(report.changedDays, [
      { feed: "convos_metrics", dt: "2026-11-22" },
      { feed: "reps", dt: "2026-11-20" },
      { feed: "reps", dt: "2026-11-21" },
    ]);
  });

  it("makes no GET and writes nothing the second time, but for the note of when it ran", async () => {
    kit = await openKit();
    for (let hr = 0; hr < 5; hr++) kit.partition(`convos_metrics/dt=2026-11-22/hr=0${hr}`, [{ hr }]);
    kit.partition("intents/dt=2026-11-21", { "intents.jsonl.gz.enc": Buffer.from("sealed") });
    kit.put("export_docs.yaml", "schemas: []\n");
    await kit.sync();
    const before = tree(kit.project.data, true);
    kit.server.forget();
    const report = await kit.sync({ now: soon });
    assert.equal(kit.gets(), 0);
    assert.deepEqual([report.full, report.added, report.kept, report.changedDays], [false, 0, 6, []]);
    const after = tree(kit.project.data, true);
    assert.notEqual(after["last-sync.json"], before["last-sync.json"]);
    assert.deepEqual({ ...after, "last-sync.json": "" }, { ...before, "last-sync.json": "" });
    assert.equal(readLastSync(kit.project)!.outcome, "nothing new");
    await kit.sync({ full: true });
    assert.equal(kit.gets(), 0);
  });

  it("replaces a partition that was exported again, also of equal size", async () => {
    kit = await openKit();
    const plain = (text: string) => ({ "convos_metrics.jsonl": Buffer.from(text) });
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", plain('{"a":1}\n'));
    await kit.sync();
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", plain('{"a":2}\n'));
    const report = await kit.sync({ now: soon });
    assert.deepEqual([report.added, report.replaced], [0, 1]);
    assert.equal(readFileSync(join(kit.project.data, hour, "convos_metrics.jsonl"), "utf8"), '{"a":2}\n');
    assert.deepEqual(states(), ["05 replaced"]);
    const again = await kit.sync({ now: soon });
    assert.deepEqual([again.replaced, again.kept], [0, 1]);
  });

  it("replaces split files by others, leaving none of the old", async () => {
    kit = await openKit();
    const part = (n: number) => [`convos_metrics.jsonl.0${n}.gz`, lines([{ n }])] as const;
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", Object.fromEntries([part(0), part(1), part(2)]));
    await kit.sync();
    kit.server.delete(bucket, "convos_metrics/version=1/format=jsonl/dt=2026-11-22/hr=05/convos_metrics.jsonl.02.gz");
    const report = await kit.sync({ now: soon });
    assert.equal(report.replaced, 1);
    const names = Object.keys(tree(join(kit.project.data, hour)));
    assert.deepEqual(names, ["_SUCCESS", "convos_metrics.jsonl.00.gz", "convos_metrics.jsonl.01.gz"]);
    assert.ok(!existsSync(join(kit.project.data, "tmp")));
  });

  it("keeps a daily partition apart from hourly ones of the same day", async () => {
    kit = await openKit();
    kit.partition("reps/dt=2026-11-22/hr=05", [{ rep_id: 1 }]);
    await kit.sync();
    kit.partition("reps/dt=2026-11-22", [{ rep_id: 2 }]);
    await kit.sync({ now: soon });
    kit.partition("reps/dt=2026-11-22", [{ rep_id: 3 }]);
    const report = await kit.sync({ now: soon });
    assert.equal(report.replaced, 1);
    assert.deepEqual(states("2026-11-22", "reps"), ["null replaced", "05 complete"]);
    assert.equal(Object.keys(tree(join(kit.project.data, "raw"))).length, 4);
  });

  it("keeps what expires from the bucket or loses its marker, and says so", async () => {
    kit = await openKit();
    for (const hr of ["05", "06", "07"]) kit.partition(`convos_metrics/dt=2026-11-22/hr=${hr}`, [{ hr }]);
    await kit.sync();
    const raw = tree(join(kit.project.data, "raw"));
    const folder = "convos_metrics/version=1/format=jsonl/dt=2026-11-22";
    for (const name of ["_SUCCESS", "convos_metrics.jsonl.gz"]) kit.server.delete(bucket, `${folder}/hr=05/${name}`);
    kit.server.delete(bucket, `${folder}/hr=06/_SUCCESS`);
    const report = await kit.sync({ now: soon });
    assert.deepEqual(
      report.plan.map(({ id, action, state, reason }) => `${id.hr} ${action} ${state}: ${reason}`),
      [
        "05 keep expired: gone from the bucket; kept here",
        "06 keep complete: the marker is gone from the bucket; kept as it was",
      ],
    );
    assert.deepEqual([report.kept, report.expired], [3, 1]);
    assert.deepEqual(states(), ["05 expired", "06 complete", "07 complete"]);
    assert.deepEqual(tree(join(kit.project.data, "raw")), raw);
    const again = await kit.sync({ now: soon });
    assert.deepEqual([again.expired, again.changedDays], [0, []]);
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", [{ hr: "05" }]);
    await kit.sync({ now: soon });
    assert.deepEqual(states(), ["05 complete", "06 complete", "07 complete"]);
  });

  it("notices files that went missing or were cut short, and fetches them again", async () => {
    kit = await openKit();
    for (const hr of ["05", "06"]) kit.partition(`convos_metrics/dt=2026-11-22/hr=${hr}`, [{ hr }]);
    await kit.sync();
    const whole = endState(kit.project);
    writeFileSync(join(kit.project.data, hour, "convos_metrics.jsonl.gz"), "");
    rmSync(join(kit.project.data, "raw/convos_metrics/version=1/format=jsonl/dt=2026-11-22/hr=06"), {
      recursive: true,
    });
    const report = await kit.sync({ now: soon });
    assert.equal(report.added, 2);
    assert.deepEqual(endState(kit.project), whole);
  });

  it("looks at the open days only, at older ones with something unfinished, and at all once a day", async () => {
    kit = await openKit();
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", [{}]);
    kit.partition("convos_metrics/dt=2026-11-01/hr=05", [{}]);
    kit.partition("convos_metrics/dt=2026-11-02/hr=05", [{}], { marker: false });
    await kit.sync();
    kit.partition("convos_metrics/dt=2026-11-01/hr=06", [{}]);
    kit.partition("convos_metrics/dt=2026-11-02/hr=05", [{}]);
    kit.partition("convos_metrics/dt=2026-11-21/hr=05", [{}]);
    kit.server.forget();
    const routine = await kit.sync({ now: soon });
    assert.deepEqual(
      routine.changedDays.map(({ dt }) => dt),
      ["2026-11-02", "2026-11-21"],
    );
    assert.equal(kit.server.count("ListObjectsV2"), 3, "the root, the open days, and 2026-11-02");
    const daily = await kit.sync({ now: nextDay });
    assert.equal(daily.fullReason, "once a day");
    assert.deepEqual(
      daily.changedDays.map(({ dt }) => dt),
      ["2026-11-01"],
    );
  });

  it("asks for one listing a feed and one of the root, however long the history", async () => {
    kit = await openKit();
    const feeds = ["convos_metrics", "utterances", "issue_queues", "rep_convos", "queue_wfm"];
    for (const feed of feeds)
      for (let day = 0; day < 45; day++) {
        const dt = new Date(now.getTime() - day * 86_400_000).toISOString().slice(0, 10);
        kit.partition(`${feed}/dt=${dt}/hr=05`, {});
      }
    assert.equal((await kit.sync()).added, feeds.length * 45);
    kit.server.forget();
    const { kept } = await kit.sync({ now: soon });
    assert.equal(kept, feeds.length * 3, "today and two days before");
    assert.deepEqual(
      kit.server.requests.map(({ operation }) => operation),
      Array(feeds.length + 1).fill("ListObjectsV2"),
    );
  });

  it("keeps a feed whose folder is gone from the bucket, says so once, and takes it up when it is back", async () => {
    kit = await openKit();
    const days = ["2026-10-01/hr=05", "2026-11-22/hr=05"];
    for (const feed of ["reps", "utterances"]) for (const day of days) kit.partition(`${feed}/dt=${day}`, [{}]);
    await kit.sync();
    const raw = tree(join(kit.project.data, "raw"));
    for (const key of [...kit.server.store.keys(bucket)]) if (key.startsWith("reps/")) kit.server.delete(bucket, key);
    const gone = await kit.sync({ now: soon });
    assert.deepEqual([gone.full, gone.expired, gone.failed, gone.unlisted], [false, 2, [], []]);
    assert.match(gone.notes.join(), /reps is gone from .*; the local data are kept/);
    assert.deepEqual(tree(join(kit.project.data, "raw")), raw);
    const again = await kit.sync({ now: soon });
    assert.deepEqual([again.expired, again.changedDays], [0, []]);
    for (const day of days) kit.partition(`reps/dt=${day}`, [{}]);
    const back = await kit.sync({ now: soon });
    assert.deepEqual([back.full, back.expired, back.added, back.kept], [false, 0, 0, 3]);
  });

  it("refuses another prefix or bucket than the data came from, until told that the export moved", async () => {
    kit = await openKit("prefix: acme\n", { buckets: [bucket, "other"] });
    const days = ["2026-10-01/hr=05", "2026-11-22/hr=05"];
    for (const day of days) kit.partition(`acme/reps/version=1/format=jsonl/dt=${day}`, [{ day }]);
    await kit.sync();
    const here = tree(kit.project.data, true);
    const at = (yaml: string) => projectAt(kit.folder, `endpoint: ${kit.server.url}\ndata: data\n${yaml}\n`);
    const files = { "reps.jsonl.gz": lines([{ day: "2026-11-22/hr=05" }]) };
    const put = (key: string, body: string | Buffer) => void kit.server.put("other", key, body);
    putPartition(put, "reps/version=1/format=jsonl/dt=2026-11-22/hr=05", files);
    putPartition(put, "reps/version=1/format=jsonl/dt=2026-10-02/hr=05", files);
    kit.partition("umbrella/reps/version=1/format=jsonl/dt=2026-11-22/hr=05", [{ other: 1 }]);
    for (const [yaml, place] of [
      [`bucket: ${bucket}\nprefix: umbrella`, `s3://${bucket}/umbrella/`],
      ["bucket: other", "s3://other/"],
    ] as const)
      for (const options of [{}, { dryRun: true }, { feeds: ["reps"] }])
        await assert.rejects(sync(at(yaml), { now: soon, limits: hasty, ...options }), {
          exit: "config",
          message: `the local data came from s3://${bucket}/acme/, and kit.yaml now names ${place}, which has 1 feed (reps); nothing was fetched or changed`,
        });
    assert.deepEqual(tree(kit.project.data, true), here);
    await assert.rejects(sync(at(`bucket: ${bucket}\nprefix: acne`), { now: soon, limits: hasty }), {
      exit: "noFeeds",
    });
    assert.equal((await sync(at(`bucket: ${bucket}\nprefix: /acme/`), { now: soon, limits: hasty })).kept, 1);

    const moved = { now: soon, limits: hasty, moved: true };
    const plan = await sync(at("bucket: other"), { ...moved, dryRun: true });
    assert.deepEqual([plan.full, plan.added, plan.expired], [true, 1, 1]);
    const part = await sync(at("bucket: other"), { ...moved, feeds: ["reps"] });
    assert.deepEqual([part.full, part.added, part.expired], [true, 1, 1]);
    const after = await sync(at("bucket: other"), { now: soon, limits: hasty });
    assert.deepEqual([after.full, after.added, after.expired], [true, 0, 0], "all feeds are listed once");
    const raw = Object.keys(tree(join(kit.project.data, "raw")));
    assert.equal(raw.filter((path) => path.endsWith("_SUCCESS")).length, 3, "nothing is deleted");
  });

  it("refuses another bucket or prefix than a feed came from, until told that it moved", async () => {
    kit = await openKit("feeds: { all: }\n", { buckets: [bucket, "other"] });
    for (const feed of ["reps", "convos_metrics"]) kit.partition(`${feed}/dt=2026-11-22/hr=05`, [{ feed }]);
    await kit.sync();
    const here = tree(kit.project.data, true);
    const put = (key: string, body: string | Buffer) => void kit.server.put("other", key, body);
    const files = { "reps.jsonl.gz": lines([{ other: 1 }]) };
    putPartition(put, "acme/reps/version=1/format=jsonl/dt=2026-11-22/hr=06", files);
    const own = projectAt(
      kit.folder,
      `bucket: ${bucket}\nendpoint: ${kit.server.url}\ndata: data\nfeeds: { all: , reps: { bucket: other, prefix: acme } }`,
    );
    for (const options of [{}, { dryRun: true }, { feeds: ["reps"] }, { full: true }])
      await assert.rejects(sync(own, { now: soon, limits: hasty, ...options }), {
        exit: "config",
        message: `the local data of reps came from s3://${bucket}/, and kit.yaml now names s3://other/acme/ for it; nothing was fetched or changed`,
      });
    assert.deepEqual(tree(kit.project.data, true), here);
    const moved = await sync(own, { now: soon, limits: hasty, moved: true });
    assert.deepEqual([moved.added, moved.expired, moved.kept], [1, 1, 2]);
    const after = await sync(own, { now: soon, limits: hasty });
    assert.deepEqual([after.added, after.expired, after.kept], [0, 0, 3]);
  });

  it("lists the history of a feed that the configuration newly wants, or wants more of", async () => {
    kit = await openKit("since: 2026-11-20\nfeeds: [convos_metrics]");
    for (const feed of ["convos_metrics", "reps"])
      for (const day of ["01", "10", "22"]) kit.partition(`${feed}/dt=2026-11-${day}`, [{}]);
    const first = await kit.sync();
    assert.deepEqual([first.added, first.ignored], [1, 2]);
    const yaml = (text: string) =>
      projectAt(kit.folder, `bucket: ${bucket}\nendpoint: ${kit.server.url}\ndata: data\n${text}`);
    const wider = yaml("since: 2026-11-05\nfeeds: [convos_metrics, reps]");
    const second = await sync(wider, { now: soon, limits: hasty });
    assert.deepEqual([second.full, second.added, second.kept], [false, 3, 1]);
  });

  it("reads the version that it began with, and tells of a newer one", async () => {
    kit = await openKit();
    kit.partition("reps/version=2/format=jsonl/dt=2026-11-22", [{}]);
    await kit.sync();
    kit.partition("reps/version=10/format=jsonl/dt=2026-11-22", [{}]);
    kit.partition("reps/version=1/format=csv/dt=2026-11-22", [{}]);
    const report = await kit.sync({ full: true });
    assert.equal(report.added, 0);
    assert.deepEqual(report.notes, [
      'reps has a newer version 10, version 2 is read: set version: "10" in kit.yaml to change over',
    ]);
    assert.deepEqual(report.feeds[0]!.versions, ["1", "2", "10"]);
  });

  it("takes bucket, prefix, version and format of a feed from the configuration", async () => {
    kit = await openKit(
      "prefix: exports\nfeeds:\n  all:\n  reps: { bucket: other-bucket, prefix: a/b, version: '3', format: json }\n",
      { buckets: [bucket, "other-bucket"] },
    );
    kit.put("exports/intents/version=1/format=jsonl/dt=2026-11-22/_SUCCESS", "");
    kit.server.put("other-bucket", "a/b/reps/version=3/format=json/dt=2026-11-22/_SUCCESS", "");
    const report = await kit.sync();
    assert.deepEqual(
      report.feeds.map(({ feed, version, format }) => [feed, version, format]),
      [
        ["intents", "1", "jsonl"],
        ["reps", "3", "json"],
      ],
    );
    assert.equal(report.added, 2);
  });

  it("notes encrypted partitions without fetching them, and decrypts them by the user's command", async () => {
    kit = await openKit();
    const sealed = Buffer.from(lines([{ a: 1 }, { a: 2 }])).map((byte) => byte ^ 0x2a);
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", { "convos_metrics.jsonl.gz.enc": sealed as Buffer });
    const noted = await kit.sync();
    assert.deepEqual([noted.encrypted, noted.added, kit.gets(), states()], [1, 0, 0, ["05 encrypted"]]);
    assert.equal(readLastSync(kit.project)!.feeds.convos_metrics!.encrypted, 1);
    const script =
      "let b=[];process.stdin.on('data',c=>b.push(c)).on('end',()=>process.stdout.write(Buffer.concat(b).map(x=>x^0x2a)))";
    const decrypt = (code: string) =>
      projectAt(
        kit.folder,
        `bucket: ${bucket}\nendpoint: ${kit.server.url}\ndata: data\ndecrypt: ${JSON.stringify([process.execPath, "-e", code])}`,
      );
    const failing = await sync(decrypt("console.error('no key for this');process.exit(3)"), {
      now: soon,
      limits: hasty,
    });
    assert.match(failing.failed[0]!.reason, /the decrypt command ended with 3: no key for this/);
    const wrong = await sync(decrypt("process.stdin.pipe(process.stdout)"), { now: soon, limits: hasty });
    assert.match(wrong.failed[0]!.reason, /decrypts to no sound gzip/);
    assert.deepEqual(states(), ["05 encrypted"]);
    const report = await sync(decrypt(script), { now: soon, limits: hasty });
    assert.deepEqual([report.added, states()], [1, ["05 complete"]]);
    const [object] = readDay(kit.project, "convos_metrics", "2026-11-22")!.partitions[0]!.objects;
    assert.deepEqual(
      [object!.name, object!.lines, object!.delivered],
      ["convos_metrics.jsonl.gz", 2, { name: "convos_metrics.jsonl.gz.enc", size: sealed.length }],
    );
    assert.deepEqual(Object.keys(tree(join(kit.project.data, hour))), ["_SUCCESS", "convos_metrics.jsonl.gz"]);
    kit.server.forget();
    const second = await sync(decrypt(script), { now: soon, limits: hasty });
    assert.deepEqual([second.kept, kit.gets()], [1, 0]);
  });

  it("counts foreign keys and refuses hostile ones", async () => {
    kit = await openKit();
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", [{}]);
    const folder = "convos_metrics/version=1/format=jsonl/dt=2026-11-22";
    for (const name of ["notes.txt", "hr=05/backup.zip", "../../../evil.jsonl", "hr=05/..\\evil"])
      kit.put(`${folder}/${name}`, "x");
    kit.put("Readme/hello.txt", "x");
    const report = await kit.sync();
    assert.deepEqual([report.added, report.foreign, report.strays, report.hostile], [1, 1, 2, 2]);
    assert.deepEqual(report.hostileKeys.map(({ reason }) => reason).sort(), ["backslash", "path segment .."]);
    assert.equal(Object.keys(tree(kit.folder)).length, 4);
  });

  it("takes a partition for failed that holds no data file by the feed's name, and keeps what is here", async () => {
    kit = await openKit();
    const folder = "convos_metrics/version=1/format=jsonl/dt=2026-11-22";
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", [{}]);
    kit.partition("convos_metrics/dt=2026-11-22/hr=06", { "metrics.jsonl.gz": lines([{}]) });
    kit.partition("convos_metrics/dt=2026-11-22/hr=07", { _committed_1: lines([{}]) });
    const told = [
      { id: "05", reason: "convos.jsonl.gz is not named like a data file of convos_metrics" },
      { id: "06", reason: "metrics.jsonl.gz is not named like a data file of convos_metrics" },
    ];
    const first = await kit.sync();
    const failed = ({ failed }: SyncReport) => failed.map(({ id, reason }) => ({ id: id.hr, reason }));
    assert.deepEqual([first.added, first.strays, failed(first)], [2, 1, told.slice(1)]);
    assert.deepEqual(first.strayKeys, [`${folder}/hr=06/metrics.jsonl.gz`]);
    const here = tree(join(kit.project.data, "raw"));
    kit.server.delete(bucket, `${folder}/hr=05/convos_metrics.jsonl.gz`);
    kit.put(`${folder}/hr=05/convos.jsonl.gz`, lines([{}, {}]));
    const second = await kit.sync();
    assert.deepEqual([second.replaced, failed(second)], [0, told]);
    assert.deepEqual(tree(join(kit.project.data, "raw")), here);
    kit.partition("convos_metrics/dt=2026-11-22/hr=06", [{}]);
    kit.put(`${folder}/hr=8/convos_metrics.jsonl.gz`, lines([{}]));
    kit.put("convos_metrics/version=1/format=jsonl/dt=20261122/convos_metrics.jsonl.gz", lines([{}]));
    const third = await kit.sync({ full: true });
    assert.deepEqual([third.added, third.strays], [1, 4], "a file beside the data is no matter");
    assert.ok(third.strayKeys.includes("convos_metrics/version=1/format=jsonl/dt=20261122/"));
  });

  it("fetches the schema documents, once", async () => {
    kit = await openKit();
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", [{}]);
    kit.put("export_docs/version=1/format=yaml/dt=2026-11-21/export_docs.yaml", "schemas: []\n");
    kit.put("export_docs/version=1/format=yaml/dt=2026-11-21/_SUCCESS", "");
    const report = await kit.sync();
    assert.deepEqual(report.docs, ["export_docs/version=1/format=yaml/dt=2026-11-21/export_docs.yaml"]);
    assert.equal(readFileSync(join(kit.project.data, "docs", report.docs[0]!), "utf8"), "schemas: []\n");
    assert.deepEqual((await kit.sync()).docs, []);
  });

  it("keeps a schema document that is written over each day by the day it was written", async () => {
    kit = await openKit();
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", [{}]);
    kit.put("export_docs.yaml", "schemas: [1]\n", { modified: new Date("2026-11-21T06:00:00Z") });
    await kit.sync();
    kit.put("export_docs.yaml", "schemas: [2]\n", { modified: new Date("2026-11-22T06:00:00Z") });
    const report = await kit.sync();
    assert.deepEqual(report.docs, ["export_docs.yaml"]);
    const text = (day: number) =>
      readFileSync(join(kit.project.data, `docs/dt=2026-11-${day}/export_docs.yaml`), "utf8");
    assert.deepEqual([text(21), text(22)], ["schemas: [1]\n", "schemas: [2]\n"]);
  });

  it("prints with --dry-run the plan that it then carries out, and writes nothing", async () => {
    kit = await openKit();
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", [{}]);
    kit.partition("convos_metrics/dt=2026-11-22/hr=11", [{}], { marker: false });
    const dry = await kit.sync({ dryRun: true });
    assert.deepEqual(tree(kit.folder), {});
    assert.ok(!existsSync(kit.project.data));
    const wet = await kit.sync();
    assert.deepEqual(dry.plan, wet.plan);
    assert.deepEqual(
      [dry.added, dry.bytes, dry.changedDays, dry.feeds],
      [wet.added, wet.bytes, wet.changedDays, wet.feeds],
    );
  });

  it("syncs the feeds that were asked for alone, and leaves the rest of the note", async () => {
    kit = await openKit();
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", [{}]);
    kit.partition("reps/dt=2026-11-21", [{}], { marker: false });
    await kit.sync();
    kit.partition("reps/dt=2026-11-21", [{}]);
    kit.partition("convos_metrics/dt=2026-11-22/hr=06", [{}]);
    const report = await kit.sync({ feeds: ["convos_metrics"], now: soon });
    assert.deepEqual([report.added, report.feeds.length], [1, 1]);
    const last = readLastSync(kit.project)!;
    assert.deepEqual([last.feeds.reps!.overdue, last.lastFull], [1, now.toISOString()]);
    assert.equal((await kit.sync({ now: soon })).added, 1);
  });

  it("tells its progress truthfully", async () => {
    kit = await openKit();
    for (let hr = 0; hr < 3; hr++) kit.partition(`convos_metrics/dt=2026-11-22/hr=0${hr}`, [{ hr }]);
    const events: SyncEvent[] = [];
    const report = await kit.sync({ onProgress: (event) => events.push(event) });
    const last = events.filter((event) => event.type === "progress").at(-1)!;
    assert.deepEqual(last.partitions, { done: 3, failed: 0, total: 3 });
    assert.deepEqual(last.bytes, { done: report.bytes, total: report.bytes });
    const order = [...new Set(events.map(({ type }) => type))];
    assert.deepEqual(
      order.filter((type) => ["listing", "planned", "partition"].includes(type)),
      ["listing", "planned", "partition"],
    );
  });

  it("stops when told to, keeps what is complete, and goes on the next time", async () => {
    kit = await openKit("sync: { concurrency: 1 }");
    for (let hr = 0; hr < 9; hr++) kit.partition(`convos_metrics/dt=2026-11-22/hr=0${hr}`, [{ hr }]);
    const stop = new AbortController();
    const onProgress = (event: SyncEvent) => {
      if (event.type === "partition" && event.id.hr === "04") stop.abort();
    };
    await assert.rejects(kit.sync({ signal: stop.signal, onProgress }), { exit: "interrupted" });
    assert.ok(!existsSync(join(kit.project.data, "tmp")) && !existsSync(join(kit.project.data, "lock")));
    const kept = states()!.length;
    assert.equal(kept, 5);
    assert.equal((await kit.sync()).added, 4);
  });

  it("puts a partition back that a killed sync had moved aside, and clears the rest", async () => {
    kit = await openKit();
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", [{}]);
    await kit.sync();
    const before = endState(kit.project);
    const old = join(kit.project.data, "tmp", "1-x", "old", "convos_metrics/version=1/format=jsonl/dt=2026-11-22");
    mkdirSync(old, { recursive: true });
    execFileSync("mv", [join(kit.project.data, hour), old]);
    mkdirSync(join(kit.project.data, "tmp", "1-x", "new", "7"), { recursive: true });
    writeFileSync(join(kit.project.data, "tmp", "1-x", "new", "7", "half"), "{");
    kit.server.forget();
    const report = await kit.sync({ now: soon });
    assert.deepEqual([report.added, kit.gets()], [0, 0]);
    assert.deepEqual(endState(kit.project), before);
  });

  it("waits for another process's sync, or says who holds the lock", async () => {
    let hold: (() => void) | null = null;
    const held = new Promise<void>((resolve) => {
      hold = resolve;
    });
    let asked: (() => void) | null = null;
    const first = new Promise<void>((resolve) => {
      asked = resolve;
    });
    kit = await openKit("", {
      intercept: async ({ operation }) => {
        if (operation === "GetObject") asked!();
        if (operation === "GetObject") await held;
        return false;
      },
    });
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", [{}]);
    const script = fileURLToPath(new URL("sync-child.js", import.meta.url));
    const yaml = `bucket: ${bucket}\nendpoint: ${kit.server.url}\ndata: data`;
    const child = spawn(process.execPath, [script, kit.folder, yaml, now.toISOString()], { stdio: "ignore" });
    const end = ended("the first sync", child);
    await within("the first download", first);
    const message = new RegExp(`another sync holds the data folder: process ${child.pid}, since 20`);
    await assert.rejects(kit.sync(), { exit: "locked", message });
    const waits: number[] = [];
    const second = kit.sync({
      wait: true,
      onProgress: (event) => {
        if (event.type === "locked") waits.push(event.pid);
        hold!();
      },
    });
    assert.deepEqual([(await second).kept, waits], [1, [child.pid]]);
    assert.equal(await end, 0);
  });

  it("syncs once when several ask for a fresh copy at the same time", async () => {
    kit = await openKit();
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", [{}]);
    const ask = (time = now, minutes = 15) => syncIfOlder(kit.project, minutes, { now: time, limits: hasty });
    const reports = await Promise.all([ask(), ask(), ask()]);
    assert.equal(reports.filter((report) => report !== null).length, 1);
    assert.equal(await ask(new Date("2026-11-22T12:14:00Z")), null);
    assert.notEqual(await ask(new Date("2026-11-22T12:16:00Z")), null);
    assert.equal(await ask(nextDay, 0), null);
  });
});

describe("sync with bad input", () => {
  let kit: Kit;
  afterEach(async () => {
    useCredentials(credentials);
    assert.ok(!existsSync(join(kit.folder, "data", "lock")) && !existsSync(join(kit.folder, "data", "tmp")));
    await kit.close();
  });

  /** Fails with this exit name and message; says nothing secret and leaves nothing behind. */
  async function refuses(exit: string, message: RegExp, yaml: string | null = null, options = {}) {
    const project = yaml === null ? kit.project : projectAt(kit.folder, `data: data\n${yaml}`);
    await assert.rejects(
      sync(project, { now, limits: { ...hasty, first: 150, attempts: 3 }, ...options }),
      (error: Error & { exit: string; next: string }) => {
        assert.equal(error.exit, exit, error.stack);
        assert.match(error.message, message);
        assert.ok(error.next.length > 10, "says what to do next");
        assert.ok(!`${error.message}${error.next}${error.stack}`.match(/(another|test)-secret/), "tells no secret");
        return true;
      },
    );
    assert.deepEqual(tree(kit.folder), {});
  }

  it("has no source", async () => {
    kit = await openKit();
    await refuses("config", /no source of exports/, "timezone: UTC");
  });

  it("finds no credentials", async () => {
    kit = await openKit();
    delete process.env.AWS_ACCESS_KEY_ID;
    delete process.env.AWS_SECRET_ACCESS_KEY;
    await refuses("noCredentials", /no AWS credentials found for s3:\/\/asapp-prod-acme-exports-us-east-1/);
    const yaml = `bucket: ${bucket}\nendpoint: ${kit.server.url}\nprofile: nobody`;
    await refuses("noCredentials", /profile nobody gives no AWS credentials/, yaml);
  });

  it("has a wrong secret, or an unknown key", async () => {
    kit = await openKit();
    useCredentials({ accessKeyId: credentials.accessKeyId, secretAccessKey: "another-secret" });
    await refuses("credentialsRefused", /refused the credentials \(SignatureDoesNotMatch/);
    useCredentials({ accessKeyId: "AKIDNOBODY", secretAccessKey: "another-secret" });
    await refuses("credentialsRefused", /\(InvalidAccessKeyId/);
  });

  it("may not list the bucket", async () => {
    kit = await openKit("", { credentials: [{ ...credentials, allow: ["read"] }] });
    await refuses("accessDenied", /access denied to s3:/);
  });

  it("names a bucket that is not there", async () => {
    kit = await openKit();
    await refuses(
      "noSuchBucket",
      /no bucket nowhere-to-be-found at http/,
      `bucket: nowhere-to-be-found\nendpoint: ${kit.server.url}`,
    );
  });

  it("reaches nobody", async () => {
    kit = await openKit();
    await refuses("unreachable", /connection refused/, `bucket: ${bucket}\nendpoint: http://127.0.0.1:9`);
    await refuses("unreachable", /host name/, `bucket: ${bucket}\nendpoint: http://nowhere.invalid`);
  });

  it("has another time than the store", async () => {
    kit = await openKit("", { clock: () => new Date(Date.now() + 3_600_000) });
    await refuses("clockSkew", /clock differs/);
  });

  it("finds no feed", async () => {
    kit = await openKit();
    kit.put("something/else.txt", "x");
    await refuses("noFeeds", /no feed in s3:.* \(found there: something\)/);
    await refuses(
      "noFeeds",
      /under wrong\/ \(found there: nothing\)/,
      `bucket: ${bucket}\nendpoint: ${kit.server.url}\nprefix: wrong`,
    );
  });

  it("names a feed that nobody knows", async () => {
    kit = await openKit();
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", [{}]);
    await refuses("unknownFeed", /no feed convo_metrics/, null, { feeds: ["convo_metrics"] });
  });

  it("finds only partitions that are still being written", async () => {
    kit = await openKit();
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", [{}], { marker: false });
    await refuses("onlyWaiting", /the only partition in .*hr=05 has no _SUCCESS/);
    kit.partition("reps/dt=2026-11-22", [{}], { marker: false });
    await refuses("onlyWaiting", /all 2 partitions/);
  });

  it("cannot write to the data folder", async (t) => {
    kit = await openKit();
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", [{}]);
    const folder = join(kit.folder, "read-only");
    mkdirSync(folder);
    if (!mount(t, folder, "ro")) return;
    try {
      const project = projectAt(kit.folder, `bucket: ${bucket}\nendpoint: ${kit.server.url}\ndata: read-only/data`);
      await assert.rejects(sync(project, { now }), {
        exit: "notWritable",
        message: /cannot write to .*read-only/,
      });
    } finally {
      execFileSync("umount", [folder]);
    }
  });

  it("takes the place of a file that is where a folder should be", async () => {
    kit = await openKit();
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", [{}]);
    mkdirSync(join(kit.project.data, "raw"), { recursive: true });
    writeFileSync(join(kit.project.data, "raw", "convos_metrics"), "in the way");
    assert.equal((await kit.sync()).added, 1);
  });

  it("fills the disk: keeps what is complete and goes on when there is room", async (t) => {
    kit = await openKit("sync: { concurrency: 1 }");
    for (const day of ["20", "21", "22"]) {
      const files = Object.fromEntries(
        [0, 1].map((n) => [`reps.jsonl.0${n}.gz`, gzipSync(noise(400_000, Number(day) + n))]),
      );
      kit.partition(`reps/dt=2026-11-${day}`, files);
    }
    mkdirSync(kit.project.data);
    if (!mount(t, kit.project.data, "size=2m")) return;
    try {
      await assert.rejects(kit.sync(), { exit: "diskFull", message: /no space left for .*data/ });
      const kept = Object.keys(tree(join(kit.project.data, "manifest")));
      const raw = Object.keys(tree(join(kit.project.data, "raw")));
      assert.equal(raw.length, kept.length * 3, "only what the manifest names");
      assert.ok(!existsSync(join(kit.project.data, "tmp")));
      execFileSync("mount", ["-o", "remount,size=20m", kit.project.data]);
      assert.equal((await kit.sync()).added, 3 - kept.length);
      const calm = projectAt(join(kit.folder, "calm"), `bucket: ${bucket}\nendpoint: ${kit.server.url}\ndata: data`);
      await sync(calm, { now });
      assert.deepEqual(endState(kit.project), endState(calm));
    } finally {
      execFileSync("umount", [kit.project.data]);
    }
  });
});

/** A small file system of its own; skips the test where the machine does not permit that. */
function mount(t: TestContext, folder: string, option: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", option, "tmpfs", folder], { stdio: "pipe" });
    return true;
  } catch {
    t.skip("mounting a small file system is not permitted here");
    return false;
  }
}
