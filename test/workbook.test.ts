import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { strFromU8, unzipSync } from "fflate";
import { type CellValue, cellOf, type SheetColumn } from "../notebooks/components/workbook/cells.ts";
import { type ChartColumn, chartSheet } from "../notebooks/components/workbook/chart-sheet.ts";
import { clockSerial, daySerial, timeSerial } from "../notebooks/components/workbook/serial.ts";
import { columnLetters, mostRows } from "../notebooks/components/workbook/sheet.ts";
import { sheetName } from "../notebooks/components/workbook/sheet-name.ts";
import { fitText, xmlText } from "../notebooks/components/workbook/text.ts";
import { openWorkbook, type Sheet, WorkbookLimitError } from "../notebooks/components/workbook/workbook.ts";
import { notesOf, writeWorkbook } from "../src/cli/row-workbook.ts";
import type { ColumnType, Value } from "../src/duckdb/values.ts";
import fc from "./fast-check.ts";
import { workbookRows } from "./workbook-rows.ts";

const folder = mkdtempSync(join(tmpdir(), "workbook-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const python = process.env.ASAPP_KIT_TEST_PYTHON ?? "python3";
const openpyxl = spawnSync(python, ["-c", "import openpyxl"]).status === 0;
const skip = openpyxl ? false : "no Python with openpyxl: see ASAPP_KIT_TEST_PYTHON in docs/contributing.md";

// Every sheet of the workbooks, as openpyxl reads them. Excel undoes _xHHHH_, openpyxl leaves it to its caller.
const reader = `
import datetime, json, re, sys, openpyxl
def plain(v):
    if isinstance(v, str): return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda m: chr(int(m.group(1), 16)), v)
    if isinstance(v, (datetime.datetime, datetime.date, datetime.time)): return v.isoformat()
    return v
def cell(c): return [plain(c.value), c.data_type, c.number_format, bool(c.quotePrefix)]
out = []
for file in sys.argv[1:]:
    book = openpyxl.load_workbook(file)
    out.append([{"name": s.title, "frozen": s.freeze_panes, "filter": s.auto_filter.ref,
                 "rows": [[cell(c) for c in row] for row in s.iter_rows()]} for s in book])
json.dump(out, sys.stdout)
`;
type ReadCell = [value: CellValue, type: string, format: string, quoted: boolean];
interface ReadSheet {
  name: string;
  frozen: string;
  filter: string;
  rows: ReadCell[][];
}

function read(files: string[]): ReadSheet[][] {
  const { stdout, stderr, status } = spawnSync(python, ["-c", reader, ...files], {
    encoding: "utf8",
    maxBuffer: 1e9,
    env: { ...process.env, PYTHONIOENCODING: "utf8" },
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

async function bytesOf(sheets: readonly Sheet[]): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const workbook = openWorkbook((bytes) => void pieces.push(bytes));
  for (const sheet of sheets) await workbook.sheet(sheet);
  await workbook.close();
  return Buffer.concat(pieces);
}

function sheet(columns: SheetColumn[], rows: CellValue[][], name = "Rows"): Sheet {
  return { name, columns, rows: [rows] };
}

async function ofQuery(columns: ColumnType[], rows: Value[][], timezone = "UTC"): Promise<string> {
  const file = join(folder, `${Math.random()}.xlsx`);
  async function* batches() {
    yield rows;
  }
  const facts = {
    query: "=from x",
    timezone,
    through: "2026-09-01T05:15:00Z",
    asOf: null,
    made: new Date("2026-09-01T06:00:00Z"),
  };
  await writeWorkbook({ columns, batches: batches() }, file, facts);
  return file;
}

describe("a workbook", () => {
  // type, value, what openpyxl reads: value, type, format, marked as text
  const types: [type: string, value: Value, ...ReadCell][] = [
    ["BIGINT", 12, 12, "n", "0", false],
    ["BIGINT", 999999999999999, 999999999999999, "n", "0", false],
    ["BIGINT", 1000000000000000, "1000000000000000", "s", "General", true],
    ["HUGEINT", 9007199254740993n, "9007199254740993", "s", "General", true],
    ["DECIMAL(18,2)", 12.5, 12.5, "n", "0.00", false],
    ["DECIMAL(30,3)", "123456789012345678.123", "123456789012345678.123", "s", "General", true],
    ["DOUBLE", 0.1, 0.1, "n", "General", false],
    ["DOUBLE", 1e300, 1e300, "n", "General", false],
    ["DOUBLE", Number.POSITIVE_INFINITY, "Infinity", "s", "General", false],
    ["DOUBLE", Number.NaN, "NaN", "s", "General", false],
    ["BOOLEAN", true, true, "b", "General", false],
    ["TIMESTAMP", "2026-11-24T14:00:01Z", "2026-11-24T14:00:01", "d", "yyyy-mm-dd hh:mm:ss", false],
    ["TIMESTAMP", "2026-11-24T14:00:01.25Z", "2026-11-24T14:00:01.250000", "d", "yyyy-mm-dd hh:mm:ss.000", false],
    ["TIMESTAMP", "infinity", "infinity", "s", "General", false],
    ["TIMESTAMP", "-000043-01-01T00:00:00Z", "-000043-01-01T00:00:00Z", "s", "General", true],
    ["DATE", "1900-03-01", "1900-03-01T00:00:00", "d", "yyyy-mm-dd", false],
    ["DATE", "1900-02-28", "1900-02-28", "s", "General", true],
    ["DATE", "9999-12-31", "9999-12-31T00:00:00", "d", "yyyy-mm-dd", false],
    ["DATE", "0044-03-15 (BC)", "0044-03-15 (BC)", "s", "General", true],
    ["TIME", "12:34:56.789", "12:34:56.789000", "d", "hh:mm:ss.000", false],
    ["TIME", "24:00:00", "24:00:00", "s", "General", true],
    ["INTERVAL", "1 month 02:00:00", "1 month 02:00:00", "s", "General", true],
    ["STRUCT(a INTEGER)", { a: 1 }, '{"a":1}', "s", "General", true],
    ["VARCHAR", "00123", "00123", "s", "General", true],
    ["VARCHAR", "2026-09-01", "2026-09-01", "s", "General", true],
    ["VARCHAR", "Billing", "Billing", "s", "General", false],
    ["VARCHAR", null, null, "n", "General", false],
    ["VARCHAR", "", "", "s", "General", false],
    ...["=1+1", "+49", "-1", "@sum", "\t=1", "\r=1", "=HYPERLINK(0)", "\uff1d1", "'x"].map(
      (text): [string, Value, ...ReadCell] => ["VARCHAR", text, text, "s", "General", true],
    ),
  ];

  it("holds each type of DuckDB as a spreadsheet knows it, and never a formula", { skip }, async () => {
    const columns = types.map(([type], i) => ({ name: `c${i}`, type }));
    const [book] = read([await ofQuery(columns, [types.map(([, value]) => value)])]);
    const cells = book?.[0]?.rows[1]?.map(([value, ...rest]) => [value ?? null, ...rest]);
    for (const [i, [type, value, ...cell]] of types.entries()) {
      const expected = cell[0] === "" ? [cells?.[i]?.[0], ...cell.slice(1)] : cell; // openpyxl reads "" or None
      assert.deepEqual(cells?.[i], expected, `${type} ${String(value)}`);
    }
  });

  it("says the zone of a time in its header, and keeps the local time", { skip }, async () => {
    const columns = [{ name: "at", type: "TIMESTAMP" }];
    const [book] = read([await ofQuery(columns, [["2026-11-24T14:00:00Z"]], "America/St_Johns")]);
    assert.deepEqual(
      book?.[0]?.rows.map(([cell]) => cell?.[0]),
      ["at (America/St_Johns)", "2026-11-24T10:30:00"],
    );
    assert.equal(book?.[0]?.frozen, "A2");
    assert.equal(book?.[0]?.filter, "A1:A2");
    assert.deepEqual(
      book?.map(({ name }) => name),
      ["Rows", "Provenance"],
    );
    const facts = new Map(book?.[1]?.rows.map(([what, value]) => [what?.[0], value?.[0]]));
    assert.equal(facts.get("Query"), "=from x");
    assert.equal(facts.get("Data through (UTC)"), "2026-09-01T05:15:00");
    assert.equal(facts.get("Zone of times"), "America/St_Johns");
  });

  it("gives any table back", { skip }, async () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.string({
        unit: fc.constantFrom(
          "_",
          "x",
          "0",
          "\ud83d\ude00",
          "\ud800",
          "\udc00",
          "\r",
          "\n",
          "\t",
          " ",
          "<",
          "&",
          "=",
          '"',
          "]",
          "\u0000",
          "\ufffe",
        ),
      }),
      fc.string({ unit: fc.constantFrom("_x0041", "_x", "_", "0041", "\r", "\u0000", "\ud800"), maxLength: 6 }),
      fc.constantFrom("_x0041_", "_x005F_", "_x_x0041_", "]]>", " ", "&#13;"),
    );
    const value = fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (number === 0 ? 0 : number)),
      fc.integer(),
      text,
    );
    const table = fc
      .integer({ min: 1, max: 5 })
      .chain((width) =>
        fc.array(fc.array(value, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }),
      );
    const tables = fc.sample(table, 200);
    const files = await Promise.all(
      tables.map(async (rows, i) => {
        const file = join(folder, `any-${i}.xlsx`);
        const columns = rows[0]!.map((_, at) => ({ header: `h${at}` }));
        writeFileSync(file, await bytesOf([sheet(columns, rows)]));
        return file;
      }),
    );
    const blank = (value: CellValue | undefined) => (value === "" ? null : (value ?? null));
    for (const [i, book] of read(files).entries()) {
      const width = tables[i]![0]!.length;
      const back = book[0]!.rows.slice(1).map((row) => Array.from({ length: width }, (_, at) => blank(row[at]?.[0])));
      assert.deepEqual(
        back.map((row) => JSON.stringify(row)),
        tables[i]!.map((row) => JSON.stringify(row.map(blank))).slice(0, back.length),
      );
      assert.ok(tables[i]!.slice(back.length).every((row) => row.every((value) => value === null)));
    }
  });

  it("holds rows written in many pieces", async () => {
    const rows = Array.from({ length: 7001 }, (_, i): Value[] => [i, `text ${i % 13}`]);
    const columns = [
      { name: "n", type: "BIGINT" },
      { name: "text", type: "VARCHAR" },
    ];
    const sheets = workbookRows(readFileSync(await ofQuery(columns, rows)));
    assert.deepEqual(sheets.get("Rows"), [["n", "text"], ...rows]);
  });

  it("is made of parts that name each other, and is the same each time", async () => {
    const sheets = [sheet([{ header: "a" }], [["=1"], [null]], "It's"), sheet([{ header: "b", kind: "day" }], [])];
    const bytes = await bytesOf(sheets);
    assert.deepEqual(bytes, await bytesOf(sheets));
    const parts = unzipSync(bytes);
    const part = (name: string) => strFromU8(parts[name]!);
    assert.deepEqual(Object.keys(parts).sort(), [
      "[Content_Types].xml",
      "_rels/.rels",
      "xl/_rels/workbook.xml.rels",
      "xl/styles.xml",
      "xl/workbook.xml",
      "xl/worksheets/sheet1.xml",
      "xl/worksheets/sheet2.xml",
    ]);
    for (const [, target] of part("xl/_rels/workbook.xml.rels").matchAll(/Target="([^"]+)"/g))
      assert.ok(parts[`xl/${target}`], target);
    for (const [, name] of part("[Content_Types].xml").matchAll(/PartName="\/([^"]+)"/g)) assert.ok(parts[name!], name);
    const first = part("xl/worksheets/sheet1.xml");
    assert.ok(!Object.keys(parts).some((name) => /<f[ >]/.test(part(name)) && name !== "xl/styles.xml"));
    assert.match(first, /state="frozen".*<sheetData>.*<\/sheetData><autoFilter ref="A1:A3"\/><ignoredErrors>/s);
    const styles = (
      part("xl/styles.xml")
        .match(/<cellXfs.*<\/cellXfs>/)?.[0]
        .match(/<xf /g) ?? []
    ).length;
    for (const [, style] of first.matchAll(/ s="(\d+)"/g)) assert.ok(Number(style) < styles);
    assert.match(part("xl/workbook.xml"), /localSheetId="0" hidden="1">'It''s'!\$A\$1:\$A\$3</);
    assert.match(part("xl/worksheets/sheet2.xml"), /<autoFilter ref="A1:A1"\/>/);
  });

  it("continues rows beyond a sheet on the next, with the head", async () => {
    const batch: CellValue[][] = Array.from({ length: 100_000 }, () => []); // rows without a value: their number matters
    const pieces: Uint8Array[] = [];
    const workbook = openWorkbook((bytes) => void pieces.push(bytes));
    const rows = Array.from({ length: 11 }, () => batch);
    const written = await workbook.sheet({ name: "Rows", columns: [{ header: "a" }], rows });
    await workbook.close();
    assert.deepEqual(written, { names: ["Rows", "Rows 2"], rows: 1_100_000, cut: 0 });
    const parts = unzipSync(Buffer.concat(pieces));
    const ends = [1, 2].map(
      (n) => /<autoFilter ref="([^"]+)"/.exec(strFromU8(parts[`xl/worksheets/sheet${n}.xml`]!))?.[1],
    );
    assert.deepEqual(ends, [`A1:A${mostRows}`, `A1:A${1_100_000 - (mostRows - 1) + 1}`]);
    assert.match(notesOf(written)[0]?.[0] ?? "", /go on in Rows 2/);
  });

  it("refuses more columns than a sheet has, and leaves no file", async () => {
    const columns = Array.from({ length: 16_385 }, (_, i) => ({ name: `c${i}`, type: "BIGINT" }));
    const before = readdirSync(folder);
    await assert.rejects(ofQuery(columns, []), /16385 columns, but a sheet holds 16384/);
    assert.deepEqual(readdirSync(folder), before);
    await assert.rejects(
      bytesOf([
        sheet(
          columns.map(({ name }) => ({ header: name })),
          [],
        ),
      ]),
      WorkbookLimitError,
    );
    assert.equal(columnLetters(16_383), "XFD");
  });
});

