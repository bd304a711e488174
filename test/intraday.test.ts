import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { rawFixture } from "./raw-fixture.ts";

const instance_ts = "2026-09-01T10:00:00Z";

/** What wfm.intraday says of one window: queue, assigned, abandoned, within, wait, handle unless told. */
async function intraday(
  rows: object[],
  reps: object[] = [],
  columns = "queue, assigned, abandoned, within, wait, handle",
): Promise<unknown[][]> {
  const raw = rawFixture();
  try {
    raw.put(
      "queue_wfm",
      "2026-09-01 10:30",
      rows.map((row) => ({ instance_ts, ...row })),
    );
    raw.put(
      "queue_membership_wfm",
      "2026-09-01 10:30",
      reps.map((row) => ({ instance_ts, ...row })),
    );
    await updateWarehouse(raw.project);
    const catalog = await openCatalog(raw.project);
    const found = await catalog.rows(`select ${columns} from wfm.intraday order by queue`);
    catalog.close();
    return found.rows;
  } finally {
    raw.delete();
  }
}

const queue = (queue_name: string, counts: object) => ({
  queue_name,
  total_assignments: 4,
  total_abandons: 1,
  waits_under_60s: 3,
  avg_wait_time_seconds: 20,
  avg_handle_time_seconds: 300,
  ...counts,
});

describe("wfm.intraday", () => {
  it("adds counts, and weighs means by the contacts behind them", async () => {
    const found = await intraday([
      queue("A", {}),
      queue("B", { total_assignments: 12, avg_wait_time_seconds: 38, avg_handle_time_seconds: 600 }),
    ]);
    assert.deepEqual(found, [
      ["A", 4, 1, 3, 20, 300],
      ["All queues", 16, 2, 6, 33, 525],
      ["B", 12, 1, 3, 38, 600],
    ]);
  });

  it("has no sum of counts of which a queue lacks one, and no mean without all of its weights", async () => {
    const all = async (counts: object) =>
      (await intraday([queue("A", {}), queue("B", counts)])).find(([name]) => name === "All queues")!.slice(1);
    assert.deepEqual(await all({ total_abandons: null }), [8, null, 6, null, 300]);
    assert.deepEqual(await all({ total_assignments: null }), [null, 2, 6, null, null]);
    assert.deepEqual(await all({ waits_under_60s: null }), [8, 2, null, 20, 300]);
  });

  it("takes a queue to which nobody came as none in time", async () => {
    const nobody = { total_assignments: 0, total_abandons: 0, waits_under_60s: null };
    const [, all] = await intraday([
      queue("A", {}),
      queue("B", { ...nobody, avg_wait_time_seconds: null, avg_handle_time_seconds: null }),
    ]);
    assert.deepEqual(all, ["All queues", 4, 1, 3, 20, 300]);
  });

  it("has no time of reps of whom one was there for a time that is not known", async () => {
    const told = async (...reps: object[]) => {
      const rows = reps.map((times, i) => ({ queue_name: "A", rep_id: `${i}`, ...times }));
      const [a] = await intraday([queue("A", { reps_in_queue: 7 })], rows, "reps, logged_in, available");
      return a;
    };
    const there = { lin_logged_in_min: 15, lin_avail_min: 10 };
    assert.deepEqual(await told(there, there), [2, 30, 20]);
    assert.deepEqual(await told(there, { ...there, lin_avail_min: null }), [2, 30, null]);
    assert.deepEqual(await told(there, { lin_logged_in_min: 0, lin_avail_min: null }), [1, 15, 10]);
    assert.deepEqual(await told({ lin_avail_min: 10 }, there), [7, null, 20]);
  });
});
