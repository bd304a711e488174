import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { readStatus } from "../src/warehouse/status.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { verifyFeed } from "../src/warehouse/verify.ts";
import { rawFixture } from "./raw-fixture.ts";

describe("a key column that changes its name on the way", () => {
  for (const other of ["issueId", "issue-id", "IssueID", "ISSUE_ID"])
    it(`keeps rows apart that have only ${other}`, async () => {
      const raw = rawFixture();
      try {
        raw.put(
          "convos_metrics",
          "2026-09-01 01",
          [1, 2].map((issue_id) => ({ issue_id, assisted: 0 })),
        );
        raw.put(
          "convos_metrics",
          "2026-09-01 02",
          [1, 3].map((issue_id) => ({ issue_id, assisted: 1 })),
        );
        raw.put(
          "convos_metrics",
          "2026-09-01 03",
          [4, 5, 6].map((id) => ({ [other]: id, assisted: 1 })),
        );
        await updateWarehouse(raw.project);
        const catalog = await openCatalog(raw.project, { threads: 1 });
        const { rows } = await catalog.rows("select count(*) from convos_metrics");
        catalog.close();
        assert.deepEqual(rows, [[6]]);
        assert.deepEqual((await verifyFeed(raw.project, "convos_metrics")).differences, []);
        const { problems } = await readStatus(raw.project, new Date());
        const proposed = problems.filter(({ next }) =>
          next.includes(`convos_metrics: {renamed: {${other}: issue_id}}`),
        );
        assert.equal(proposed.length, other === "ISSUE_ID" ? 0 : 1); // letter case is no other name
      } finally {
        raw.delete();
      }
    });
});
