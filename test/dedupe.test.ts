import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Database, openDatabase } from "../src/duckdb/database.ts";
import { quoteName, quoteText } from "../src/duckdb/quote.ts";
import type { Feed } from "../src/export/feed.ts";
import { loadRegistry, mergeFeed, orderTerm, unknownFeed } from "../src/export/registry.ts";
import { dedupeRule, dedupeSelect, type RelationColumn, wrapTerms } from "../src/warehouse/dedupe/dedupe.ts";
import { provenance } from "../src/warehouse/snapshot/snapshot.ts";
import { stored } from "./stored.ts";

let database: Database;
before(async () => {
  database = await openDatabase({ threads: 2 });
});
after(() => database.close());

function feed(key: string[], order: string[], more: Partial<Feed> = {}): Feed {
  return { ...unknownFeed("things"), key, order: order.map(orderTerm), ...more };
}

type Row = Record<string, string | number | null | undefined>;
const types: Record<string, string> = { ts: "TIMESTAMP", ts2: "TIMESTAMP", n: "BIGINT" };

/** Runs the dedupe SQL over rows given as objects; `run`, `file` and `line` are the provenance. Returns the `v` of the winners. */
async function winners(of: Feed, rows: Row[], absent: string[] = []): Promise<string[]> {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter(
    (name) => !["run", "file", "line"].includes(name),
  );
  const columns: RelationColumn[] = names.map((name) => ({ name, type: types[name] ?? "VARCHAR" }));
  const literal = (value: string | number | null | undefined) => (value == null ? "null" : quoteText(String(value)));
  const values = rows.map((row, i) =>
    [
      ...names.map((name) => literal(row[name])),
      literal(row.file ?? "a"),
      literal(row.line ?? i + 1),
      literal(row.run ?? "2026-09-01 05"),
      "null",
    ].join(", "),
  );
  const all = [...columns, ...provenance];
  await database.run(
    `create or replace table delivered_rows (${all.map(({ name, type }) => `${quoteName(name)} ${type}`).join(", ")});
     insert into delivered_rows values ${values.map((row) => `(${row})`).join(", ")}`,
  );
  const present = columns.map((column) => ({ ...column, seen: !absent.includes(column.name) }));
  const results = new Set<string>();
  let found: string[] = [];
  for (const order of ["rowid", "rowid desc", "hash(rowid)"]) {
    const sql = dedupeSelect(of, present, `(select * from delivered_rows order by ${order}) as shuffled`);
    found = (await database.objects<{ v: string }>(`select v from (${sql}) order by v`)).map(({ v }) => v);
    results.add(JSON.stringify(found));
  }
  assert.equal(results.size, 1, "the winner depends on the order of reading");
  return found;
}

