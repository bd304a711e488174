import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { CliError } from "../src/base/errors.ts";
import { orderTerm, unknownFeed } from "../src/export/registry.ts";
import { explainKey } from "../src/warehouse/explain.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { type RawFixture, rawFixture } from "./raw-fixture.ts";

let raw: RawFixture;
before(async () => {
  raw = rawFixture((project) => {
    project.feeds.set("things", {
      ...unknownFeed("things"),
      key: ["id", "queue"],
      order: [orderTerm("ts desc"), orderTerm("n asc")],
    });
    project.feeds.set("snapshots", { ...unknownFeed("snapshots"), key: ["id"], latestOnly: true });
  });
  const row = (id: number | null, ts: string | null, more: object) => ({ id, queue: "A", ts, ...more });
  raw.put("things", "2026-09-01 05", [
    row(1, "2026-09-01T05:00:00Z", { n: 1, v: "old" }),
    row(2, null, {}),
    row(null, null, {}),
  ]);
  raw.put("things", "2026-09-01 06", [
    row(1, "2026-09-01T06:00:00Z", { n: 1, v: "new" }),
    row(2, null, {}),
    row(2, null, { v: "tie" }),
  ]);
  raw.put("things", "2026-09-02 06", [
    row(1, "2026-09-01T06:00:00Z", { n: 2, v: "late" }),
    row(null, null, { v: "b" }),
  ]);
  raw.put("things", "2026-09-02 07", [{ ...row(1, "2026-09-01T06:00:00Z", {}), queue: "B" }]);
  raw.put("snapshots", "2026-09-01", [{ id: 1 }, { id: 2 }]);
  raw.put("snapshots", "2026-09-02", [{ id: 1 }]);
  await updateWarehouse(raw.project);
});
after(() => raw.delete());

const short = ({ run, line, won, by }: { run: string; line: number; won: boolean; by: string }) => [run, line, won, by];

describe("explain", () => {
  it("shows every version of a key, the winner first, and by which term", async () => {
    const found = await explainKey(raw.project, "things", { id: "1", queue: "A" });
    assert.deepEqual(found.key, ["id", "queue"]);
    assert.deepEqual(found.order, ["ts desc", "n asc", "run", "file", "line"]);
    assert.equal(found.keys.length, 1);
    assert.deepEqual(found.keys[0]!.key, { id: "1", queue: "A" });
    assert.deepEqual(found.keys[0]!.versions.map(short), [
      ["2026-09-01 06", 1, true, "n asc"],
      ["2026-09-02 06", 1, false, "n asc"],
      ["2026-09-01 05", 1, false, "ts desc"],
    ]);
    assert.deepEqual(found.keys[0]!.versions[1]!.differs, ["n", "v"]);
    assert.match(found.keys[0]!.versions[0]!.file, /^things\/version=1\/.*hr=06\/things\.jsonl\.gz$/);
  });

  it("tells the run from a mere tie", async () => {
    const found = await explainKey(raw.project, "things", { id: "2" });
    assert.deepEqual(found.keys[0]!.versions.map(short), [
      ["2026-09-01 06", 3, true, "line"],
      ["2026-09-01 06", 2, false, "line"],
      ["2026-09-01 05", 2, false, "run"],
    ]);
  });

  it("finds null keys, and every key that the values fit", async () => {
    const nulls = await explainKey(raw.project, "things", { id: "null" });
    assert.deepEqual(
      nulls.keys.map(({ key, versions }) => [key, versions.length]),
      [[{ id: null, queue: "A" }, 2]],
    );
    const both = await explainKey(raw.project, "things", { ID: "1" });
    assert.deepEqual(both.keys.map(({ key, versions }) => [key.queue, versions.length]).sort(), [
      ["A", 3],
      ["B", 1],
    ]);
    assert.equal(both.keys.find(({ key }) => key.queue === "B")!.versions[0]!.by, "the only version");
  });

  it("shows all versions of a key that is found by another column", async () => {
    const found = await explainKey(raw.project, "things", { v: "old" });
    assert.deepEqual(
      found.keys[0]!.versions.map(({ row }) => row.v),
      ["new", "late", "old"],
    );
  });

  it("says that only the newest run of a snapshot feed counts", async () => {
    const found = await explainKey(raw.project, "snapshots", { id: "1" });
    assert.deepEqual(found.keys[0]!.versions.map(short), [
      ["2026-09-02", 1, true, "the only version"],
      ["2026-09-01", 1, false, "only the newest run counts"],
    ]);
    const gone = await explainKey(raw.project, "snapshots", { id: "2" });
    assert.deepEqual(
      gone.keys[0]!.versions.map(({ won }) => won),
      [false],
    );
  });

  it("refuses what cannot be", async () => {
    const exit = (name: string, values: Record<string, string>) =>
      explainKey(raw.project, name, values).then(
        () => null,
        (error: unknown) => (error as CliError).exit,
      );
    assert.equal(await exit("nothing", {}), "unknownFeed");
    assert.equal(await exit("things", { nope: "1" }), "usage");
    assert.equal(await exit("things", { ts: "noon" }), "usage");
    assert.deepEqual((await explainKey(raw.project, "things", { id: "99" })).keys, []);
  });
});
