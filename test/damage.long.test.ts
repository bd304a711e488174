import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { CliError } from "../src/base/errors.ts";
import { toCliError } from "../src/base/faults.ts";
import { listDatasets } from "../src/site/dataset-list.ts";
import { type ExportTree, exportTree } from "./export-tree.ts";

// Every way in which a file of the data folder may be found.
const damages: Record<string, (file: string) => void> = {
  empty: (file) => writeFileSync(file, ""),
  cut: (file) => writeFileSync(file, readFileSync(file).subarray(0, statSync(file).size / 2)),
  null: (file) => writeFileSync(file, "null\n"),
  "{}": (file) => writeFileSync(file, "{}\n"),
  "[]": (file) => writeFileSync(file, "[]\n"),
  zeros: (file) => writeFileSync(file, Buffer.alloc(statSync(file).size)),
  "of a later format": (file) => {
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace(/"format":\s*\d+/, '"format":99'));
  },
  "a folder": (file) => {
    rmSync(file);
    mkdirSync(join(file, "inside"), { recursive: true });
  },
  gone: (file) => rmSync(file),
};

const asText = ["null", "{}", "[]", "zeros", "of a later format"]; // of Parquet and gzips `cut` says as much

function fill(tree: ExportTree): void {
  const row = (id: number, n: number) => ({ issue_id: id, first_utterance_ts: "2026-01-01T00:00:00Z", n });
  tree.put("convos_metrics", 30, [row(1, 1), row(2, 1)]);
  tree.put("convos_metrics", 3, [row(2, 2), row(3, 1)]);
  tree.put("reps", 30, { "reps.jsonl.gz": gzipSync('{"rep_id":1}\nno JSON\n{"rep_id":2}\n') });
  tree.put("reps", 300, [{ rep_id: 3 }]); // no routine sync lists it
  tree.write(`export_docs/dt=2026-01-01/export_docs.yaml`, "tables: [{name: reps, columns: [{name: rep_id}]}]\n");
}

const content = (tree: ExportTree) =>
  tree.answers([
    "select issue_id, n from convos_metrics order by all",
    "select rep_id from reps order by all",
    "select count(*) from raw.convos_metrics union all select count(*) from raw.reps",
    "select feed, sum(quarantined) from kit.feeds where partitions > 0 group by feed order by feed",
  ]);

/** Runs each reader; what it throws must name a file and say what next, whatever it is. */
async function readersName(tree: ExportTree, what: string): Promise<void> {
  const readers: Record<string, () => unknown> = {
    status: () => tree.status(),
    sql: () => content(tree),
    datasets: () => listDatasets(tree.project),
  };
  for (const [name, read] of Object.entries(readers)) {
    try {
      await read();
    } catch (error) {
      const told = toCliError(error);
      const named = error instanceof CliError || /data\//.test(told.message);
      assert.ok(named, `${what}: ${name} says ${told.message}`);
      if (error instanceof CliError) assert.ok(told.next, `${what}: ${name} says no next step`);
    }
  }
}

describe("a damaged file of the data folder", () => {
  const original = exportTree();
  const whole = (async () => {
    fill(original);
    assert.ok((await original.sync()).sync.docs.length === 1);
    writeFileSync(
      join(original.data, "watch.json"),
      JSON.stringify({
        format: 1,
        pid: 1,
        host: "elsewhere",
        since: new Date().toISOString(),
        started: null,
        everySeconds: 60,
        round: null,
        outcome: null,
        lastSuccess: null,
        failures: 0,
        next: null,
      }),
    );
    cpSync(original.data, join(original.folder, "whole"), { recursive: true, preserveTimestamps: true });
    return content(original);
  })();

  const files = async () => {
    await whole;
    const kept = join(original.folder, "whole");
    const found = readdirSync(kept, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(kept.length + 1))
      .sort()
      .reverse();
    // One of each kind: by default the first, of the feed with an old day and an unreadable line.
    const kind = (path: string) =>
      /\/(reps|convos_metrics)\//.test(path)
        ? `${path.split("/")[0]} ${/partitions|_SUCCESS|[^.]+$/.exec(path)![0]}`
        : path;
    return process.env.ASAPP_KIT_DAMAGE === "all"
      ? found
      : [...new Map(found.map((path) => [kind(path), path])).values()];
  };

  const restore = () => {
    rmSync(original.data, { recursive: true, force: true });
    cpSync(join(original.folder, "whole"), original.data, { recursive: true, preserveTimestamps: true });
  };

  for (const [damage, spoil] of Object.entries(damages))
    it(`is named by its readers and mended by the next sync or by verify --repair (${damage})`, async () => {
      const expected = await whole;
      for (const file of await files()) {
        if (asText.includes(damage) && /\.(parquet|gz|yaml)$|_SUCCESS$/.test(file)) continue;
        restore();
        spoil(join(original.data, file));
        await readersName(original, `${file}, ${damage}`);
        await original.sync();
        let found = await content(original).catch(() => null);
        if (JSON.stringify(found) !== JSON.stringify(expected)) {
          await original.verify(true);
          found = await content(original);
        }
        assert.deepEqual(found, expected, `${file}, ${damage}`);
        const { update, sync } = await original.sync();
        assert.deepEqual([update.failed, sync.failed, sync.unlisted], [[], [], []], `${file}, ${damage}`);
        assert.equal(statSync(join(original.data, "catalog.json")).isFile(), true);
      }
    });

  it("loses no row where the manifest folder is gone, or is a file: its days are listed and fetched again", async () => {
    const expected = await whole;
    for (const file of [false, true]) {
      restore();
      rmSync(join(original.data, "manifest"), { recursive: true });
      if (file) writeFileSync(join(original.data, "manifest"), "");
      const { sync, update } = await original.sync();
      assert.deepEqual([sync.added, update.failed], [4, []]);
      assert.deepEqual(await content(original), expected);
    }
  });

  it("loses no row of what the bucket has no more: it is taken from the raw files", async () => {
    const expected = await whole;
    restore();
    rmSync(join(original.data, "manifest"), { recursive: true });
    rmSync(join(original.folder, "export", "reps"), { recursive: true });
    const { update } = await original.sync();
    assert.deepEqual(update.failed, []);
    assert.deepEqual(await content(original), expected);
    fill(original);
  });

  it("is said, with exit code and in status, where neither bucket nor raw has the day", async () => {
    const expected = await whole;
    restore();
    for (const folder of ["manifest/reps", "raw/reps"]) rmSync(join(original.data, folder), { recursive: true });
    rmSync(join(original.folder, "export", "reps"), { recursive: true });
    const { update, ok } = await original.sync();
    assert.equal(ok, false);
    assert.deepEqual(new Set(update.failed.map(({ feed }) => feed)), new Set(["reps"]));
    assert.match(update.failed[0]!.reason, /^manifest\/reps\/.*\.json is gone/);
    assert.deepEqual(await content(original), expected, "its rows stay");
    const { problems } = await original.status();
    assert.ok(problems.some(({ feed, what }) => feed === "reps" && /is gone/.test(what)));
    original.delete();
  });
});
