import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { fillBucket, reexport } from "../src/demo/bucket.ts";
import { demoBucket, startDemo } from "../src/demo/demo.ts";
import { memoryStore, type ObjectStore } from "../src/demo/s3/object-store.ts";
import { simulate } from "../src/demo/simulator/simulate.ts";
import { partitionPath } from "../src/export/layout.ts";

const options = { seed: 3, days: 1, now: new Date("2026-11-03T19:25:00Z"), conversationsPerDay: 200 };

describe("demo bucket", () => {
  const rowsOf = (store: ObjectStore, folder: string) =>
    store
      .keys("b")
      .filter((key) => key.startsWith(`${folder}/`) && key.endsWith(".gz"))
      .flatMap((key) => gunzipSync(store.read("b", key)).toString().trimEnd().split("\n"));

  it("reexport() leaves the same rows with other values, in other files, under a newer marker", () => {
    const store = memoryStore();
    const folderOf = (key: string) => key.slice(0, key.lastIndexOf("/"));
    fillBucket(store, "b", simulate(options));
    const before = new Map(store.keys("b").map((key) => [key, store.head("b", key)!]));
    const rows = new Map([...before.keys()].map((key) => [folderOf(key), rowsOf(store, folderOf(key))]));
    const path = partitionPath(reexport(store, "b"));
    const changed = store.keys("b").filter((key) => store.head("b", key) !== before.get(key));
    assert.deepEqual(
      changed.map((key) => key.slice(path.length + 1)),
      ["_SUCCESS", "convos_metadata.jsonl.00.gz", "convos_metadata.jsonl.01.gz"],
    );
    assert.equal(store.head("b", `${path}/convos_metadata.jsonl.gz`), undefined);
    assert.ok(store.head("b", `${path}/_SUCCESS`)!.modified > before.get(`${path}/_SUCCESS`)!.modified);
    const ids = (lines: string[]) => lines.map((line) => JSON.parse(line).issue_id);
    const old = rows.get(path)!;
    assert.ok(old.length > 5);
    assert.deepEqual(ids(rowsOf(store, path)), ids(old));
    assert.notDeepEqual(rowsOf(store, path), old);
  });

  it("lies under a prefix, or holds some feeds only, when asked", () => {
    const store = memoryStore();
    const filled = fillBucket(store, "b", simulate(options), { prefix: "sub/folder", feeds: ["rep_convos"] });
    const keys = store.keys("b");
    assert.equal(keys.length, filled.objects);
    assert.ok(keys.every((key) => /^sub\/folder\/(rep_convos|export_docs)\//.test(key)));
  });

  it("opens for its own credentials, to be read and not written", async () => {
    const demo = await startDemo(options);
    const { url: endpoint, credentials, region } = demo;
    const client = new S3Client({ endpoint, credentials, region, forcePathStyle: true, maxAttempts: 1 });
    const bucket = { Bucket: demo.bucket };
    const page = await client.send(new ListObjectsV2Command({ ...bucket, Prefix: "intents/" }));
    assert.equal(page.KeyCount, 0); // no day is complete yet
    const { Contents } = await client.send(new ListObjectsV2Command({ ...bucket, Prefix: "dim_queues/", MaxKeys: 2 }));
    const answer = await client.send(new GetObjectCommand({ ...bucket, Key: Contents![1]!.Key! }));
    const lines = gunzipSync(await answer.Body!.transformToByteArray()).toString();
    assert.match(lines, /"queue_name":"Queue Billing"/);
    await assert.rejects(client.send(new PutObjectCommand({ ...bucket, Key: "x", Body: "x" })), {
      name: "AccessDenied",
    });
    client.destroy();
    await demo.close();
  });

  it("can be kept as files, and is made anew each time", async () => {
    const folder = mkdtempSync(join(tmpdir(), "demo-"));
    const first = await startDemo({ ...options, folder });
    await first.close();
    const second = await startDemo({ ...options, seed: 4, folder });
    await second.close();
    assert.equal(second.server.store.keys(demoBucket).length, second.filled.objects);
    assert.ok(readdirSync(join(folder, demoBucket)).includes("rep_convos"));
    rmSync(folder, { recursive: true });
  });
});
