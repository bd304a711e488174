import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { orderTerm } from "../src/export/registry.ts";
import { viewsScript } from "../src/warehouse/catalog/views.ts";
import { explainKey } from "../src/warehouse/explain.ts";
import { loadSnapshot } from "../src/warehouse/snapshot/snapshot.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import fc from "./fast-check.ts";
import { type RawFixture, rawFixture } from "./raw-fixture.ts";
import { spellings } from "./spellings.ts";
import { documented } from "./stage-kit.ts";
import { settled } from "./warehouse-rows.ts";

type Columns = Record<string, string>;

async function withThings(
  columns: Columns,
  { key, order = [] }: { key: string[]; order?: string[] },
  task: (raw: RawFixture) => Promise<void>,
): Promise<void> {
  const feed = { ...documented("things", columns), key, order: order.map(orderTerm) };
  const raw = rawFixture((project) => project.feeds.set("things", feed));
  try {
    await task(raw);
  } finally {
    raw.delete();
  }
}

const files = ({ project }: RawFixture, feed = "things") =>
  loadSnapshot(project.data).feeds[feed]!.days.map(({ current, dedupe }) => [
    current && readFileSync(join(project.data, current)).toString("base64"),
    dedupe,
  ]);

const hours = ["2026-09-01 05", "2026-09-01 06", "2026-09-02 05", "2026-09-03 01"];

