import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { sync } from "../src/sync/sync.ts";
import { type FaultProxy, isGet, startFaultProxy } from "./fault-proxy.ts";
import { bucket, endState, expand, type Kit, noise, now, openKit, projectAt, tree } from "./sync-kit.ts";
import { ended } from "./wait.ts";

const kills = Number(process.env.ASAPP_KIT_KILLS ?? 25);
const child = fileURLToPath(new URL("sync-child.js", import.meta.url));

// Every round changes the bucket, kills a sync again and again until one gets through, and compares what is then on disk
// with a project that was never disturbed.
describe(`a sync that is killed ${kills} times`, () => {
  const random = generator(Number(process.env.ASAPP_KIT_SEED ?? 7));
  let kit: Kit;
  let proxy: FaultProxy;
  let contents: Set<string>; // MD5 of everything that was ever in the bucket

  before(async () => {
    kit = await openKit();
    proxy = await startFaultProxy(kit.server.url);
    contents = new Set([createHash("md5").update("").digest("hex")]);
    proxy.rules.push(
      { match: isGet, chance: () => random() < 0.02, fault: { kind: "reset inside", after: 900 } },
      {
        match: isGet,
        chance: () => random() < 0.02,
        fault: { kind: "status", status: 503, code: "SlowDown" },
      },
      { match: isGet, chance: () => random() < 0.02, fault: { kind: "corrupt", at: 30 } },
      { match: isGet, fault: () => ({ kind: "delay", ms: Math.floor(random() * 12) }) },
    );
  });
  after(async () => {
    await proxy.close();
    await kit.close();
  });

  function put(path: string, seed: number): void {
    const feed = path.split("/")[0]!;
    const files: Record<string, Buffer> = {};
    const count = seed % 5 === 0 ? 3 : 1;
    for (let part = 0; part < count; part++) {
      const size = seed % 11 === 0 ? 400_000 : 500 + ((seed * 137) % 30_000);
      const name = count === 1 ? `${feed}.jsonl.gz` : `${feed}.jsonl.0${part}.gz`;
      files[name] = gzipSync(noise(size, seed * 10 + part));
      contents.add(createHash("md5").update(files[name]).digest("hex"));
    }
    for (const key of [...kit.server.store.keys(bucket)])
      if (key.startsWith(`${expand(path)}/`)) kit.server.delete(bucket, key);
    kit.partition(path, files);
  }

  it("ends byte for byte as one that was never disturbed", async () => {
    const yaml = (url: string) => `bucket: ${bucket}\nendpoint: ${url}\ndata: data\nsync: { concurrency: 6 }`;
    const rough = projectAt(join(kit.folder, "rough"), yaml(proxy.url));
    const calm = projectAt(join(kit.folder, "calm"), yaml(kit.server.url));
    const paths = Array.from({ length: 48 }, (_, i) => {
      const [feed, hr] = [["convos_metrics", "utterances"][i % 2], String(i >> 2).padStart(2, "0")];
      return `${feed}/dt=2026-11-${i % 4 < 2 ? 21 : 22}/hr=${hr}`;
    });
    let seed = 1;
    for (const path of paths) put(path, seed++);
    let struck = 0;
    let rounds = 0;
    let usual = 400;
    while (struck < kills) {
      for (let i = 0; i < 14; i++) put(paths[Math.floor(random() * paths.length)]!, seed++);
      const gone = paths[Math.floor(random() * paths.length)]!;
      for (const key of [...kit.server.store.keys(bucket)])
        if (key.startsWith(`${expand(gone)}/`)) kit.server.delete(bucket, key);
      await sync(calm, { now });
      let killing = struck < kills;
      for (;;) {
        const run = spawn(process.execPath, [child, rough.root, yaml(proxy.url), now.toISOString()], {
          stdio: ["ignore", "pipe", "pipe"],
        });
        let errors = "";
        run.stderr.on("data", (text) => (errors += text));
        const end = ended("a sync that may be killed", run);
        await Promise.race([once(run.stdout, "data"), end]);
        const begun = performance.now();
        if (killing) {
          await Promise.race([delay(random() * usual * 0.8), end]);
          run.kill("SIGKILL");
        }
        const status = await end;
        if (run.signalCode === "SIGKILL") {
          struck += 1;
          killing = struck < kills && random() < 0.9; // now and then one gets through
          assertWhole(rough.data);
          continue;
        }
        assert.equal(status, 0, errors);
        usual = (usual + performance.now() - begun) / 2;
        break;
      }
      rounds += 1;
      assert.deepEqual(endState(rough), endState(calm), `after round ${rounds}`);
      for (const name of ["tmp", "lock"]) assert.ok(!existsSync(join(rough.data, name)), `${name} is left`);
    }
    console.log(`    ${struck} kills in ${rounds} rounds`);
  });

  function assertWhole(data: string): void {
    const raw = join(data, "raw");
    if (!existsSync(raw)) return;
    for (const [path, hash] of Object.entries(tree(raw))) assert.ok(contents.has(hash), `${path} is no whole file`);
  }
});

/** Numbers from 0 to 1, the same for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
