import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { SchemaPolicy } from "../src/config/config.ts";
import {
  castsExactly,
  documentedType,
  type Found,
  foundType,
  type Kind,
  kindOf,
} from "../src/warehouse/schema/typing.ts";
import { loadSnapshot } from "../src/warehouse/snapshot/snapshot.ts";
import { mergedColumns, startColumns, withKeys } from "../src/warehouse/stage/columns.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { verifyFeed } from "../src/warehouse/verify.ts";
import { type RawFixture, rawFixture } from "./raw-fixture.ts";
import { columnTypes, documented, quarantine, stageAndSave, stagedRows } from "./stage-kit.ts";

describe("columns", () => {
  const feed = documented("events", { id: "VARCHAR", n: "BIGINT" });
  const key = (name: string, ...found: Found[]) => ({ key: name, found: new Set(found) });

  it("start with the registry's, then those that earlier days brought", () => {
    const first = startColumns(feed, undefined, false);
    assert.deepEqual(
      first.map(({ name, type }) => [name, type]),
      [
        ["id", "VARCHAR"],
        ["n", "BIGINT"],
      ],
    );
    const known = {
      columns: withKeys(first, [key("extra")]).map((column) =>
        column.name === "n" ? { ...column, type: "DOUBLE" } : column,
      ),
    };
    const feedSnapshot = { ...known, rules: "", rule: "", layouts: [], days: [], changes: [] };
    assert.deepEqual(
      startColumns(feed, feedSnapshot, true).map(({ type }) => type),
      ["VARCHAR", "DOUBLE", "VARCHAR"],
    );
    assert.deepEqual(
      startColumns(feed, feedSnapshot, false).map(({ type }) => type),
      ["VARCHAR", "BIGINT", "VARCHAR"],
      "new rules start afresh",
    );
  });

  it("give each key a name of its own, whatever its case", () => {
    const names = withKeys(startColumns(feed, undefined, false), [
      key("ID"),
      key("Id"),
      key("id_1"),
      key("_line"),
      key(""),
      key("a\u0000b"),
    ]);
    assert.deepEqual(
      names.map(({ name }) => name),
      ["id", "n", "ID_1", "Id_2", "id_1_1", "_line_1", "_", "a_b"],
    );
    assert.deepEqual(withKeys(names, [key("ID")]), names);
  });

  it("end at a thousand", () => {
    const many = Array.from({ length: 1200 }, (_, i) => key(`k${i}`));
    assert.equal(withKeys([], many).length, 1000);
  });

  it("merge by key, unless one name would stand for two", () => {
    const a = withKeys([], [key("Foo", "integer"), key("x")]);
    const b = withKeys([], [key("Foo", "decimal"), key("x", "date"), key("y", "text")]);
    assert.deepEqual(
      mergedColumns(a, b)!.map(({ key: name, type, untyped }) => [name, type, untyped]),
      [
        ["Foo", "DOUBLE", undefined],
        ["x", "DATE", undefined],
        ["y", "VARCHAR", undefined],
      ],
    );
    assert.equal(mergedColumns(withKeys([], [key("foo")]), withKeys([], [key("FOO")])), null);
  });
});

