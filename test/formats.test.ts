import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatOf, type TextFormat, writeRows } from "../src/cli/formats.ts";
import { table, textWidth } from "../src/cli/table.ts";
import type { Value } from "../src/duckdb/values.ts";

const columns = [
  { name: "n", type: "BIGINT" },
  { name: "text", type: "VARCHAR" },
  { name: "at", type: "TIMESTAMP" },
  { name: "list", type: "VARCHAR[]" },
];
const rows: Value[][] = [
  [9007199254740993n, 'a "b", c|d', "2026-09-01T05:15:00Z", ["x"]],
  [1, "", null, null],
  [null, "two\nlines", "2026-09-01T05:15:00.5Z", []],
];

async function write(format: TextFormat, { head = columns, data = rows, timezone = "UTC" } = {}) {
  let text = "";
  async function* batches() {
    for (const row of data) yield [row];
  }
  const stream = { columns: head, batches: batches() };
  const count = await writeRows(
    stream,
    format,
    async (part) => {
      text += part;
    },
    timezone,
  );
  assert.equal(count, data.length);
  return text;
}

describe("formats", () => {
  it("writes a table with numbers to the right and nothing that moves the cursor", async () => {
    assert.equal(
      await write("table"),
      [
        "               n  text        at                      list",
        "----------------  ----------  ----------------------  -----",
        '9007199254740993  a "b", c|d  2026-09-01 05:15:00Z    ["x"]',
        "               1",
        "                  two\\nlines  2026-09-01 05:15:00.5Z  []",
        "",
      ].join("\n"),
    );
  });

  it("writes csv in which empty text and null differ", async () => {
    assert.equal(
      await write("csv"),
      [
        "n,text,at,list",
        '9007199254740993,"a ""b"", c|d",2026-09-01T05:15:00Z,"[""x""]"',
        '1,"",,',
        ',"two',
        'lines",2026-09-01T05:15:00.5Z,[]',
        "",
      ].join("\n"),
    );
  });

  it("writes json and jsonl with every digit", async () => {
    const parsed = [
      { n: "9007199254740993", text: 'a "b", c|d', at: "2026-09-01T05:15:00Z", list: ["x"] },
      { n: 1, text: "", at: null, list: null },
      { n: null, text: "two\nlines", at: "2026-09-01T05:15:00.5Z", list: [] },
    ];
    assert.deepEqual(JSON.parse(await write("json")), parsed);
    const lines = (await write("jsonl")).trimEnd().split("\n");
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      parsed,
    );
    assert.deepEqual(JSON.parse(await write("json", { data: [] })), []);
  });

  it("writes what JSON has no number for as text", async () => {
    const head = [{ name: "x", type: "DOUBLE" }];
    const text = await write("json", { head, data: [[Number.NaN], [Number.NEGATIVE_INFINITY], [0.1]] });
    assert.deepEqual(JSON.parse(text), [{ x: "NaN" }, { x: "-Infinity" }, { x: 0.1 }]);
  });

  it("keeps columns of the same name apart in json", async () => {
    const head = ["a", "a", "a_1"].map((name) => ({ name, type: "INTEGER" }));
    assert.deepEqual(JSON.parse(await write("json", { head, data: [[1, 2, 3]] })), [{ a: 1, a_2: 2, a_1: 3 }]);
  });

  it("writes markdown that renders", async () => {
    assert.equal(
      await write("markdown"),
      [
        "| n | text | at | list |",
        "| ---: | --- | --- | --- |",
        '| 9007199254740993 | a "b", c\\|d | 2026-09-01 05:15:00Z | ["x"] |',
        "| 1 |  |  |  |",
        "|  | two\\\\nlines | 2026-09-01 05:15:00.5Z | [] |",
        "",
      ].join("\n"),
    );
  });

  it("shows times in a zone", async () => {
    const text = await write("csv", { data: rows.slice(0, 2), timezone: "Asia/Kathmandu" });
    assert.match(text, /2026-09-01T11:00:00\+05:45/);
  });

  it("reads the format off a file's name", () => {
    const names = ["a.csv", "a.JSON", "a.jsonl", "a.b/c.md", "a.parquet", "a.xlsx", "a.xls", "csv"];
    assert.deepEqual(names.map(formatOf), ["csv", "json", "jsonl", "markdown", "parquet", "xlsx", null, null]);
  });
});

describe("table", () => {
  it("aligns letters of double width and ignores combining marks", () => {
    assert.equal(textWidth("日本"), 4);
    assert.equal(textWidth("e\u0301"), 1);
    assert.equal(textWidth("é"), 1);
    assert.equal(
      table(
        [{ name: "a" }, { name: "b" }],
        [
          ["日本", "1"],
          ["x", "2"],
        ],
      ),
      "a     b\n----  -\n日本  1\nx     2\n",
    );
  });
});