describe("a chart's sheet", () => {
  it("has the values of the CSV file, times as times, shares in percent", { skip }, async () => {
    const file = join(folder, "chart.xlsx");
    const rows = [{ at: "2026-09-01T04:00:00.000Z", level: 0.8, wait: 12.25, n: 3, queue: "=Billing" }];
    const columns: ChartColumn<(typeof rows)[0]>[] = [
      { label: "Queue", value: ({ queue }) => queue },
      { label: "Start, UTC", kind: "time", value: ({ at }) => at },
      { label: "Interval", header: "Local time (America/New_York)", kind: "time", value: () => "2026-09-01 00:00 EDT" },
      { label: "Level", kind: "share", value: ({ level }) => level },
      { label: "Wait", header: "Wait (seconds)", value: ({ wait }) => wait },
      { label: "Offered", value: ({ n }) => n },
      { label: "Usual", value: () => null },
    ];
    writeFileSync(file, await bytesOf([chartSheet("Volume", columns, rows)]));
    const [head, row] = read([file])[0]![0]!.rows;
    assert.equal(head?.[4]?.[0], "Wait (seconds)");
    assert.deepEqual(
      row?.map(([value, , format]) => [value, format]),
      [
        ["=Billing", "General"],
        ["2026-09-01T04:00:00", "yyyy-mm-dd hh:mm"],
        ["2026-09-01T00:00:00", "yyyy-mm-dd hh:mm"],
        [0.8, "0.0%"],
        [12.25, "#,##0.00"],
        [3, "#,##0"],
        [null, "General"],
      ],
    );
  });
});

