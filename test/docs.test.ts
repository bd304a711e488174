import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { exportDocs } from "../src/demo/feeds/export-docs.ts";
import { compareDocs, type DocTable, parseDocs, typeFamily } from "../src/warehouse/schema/export-docs.ts";
import { loadSnapshot } from "../src/warehouse/snapshot/snapshot.ts";
import { type RawFixture, rawFixture } from "./raw-fixture.ts";
import { documented, stageAndSave } from "./stage-kit.ts";

const table = (change: Partial<DocTable> = {}): DocTable => ({
  name: "events",
  version: "1",
  key: ["id"],
  order: [],
  deprecated: null,
  endOfLife: null,
  replacement: null,
  columns: [
    { name: "id", type: "varchar(191)", deleted: null },
    { name: "n", type: "bigint", deleted: null },
  ],
  ...change,
});

describe("parseDocs", () => {
  const columns = "columns: [{name: id, type: varchar}, {name: n, type: bigint}]";
  const shapes: [string, string][] = [
    ["schemas of tables", `schemas:\n - name: x\n   tables:\n    - {name: events, ${columns}}`],
    ["tables", `tables:\n - {name: events, ${columns}}`],
    ["a list", `- {name: events, ${columns}}`],
    ["a map by name", `events: {${columns}}`],
    ["a map of columns", "events:\n  columns:\n    id: varchar\n    n: {type: bigint}"],
    [
      "other words",
      "feeds:\n - table_name: events\n   fields: [{column_name: id, data_type: varchar}, {column_name: n, data_type: bigint}]",
    ],
    ["columns by name alone", "events: {columns: [id, n]}"],
  ];
  for (const [name, text] of shapes) {
    it(`reads ${name}`, async () => {
      const [events, ...others] = (await parseDocs(text))!;
      assert.deepEqual(others, []);
      assert.equal(events!.name, "events");
      assert.deepEqual(
        events!.columns.map((column) => column.name),
        ["id", "n"],
      );
      if (!name.includes("alone"))
        assert.deepEqual(
          events!.columns.map(({ type }) => type),
          ["varchar", "bigint"],
        );
    });
  }

  it("reads any number of aliases, and each document of a file", async () => {
    const shared = Array.from({ length: 300 }, (_, i) => `  t${i}: {columns: *columns}`).join("\n");
    const many = `shared: &columns [id, n]\ntables:\n${shared}\n---\n- {name: events, ${columns}}\n`;
    const tables = (await parseDocs(many))!;
    assert.equal(tables.length, 301);
    assert.ok(tables.every((found) => found.columns.map(({ name }) => name).join() === "id,n"));
  });

  it("is not led astray by aliases that stand for ever more, or for themselves", async () => {
    const laughs = [..."bcdefghi"].map((name, i) => {
      const before = `*${"abcdefgh"[i]}`;
      return `${name}: &${name} [${Array(9).fill(before).join()}]`;
    });
    for (const text of [`a: &a [lol]\n${laughs.join("\n")}`, "a: &a [*a]", "tables: &t {x: *t}"])
      assert.deepEqual(await parseDocs(text), [], text);
    assert.equal(await parseDocs("tables: *nowhere"), null);
  });

  it("reads keys, versions, dates and successors", async () => {
    const text = `tables:
  - name: events
    version: 2
    primary_key: id, n
    ordering_key: [ts]
    deprecation_date: 2026-01-01
    expected_eol_date: 2026-12-31T00:00:00Z
    replacement_table: happenings
    columns:
      - {name: id, type: bigint, deleted_date: 2026-02-01, surprise: [1]}`;
    assert.deepEqual(await parseDocs(text), [
      {
        name: "events",
        version: "2",
        key: ["id", "n"],
        order: ["ts"],
        deprecated: "2026-01-01",
        endOfLife: "2026-12-31",
        replacement: "happenings",
        columns: [{ name: "id", type: "bigint", deleted: "2026-02-01" }],
      },
    ]);
  });

  it("passes over what it cannot make sense of", async () => {
    assert.equal(await parseDocs("a: [1"), null);
    for (const text of [
      "",
      "5",
      "- 1\n- x",
      "columns: [1]",
      "events: {columns: {}}",
      "events: {columns: [1, null, {type: x}]}",
    ])
      assert.ok(
        ((await parseDocs(text)) ?? []).every(({ columns: list }) => list.length === 0),
        text,
      );
  });

  it("reads what the demo writes", async () => {
    const tables = (await parseDocs(exportDocs(["convos_metrics", "rep_convos"], "2026-09-10")))!;
    assert.deepEqual(
      tables.map(({ name, version }) => [name, version]),
      [
        ["convos_metrics", "1"],
        ["rep_convos", "1"],
      ],
    );
    assert.ok(tables[0]!.columns.length > 30);
  });

  it("knows kinds of types by many names", () => {
    const families = [
      "varchar(191)",
      "character varying",
      "bigint",
      "double precision",
      "timestamp without time zone",
      "date",
      "boolean",
      "super",
      "",
      null,
    ];
    assert.deepEqual(families.map(typeFamily), [
      "text",
      "text",
      "number",
      "number",
      "time",
      "date",
      "boolean",
      "nested",
      null,
      null,
    ]);
  });
});