describe("the dedupe rule, rows in and rows out", () => {
  it("keeps the row that the declared order puts first, whatever the run", async () => {
    const rows = [
      { id: "1", ts: "2026-09-01 10:00:00", run: "2026-09-01 10", v: "newest" },
      { id: "1", ts: "2026-09-01 09:00:00", run: "2026-09-02 10", v: "late copy of an older state" },
      { id: "2", ts: "2026-09-01 09:00:00", run: "2026-09-01 10", v: "alone" },
    ];
    assert.deepEqual(await winners(feed(["id"], ["ts desc"]), rows), ["alone", "newest"]);
    assert.deepEqual(await winners(feed(["id"], ["ts asc"]), rows), ["alone", "late copy of an older state"]);
  });

  it("lets the run decide when the order column is inside the key", async () => {
    const rows = [
      { id: "1", ts: "2026-09-01 10:00:00", run: "2026-09-01 10:15", v: "first" },
      { id: "1", ts: "2026-09-01 10:00:00", run: "2026-09-01 10:30", v: "restated" },
      { id: "1", ts: "2026-09-01 10:15:00", run: "2026-09-01 10:15", v: "another window" },
    ];
    assert.deepEqual(await winners(feed(["id", "ts"], ["ts desc"]), rows), ["another window", "restated"]);
  });

  it("lets the run decide where no order is declared: dt, then hr, then mi", async () => {
    const rows = [
      { id: "1", run: "2026-09-01 23:45", v: "a" },
      { id: "1", run: "2026-09-02", v: "b" },
      { id: "1", run: "2026-09-02 00", v: "c" },
      { id: "1", run: "2026-09-02 00:15", v: "d" },
    ];
    assert.deepEqual(await winners(feed(["id"], []), rows), ["d"]);
    assert.deepEqual(await winners(feed(["id"], []), rows.slice(0, 3)), ["c"]);
    assert.deepEqual(await winners(feed(["id"], []), rows.slice(0, 2)), ["b"]);
  });

  it("goes through two orders, term after term", async () => {
    const rows = [
      { id: "1", ts: "2026-09-01 10:00:00", ts2: "2026-09-01 10:00:00", v: "a" },
      { id: "1", ts: "2026-09-01 10:00:00", ts2: "2026-09-01 11:00:00", v: "b" },
      { id: "1", ts: "2026-09-01 09:00:00", ts2: "2026-09-01 12:00:00", v: "c" },
    ];
    assert.deepEqual(await winners(feed(["id"], ["ts desc", "ts2 desc"]), rows), ["b"]);
    assert.deepEqual(await winners(feed(["id"], ["ts asc", "ts2 desc"]), rows), ["c"]);
    assert.deepEqual(await winners(feed(["id"], ["coalesce(ts2, ts) desc"]), rows), ["c"]);
  });

  it("orders by the first filled of two columns", async () => {
    const rows = [
      { id: "1", ts: null, ts2: "2026-09-01 12:00:00", v: "a" },
      { id: "1", ts: "2026-09-01 11:00:00", ts2: "2026-09-01 10:00:00", v: "b" },
    ];
    assert.deepEqual(await winners(feed(["id"], ["coalesce(ts, ts2) desc"]), rows), ["a"]);
  });

  it("puts a row without its order last, in either direction", async () => {
    const rows = [
      { id: "1", ts: null, run: "2026-09-02 10", v: "null" },
      { id: "1", ts: "2026-09-01 10:00:00", run: "2026-09-01 10", v: "filled" },
    ];
    assert.deepEqual(await winners(feed(["id"], ["ts desc"]), rows), ["filled"]);
    assert.deepEqual(await winners(feed(["id"], ["ts asc"]), rows), ["filled"]);
    assert.deepEqual(
      await winners(feed(["id"], ["ts desc"]), [rows[0]!, { ...rows[0]!, run: "2026-09-03 00", v: "later null" }]),
      ["later null"],
    );
  });

  it("leaves an absent key column out of the key, and says so", async () => {
    const rows = [
      { company_id: null, id: "1", run: "2026-09-01 10", v: "a" },
      { company_id: null, id: "1", run: "2026-09-01 11", v: "b" },
      { company_id: null, id: "2", run: "2026-09-01 11", v: "c" },
    ];
    const key = feed(["company_id", "id"], []);
    assert.deepEqual(await winners(key, rows, ["company_id"]), ["b", "c"]);
    const rule = dedupeRule(key, [
      { name: "company_id", type: "VARCHAR", seen: false },
      { name: "id", type: "VARCHAR" },
    ]);
    assert.deepEqual(rule.missing, ["company_id"]);
    assert.deepEqual(
      rule.key.map(({ sql }) => sql),
      ['"id"'],
    );
  });

  it("reads a key column under the name that replaced it, or the one it had", async () => {
    const renamed = { subordinate_agent_id: "subordinate_rep_id", superior_agent_id: "superior_rep_id" };
    const key = feed(["subordinate_rep_id", "superior_rep_id"], [], { renamed });
    const row = (name: string, low: string, high: string, v: string, run: string): Row => ({
      [`subordinate_${name}_id`]: low,
      [`superior_${name}_id`]: high,
      v,
      run,
    });
    const newNames = [
      row("rep", "7", "1", "a", "2026-09-01"),
      row("rep", "7", "1", "b", "2026-09-02"),
      row("rep", "8", "1", "c", "2026-09-01"),
    ];
    assert.deepEqual(await winners(key, newNames), ["b", "c"]);
    const oldNames = [
      row("agent", "7", "1", "a", "2019-09-01"),
      row("agent", "7", "1", "b", "2019-09-02"),
      row("agent", "8", "1", "c", "2019-09-01"),
    ];
    assert.deepEqual(await winners(key, oldNames), ["b", "c"]);
    const acrossTheChange = [
      row("agent", "7", "1", "a", "2019-09-24"),
      row("rep", "7", "1", "b", "2019-09-25"),
      row("agent", "8", "1", "c", "2019-09-24"),
    ];
    assert.deepEqual(await winners(key, acrossTheChange), ["b", "c"]);
    const nulled = newNames.map((each) => ({ ...each, subordinate_agent_id: null, superior_agent_id: null }));
    assert.deepEqual(await winners(feed(["subordinate_agent_id", "superior_agent_id"], [], { renamed }), nulled), [
      "b",
      "c",
    ]);
  });

  it("groups null keys together", async () => {
    const rows = [
      { queue: "Billing", rep: null, run: "2026-09-01 10", v: "a" },
      { queue: "Billing", rep: null, run: "2026-09-01 11", v: "b" },
      { queue: null, rep: null, run: "2026-09-01 10", v: "c" },
      { queue: null, rep: null, run: "2026-09-01 11", v: "d" },
      { queue: "Billing", rep: "7", run: "2026-09-01 10", v: "e" },
    ];
    assert.deepEqual(await winners(feed(["queue", "rep"], []), rows), ["b", "d", "e"]);
  });

  it("breaks a tie by the object's key, then by the line", async () => {
    const rows = [
      { id: "1", file: "things.jsonl.00.gz", line: 900, v: "a" },
      { id: "1", file: "things.jsonl.01.gz", line: 1, v: "b" },
      { id: "1", file: "things.jsonl.01.gz", line: 2, v: "c" },
    ];
    assert.deepEqual(await winners(feed(["id"], []), rows), ["c"]);
  });

  it("takes whole rows as the key where there is none", async () => {
    const rows = [
      { id: "1", n: 1, run: "2026-09-01", v: "same" },
      { id: "1", n: 1, run: "2026-09-02", v: "same" },
      { id: "1", n: 2, run: "2026-09-02", v: "other" },
      { id: null, n: null, run: "2026-09-01", v: "same" },
      { id: null, n: null, run: "2026-09-02", v: "same" },
    ];
    assert.deepEqual(await winners(feed([], []), rows), ["other", "same", "same"]);
    assert.deepEqual(await winners(feed(["gone"], []), rows), ["other", "same", "same"]);
  });

  it("takes only the newest run of a snapshot feed", async () => {
    const rows = [
      { id: "1", run: "2026-09-01", v: "a" },
      { id: "2", run: "2026-09-01", v: "removed upstream" },
      { id: "1", run: "2026-09-02", line: 1, v: "b" },
      { id: "1", run: "2026-09-02", line: 2, v: "c" },
    ];
    assert.deepEqual(await winners(feed(["id"], [], { latestOnly: true }), rows), ["c"]);
    assert.deepEqual(await winners(feed(["id"], []), rows), ["c", "removed upstream"]);
  });

  it("finds columns whatever their case, as DuckDB does", () => {
    const rule = dedupeRule(feed(["Issue_ID"], ["TS desc"]), [
      { name: "issue_id", type: "VARCHAR" },
      { name: "ts", type: "TIMESTAMP" },
    ]);
    assert.deepEqual([rule.key[0]!.sql, rule.order[0]!.sql, rule.missing], ['"issue_id"', '"ts"', []]);
  });

  it("says which columns of the order are absent", () => {
    const rule = dedupeRule(feed(["id"], ["coalesce(ts, gone) desc", "gone2 asc"]), [
      { name: "id", type: "VARCHAR" },
      { name: "ts", type: "TIMESTAMP" },
    ]);
    assert.deepEqual(
      rule.order.map(({ sql }) => sql),
      ['"ts"'],
    );
    assert.deepEqual(rule.missingOrder, ["gone", "gone2"]);
  });

  it("quotes names of any spelling, its own column among them", async () => {
    const odd = feed(['a"b'], []);
    const rows = [
      { 'a"b': "1", _rank: "x", v: "p", run: "2026-09-01" },
      { 'a"b': "1", _rank: "y", v: "q", run: "2026-09-02" },
    ];
    assert.deepEqual(await winners(odd, rows), ["q"]);
  });
});