describe("types", () => {
  const declared: [string, Found[], string][] = [
    ["BIGINT", [], "BIGINT"],
    ["BIGINT", ["wide"], "BIGINT"],
    ["BIGINT", ["huge"], "DECIMAL(38,0)"],
    ["BIGINT", ["decimal"], "DOUBLE"],
    ["BIGINT", ["decimal", "huge"], "DOUBLE"],
    ["BIGINT", ["decimal", "wide"], "BIGINT"],
    ["BIGINT", ["decimal", "huge", "wide"], "DECIMAL(38,0)"],
    ["DOUBLE", ["wide"], "DOUBLE"],
    ["BOOLEAN", ["text"], "BOOLEAN"],
    ["TIMESTAMP", ["text"], "TIMESTAMP"],
    ["DATE", ["timestamp"], "TIMESTAMP"],
    ["DATE", ["text"], "DATE"],
    ["VARCHAR", ["nested"], "VARCHAR"],
  ];
  for (const [type, found, expected] of declared)
    it(`${expected} of one documented as ${type}, with ${found.join(" and ") || "nothing else"}`, () =>
      assert.equal(documentedType(type, new Set(found)), expected));

  const unknown: [string, Found[], string | null][] = [
    ["x", [], null],
    ["x", ["integer", "wide"], "BIGINT"],
    ["x", ["integer", "huge"], "DECIMAL(38,0)"],
    ["x", ["integer", "decimal"], "DOUBLE"],
    ["x", ["wide", "decimal"], "VARCHAR"],
    ["x", ["integer", "text"], "VARCHAR"],
    ["x", ["boolean"], "BOOLEAN"],
    ["x", ["boolean", "integer"], "VARCHAR"],
    ["x", ["date"], "DATE"],
    ["x", ["date", "timestamp"], "TIMESTAMP"],
    ["x", ["timestamp", "integer"], "VARCHAR"],
    ["x", ["text", "nested"], "JSON"],
    ["queue_id", ["integer"], "VARCHAR"],
    ["queue_id", ["nested"], "JSON"],
  ];
  for (const [name, found, expected] of unknown)
    it(`${expected} of ${name} that nobody knows, with ${found.join(" and ") || "nothing"}`, () =>
      assert.equal(foundType(name, new Set(found)), expected));

  it("that casts lose nothing of", () => {
    assert.deepEqual(
      ["BIGINT", "DOUBLE", "DECIMAL(38,0)", "DATE", "TIMESTAMP", "VARCHAR"].map((from) =>
        ["BIGINT", "DOUBLE", "DATE", "TIMESTAMP", "VARCHAR", "JSON"].filter((to) => castsExactly(from, to)),
      ),
      [["BIGINT", "DOUBLE"], ["DOUBLE"], ["BIGINT", "DOUBLE"], ["DATE", "TIMESTAMP"], ["TIMESTAMP"], ["VARCHAR"]],
    );
  });

  const texts: [string, Kind][] = [
    ["5", "integer"],
    ["-9007199254740992", "integer"],
    ["9007199254740993", "wide"],
    ["-9223372036854775808", "wide"],
    ["9223372036854775808", "huge"],
    ["9".repeat(38), "huge"],
    ["9".repeat(39), "other"],
    ["5.5", "decimal"],
    ["1e5", "decimal"],
    ["1e999", "other"],
    ["2026-09-01", "date"],
    ["2026-09-01 05:15:00", "timestamp"],
    ["", "other"],
  ];
  for (const [text, kind] of texts)
    it(`takes ${text || "nothing"} for ${kind}`, () => assert.equal(kindOf(text), kind));
});