describe("compareDocs", () => {
  const kinds = (before: DocTable[] | null, after: DocTable[]) =>
    Object.values(compareDocs(before, after, "2026-09-02"))
      .flat()
      .map(({ column, change, class: kind }) => [column, change, kind]);
  const [id, n] = table().columns;

  it("finds nothing where nothing changed, and nothing new in the first one", () => {
    assert.deepEqual(kinds([table()], [table()]), []);
    assert.deepEqual(kinds(null, [table()]), []);
  });

  const cases: [string, DocTable[], string[][]][] = [
    ["a new table", [table(), table({ name: "more" })], [["", "table_announced", "announced"]]],
    ["a table less", [], [["", "table_removed", "breaking"]]],
    [
      "a new column",
      [table({ columns: [id!, n!, { name: "x", type: "int", deleted: null }] })],
      [["x", "column_announced", "announced"]],
    ],
    ["a column less", [table({ columns: [id!] })], [["n", "column_removed", "breaking"]]],
    ["another type", [table({ columns: [id!, { ...n!, type: "varchar" }] })], [["n", "type_announced", "breaking"]]],
    ["the same kind of type", [table({ columns: [id!, { ...n!, type: "integer" }] })], []],
    [
      "a deprecated column",
      [table({ columns: [id!, { ...n!, deleted: "2026-12-01" }] })],
      [["n", "deprecated", "deprecation"]],
    ],
    ["another key", [table({ key: ["id", "n"] })], [["", "key_changed", "breaking"]]],
    ["another version", [table({ version: "2" })], [["", "version_changed", "breaking"]]],
    ["a deprecation", [table({ deprecated: "2026-12-01" })], [["", "deprecated", "deprecation"]]],
    ["an end of life", [table({ endOfLife: "2027-01-01" })], [["", "end_of_life", "end_of_life"]]],
  ];
  for (const [name, after, expected] of cases)
    it(`finds ${name}`, () => assert.deepEqual(kinds([table()], after), expected));

  it("takes the removal of a deprecated column for the end of its deprecation", () => {
    const before = table({ columns: [id!, { ...n!, deleted: "2026-08-01" }] });
    assert.deepEqual(kinds([before], [table({ columns: [id!] })]), [["n", "column_removed", "deprecation"]]);
  });
});

