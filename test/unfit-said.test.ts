import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { zone } from "../notebooks/components/metrics/format.ts";
import { healthCards, healthWords, unfitTable } from "../notebooks/components/pages/health.ts";
import { changesText } from "../src/commands/steps/update.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { unfitColumns, unfitNext, unfitText } from "../src/warehouse/snapshot/unfit.ts";
import { readStatus } from "../src/warehouse/status.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { rawFixture } from "./raw-fixture.ts";

describe("values that do not fit (rescued-unsaid)", () => {
  it("are named with their column, count, share, an example and the day they began on", async () => {
    const raw = rawFixture();
    try {
      const rows = (values: unknown[]) =>
        values.map((first_utterance_ts, i) => ({
          issue_id: i,
          first_utterance_ts,
          assisted: i === 0 ? "perhaps" : 1,
        }));
      raw.put("convos_metrics", "2026-09-01 01", rows(["2026-09-01T00:00:00Z", "noon", null, "eve"]));
      await updateWarehouse(raw.project);
      const first = unfitColumns((await updateWarehouse(raw.project)).snapshot);
      assert.deepEqual(first, [
        {
          feed: "convos_metrics",
          column: "assisted",
          type: "BIGINT",
          whole: false,
          example: "perhaps",
          values: 1,
          delivered: 4,
          firstDay: "2026-09-01",
          lastDay: "2026-09-01",
        },
        {
          feed: "convos_metrics",
          column: "first_utterance_ts",
          type: "TIMESTAMP",
          whole: false,
          example: "eve",
          values: 2,
          delivered: 3,
          firstDay: "2026-09-01",
          lastDay: "2026-09-01",
        },
      ]);
      raw.put(
        "convos_metrics",
        "2026-09-02 01",
        rows(["noon", "eve"]).map((row) => ({ ...row, assisted: 0 })),
      );
      const { snapshot } = await updateWarehouse(raw.project);
      const [assisted, began] = unfitColumns(snapshot);
      assert.equal(
        unfitText(assisted!),
        'assisted: 1 of 4 values (25 %) does not fit BIGINT, e.g. "perhaps", since 2026-09-01',
      );
      assert.equal(
        unfitText(began!),
        'first_utterance_ts: 4 of 5 values (80 %) do not fit TIMESTAMP, and on 2026-09-02 none does, e.g. "eve", since 2026-09-01',
      );
      const newest = unfitColumns(snapshot, (_, { dt }) => dt === "2026-09-02");
      assert.equal(
        unfitText(newest[0]!),
        'first_utterance_ts: none of 2 values fits TIMESTAMP, e.g. "eve", since 2026-09-02',
      );
      const status = await readStatus(raw.project, new Date());
      assert.equal(status.ok, false);
      assert.deepEqual(
        status.problems.filter(({ what }) => / fit/.test(what)).map(({ feed, what, next }) => [feed, what, next]),
        [assisted!, began!].map((column) => ["convos_metrics", unfitText(column), unfitNext(column)]),
      );
      const catalog = await openCatalog(raw.project, { threads: 1 });
      const { columns, rows: shipped } = await catalog.rows("from kit.unfit");
      catalog.close();
      assert.ok(!columns.some(({ name }) => name === "example"), "an example may be personal");
      assert.equal(shipped.length, 2);
    } finally {
      raw.delete();
    }
  });

  it("are counted once where the column takes a part of them, as it does of nanoseconds", async () => {
    const raw = rawFixture();
    try {
      const rows = [1, 2, 3].map((n) => ({ issue_id: n, first_utterance_ts: `2026-09-01T00:00:00.00000000${n}Z` }));
      raw.put("convos_metrics", "2026-09-01 01", [
        ...rows,
        { issue_id: 4, first_utterance_ts: "2026-09-01T00:00:00Z" },
      ]);
      const [column] = unfitColumns((await updateWarehouse(raw.project)).snapshot);
      assert.equal(
        unfitText(column!),
        'first_utterance_ts: 3 of 4 values (75 %) do not fit TIMESTAMP, e.g. "2026-09-01T00:00:00.000000003Z", since 2026-09-01',
      );
    } finally {
      raw.delete();
    }
  });

  it("count for --fail-on schema, on a first sync as well", () => {
    const nothing = {
      days: 1,
      rows: 1,
      quarantined: 0,
      failed: [],
      schemaChanges: [],
      unfit: [],
      keyless: [],
      warnings: [],
      dataThrough: null,
      seconds: 0,
    };
    const column = {
      feed: "f",
      column: "ts",
      type: "TIMESTAMP",
      values: 3,
      delivered: 3,
      whole: true,
      firstDay: "2026-09-01",
      lastDay: "2026-09-01",
      example: "noon",
    };
    assert.equal(changesText(nothing), null);
    assert.equal(
      changesText({ ...nothing, unfit: [column] }),
      '1 column with values that do not fit: f: ts: none of 3 values fits TIMESTAMP, e.g. "noon", since 2026-09-01',
    );
    const changes = [
      { feed: "f", dt: "2026-09-01", column: "ts", change: "values_rescued", detail: "3 values" },
      { feed: "f", dt: "2026-09-01", column: "n", change: "new_column", detail: "n is new" },
    ];
    assert.match(
      changesText({ ...nothing, unfit: [column], schemaChanges: changes })!,
      /^1 column with values that do not fit, 1 change of columns: .*; f: n is new$/,
    );
  });

  it("cut a long example, and show what a terminal would obey", () => {
    const column = {
      feed: "f",
      column: "ts",
      type: "DATE",
      values: 1,
      delivered: 1000,
      whole: false,
      firstDay: "2026-09-01",
      lastDay: "2026-09-01",
      example: `\u001b[2J${"x".repeat(100)}`,
    };
    assert.match(
      unfitText(column),
      /^ts: 1 of 1,000 values \(under 1 %\) does not fit DATE, e\.g\. "\\u001b\[2Jx{56}…", since 2026-09-01$/,
    );
  });

  it("are a bad card, a sentence and a table of Data health, a column that does not fit at all its title", () => {
    const unfit = [
      {
        feed: "convos_metrics",
        column: "first_utterance_ts",
        type: "TIMESTAMP",
        unfit: 50,
        delivered: 50,
        whole: true,
        since: "2026-09-01",
      },
    ];
    const site = { synced_at: null, grace_minutes: 90 };
    const page = { feeds: [], oddities: [], unfit, zone: zone("UTC"), site, now: 0 };
    assert.deepEqual(healthCards(page).find(({ label }) => label === "Values that do not fit")?.delta, {
      text: "needs a look",
      tone: "bad",
    });
    assert.equal(
      healthCards({ ...page, unfit: [] }).some(({ label }) => label === "Values that do not fit"),
      false,
    );
    assert.ok(healthWords(page).title.length > 0);
    assert.equal(typeof unfitTable, "function");
  });
});