describe("a key whose value does not fit its column", () => {
  it("keeps every window of queue_wfm, however instant_ts is spelled (key-not-castable)", async () => {
    const raw = rawFixture();
    const others = [
      (at: number) => new Date(at * 1000).toISOString().slice(5, 16), // no year
      (at: number) => `11/30/2026 01:${new Date(at * 1000).getUTCMinutes()}:00`, // month first, or day first
      (at: number) => String(Math.floor(at / 60)), // epoch of an unknown unit
      (at: number) => `soon ${at}`,
    ];
    const writers = [...spellings.map(({ write }) => write), ...others];
    try {
      const rows = writers.flatMap((write, i) =>
        [0, 15, 30, 45].map((minute) => ({
          instance_ts: write(Date.UTC(2026, 10, 30, 1, minute) / 1000),
          queue_name: `Queue ${i}`,
          total_assignments: 1,
        })),
      );
      raw.put("queue_wfm", "2026-11-30 02", rows);
      await updateWarehouse(raw.project);
      const count =
        "select queue_name, count(*), count(instance_ts) from queue_wfm group by all order by len(any_value(queue_name)), 1";
      assert.deepEqual(
        await settled(raw, count, "queue_wfm"),
        writers.map((_, i) => [`Queue ${i}`, 4, i < spellings.length ? 4 : 0]),
      );
      raw.put(
        "queue_wfm",
        "2026-11-30 03",
        rows.map((row) => ({ ...row, total_assignments: 2 })),
      );
      await updateWarehouse(raw.project, { incremental: true });
      const restated = "select count(*), sum(total_assignments) from queue_wfm";
      assert.deepEqual(await settled(raw, restated, "queue_wfm"), [[rows.length, 2 * rows.length]]);
    } finally {
      raw.delete();
    }
  });

  it("folds the same instant and no other, whichever spellings and whichever order deliver it", async () => {
    const at = fc.integer({ min: 0, max: 40 }).map((quarter) => Date.UTC(2026, 8, 1) / 1000 + quarter * 900);
    const row = fc.tuple(at, fc.constantFrom(...spellings.map(({ write }) => write)));
    const history = fc.uniqueArray(
      fc.tuple(fc.constantFrom(...hours), fc.array(row, { minLength: 1, maxLength: 12 })),
      {
        minLength: 2,
        selector: ([hour]) => hour,
      },
    );
    await fc.assert(
      fc.asyncProperty(history, async (partitions) => {
        await withThings({ ts: "TIMESTAMP", n: "BIGINT" }, { key: ["ts"] }, async (raw) => {
          for (const [hour, rows] of partitions) {
            raw.put(
              "things",
              hour,
              rows.map(([at, write], n) => ({ ts: write(at), n })),
            );
            await updateWarehouse(raw.project, { incremental: true });
          }
          const instants = new Set(partitions.flatMap(([, rows]) => rows.map(([at]) => at)));
          const found = await settled(raw, "select epoch(ts) from things order by 1");
          assert.deepEqual(
            found.flat(),
            [...instants].sort((a, b) => a - b),
          );
        });
      }),
      { numRuns: 2 },
    );
  });

  // Values of key columns: what fits, and how else it is written; the first of each list is what it is known by.
  const ofColumn: [type: string, groups: unknown[][]][] = [
    [
      "TIMESTAMP",
      [
        ["2026-09-01T00:00:00Z", 1788220800, "20260901T000000Z"],
        ["2026-09-01T00:00:00.0000001Z", "2026-09-01 00:00:00.00000010"],
        ["noon"],
        ["01/02/2026"],
        ["x\"y'z"],
        [null],
        [1796],
        [12.5],
      ],
    ],
    ["DATE", [["2026-09-01", "20260901", "2026-09-01 00:00:00Z"], ["1/9/26"], ["sometime"], [""], [null]]],
    [
      "BIGINT",
      [[1, "1", "1.0", 1], ["one"], ["1,000"], ["0x10"], ["12345678901234567890123456789012345678901"], [null]],
    ],
    ["DOUBLE", [[1.5, "1.50"], ["0.1234567890123456789012"], ["0.1234567890123456789013"], ["1,5"], ["NaN"], [null]]],
    ["BOOLEAN", [[true, "true", 1], ["perhaps"], ["maybe"], [null]]],
    ["VARCHAR", [["a"], ["A"], ["a "], [""], [null]]],
  ];
  it("keeps what is different apart and what is the same together in a column of any type, in any order of arrival", async () => {
    const most = Math.max(...ofColumn.map(([, groups]) => groups.length));
    const value = fc.tuple(fc.nat(most - 1), fc.nat(2));
    const history = fc.uniqueArray(
      fc.tuple(fc.constantFrom(...hours), fc.array(value, { minLength: 1, maxLength: 6 })),
      { minLength: 2, selector: ([hour]) => hour },
    );
    const spelled = (groups: unknown[][], group: number, i: number) => {
      const values = groups[group % groups.length]!;
      return { group: group % groups.length, k: values[i % values.length] };
    };
    await fc.assert(
      fc.asyncProperty(history, async (partitions) => {
        const ends: unknown[] = [];
        for (const parts of [partitions, [...partitions].reverse()]) {
          const raw = rawFixture(({ feeds }) => {
            for (const [type] of ofColumn)
              feeds.set(`of_${type.toLowerCase()}`, {
                ...documented(`of_${type.toLowerCase()}`, { k: type, q: "VARCHAR", n: "BIGINT" }),
                key: ["k", "q"],
              });
          });
          try {
            // Of all columns it is known that they may be null, be there a run without any value or not.
            for (const [type, groups] of ofColumn)
              raw.put(
                `of_${type.toLowerCase()}`,
                "2026-09-01 04",
                [null, null, groups[0]![0]].map((k) => ({ q: "B", k, n: 0 })),
              );
            for (const [hour, values] of parts) {
              for (const [type, groups] of ofColumn)
                raw.put(
                  `of_${type.toLowerCase()}`,
                  hour,
                  values.map(([group, i], n) => ({ q: "A", n, ...spelled(groups, group, i) })),
                );
              await updateWarehouse(raw.project, { incremental: true });
            }
            for (const [type, groups] of ofColumn) {
              const last = new Map<number, [string, number]>();
              for (const [hour, values] of [...partitions].sort(([a], [b]) => (a < b ? -1 : 1)))
                for (const [n, [group]] of values.entries()) last.set(group % groups.length, [hour, n]);
              assert.deepEqual(
                await settled(
                  raw,
                  `select "group", _run, n from of_${type.toLowerCase()} where q = 'A' order by 1`,
                  `of_${type.toLowerCase()}`,
                ),
                [...last].map(([group, rest]) => [group, ...rest]).sort(([a], [b]) => Number(a) - Number(b)),
              );
            }
            ends.push(ofColumn.map(([type]) => files(raw, `of_${type.toLowerCase()}`)));
          } finally {
            raw.delete();
          }
        }
        assert.deepEqual(ends[1], ends[0]);
      }),
      { numRuns: 2 },
    );
  });

  it("rebuilds the feed when the first such value comes and when the last one goes, and at no other time", async () => {
    await withThings({ ts: "TIMESTAMP", n: "BIGINT" }, { key: ["ts"], order: ["ts desc"] }, async (raw) => {
      const update = async (hour: string, rows: object[] | null) => {
        if (rows) raw.put("things", hour, rows);
        else raw.remove("things", hour);
        return (await updateWarehouse(raw.project, { incremental: true })).feeds.map(({ rebuilt }) => rebuilt);
      };
      const good = { ts: "2026-09-01T00:00:00Z", n: 1 };
      assert.deepEqual(await update("2026-09-01 05", [good]), ["first load"]);
      const before = files(raw);
      assert.deepEqual(await update("2026-09-02 05", [{ ...good, n: 2 }]), [null]);
      assert.deepEqual(
        await update("2026-09-03 05", [
          { ts: "noon", n: 1 },
          { ts: "eve", n: 1 },
        ]),
        ["rule changed"],
      );
      assert.deepEqual(await update("2026-09-04 05", [{ ts: "noon", n: 2 }, good]), [null]);
      assert.deepEqual(await settled(raw, "select ts::date::varchar, n from things order by all"), [
        ["2026-09-01", 1],
        [null, 1],
        [null, 2],
      ]);
      await update("2026-09-02 05", null);
      assert.deepEqual(await update("2026-09-04 05", null), [null]);
      assert.deepEqual(await update("2026-09-03 05", null), ["rule changed"]);
      assert.deepEqual(files(raw), before);
    });
  });

  it("is read under either name of a renamed column", async () => {
    const feed = {
      ...documented("things", { id: "BIGINT", was: "BIGINT", n: "BIGINT" }),
      key: ["id"],
      renamed: { was: "id" },
    };
    const raw = rawFixture((project) => project.feeds.set("things", feed));
    try {
      raw.put("things", "2026-09-01 05", [
        { was: 1, n: 1 },
        { was: "one", n: 1 },
        { was: "two", n: 1 },
        { was: 2, n: 1 },
      ]);
      raw.put("things", "2026-09-01 06", [
        { id: "1", was: 7, n: 2 },
        { id: "one", n: 2 },
        { id: "two", was: 2, n: 2 },
      ]);
      await updateWarehouse(raw.project);
      assert.deepEqual(await settled(raw, "select n, count(*) from things group by all order by all"), [
        [1, 1],
        [2, 3],
      ]);
    } finally {
      raw.delete();
    }
  });

  it("is found by the text delivered, and by any spelling of its value", async () => {
    await withThings({ ts: "TIMESTAMP", n: "BIGINT" }, { key: ["ts"] }, async (raw) => {
      raw.put("things", "2026-09-01 05", [
        { ts: "noon", n: 1 },
        { ts: "noon", n: 2 },
        { ts: "eve", n: 3 },
        { ts: "2026-09-01T00:00Z", n: 4 },
      ]);
      await updateWarehouse(raw.project);
      const noon = await explainKey(raw.project, "things", { ts: "noon" });
      assert.deepEqual(noon.key, ["ts", "ts as delivered"]);
      assert.deepEqual(
        noon.keys.map(({ key, versions }) => [key, versions.map(({ row, won }) => [row.n, won])]),
        [
          [
            { ts: null, "ts as delivered": "noon" },
            [
              [2, true],
              [1, false],
            ],
          ],
        ],
      );
      const midnight = await explainKey(raw.project, "things", { ts: "1788220800" });
      assert.deepEqual(
        midnight.keys.map(({ versions }) => versions[0]!.row.n),
        [4],
      );
      assert.deepEqual((await explainKey(raw.project, "things", { ts: "never" })).keys, []);
    });
  });

  it("is the same in the views that another client runs", async (t) => {
    const python = process.env.ASAPP_KIT_TEST_PYTHON ?? "python3";
    if (spawnSync(python, ["-c", "import duckdb"]).status !== 0) return t.skip(`no duckdb for ${python}`);
    await withThings({ ts: "TIMESTAMP", n: "BIGINT" }, { key: ["ts"], order: ["ts desc"] }, async (raw) => {
      const rows = [...spellings.map(({ write }) => write(1788220800)), "noon", "eve", "noon"];
      raw.put(
        "things",
        "2026-09-01 05",
        rows.map((ts, n) => ({ ts, n })),
      );
      await updateWarehouse(raw.project);
      const path = join(raw.project.root, "views.sql");
      writeFileSync(path, await viewsScript(raw.project));
      const query = "select ts::varchar as ts, n, _rescued::varchar from things order by n";
      const code = `import duckdb, json; c = duckdb.connect(); c.execute(open("${path}").read()); print(json.dumps(c.execute("${query}").fetchall()))`;
      const ran = spawnSync(python, ["-c", code], { encoding: "utf8" });
      assert.equal(ran.stderr, "");
      assert.deepEqual(JSON.parse(ran.stdout), await settled(raw, query));
      assert.equal((JSON.parse(ran.stdout) as unknown[]).length, 3);
    });
  });
});

