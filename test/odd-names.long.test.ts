import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { feedOf } from "../src/config/project.ts";
import { openDatabase } from "../src/duckdb/database.ts";
import { quoteName } from "../src/duckdb/quote.ts";
import { mergeFeed } from "../src/export/registry.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { viewsScript } from "../src/warehouse/catalog/views.ts";
import { explainKey } from "../src/warehouse/explain.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { verifyFeed } from "../src/warehouse/verify.ts";
import fc from "./fast-check.ts";
import { rawFixture } from "./raw-fixture.ts";
import { sameRows } from "./warehouse-rows.ts";

const ofObject = [...Object.getOwnPropertyNames(Object.prototype), "then", "toJSON", "prototype", "length", "name"];
const ofDuckdb = [
  ...["file_row_number", "file_index", "filename", "rowid", "FILE_INDEX", "File_Row_Number", "FileName", "ROWID"],
  "select",
  "table",
  "order",
  "group",
  "row",
  "excluded",
  "json",
  "Key",
  "key",
];
const ofKit = [
  ..."_file _line _run _rescued _rank _versions _decided _FILE _nth _counts _group _next _key _order _behind _before".split(
    " ",
  ),
  ..."delivered winners changed_keys lines picked expected kept day row versions decided rank w l r j t f g s e c0 c1 v0 k0 k1".split(
    " ",
  ),
  ..."line path root longest files nth before hash sum rows texts keys feed dt raw kit main".split(" "),
];
const ofNoProgram = [
  "",
  " ",
  "a b",
  'a"b',
  "a'b",
  "a;b",
  "$day",
  "a.b",
  "ä",
  "İ",
  "ß",
  "名",
  "#1",
  "/~0",
  "a\u0000b",
  "a\nb",
];
const hostile = [...new Set([...ofObject, ...ofDuckdb, ...ofKit, ...ofNoProgram])];

type Row = [string, unknown][];
const line = (row: Row) =>
  `{${row.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;

/** What each layer makes of lines with these names, on two days and then a third, with and without a key. */
async function holds(feed: string, names: string[], keyed: boolean): Promise<void> {
  const fixture = rawFixture((project) => {
    const written = keyed
      ? {
          key: [names[0]!],
          order: names.slice(1, 2).map((name) => ({ columns: [name], direction: "desc" as const })),
        }
      : {};
    project.feeds.set(feed, mergeFeed(feed, written, null));
  });
  const { project } = fixture;
  try {
    const row = (id: number, n: number): Row =>
      names.map((name, i) => [name, i === 0 ? `k${id}` : i === 1 ? n : `${name} ${n}`]);
    fixture.put(feed, "2026-09-01 01", [line(row(1, 1)), line(row(2, 1)), line(row(3, 1))]);
    fixture.put(feed, "2026-09-02 01", [line(row(1, 2)), line(row(4, 1))]);
    const first = await updateWarehouse(project, { incremental: true });
    assert.deepEqual(first.failed, []);
    fixture.put(feed, "2026-09-02 02", [line(row(2, 3)), line(row(5, 1))]);
    fixture.put(feed, "2026-09-03 01", [line([...row(3, 4), ["other", null]])]);
    const { failed, snapshot } = await updateWarehouse(project, { incremental: true });
    assert.deepEqual(failed, []);
    const delivered = 8;
    const kept = keyed ? 5 : 8;
    const catalog = await openCatalog(project);
    const views = await openDatabase();
    try {
      await views.run(await viewsScript(project, { feeds: [feed] }));
      assert.equal(await sameRows(catalog, views, `raw.${quoteName(feed)}`), delivered);
      assert.equal(await sameRows(catalog, views, quoteName(feed)), kept);
      const { columns } = snapshot.feeds[feed]!;
      for (const name of names) {
        const column = columns.find(({ key }) => key === name)!;
        const { rows } = await catalog.rows(`select count(${quoteName(column.name)}) from raw.${quoteName(feed)}`);
        assert.deepEqual(rows, [[delivered]], `values of ${JSON.stringify(name)}`);
      }
      const listed = await catalog.rows(`select count(*) from kit.columns where feed = '${feed}'`);
      assert.deepEqual(listed.rows, [[columns.length]]);
    } finally {
      views.close();
      catalog.close();
    }
    const { ok, differences } = await verifyFeed(project, feed);
    assert.ok(ok, JSON.stringify(differences));
    const key = snapshot.feeds[feed]!.columns.find((column) => column.key === names[0])!.name;
    const { keys } = await explainKey(project, feed, Object.fromEntries([[key, "k1"]]));
    assert.deepEqual(
      keys.map(({ versions }) => versions.length),
      keyed ? [2] : [1, 1],
    );
    assert.equal(keys[0]!.versions[0]!.won, true);
    assert.equal(feedOf(project, feed).name, feed);
  } finally {
    fixture.delete();
  }
}

describe("a name that JavaScript, DuckDB or the kit knows", () => {
  for (const [whose, names] of Object.entries({ ofObject, ofDuckdb, ofKit, ofNoProgram }))
    it(`is a column like any other (${whose}): prototype-names, virtual-column-names`, async () => {
      const distinct = [...new Map(names.map((name) => [name.toLowerCase(), name])).values()];
      for (let at = 0; at < distinct.length; at += 12) {
        const some = distinct.slice(at, at + 12);
        await holds("events", some, at % 24 === 0);
        if (at === 0) await holds("events", some.reverse(), false);
      }
    });

  it("is a feed like any other", async () => {
    for (const feed of ["constructor", "__proto__", "rowid", "winners"]) await holds(feed, ["id", "n", feed], true);
  });

  it("is one beside any other, whatever their order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("events", "constructor", "__proto__", "delivered", "file_index"),
        fc.uniqueArray(fc.constantFrom(...hostile), { minLength: 2, maxLength: 5, selector: (name) => name }),
        fc.boolean(),
        holds,
      ),
      { numRuns: 4 },
    );
  });
});
