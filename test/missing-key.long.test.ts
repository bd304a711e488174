import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Output } from "../src/cli/output.ts";
import { changesText, runUpdate, updateText } from "../src/commands/steps/update.ts";
import { orderTerm } from "../src/export/registry.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { explainKey } from "../src/warehouse/explain.ts";
import { loadSnapshot } from "../src/warehouse/snapshot/snapshot.ts";
import { lackingKeys } from "../src/warehouse/stage/keyless.ts";
import { readStatus } from "../src/warehouse/status.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import fc from "./fast-check.ts";
import { type RawFixture, rawFixture } from "./raw-fixture.ts";
import { documented } from "./stage-kit.ts";
import { settled } from "./warehouse-rows.ts";

type Row = Record<string, unknown>;

const columns = { a: "VARCHAR", b: "BIGINT", at: "TIMESTAMP", n: "BIGINT" };

async function withThings(
  key: string[],
  task: (raw: RawFixture) => Promise<void>,
  more: { order?: string[]; renamed?: Record<string, string> } = {},
): Promise<void> {
  const { order = [], renamed = {} } = more;
  const feed = { ...documented("things", columns), key, renamed, order: order.map(orderTerm) };
  const raw = rawFixture((project) => project.feeds.set("things", feed));
  try {
    await task(raw);
  } finally {
    raw.delete();
  }
}

async function deliver(raw: RawFixture, hours: [hour: string, rows: Row[]][], feed = "things") {
  for (const [hour, rows] of hours) {
    raw.put(feed, hour, rows);
    await updateWarehouse(raw.project, { incremental: true });
  }
}

const said = ({ project }: RawFixture) =>
  lackingKeys(loadSnapshot(project.data)).map(({ columns, rows, delivered, since }) => [
    columns.join(", "),
    rows,
    delivered,
    since,
  ]);

const day = "2026-09-01";

