import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { loadSnapshot } from "../src/warehouse/snapshot/snapshot.ts";
import { exportTree } from "./export-tree.ts";

const missed = /catalog\.json in the data folder cannot be read: it is missing, although current\/ has files/;

describe("a data folder without its catalog.json", () => {
  it("is no empty one to any reader where days are in it, and whole again after a sync, or a verify --repair", async () => {
    const tree = exportTree();
    try {
      tree.put("reps", 30, [{ rep_id: 1 }, { rep_id: 2 }]);
      await tree.sync();
      for (const mend of [() => tree.sync(), () => tree.verify(true)]) {
        rmSync(join(tree.data, "catalog.json"));
        const said = (await tree.status()).problems.find(({ what }) => missed.test(what));
        assert.match(said?.next ?? "", /asapp-kit sync or .* rebuilds it/);
        await assert.rejects(
          tree.rows("from reps"),
          (error) => missed.test((error as Error).message),
          "no rows would be a wrong answer",
        );
        await assert.rejects(tree.verify(), { exit: "verifyFailed" });
        await mend();
        assert.deepEqual(await tree.rows("select rep_id from reps order by all"), [["1"], ["2"]]);
        assert.deepEqual((await tree.status()).problems, []);
      }
    } finally {
      tree.delete();
    }
  });

  it("is an empty one before the first sync, and where all that a sync found is empty", async () => {
    const tree = exportTree();
    try {
      assert.deepEqual(loadSnapshot(tree.data).feeds, Object.create(null));
      tree.put("reps", 30, []);
      await tree.sync();
      rmSync(join(tree.data, "catalog.json"));
      assert.deepEqual(await tree.rows("from reps"), []);
    } finally {
      tree.delete();
    }
  });
});
