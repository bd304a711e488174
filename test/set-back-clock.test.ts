import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readStatus } from "../src/warehouse/status.ts";
import { exportTree } from "./export-tree.ts";

const minute = 60_000;

describe("a last sync that is dated later than now", () => {
  it("is told by status, once no difference of clocks explains it", async () => {
    const tree = exportTree();
    try {
      tree.put("reps", 5, [{ rep_id: 1 }]);
      await tree.sync();
      const told = async (ago: number) =>
        (await readStatus(tree.project, new Date(Date.now() - ago))).problems
          .filter(({ what }) => what.startsWith("the last sync"))
          .map(({ what, next }) => [what, next]);
      assert.deepEqual(await told(0), []);
      assert.deepEqual(await told(2 * minute), []);
      const [[what, next] = [], ...others] = await told(90 * minute);
      assert.match(what!, /^the last sync is dated 1 h (29|30) min from now: the clock was set back since/);
      assert.match(next!, /asapp-kit sync lists everything/);
      assert.deepEqual(others, []);
    } finally {
      tree.delete();
    }
  });
});