describe("the dedupe SQL of every feed in the registry", () => {
  for (const [name, entry] of loadRegistry()) {
    it(`is stored and runs: ${name}`, async () => {
      const columns = mergeFeed(name, {}, entry).columns.map((column) => ({
        name: column.name,
        type: column.type,
      }));
      const table = `delivered_${name}`;
      const sql = dedupeSelect(entry, columns, quoteName(table));
      stored(`dedupe/${name}.sql`, `${sql}\n`);
      const all = [...columns, ...provenance];
      await database.run(
        `create table ${quoteName(table)} (${all.map((column) => `${quoteName(column.name)} ${column.type}`).join(", ")})`,
      );
      await database.run(
        `insert into ${quoteName(table)} (_file, _line, _run) values ('a', 1, '2026-09-01 05'), ('a', 2, '2026-09-01 05'), ('b', 1, '2026-09-01 06')`,
      );
      const answer = await database.rows(sql);
      assert.deepEqual(
        answer.columns.map((column) => column.name),
        all.map((column) => column.name),
      );
      assert.deepEqual(
        answer.rows.map((row) => row.slice(-4, -1)),
        [["b", 1, "2026-09-01 06"]],
      );
    });
  }

  it("breaks long lists into lines", () => {
    const text = wrapTerms(
      Array.from({ length: 40 }, (_, i) => `"column_${i}"`),
      4,
    );
    assert.ok(text.split("\n").every((line) => line.length <= 110 && line.startsWith("    ")));
  });
});