describe("schema policies", () => {
  let fixture: RawFixture;
  const feed = documented("events", { id: "VARCHAR", n: "BIGINT", x: "DOUBLE" });
  beforeEach(() => {
    fixture = rawFixture((project) => {
      project.feeds.set("events", feed);
    });
  });
  afterEach(() => fixture.delete());
  const policy = (change: Partial<SchemaPolicy>) => Object.assign(fixture.project.config.schema, change);
  const rows = () => stagedRows(fixture.project, "events", ["_file", "_run", "_line"]);
  const changes = () =>
    loadSnapshot(fixture.project.data).feeds.events!.changes.map(({ dt, column, change, from, to }) => [
      dt.slice(-2),
      column,
      change,
      from,
      to,
    ]);

  it("evolve: a new key becomes a column, and older days lack it", async () => {
    fixture.put("events", "2026-09-01", [{ id: "a", n: 1 }]);
    await stageAndSave(fixture.project);
    fixture.put("events", "2026-09-02", [{ id: "b", n: 1, fresh: "x" }]);
    const report = await stageAndSave(fixture.project);
    assert.deepEqual(
      report.days.map(({ dt }) => dt),
      ["2026-09-02"],
      "the older day is not written again",
    );
    const { columns, layouts, days } = loadSnapshot(fixture.project.data).feeds.events!;
    assert.deepEqual(
      columns.map(({ name, firstSeen, lastSeen, documented: known }) => [name, firstSeen, lastSeen, known]),
      [
        ["id", "2026-09-01", "2026-09-02", true],
        ["n", "2026-09-01", "2026-09-02", true],
        ["x", null, null, true],
        ["fresh", "2026-09-02", "2026-09-02", false],
      ],
    );
    assert.deepEqual(
      days.map(({ layout }) => layouts[layout]!.seen),
      [
        ["id", "n"],
        ["id", "n", "fresh"],
      ],
    );
    assert.deepEqual(changes(), [["02", "fresh", "new_column", null, "VARCHAR"]]);
    assert.deepEqual(
      report.changes.map(({ feed: name, column }) => [name, column]),
      [["events", "fresh"]],
    );
  });

  it("rescue: the values of a new key go to _rescued", async () => {
    policy({ onNewColumn: "rescue" });
    fixture.put("events", "2026-09-01", [{ id: "a", fresh: 5 }, { id: "b" }, { id: "c", fresh: { deep: [1] } }]);
    await stageAndSave(fixture.project);
    assert.deepEqual(
      (await rows()).map(({ id, _rescued }) => [id, _rescued]),
      [
        ["a", '{"fresh":"5"}'],
        ["b", null],
        ["c", '{"fresh":"{\\"deep\\":[1]}"}'],
      ],
    );
    assert.ok(!("fresh" in columnTypes(fixture.project, "events")));
    assert.deepEqual(changes(), [["01", "fresh", "values_rescued", null, null]]);
  });

  it("freeze: a day with a new key is refused, named, and staged once the rule changes", async () => {
    policy({ onNewColumn: "freeze" });
    fixture.put("events", "2026-09-01", [{ id: "a" }]);
    fixture.put("events", "2026-09-02", [{ id: "b", fresh: 5 }]);
    const { failed } = await stageAndSave(fixture.project);
    assert.deepEqual(failed, [
      { feed: "events", dt: "2026-09-02", reason: "new column fresh, and on_new_column is freeze" },
    ]);
    assert.deepEqual(
      (await rows()).map(({ id }) => id),
      ["a"],
    );
    policy({ onNewColumn: "evolve" });
    assert.deepEqual((await stageAndSave(fixture.project)).failed, []);
    assert.deepEqual(
      (await rows()).map(({ id }) => id),
      ["a", "b"],
    );
  });

  it("widen: whole numbers become decimals, and older days read the same", async () => {
    fixture.put("events", "2026-09-01", [{ id: "a", n: 1, m: 1 }]);
    await stageAndSave(fixture.project);
    fixture.put("events", "2026-09-02", [{ id: "b", n: 2.5, m: "text" }]);
    const report = await stageAndSave(fixture.project);
    assert.deepEqual(
      report.days.map(({ dt }) => dt),
      ["2026-09-02"],
    );
    const types = columnTypes(fixture.project, "events");
    assert.deepEqual([types.n, types.m], ["DOUBLE", "VARCHAR"]);
    assert.deepEqual(
      (await rows()).map(({ n, m }) => [n, m]),
      [
        [1, 1],
        [2.5, "text"],
      ],
    );
    assert.deepEqual(
      changes().filter(([, , change]) => change === "type_widened"),
      [
        ["02", "m", "type_widened", "BIGINT", "VARCHAR"],
        ["02", "n", "type_widened", "BIGINT", "DOUBLE"],
      ],
    );
    assert.equal((await stageAndSave(fixture.project)).days.length, 0);
  });

  it("widen: a number beyond every whole type makes decimals, whichever partition of its day came first", async () => {
    for (const text of ["1e300", "1e20", "1e17", "18446744073709551616"]) {
      const types: (string | undefined)[] = [];
      for (const order of [
        ["2026-09-01", "2026-09-01 05"],
        ["2026-09-01 05", "2026-09-01"],
      ]) {
        const own = rawFixture((project) => {
          project.feeds.set("events", feed);
        });
        for (const at of order) {
          own.put("events", at, at.endsWith("05") ? [`{"id":"a","n":${text}}`] : [{ id: "b" }]);
          assert.deepEqual((await updateWarehouse(own.project, { incremental: true })).failed, []);
        }
        types.push(columnTypes(own.project, "events").n);
        assert.deepEqual((await verifyFeed(own.project, "events")).differences, []);
        assert.deepEqual((await updateWarehouse(own.project)).days, []);
        own.delete();
      }
      assert.equal(types[0], types[1], text);
    }
  });

  it("keeps half a surrogate pair in _rescued beside another value that does not fit", async () => {
    fixture.put("events", "2026-09-01", ['{"id":"a","n":"\\ud800","b":{"x":1}}', '{"id":1,"n":"x","x_id":"\\ud800"}']);
    await updateWarehouse(fixture.project);
    assert.deepEqual(
      (await rows()).map(({ _rescued }) => JSON.parse(String(_rescued))),
      [{ n: '"\\ud800"' }, { x_id: '"\\ud800"', n: "x" }],
    );
    assert.deepEqual((await verifyFeed(fixture.project, "events")).differences, []);
  });

  it("rescue: unfit values are kept as text, and the types stay", async () => {
    policy({ onTypeChange: "rescue" });
    fixture.put("events", "2026-09-01", [
      { id: "a", n: 1 },
      { id: "b", n: 2.5 },
    ]);
    await stageAndSave(fixture.project);
    assert.deepEqual(
      (await rows()).map(({ n, _rescued }) => [n, _rescued]),
      [
        [1, null],
        [null, '{"n":"2.5"}'],
      ],
    );
    assert.equal(columnTypes(fixture.project, "events").n, "BIGINT");
    assert.deepEqual(changes(), [["01", "n", "values_rescued", "BIGINT", "BIGINT"]]);
  });

  it("rescue: a column that nothing documents has the type of the earliest day with a value, whenever it came", async () => {
    policy({ onTypeChange: "rescue" });
    const days: [string, ...unknown[]][] = [
      ["2026-09-01", null],
      ["2026-09-02", 12, 2],
      ["2026-09-03", "x"],
      ["2026-09-04", 1.5],
    ];
    for (const order of [days, days.toReversed()]) {
      for (const [dt, ...values] of order) {
        fixture.put(
          "events",
          dt,
          values.map((later, n) => ({ id: `${n}`, later })),
        );
        await updateWarehouse(fixture.project);
      }
      assert.equal(columnTypes(fixture.project, "events").later, "BIGINT");
      assert.deepEqual(
        (await rows()).map(({ later, _rescued }) => [later, _rescued]),
        [
          [undefined, null],
          [12, null],
          [2, null],
          [null, '{"later":"x"}'],
          [null, '{"later":"1.5"}'],
        ],
      );
      for (const [dt] of days) fixture.remove("events", dt);
      await updateWarehouse(fixture.project);
    }
  });

  it("fail: a day with an unfit value is refused", async () => {
    policy({ onTypeChange: "fail" });
    fixture.put("events", "2026-09-01", [{ id: "a", n: "n/a" }]);
    const { failed } = await stageAndSave(fixture.project);
    assert.deepEqual(
      failed.map(({ reason }) => reason),
      ["values of n are no BIGINT, and on_type_change is fail"],
    );
  });

  const without = async () => {
    fixture.put("events", "2026-09-01", [{ id: "a", n: 1 }]);
    fixture.put("events", "2026-09-02", [{ id: "b" }]);
    fixture.put("events", "2026-09-03", [{ id: "c", n: null }]);
    return stageAndSave(fixture.project);
  };

  it("null: a column that is no longer delivered reads as null, and the change is noted", async () => {
    const report = await without();
    assert.deepEqual([report.failed, report.warnings], [[], []]);
    assert.deepEqual(
      (await rows()).map(({ n }) => n),
      [1, null, null],
    );
    assert.deepEqual(changes(), [
      ["02", "n", "missing_column", "BIGINT", null],
      ["03", "n", "column_back", null, "BIGINT"],
    ]);
  });

  it("warn: says so as well", async () => {
    policy({ onMissingColumn: "warn" });
    assert.deepEqual((await without()).warnings, ["events 2026-09-02: n no longer delivered"]);
  });

  it("fail: refuses the day, and no other", async () => {
    policy({ onMissingColumn: "fail" });
    const { failed, changed } = await without();
    assert.deepEqual(
      failed.map(({ dt, reason }) => [dt, reason]),
      [["2026-09-02", "n no longer delivered, and on_missing_column is fail"]],
    );
    assert.deepEqual(
      changed.map(({ dt }) => dt),
      ["2026-09-01", "2026-09-03"],
    );
    assert.deepEqual(
      (await rows()).map(({ id }) => id),
      ["a", "c"],
    );
  });

  it("reports a key column that has never come, and what takes its place", async () => {
    fixture.project.feeds.set("events", {
      ...feed,
      key: ["old_id", "id", "gone"],
      renamed: { old_id: "id" },
    });
    fixture.put("events", "2026-09-01", [{ id: "a" }]);
    await stageAndSave(fixture.project);
    const missing = loadSnapshot(fixture.project.data).feeds.events!.changes.filter(
      ({ change }) => change === "key_missing",
    );
    assert.deepEqual(
      missing.map(({ column, detail }) => [column, /: (.*)$/.exec(detail)![1]]),
      [
        ["gone", "it is left out of the key"],
        ["old_id", "id takes its place"],
      ],
    );
  });

  it("tells the same history whatever the order in which days arrive", async () => {
    const days: Record<string, object[]> = {
      "2026-09-01": [{ id: "a", n: 1 }],
      "2026-09-02": [{ id: "b", n: 2.5, fresh: 1 }],
      "2026-09-03": [{ id: "c", fresh: "x" }],
      "2026-09-04": [{ id: "d", n: 3, Fresh: true }],
    };
    const told: unknown[] = [];
    for (const order of [
      [0, 1, 2, 3],
      [3, 1, 0, 2],
      [2, 3, 1, 0],
    ]) {
      const own = rawFixture((project) => {
        project.feeds.set("events", feed);
      });
      for (const i of order) {
        const [dt, lines] = Object.entries(days)[i]!;
        own.put("events", dt, lines);
        await stageAndSave(own.project);
      }
      const { columns, changes: history } = loadSnapshot(own.project.data).feeds.events!;
      const narrow = history
        .filter(({ change }) => change !== "type_widened")
        .map(({ dt, column, change }) => [dt, column.toLowerCase(), change]);
      told.push([
        columns.map(({ key, firstSeen, lastSeen }) => [key, firstSeen, lastSeen]),
        narrow.map((entry) => entry.join().replace("_1", "")),
      ]);
      own.delete();
    }
    assert.deepEqual(told[1], told[0]);
    assert.deepEqual(told[2], told[0]);
  });

  it("stages quarantined lines again when the rules change", async () => {
    fixture.put("events", "2026-09-01", [{ id: "a" }, "rubbish"]);
    await stageAndSave(fixture.project);
    assert.equal(quarantine(fixture.project, "events").length, 1);
    policy({ onTypeChange: "rescue" });
    const report = await stageAndSave(fixture.project);
    assert.deepEqual(
      report.days.map(({ dt, quarantined }) => [dt, quarantined]),
      [["2026-09-01", 1]],
    );
    assert.equal(quarantine(fixture.project, "events").length, 1);
  });
});