describe("an order whose value does not fit its column", () => {
  // values of the order, run after run      the winner
  const cases: [string[], number][] = [
    [["2026-09-01T02:00Z", "1788224400"], 0], // 02:00 and 01:00
    [["11/30/2026 01:30", "11/30/2026 01:15"], 0], // none fits: the largest text
    [["11/30/2026 01:15", "11/30/2026 01:15"], 1], // the same text: the run
    [["2026-09-01T02:00Z", "11/30/2026 01:15"], 1], // some fit, some do not: the run
    [["11/30/2026 01:15", "2026-09-01T02:00Z"], 1],
    [["2026-09-01T02:00Z", "11/30/2026 01:15", "2026-09-01T01:00Z"], 2],
    [["11/30/2026 01:15", ""], 0], // an empty text is one, and the smallest
    [["2026-09-01T00:00:00.0000002Z", "2026-09-01T00:00:00.0000001Z"], 0],
    [["2026-09-01T00:00:00.0000001Z", "2026-09-01T00:00:00Z"], 0],
    [["2026-09-01T00:00:00Z", "2026-09-01T00:00:00.0000001Z"], 1],
  ];
  it("decides by value where all fit, by text where none does, else leaves it to the run", async () => {
    for (const order of ["ts desc", "coalesce(ts, other) desc"])
      await withThings(
        { id: "VARCHAR", ts: "TIMESTAMP", other: "TIMESTAMP", n: "BIGINT" },
        { key: ["id"], order: [order] },
        async (raw) => {
          for (let n = 0; n < 3; n++) {
            const rows = cases.flatMap(([values], id) => (n < values.length ? [{ id, ts: values[n], n }] : []));
            raw.put("things", `2026-09-0${n + 1} 05`, rows);
            await updateWarehouse(raw.project, { incremental: true });
          }
          assert.deepEqual(
            (await settled(raw, "select n from things order by id::int")).flat(),
            cases.map(([, winner]) => winner),
          );
          const explained = await explainKey(raw.project, "things", { id: "4" });
          assert.deepEqual(
            explained.keys[0]!.versions.map(({ row, by }) => [row.n, by]),
            [
              [1, "run"],
              [0, "run"],
            ],
          );
        },
      );
  });
});
