import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { type ExportTree, exportTree } from "./export-tree.ts";

describe("the trouble of one feed", () => {
  let tree: ExportTree;
  beforeEach(() => {
    tree = exportTree();
    tree.put("convos_metrics", 3, [{ issue_id: 1 }]);
    tree.put("reps", 3, [{ rep_id: 1 }, { rep_id: 2 }]);
  });
  afterEach(() => tree.delete());

  const conversations = () => tree.rows("select count(*) from convos_metrics");
  const below = (folder: string, name: RegExp) =>
    readdirSync(join(tree.data, folder), { recursive: true })
      .map(String)
      .filter((path) => name.test(path))
      .map((path) => join(tree.data, folder, path));

  const documents: Record<string, string | Buffer> = {
    "a recursive anchor": "a: &a [*a]\n",
    "a map in itself": "tables: &t {x: *t}\n",
    "billion laughs": `a: &a [x, x, x, x, x, x, x, x, x]\n${"bcdefghi"
      .split("")
      .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${"abcdefgh"[i]}`).join(", ")}]\n`)
      .join("")}`,
    "lists within lists": `${"[".repeat(5_000)}${"]".repeat(5_000)}`,
    "maps within maps": `${"{a: ".repeat(2_000)}1${"}".repeat(2_000)}`,
    "types that nothing has":
      "tables: [{name: [1], columns: 5}, {name: reps, columns: {rep_id: {type: [1]}}}, 7, null]\n",
    "names of Object.prototype":
      "tables: [{name: constructor, columns: [{name: __proto__, type: text}]}, {name: __proto__, columns: [toString]}]\n",
    "no YAML": "a: [1",
    "NUL bytes": "\u0000\u0000\u0000",
    "100 MB": Buffer.alloc(100 * 1024 * 1024, "# x\n"),
  };
  for (const [what, text] of Object.entries(documents))
    it(`is not that of others where export_docs.yaml is odd (${what})`, async () => {
      tree.write("export_docs/dt=2026-01-01/export_docs.yaml", text);
      const { update, sync } = await tree.sync();
      assert.deepEqual([sync.failed, sync.unlisted], [[], []]);
      assert.ok(
        update.failed.every(({ feed }) => feed === "export_docs"),
        JSON.stringify(update.failed),
      );
      assert.deepEqual(await conversations(), [[1]]);
      if (["no YAML", "100 MB"].includes(what)) {
        assert.equal(update.failed.length, 1, "the exit code tells");
        const { problems } = await tree.status();
        assert.match(problems.map(({ what }) => what).join("\n"), /export_docs\.yaml cannot be read: it is /);
        assert.deepEqual((await tree.sync()).update.failed, [], "told once");
        tree.write("export_docs/dt=2026-01-02/export_docs.yaml", "tables: [{name: reps, columns: [rep_id]}]\n");
        await tree.sync();
        assert.doesNotMatch((await tree.status()).problems.map(({ what }) => what).join("\n"), /export_docs/);
      }
    });

  it("is said where its staged file is damaged while its day grows, and the day is read again", async () => {
    await tree.sync();
    for (const file of below("staged/reps", /^\d.*parquet$/)) truncateSync(file, 20);
    tree.put("reps", 2, [{ rep_id: 3 }]);
    tree.put("convos_metrics", 2, [{ issue_id: 2 }]);
    const { update } = await tree.sync();
    assert.deepEqual(update.failed, []);
    assert.deepEqual(await conversations(), [[2]]);
    assert.deepEqual(await tree.rows("select count(*) from reps"), [[3]]);
  });

  it("is mended where a file of current, or of partitions, is damaged and the feed has news", async () => {
    for (const [folder, name] of [
      ["current/reps", /parquet$/],
      ["staged/reps", /partitions/],
      ["staged/reps", /jsonl$/],
    ] as const) {
      await tree.sync();
      for (const file of below(folder, name)) truncateSync(file, 10);
      tree.put("reps", 2, [{ rep_id: 3 }, { rep_id: Math.random() }]);
      tree.put("convos_metrics", 2, [{ issue_id: 2 }]);
      const { update } = await tree.sync();
      assert.deepEqual(update.failed, [], `${folder} ${name}`);
      assert.deepEqual(await conversations(), [[2]]);
      assert.deepEqual(await tree.rows("select count(*) from reps"), [[4]]);
    }
  });

  it("leaves the others be where raw, staged or current has a file for a folder of it", async () => {
    for (const path of ["raw/reps", "staged/reps", "current/reps", "quarantine/reps", "manifest/reps"]) {
      rmSync(tree.data, { recursive: true, force: true });
      mkdirSync(join(tree.data, path, ".."), { recursive: true });
      writeFileSync(join(tree.data, path), "");
      await tree.sync();
      assert.deepEqual(await conversations(), [[1]], path);
      await tree.sync();
      assert.deepEqual(await tree.rows("select count(*) from reps"), [[2]], path);
    }
  });

  it("is named by the exit code and by status until it is over", async () => {
    tree.put("reps", 2, { "reps.jsonl.gz": gzipSync("not a line of JSON, and the policy says fail\n") });
    await tree.sync();
    for (const file of below("raw/reps", /gz$/)) writeFileSync(file, gzipSync("{}\n{}\n{}\n{}\n{}\n"));
    for (const file of below("staged/reps", /./)) rmSync(file);
    const { update, ok } = await tree.sync();
    const again = update.failed.length > 0 ? await tree.status() : null;
    assert.deepEqual([ok, await conversations()], [update.failed.length === 0, [[1]]]);
    if (again) assert.ok(again.problems.some(({ feed, what }) => feed === "reps" && /could not be staged/.test(what)));
    await tree.verify(true);
    assert.deepEqual((await tree.sync()).update.failed, []);
    assert.ok(!(await tree.status()).problems.some(({ what }) => /could not be staged/.test(what)));
  });
});