describe("texts of a workbook", () => {
  it("are cut to what a cell holds, not within a character, and counted", () => {
    assert.equal(fitText("x".repeat(32_767)).length, 32_767);
    assert.equal(fitText("x".repeat(32_768)), `${"x".repeat(32_766)}…`);
    assert.equal(fitText(`${"x".repeat(32_765)}\u{1f600}xxx`), `${"x".repeat(32_765)}…`);
    assert.equal(cellOf("x".repeat(40_000), { header: "a" })?.cut, true);
  });

  it("escape what XML cannot hold, and what looks like an escape", () => {
    const cases = [
      ["a\u0000b", "a_x0000_b"],
      ["_x0041_", "_x005F_x0041_"],
      ["SKU_x0041\r_x0042", "SKU_x005F_x0041_x000D__x0042"],
      ["_x0041\ud83d\ude00", "_x005F_x0041\ud83d\ude00"],
      ["a\rb\nc\td", "a_x000D_b\nc\td"],
      ["\ud800", "_xD800_"],
      ["\ud83d\ude00", "\ud83d\ude00"],
      ['<&>"', "&lt;&amp;&gt;&quot;"],
      ["\uffff", "_xFFFF_"],
    ];
    for (const [text, xml] of cases) assert.equal(xmlText(text!), xml);
  });
});

