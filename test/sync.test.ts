import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { readDay } from "../src/sync/manifest.ts";
import { type Kit, lines, openKit, tree } from "./sync-kit.ts";

describe("sync", () => {
  let kit: Kit;
  afterEach(() => kit.close());

  it("fetches completed partitions, and no others", async () => {
    kit = await openKit();
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", [{ issue_id: 1 }, { issue_id: 2 }]);
    kit.partition("convos_metrics/dt=2026-11-22/hr=06", [{ issue_id: 3 }], { marker: false });
    kit.partition("reps/dt=2026-11-21", []);
    const report = await kit.sync();
    assert.equal(report.added, 2);
    assert.equal(report.overdue, 1);
    const files = Object.keys(tree(kit.project.data));
    assert.deepEqual(files, [
      "last-sync.json",
      "manifest/convos_metrics/2026-11-22.json",
      "manifest/reps/2026-11-21.json",
      "raw/convos_metrics/version=1/format=jsonl/dt=2026-11-22/hr=05/_SUCCESS",
      "raw/convos_metrics/version=1/format=jsonl/dt=2026-11-22/hr=05/convos_metrics.jsonl.gz",
      "raw/reps/version=1/format=jsonl/dt=2026-11-21/_SUCCESS",
      "raw/reps/version=1/format=jsonl/dt=2026-11-21/reps.jsonl.gz",
    ]);
    const day = readDay(kit.project, "convos_metrics", "2026-11-22")!;
    assert.equal(day.partitions[0]!.state, "complete");
    assert.equal(day.partitions[0]!.objects[0]!.lines, 2);
    assert.equal(readDay(kit.project, "reps", "2026-11-21")!.partitions[0]!.state, "empty");
  });
});