describe("a key column that goes missing", () => {
  it("keeps the rows of convos_metrics apart that come without issue_id from the third hour on", async () => {
    const raw = rawFixture();
    try {
      const rows = (ids: (number | undefined)[], assisted: number) =>
        ids.map((issue_id, i) => ({ issue_id, assisted, customer_id: `c${i}` }));
      const none = [undefined, undefined, undefined];
      await deliver(
        raw,
        [
          [`${day} 01`, rows([1, 2, 3], 0)],
          [`${day} 02`, rows([3, 4, 5], 1)],
          [`${day} 03`, rows(none, 2)],
          [`${day} 04`, rows(none, 3)],
        ],
        "convos_metrics",
      );
      const counted = "select count(*), count(issue_id) from convos_metrics";
      assert.deepEqual(await settled(raw, counted, "convos_metrics"), [[11, 5]]);
      assert.deepEqual(said(raw), [["issue_id", 6, 12, `${day} 03`]]);
    } finally {
      raw.delete();
    }
  });

  it("keeps single rows apart, whether the key is absent or null", async () => {
    await withThings(["a"], async (raw) => {
      await deliver(raw, [
        [`${day} 01`, [{ a: "1", n: 1 }, { a: null, n: 2 }, { n: 3 }]],
        [
          `${day} 02`,
          [
            { a: "1", n: 4 },
            { a: null, n: 5 },
            { a: "", n: 6 },
            { a: "", n: 7 },
          ],
        ],
      ]);
      assert.deepEqual(await settled(raw, "select n from things order by n"), [[2], [3], [4], [5], [7]]);
      assert.deepEqual(said(raw), [["a", 3, 7, `${day} 01`]]);
    });
  });

  it("folds what is delivered again as it was, in the same partition and in another", async () => {
    await withThings(["a"], async (raw) => {
      const rows = [{ n: 1 }, { n: 2, at: "2026-09-01T00:00:00Z" }, { n: 2, at: "noon" }];
      await deliver(raw, [
        [`${day} 01`, rows],
        [`${day} 02`, [...rows, rows[0]!, { n: 3 }]],
        [`${day} 01`, [...rows].reverse()],
        ["2026-09-02 01", [{ n: 3 }, { a: "1", n: 3 }]],
      ]);
      assert.deepEqual(await settled(raw, "select n, count(*) from things group by all order by n"), [
        [1, 1],
        [2, 2],
        [3, 2],
      ]);
    });
  });

  // key columns a and b of the rows, hour after hour      rows of current      said
  const both = ["a", "b"];
  const cases: [name: string, hours: [unknown, unknown][][], rows: number, said: string[]][] = [
    [
      "both filled: by the key",
      [
        [
          ["x", 1],
          ["x", 2],
        ],
        [
          ["x", 1],
          ["x", 2],
        ],
      ],
      2,
      [],
    ],
    [
      "null beside values in the same run: null is a value",
      [
        [
          ["x", null],
          ["x", null],
          ["x", 1],
        ],
        [
          ["x", null],
          ["x", 1],
        ],
      ],
      2,
      [],
    ],
    [
      "null in every row there is: null is a value",
      [
        [
          ["x", null],
          ["y", null],
        ],
        [
          ["x", null],
          ["y", null],
        ],
      ],
      2,
      [],
    ],
    [
      "both null in some rows: these by content",
      [
        [
          ["x", 1],
          ["x", null],
          [null, null],
          [null, null],
        ],
        [
          ["x", 1],
          ["x", null],
          [null, null],
        ],
      ],
      5,
      ["a, b"],
    ],
    [
      "one gone from a run: its rows by content",
      [
        [
          ["x", 1],
          ["x", 2],
          ["y", 3],
        ],
        [
          ["x", null],
          ["x", null],
          ["y", null],
        ],
        [
          ["x", 1],
          ["x", 2],
          ["y", 3],
        ],
      ],
      6,
      ["b"],
    ],
    [
      "null in all of a run that the rest of the key tells apart: null is a value",
      [
        [
          ["x", 1],
          ["y", 2],
        ],
        [
          ["x", null],
          ["y", null],
        ],
        [["x", null]],
      ],
      4,
      [],
    ],
    [
      "both gone from a run",
      [
        [
          ["x", 1],
          ["x", 2],
        ],
        [
          [null, null],
          [null, null],
          [null, null],
        ],
      ],
      5,
      ["a, b"],
    ],
  ];
  for (const [name, hours, rows, expected] of cases)
    it(`of a key of several columns: ${name}`, async () => {
      await withThings(
        both,
        async (raw) => {
          let n = 0;
          await deliver(
            raw,
            hours.map((pairs, i) => [`${day} 0${i + 1}`, pairs.map(([a, b]) => ({ a, b, n: ++n }))]),
          );
          assert.deepEqual(await settled(raw, "select count(*) from things"), [[rows]]);
          assert.deepEqual(
            said(raw).map(([columns]) => columns),
            expected,
          );
        },
        { order: ["at desc"] },
      );
    });

  it("is told by a value that does not fit it, and by what it was called", async () => {
    await withThings(
      ["b"],
      async (raw) => {
        await deliver(raw, [
          [
            `${day} 01`,
            [
              { was: 1, n: 1 },
              { was: 2, n: 2 },
            ],
          ],
          [
            `${day} 02`,
            [
              { b: 1, n: 3 },
              { b: "one", n: 4 },
              { b: "one", n: 5 },
            ],
          ],
          [`${day} 03`, [{ B_: 1, n: 6 }, { n: 7 }, { n: 8 }]],
        ]);
        assert.deepEqual(await settled(raw, "select n from things order by n"), [[2], [3], [5], [6], [7], [8]]);
        assert.deepEqual(said(raw), [
          ["b", 2, 8, `${day} 03`],
          ["b", 1, 8, `${day} 03`],
        ]);
      },
      { renamed: { was: "b" } },
    );
  });

  it("is explained: each such row is the only version of itself", async () => {
    await withThings(["a"], async (raw) => {
      await deliver(raw, [[`${day} 01`, [{ n: 1 }, { n: 2 }, { a: "1", n: 3 }, { n: 2 }]]]);
      const { keys } = await explainKey(raw.project, "things", { a: "null" });
      assert.deepEqual(keys.map(({ versions }) => versions.map(({ row, won }) => [row.n, won])).sort(), [
        [[1, true]],
        [
          [2, true],
          [2, false],
        ],
      ]);
    });
  });

  it("makes the feed anew when the first such row comes and when the last one goes, and at no other time", async () => {
    await withThings(["a"], async (raw) => {
      const update = async (hour: string, rows: Row[] | null) => {
        if (rows) raw.put("things", hour, rows);
        else raw.remove("things", hour);
        const { feeds } = await updateWarehouse(raw.project, { incremental: true });
        return feeds.map(({ rebuilt }) => rebuilt);
      };
      assert.deepEqual(await update(`${day} 01`, [{ a: "1", n: 1 }]), ["first load"]);
      assert.deepEqual(await update("2026-09-02 01", [{ a: "2", n: 1 }]), [null]);
      assert.deepEqual(await update("2026-09-03 01", [{ n: 1 }, { a: "3" }]), ["rule changed"]);
      assert.deepEqual(await update("2026-09-04 01", [{ n: 1 }, { n: 2, more: 1 }, { a: "4" }]), [null]);
      assert.deepEqual(await settled(raw, "select count(*) from things"), [[6]]);
      await update("2026-09-04 01", null);
      assert.deepEqual(await update("2026-09-03 01", null), ["rule changed"]);
    });
  });

  it("loses no row and doubles none, whichever rows lack it and in whichever order they arrive", async () => {
    const id = fc.option(fc.constantFrom("1", "2"), { nil: null });
    const row = fc.record({ a: id, n: fc.nat(3) });
    const hours = [`${day} 01`, `${day} 02`, "2026-09-02 01", "2026-09-03 01"];
    const partition = fc.tuple(fc.constantFrom(...hours), fc.array(row, { minLength: 1, maxLength: 6 }));
    const history = fc.uniqueArray(partition, { minLength: 2, selector: ([hour]) => hour });
    await fc.assert(
      fc.asyncProperty(history, async (partitions) => {
        const ends: unknown[] = [];
        for (const order of [partitions, [...partitions].reverse()])
          await withThings(["a"], async (raw) => {
            await deliver(raw, order);
            ends.push([
              await settled(raw, "select a, n from things order by all"),
              loadSnapshot(raw.project.data).feeds.things!.days.map(({ current }) => current),
            ]);
          });
        assert.deepEqual(ends[1], ends[0]);
        const last = new Map<string, [string | null, number]>();
        for (const [, rows] of [...partitions].sort(([a], [b]) => (a < b ? -1 : 1)))
          for (const { a, n } of rows) last.set(a ?? `none ${n}`, [a, n]);
        const found = (ends[0] as [unknown[][]])[0].map((each) => JSON.stringify(each)).sort();
        assert.deepEqual(found, [...last.values()].map((each) => JSON.stringify(each)).sort());
      }),
      { numRuns: 4 },
    );
  });

  it("is said by sync, status and Data health: feed, column, rows, since when, what to do", async () => {
    const feed = { ...documented("things", columns), key: ["a"] };
    const raw = rawFixture((project) => project.feeds.set("things", feed));
    const warned: [string, string | undefined][] = [];
    const output = {
      close: () => {},
      progress: () => {},
      warn: (text: string, next?: string) => warned.push([text, next]),
    } as unknown as Output;
    const update = () => runUpdate(raw.project, { output, signal: new AbortController().signal, now: new Date() });
    try {
      raw.put("things", `${day} 01`, [{ a: "1" }, { a: "2" }]);
      const clean = await update();
      assert.deepEqual([clean.keyless, changesText(clean)], [[], null]);
      raw.put("things", `${day} 03`, [{ n: 1 }, { n: 2 }, { A_: "1" }]);
      const updated = await update();
      const lacking = { feed: "things", columns: ["a"], delivered: 5, since: `${day} 03`, lastDay: day };
      const keys = [
        { ...lacking, other: null, rows: 2 },
        { ...lacking, other: "A_", rows: 1 },
      ];
      assert.deepEqual(updated.keyless, keys);
      assert.match(updateText(updated), /^no key {6}3 rows without things\.a, things\.a, named by/m);
      assert.match(changesText(updated)!, /2 keys that rows lack/);
      const none =
        "a: 2 of 5 rows have no value for this key column since the partition 2026-09-01 03: all but exact copies are kept, as nothing shows which are versions of the same row";
      const other =
        "a: 1 of 5 rows has A_ in place of this key column since the partition 2026-09-01 03: these rows replace no earlier version";
      assert.deepEqual(
        warned.filter(([text]) => text.startsWith("things: ")).map(([text]) => text),
        [`things: ${none}`, `things: ${other}`],
      );
      const { ok, problems } = await readStatus(raw.project, new Date());
      assert.equal(ok, false);
      const told = problems.filter(({ what }) => what.startsWith("a: "));
      assert.deepEqual(
        told.map(({ what }) => what),
        [none, other],
      );
      assert.match(told[0]!.next, /^ask ASAPP what became of a; .*from raw\.things where a is null limit 20/);
      assert.match(told[1]!.next, /kit\.yaml: things: \{renamed: \{A_: a\}\}$/);
      const catalog = await openCatalog(raw.project, { threads: 1 });
      const { rows } = await catalog.rows("select kind, what, count from kit.oddities order by count desc");
      catalog.close();
      assert.deepEqual(rows, [
        ["key", "rows without a value for the key a", 2],
        ["key", "row with A_ in place of the key a", 1],
      ]);
      feed.renamed = { A_: "a" };
      const mended = await update();
      assert.deepEqual(
        mended.keyless.map(({ other, rows }) => [other, rows]),
        [[null, 2]],
      );
      assert.deepEqual(await settled(raw, "select count(*) from things"), [[4]]);
    } finally {
      raw.delete();
    }
  });
});