describe("names of sheets", () => {
  const cases: [name: string, taken: string[], expected: string][] = [
    ["Billing", [], "Billing"],
    ["Billing", ["BILLING"], "Billing 2"],
    ["a[b]c:d*e?f/g\\h", [], "a b c d e f g h"],
    ["'quoted'", [], "quoted"],
    ["It's", [], "It's"],
    ["History", [], "History of data"],
    ["", [], "Sheet"],
    ["??", ["Sheet"], "Sheet 2"],
    ["x".repeat(40), [], "x".repeat(31)],
    ["x".repeat(40), ["x".repeat(31)], `${"x".repeat(29)} 2`],
    [`${"x".repeat(30)}\u{1f600}`, [], "x".repeat(30)],
  ];
  for (const [name, taken, expected] of cases)
    it(`${JSON.stringify(name)} beside ${taken.join(", ") || "none"}`, () =>
      assert.equal(sheetName(name, taken), expected));

  it("are fit and distinct for any names", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", maxLength: 40 }), { maxLength: 8 }), (names) => {
        const taken: string[] = [];
        for (const name of names) taken.push(sheetName(name, taken));
        assert.equal(new Set(taken.map((name) => name.toLowerCase())).size, taken.length);
        for (const name of taken) {
          assert.ok(name.length > 0 && name.length <= 31, name);
          assert.doesNotMatch(name, /[[\]:*?/\\]|^'|'$|^history$/i);
        }
      }),
    );
  });
});