describe("a .jsonl.gz of 0 bytes (zero-byte-gz)", () => {
  it("is an empty file, alone and beside others, under any of the days' paths", async () => {
    const tree = exportTree();
    try {
      const good = gzipSync('{"issue_id":1}\n');
      const odd = gzipSync('{"issue_id":2}\nno JSON\n\n');
      tree.put("convos_metrics", 5, { "convos_metrics.jsonl": Buffer.alloc(0) });
      tree.put("convos_metrics", 4, { "convos_metrics.jsonl.gz": Buffer.alloc(0) });
      tree.put("convos_metrics", 3, {
        "convos_metrics.jsonl.00.gz": good,
        "convos_metrics.jsonl.01.gz": Buffer.alloc(0),
      });
      tree.put("convos_metrics", 2, {
        "convos_metrics.jsonl.00.gz": Buffer.alloc(0),
        "convos_metrics.jsonl.01.gz": odd,
      });
      const { sync, update, ok } = await tree.sync();
      assert.deepEqual([ok, sync.added, sync.failed, update.quarantined], [true, 4, [], 1]);
      assert.deepEqual(await tree.rows("select issue_id from convos_metrics order by all"), [["1"], ["2"]]);
      assert.equal((await tree.verify()).ok, true);
    } finally {
      tree.delete();
    }
  });

  it("is none where the gzip was cut: it fails, and its partition is not taken", async () => {
    const tree = exportTree();
    try {
      const good = gzipSync('{"issue_id":1}\n');
      for (const [ago, length] of [1, 5, 10, good.length - 1].entries())
        tree.put("convos_metrics", 2 + ago, { "convos_metrics.jsonl.gz": good.subarray(0, length) });
      tree.put("reps", 2, [{ rep_id: 1 }]);
      const { sync } = await tree.sync();
      assert.deepEqual([sync.added, sync.failed.length], [1, 4]);
      assert.deepEqual(await tree.rows("select count(*) from convos_metrics"), [[0]]);
    } finally {
      tree.delete();
    }
  });
});

describe("what is not read", () => {
  it("is named in sync and status: feed folders in capitals or with a dash, and a thousand columns", async () => {
    const tree = exportTree();
    try {
      for (const name of ["Convos-Metrics", "reps-daily", "reps"]) tree.put(name, 3, [{ rep_id: 1 }]);
      mkdirSync(join(tree.folder, "export", "Not-Exports", "x"), { recursive: true });
      tree.put("queue_wide", 3, [Object.fromEntries(Array.from({ length: 1_010 }, (_, i) => [`c${i}`, i]))]);
      const { sync, update } = await tree.sync();
      assert.equal(sync.notes.filter((note) => /holds exports and is not read/.test(note)).length, 2);
      assert.match(sync.notes.join("\n"), /folder Convos-Metrics .*\(convos_metrics\?\)/);
      assert.match(
        update.warnings.join("\n"),
        /queue_wide: 10 keys have no column, as the feed has 1000 already: c\d+/,
      );
      const { notes, problems } = await tree.status();
      assert.equal(notes.filter(({ what }) => /holds exports and is not read/.test(what)).length, 2);
      assert.ok(problems.some(({ feed, what }) => feed === "queue_wide" && /10 keys have no column/.test(what)));
    } finally {
      tree.delete();
    }
  });
});