describe("schema documents", () => {
  let fixture: RawFixture;
  beforeEach(() => {
    fixture = rawFixture((project) => {
      const feed = documented("events", { id: "VARCHAR", n: "BIGINT" });
      const published = { id: "varchar", n: "bigint" } as Record<string, string>;
      project.feeds.set("events", {
        ...feed,
        columns: feed.columns.map((column) => ({ ...column, published: published[column.name]! })),
      });
    });
  });
  afterEach(() => fixture.delete());
  const write = (path: string, columns: string, gzip = false) => {
    const file = join(fixture.project.data, "docs", path);
    mkdirSync(dirname(file), { recursive: true });
    const text = `tables: [{name: events, columns: [${columns}]}, {name: elsewhere, columns: [a]}]`;
    writeFileSync(file, gzip ? gzipSync(text) : text);
  };
  const changes = () =>
    loadSnapshot(fixture.project.data).feeds.events!.changes.map(({ dt, column, change, class: kind }) => [
      dt.slice(-2),
      column,
      change,
      kind,
    ]);

  it("tell announced changes from silent and breaking ones", async () => {
    write(
      "export_docs/version=1/format=yaml/dt=2026-09-01/export_docs.yaml",
      "{name: id, type: varchar}, {name: n, type: bigint}",
    );
    write(
      "export_docs/version=1/format=yaml/dt=2026-09-02/export_docs.yaml.gz",
      "{name: id, type: varchar}, {name: n, type: bigint, deleted_date: 2026-09-03}, {name: told, type: int}",
      true,
    );
    fixture.put("events", "2026-09-01", [{ id: "a", n: 1, gone: 1 }]);
    fixture.put("events", "2026-09-02", [{ id: "b", n: 1, gone: 1, told: 1, untold: 1 }]);
    fixture.put("events", "2026-09-03", [{ id: "c", told: 1, untold: 1 }]);
    await stageAndSave(fixture.project);
    assert.deepEqual(changes(), [
      ["01", "gone", "new_column", "silent"],
      ["02", "n", "deprecated", "deprecation"],
      ["02", "told", "column_announced", "announced"],
      ["02", "told", "new_column", "announced"],
      ["02", "untold", "new_column", "silent"],
      ["03", "gone", "missing_column", "breaking"],
      ["03", "n", "missing_column", "deprecation"],
    ]);
  });

  it("are read when they come, without any news in the data", async () => {
    fixture.put("events", "2026-09-01", [{ id: "a", n: 1 }]);
    await stageAndSave(fixture.project);
    write(
      "somewhere/dt=2026-09-02/export_docs.yml",
      "{name: id, type: bigint}, {name: n, type: bigint}, {name: soon, type: int}",
    );
    const report = await stageAndSave(fixture.project);
    assert.deepEqual(report.changed, []);
    assert.deepEqual(changes(), [
      ["02", "id", "type_announced", "breaking"],
      ["02", "soon", "column_announced", "announced"],
    ]);
    assert.deepEqual(
      report.changes.map(({ feed, column }) => [feed, column]),
      [
        ["events", "id"],
        ["events", "soon"],
      ],
    );
    assert.deepEqual((await stageAndSave(fixture.project)).changes, []);
  });

  it("are read one by one, with the same end as all at once", async () => {
    fixture.put("events", "2026-09-01", [{ id: "a", n: 1 }]);
    const path = (day: number) => `export_docs/dt=2026-09-0${day}/export_docs.yaml`;
    write(path(1), "{name: id, type: varchar}, {name: n, type: bigint}");
    await stageAndSave(fixture.project);
    write(path(2), "{name: id, type: varchar}, {name: n, type: bigint}, {name: x, type: int}");
    await stageAndSave(fixture.project);
    write(path(3), "{name: id, type: varchar}, {name: x, type: int}");
    await stageAndSave(fixture.project);
    const one = changes();
    assert.deepEqual(one, [
      ["02", "x", "column_announced", "announced"],
      ["03", "n", "column_removed", "breaking"],
    ]);
    rmSync(join(fixture.project.data, "catalog.json"));
    await stageAndSave(fixture.project);
    assert.deepEqual(changes(), one);
  });

  it("that are empty, or zeros as after a loss of power, are named", async () => {
    fixture.put("events", "2026-09-01", [{ id: "a", n: 1 }]);
    mkdirSync(join(fixture.project.data, "docs/x"), { recursive: true });
    for (const text of ["", "\u0000".repeat(64)]) {
      writeFileSync(join(fixture.project.data, "docs/x/export_docs.yaml"), text);
      await stageAndSave(fixture.project);
      assert.deepEqual(loadSnapshot(fixture.project.data).docs?.unread, [
        { path: "x/export_docs.yaml", reason: "it is empty" },
      ]);
    }
  });

  it("that are rubbish change nothing", async () => {
    fixture.put("events", "2026-09-01", [{ id: "a", n: 1 }]);
    mkdirSync(join(fixture.project.data, "docs/x"), { recursive: true });
    writeFileSync(join(fixture.project.data, "docs/x/export_docs.yaml"), "a: [1");
    writeFileSync(join(fixture.project.data, "docs/manifest.json"), "{}");
    const report = await stageAndSave(fixture.project);
    assert.deepEqual([report.failed, changes()], [[], []]);
  });
});