describe("serial days", () => {
  it("count as Excel from 1900-03-01 on", () => {
    assert.equal(daySerial("1900-03-01"), 61);
    assert.equal(daySerial("1900-02-28"), null);
    assert.equal(daySerial("2026-02-29x"), null);
    assert.equal(timeSerial("2026-01-01T12:00:00Z"), 46_023.5);
    assert.equal(timeSerial("2026-01-01T12:00:00.000-02:30"), 46_023.5);
    assert.equal(timeSerial("2026-01-01 12:00 EST"), 46_023.5);
    assert.equal(timeSerial("2026-01-01"), null);
    assert.equal(clockSerial("06:00"), 0.25);
    assert.equal(clockSerial("24:00:00"), null);
  });
});

it("an old file is replaced only by a whole one", async () => {
  const file = join(folder, "old.xlsx");
  writeFileSync(file, "old");
  async function* failing(): AsyncGenerator<Value[][]> {
    yield [[1]];
    throw new Error("lost");
  }
  const facts = { query: "", timezone: "UTC", through: null, asOf: null, made: new Date(0) };
  await assert.rejects(
    writeWorkbook({ columns: [{ name: "a", type: "BIGINT" }], batches: failing() }, file, facts),
    /lost/,
  );
  assert.equal(readFileSync(file, "utf8"), "old");
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith(".old")),
    [],
  );
});
