import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { openFolder } from "../src/sources/folder/folder.ts";
import { readDay } from "../src/sync/manifest.ts";
import type { SyncEvent } from "../src/sync/progress.ts";
import { type SyncOptions, sync } from "../src/sync/sync.ts";
import { hasty, now, projectAt, putPartition, tree } from "./sync-kit.ts";

describe("folder source", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "asapp-kit-folder-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const put = (key: string, body: string | Buffer) => {
    const path = join(folder, "exports", key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, body);
    utimesSync(path, now, now);
  };
  const run = (options: SyncOptions = {}) =>
    sync(projectAt(folder, "source: { path: exports }\ndata: data"), { now, limits: hasty, ...options });

  async function keys(prefix: string, startAfter?: string): Promise<string[]> {
    const found: string[] = [];
    for await (const page of openFolder(join(folder, "exports")).list(prefix, startAfter ? { startAfter } : {}))
      found.push(...page.map(({ key }) => key));
    return found;
  }

  it("lists in the order of S3, and starts where it is told to", async () => {
    for (const key of ["a/b", "a/c/d", "a-b", "a0", "a/c.txt", "b"]) put(key, key);
    assert.deepEqual(await keys(""), ["a-b", "a/b", "a/c.txt", "a/c/d", "a0", "b"]);
    assert.deepEqual(await keys("a/"), ["a/b", "a/c.txt", "a/c/d"]);
    assert.deepEqual(await keys("a"), ["a-b", "a/b", "a/c.txt", "a/c/d", "a0"]);
    assert.deepEqual(await keys("", "a/c"), ["a/c.txt", "a/c/d", "a0", "b"]);
    assert.deepEqual(await keys("a/", "a/c/"), ["a/c/d"]);
    assert.deepEqual(await keys("none/"), []);
  });

  it("is synced as a bucket is", async () => {
    putPartition(put, "convos_metrics/dt=2026-11-22/hr=05", [{ a: 1 }]);
    putPartition(put, "convos_metrics/dt=2026-11-22/hr=10", [{ a: 1 }], false);
    const report = await run();
    assert.deepEqual([report.added, report.waiting], [1, 1]);
    assert.deepEqual([(await run()).added, (await run()).kept], [0, 1]);
    putPartition(put, "convos_metrics/dt=2026-11-22/hr=05", [{ a: 1 }, { a: 2 }]);
    assert.equal((await run()).replaced, 1);
    const [partition] = readDay({ data: join(folder, "data") }, "convos_metrics", "2026-11-22")!.partitions;
    assert.deepEqual([partition!.state, partition!.objects[0]!.lines], ["replaced", 2]);
  });

  it("leaves a file that grows while it is read for the next time", async () => {
    putPartition(put, "convos_metrics/dt=2026-11-22/hr=05", [{ a: 1 }]);
    const grow = (event: SyncEvent) => {
      const path = "exports/convos_metrics/version=1/format=jsonl/dt=2026-11-22/hr=05/convos_metrics.jsonl.gz";
      if (event.type === "planned") appendFileSync(join(folder, path), "more");
    };
    const report = await run({ onProgress: grow });
    assert.match(report.failed[0]!.reason, /changed since it was listed; the next sync fetches it/);
    assert.ok(!Object.keys(tree(join(folder, "data"))).some((path) => path.startsWith("raw/")));
  });

  it("refuses a file that is cut short, and a folder that is not there", async () => {
    putPartition(put, "convos_metrics/dt=2026-11-22/hr=05", {
      "convos_metrics.jsonl.gz": Buffer.from([31, 139, 8]),
    });
    assert.match((await run()).failed[0]!.reason, /no sound gzip: cut short/);
    rmSync(join(folder, "exports"), { recursive: true });
    await assert.rejects(run(), { exit: "noSuchBucket", message: /there is no folder .*exports/ });
  });
});
