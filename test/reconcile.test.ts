import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { loadersFolder } from "../src/base/kit-folders.ts";
import { namesOf } from "../src/base/names.ts";
import { type FeedSync, writeLastSync } from "../src/sync/last-sync.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { type RawFixture, rawFixture } from "./raw-fixture.ts";

async function reconciled(fill: (raw: RawFixture) => void, where = "true"): Promise<unknown[][]> {
  const raw = rawFixture();
  try {
    fill(raw);
    await updateWarehouse(raw.project);
    const catalog = await openCatalog(raw.project);
    const { rows } = await catalog.rows(
      `select dt, hr, mi, announced, delivered, difference, state from kit.row_counts where feed = 'reps' and ${where} order by all`,
    );
    catalog.close();
    return rows;
  } finally {
    raw.delete();
  }
}

const lines = (n: number) => Array.from({ length: n }, (_, i) => ({ rep_id: i % 3 }));
const count = (more: { export_date?: string; [name: string]: unknown }) => ({
  export_name: "reps",
  export_date: "2026-09-01",
  ...more,
});
const counted = (raw: RawFixture, rows: object[]) => raw.put("export_row_counts", "2026-09-02", rows);

describe("kit.row_counts", () => {
  it("compares what was exported with what was delivered, before any dedupe", async () => {
    const found = await reconciled((raw) => {
      raw.put("reps", "2026-09-01 05", [...lines(7), "no json", ""]);
      raw.put("reps", "2026-09-01 06", lines(4));
      raw.put("reps", "2026-09-01 07", lines(4));
      raw.put("reps", "2026-09-01 08", []);
      raw.put("reps", "2026-09-01 09", lines(1));
      counted(raw, [
        count({ export_interval: "hr=05", exported_rows: 8 }),
        count({ export_interval: "hr=06", exported_rows: 5 }),
        count({ export_interval: "hr=07", exported_rows: 3 }),
        count({ export_interval: "hr=08", exported_rows: 0 }),
      ]);
    });
    assert.deepEqual(found, [
      ["2026-09-01", "05", null, 8, 8, 0, "match"],
      ["2026-09-01", "06", null, 5, 4, -1, "short"],
      ["2026-09-01", "07", null, 3, 4, 1, "over"],
      ["2026-09-01", "08", null, 0, 0, 0, "match"],
      ["2026-09-01", "09", null, null, 1, null, "not published"],
    ]);
  });

  const spellings: [{ export_date?: string; [name: string]: unknown }, string | null, string | null][] = [
    [{ export_interval: "hr=05/mi=15" }, "05", "15"],
    [{ export_interval: "05:15" }, "05", "15"],
    [{ export_date: "2026-09-01T05:15:00", export_interval: "15m" }, "05", "15"],
    [{ export_date: "2026-09-01 05:15:00.000", export_interval: null }, "05", "15"],
    [{ export_interval: "5" }, "05", null],
    [{ export_interval: "hr=05" }, "05", null],
    [{ export_date: "2026-09-01T05:00:00Z", export_interval: "1h" }, "05", null],
    [{ export_interval: "1d" }, null, null],
    [{ export_date: "2026-09-01T00:00:00", export_interval: "daily" }, null, null],
    [{ export_date: "2026-09-01T00:00:00" }, null, null],
    [{ export_name: undefined, export_job: "REPS", export_interval: "hr=05" }, "05", null],
  ];
  it("reads intervals however they are written", async () => {
    const day = (i: number) => `2026-09-${String(i + 1).padStart(2, "0")}`;
    const found = await reconciled((raw) => {
      spellings.forEach((_, i) => {
        raw.put("reps", `${day(i)} 05:15`, lines(2));
        raw.put("reps", `${day(i)} 05:30`, lines(3));
        raw.put("reps", `${day(i)} 06:00`, lines(4));
      });
      counted(
        raw,
        spellings.map(([spelling, hr, mi], i) => {
          const row = count({ exported_rows: mi ? 2 : hr ? 5 : 9, ...spelling });
          return { ...row, export_date: row.export_date.replace("2026-09-01", day(i)) };
        }),
      );
    }, "announced is not null");
    assert.deepEqual(
      found.map(([dt, hr, mi, , , , state]) => [dt, hr, mi, state]),
      spellings.map(([, hr, mi], i) => [day(i), hr, mi, "match"]),
    );
  });

  it("waits for a partition that is not complete, and takes the last word of a count", async () => {
    const found = await reconciled((raw) => {
      raw.put("reps", "2026-09-01 05", lines(2));
      raw.put("reps", "2026-09-01 07", lines(2));
      counted(raw, [
        count({ export_interval: "05", exported_rows: 9 }),
        count({ export_interval: "06", exported_rows: 3 }),
      ]);
      raw.put("export_row_counts", "2026-09-03", [count({ export_interval: "05", exported_rows: 2 })]);
      const id = { feed: "reps", version: "1", format: "jsonl", dt: "2026-09-01", hr: "06", mi: null };
      writeLastSync(raw.project, {
        format: 1,
        source: "",
        startedAt: "2026-09-03T00:00:00Z",
        finishedAt: "2026-09-03T00:00:00Z",
        full: true,
        lastFull: "2026-09-03T00:00:00Z",
        outcome: "nothing new",
        feeds: namesOf(
          Object.entries<FeedSync>({
            reps: {
              version: "1",
              format: "jsonl",
              versions: ["1"],
              listedAs: "",
              waiting: 1,
              overdue: 0,
              failed: 0,
              encrypted: 0,
              unfinished: [{ id, state: "waiting", reason: "no marker" }],
            },
          }),
        ),
      });
    }, "announced is not null");
    assert.deepEqual(
      found.map((row) => [row[1], row[6]]),
      [
        ["05", "match"],
        ["06", "waiting"],
      ],
    );
  });

  it("leaves out feeds and days that are not here, and says nothing without any count", async () => {
    assert.deepEqual(await reconciled((raw) => raw.put("reps", "2026-09-01 05", lines(1))), []);
    const found = await reconciled((raw) => {
      raw.put("reps", "2026-09-01 05", lines(1));
      counted(raw, [
        count({ export_date: "2020-01-01", exported_rows: 5 }),
        count({ export_name: "utterances", exported_rows: 5 }),
        count({ export_date: "no date", exported_rows: 5 }),
        count({ exported_rows: null }),
      ]);
    });
    assert.deepEqual(
      found.map((row) => row[6]),
      ["not published"],
    );
  });

  it("comes to the site with what is short and over on one day, and with keys that are doubtful", async () => {
    const raw = rawFixture();
    const rows = async (name: string) => {
      const catalog = await openCatalog(raw.project);
      const sql = readFileSync(join(loadersFolder, `${name}.json.sql`), "utf8");
      const found = await catalog.objects<Record<string, unknown>>(sql);
      catalog.close();
      return found.find(({ feed }) => feed === "reps");
    };
    try {
      raw.put("reps", "2026-09-01 05", [{ name: "a" }, { name: "a" }]);
      raw.put("reps", "2026-09-01 06", [{ name: "a" }, { name: "b" }]);
      raw.put("reps", "2026-09-01 07", [{ name: "c" }]);
      counted(raw, [
        count({ export_interval: "hr=05", exported_rows: 1 }),
        count({ export_interval: "hr=06", exported_rows: 3 }),
      ]);
      await updateWarehouse(raw.project);
      const { announced, delivered, match, short, over, uncounted } = (await rows("health-counts"))!;
      assert.deepEqual([announced, delivered, match, short, over, uncounted], [4, 4, 0, 1, 1, 1]);
      const { key, by_run, by_tie, remark } = (await rows("health-dedupe"))!;
      assert.deepEqual([key, by_run, by_tie], ["whole rows", 1, 0]);
      assert.equal(remark, "no key column is delivered (rep_id): whole rows are the key");
    } finally {
      raw.delete();
    }
  });
});
