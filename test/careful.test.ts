import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { lineKey, rescuedKey, scanLine } from "../src/warehouse/stage/careful.ts";
import fc from "./fast-check.ts";
import type { RawFixture } from "./raw-fixture.ts";
import { columnTypes, detail, eventColumns, eventsFixture, quarantine, stageAndSave, stagedRows } from "./stage-kit.ts";

describe("scanLine", () => {
  // what the line has, its cleaned members without the line number, what is rescued
  const kept: [string, string, Record<string, string> | null][] = [
    ['{"a":1}', '"a":1', null],
    [' { "a" : [ 1 , {"b":null} ] } ', '"a" : [ 1 , {"b":null} ]', null],
    ["{}", "", null],
    ['{"a":1,"a":1}', '"a":1', null],
    ['{"a":1,"a":"x","a":3}', '"a":3', { "a#1": "1", "a#2": "x" }],
    ['{"a":1,"\\u0061":2}', '"\\u0061":2', { "a#1": "1" }],
    ['{"a":1.00000000000000000001}', '"a":"1.00000000000000000001"', null],
    ['{"a":12345678901234567890123}', '"a":12345678901234567890123', null],
    ['{"a":0.30000000000000004}', '"a":0.30000000000000004', null],
    ['{"a":[1.00000000000000000001]}', '"a":[1.00000000000000000001]', { a: "[1.00000000000000000001]" }],
    ['{"a":"\\ud83d\\ude00"}', '"a":"\\ud83d\\ude00"', null],
    ['{"a":"\\ud83d","b":2}', '"a":null,"b":2', { a: '"\\ud83d"' }],
    ['{"a":NaN,"b":-Infinity,}', '"a":NaN,"b":-Infinity,', null],
    ['{"Foo":1,"foo":2}', '"Foo":1,"foo":2', null],
  ];
  for (const [line, members, rescued] of kept) {
    it(`keeps ${line}`, () => {
      const scanned = scanLine(line, 7);
      assert.ok("text" in scanned);
      let expected = `{${JSON.stringify(lineKey)}:7${members && `,${members}`}`;
      if (rescued) expected += `,${JSON.stringify(rescuedKey)}:${JSON.stringify(JSON.stringify(rescued))}`;
      assert.equal(scanned.text.replace(/\s+\}\s*$/, "}").replace("7, ", "7,"), `${expected}}`);
    });
  }

  const refused: [string, RegExp][] = [
    ['[{"a":1}]', /^an array, not an object$/],
    ["null", /^null, not an object$/],
    ["true", /^a boolean, not an object$/],
    ["5", /^a number, not an object$/],
    ['"x"', /^a string, not an object$/],
    ["rubbish", /^malformed JSON at character 1$/],
    ['{"a":1}{"b":2}', /character 8, after the object$/],
    ['{"a":1', /the line ends too early$/],
    ['{"a":"x', /the line ends too early$/],
    ['{"a" 1}', /at character 6$/],
    ['{"a":01}', /at character 7$/],
    ['{"a":1,,"b":2}', /at character 8$/],
    ['{"a":"x\ty"}', /character 8, at a control character in a string$/],
    ['{"a":"\\x"}', /at an escape$/],
    ['{"a":"\\u12"}', /at an escape$/],
    ['{"\\ud800":1}', /^a key with half a surrogate pair$/],
    [`{"a":${"[".repeat(600)}`, /deeper than 500 levels$/],
  ];
  for (const [line, reason] of refused) {
    it(`refuses ${line.slice(0, 40)}`, () => {
      const scanned = scanLine(line, 1);
      assert.ok("reason" in scanned);
      assert.match(scanned.reason, reason);
    });
  }

  it("agrees with JSON.parse on any object", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string().filter((key) => !key.startsWith("\u0001")),
          fc.jsonValue(),
        ),
        (object) => {
          const scanned = scanLine(JSON.stringify(object), 3);
          assert.ok("text" in scanned);
          const { [lineKey]: line, [rescuedKey]: _, ...rest } = JSON.parse(scanned.text);
          assert.equal(line, 3);
          assert.deepEqual(Object.keys(rest).sort(), Object.keys(object).sort());
        },
      ),
    );
  });

  it("takes no text that JSON.parse refuses, but for NaN, Infinity and a last comma", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]:,"\\u0aeE+-.1 tfn'), maxLength: 12 }), (text) => {
        if (!("text" in scanLine(text, 1))) return;
        assert.doesNotThrow(() => JSON.parse(text.replace(/,(\s*[}\]])/g, "$1")));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("exact values", () => {
  let fixture: RawFixture;
  beforeEach(() => {
    fixture = eventsFixture();
  });
  afterEach(() => fixture.delete());
  const put = async (...lines: (object | string)[]) => {
    fixture.put("events", "2026-09-01", { "events.jsonl.gz": lines });
    const report = await stageAndSave(fixture.project);
    assert.deepEqual(report.failed, []);
    return stagedRows(fixture.project, "events", ["_file", "_run", "_line"]);
  };
  const path = () => detail(fixture.project, "events", "2026-09-01").day.path;

  it("keeps whole numbers beyond 2^53 and, wider, beyond 2^63", async () => {
    const rows = await put('{"n":9007199254740993,"id":9007199254740993}', '{"n":-9223372036854775808}', '{"n":5}');
    assert.deepEqual(
      rows.map(({ n }) => n),
      [9007199254740993n, -9223372036854775808n, 5],
    );
    assert.equal(rows[0]!.id, "9007199254740993");
    assert.equal(path(), "text");
    const wider = await put('{"n":9223372036854775808}', '{"n":123456789012345678901234567890}', '{"n":1}');
    assert.deepEqual(
      wider.map(({ n, _rescued }) => [n, _rescued]),
      [
        [9223372036854775808n, null],
        [123456789012345678901234567890n, null],
        [1, null],
      ],
    );
    assert.equal(columnTypes(fixture.project, "events").n, "DECIMAL(38,0)");
  });

  it("keeps a number that is too long for any column as text", async () => {
    const digits = "1".repeat(50);
    const rows = await put(`{"n":${digits},"id":${digits}}`, '{"n":2}');
    assert.deepEqual(
      rows.map(({ n, id, _rescued }) => [n, id, _rescued]),
      [
        [null, digits, JSON.stringify({ n: digits })],
        [2, null, null],
      ],
    );
  });

  it("keeps 30-digit ids digit by digit, as numbers and as texts", async () => {
    const rows = await put('{"id":123456789012345678901234567890}', '{"id":"000123456789012345678901234567890"}');
    assert.deepEqual(
      rows.map(({ id }) => id),
      ["123456789012345678901234567890", "000123456789012345678901234567890"],
    );
  });

  it("keeps decimals: the nearest DOUBLE, and the text where that is not all", async () => {
    const rows = await put(
      '{"x":26.148}',
      '{"x":0.30000000000000004}',
      '{"x":12345678901234567.89}',
      '{"x":1.000000000000000000000001,"id":1.000000000000000000000001}',
      '{"x":"12345678901234567.89"}',
      '{"x":9007199254740993}',
      '{"x":1e22}',
    );
    assert.deepEqual(
      rows.map(({ x, _rescued }) => [x, _rescued]),
      [
        [26.148, null],
        [0.30000000000000004, null],
        [12345678901234568, '{"x":"12345678901234567.89"}'],
        [1, '{"x":"1.000000000000000000000001"}'],
        [12345678901234568, '{"x":"12345678901234567.89"}'],
        [9007199254740992, '{"x":"9007199254740993"}'],
        [1e22, null],
      ],
    );
    assert.equal(rows[3]!.id, "1.000000000000000000000001");
  });

  it("keeps decimals in a column of whole numbers by making it DOUBLE", async () => {
    const rows = await put({ n: 5 }, { n: 5.6 }, { n: -7 });
    assert.deepEqual(
      rows.map(({ n, _rescued }) => [n, _rescued]),
      [
        [5, null],
        [5.6, null],
        [-7, null],
      ],
    );
    assert.equal(columnTypes(fixture.project, "events").n, "DOUBLE");
  });

  it("rescues a decimal that would make numbers beyond 2^53 inexact", async () => {
    const rows = await put('{"n":9007199254740993}', '{"n":5.6}');
    assert.deepEqual(
      rows.map(({ n, _rescued }) => [n, _rescued]),
      [
        [9007199254740993n, null],
        [null, '{"n":"5.6"}'],
      ],
    );
  });

  it("rescues what is no number, no time, no date, no truth value, and keeps the row", async () => {
    const rows = await put(
      { id: "a", n: "n/a", x: "", flag: "perhaps", ts: "soon", day: "soon", o: "fine" },
      { id: "b", n: { a: 1 }, x: [1], flag: 2, ts: 1693, day: "", o: [1] },
      '{"id":"c","x":NaN}',
      '{"id":"d","x":1e400,"n":"1e400"}',
      { id: "e", n: 1, x: 1, flag: true, ts: "2026-09-01", day: "2026-09-01", o: null },
    );
    assert.deepEqual(
      rows.map((row) => row._rescued && JSON.parse(String(row._rescued))),
      [
        { n: "n/a", x: "", flag: "perhaps", ts: "soon", day: "soon" },
        { n: '{"a":1}', x: "[1]", flag: "2", ts: "1693", day: "" },
        { x: "NaN" },
        { x: "1e400", n: "1e400" },
        null,
      ],
    );
    assert.deepEqual(
      rows.map(({ id, n, x, flag, ts, day }) => [id, n, x, flag, ts, day]),
      [
        ["a", null, null, null, null, null],
        ["b", null, null, null, null, null],
        ["c", null, null, null, null, null],
        ["d", null, null, null, null, null],
        ["e", 1, 1, true, "2026-09-01T00:00:00Z", "2026-09-01"],
      ],
    );
    assert.deepEqual(columnTypes(fixture.project, "events"), eventColumns);
  });

  it("keeps nested values whole, in JSON and in text columns", async () => {
    const rows = await put('{"o":{"a":{"b":[1,"x",null]},"c":123456789012345678901234567890},"id":{"z":[]}}');
    assert.equal(rows[0]!.o, '{"a":{"b":[1,"x",null]},"c":123456789012345678901234567890}');
    assert.equal(rows[0]!.id, '{"z":[]}');
    const lossy = await put('{"o":{"a":1.000000000000000000000001}}');
    assert.deepEqual(lossy[0]!._rescued, '{"o":"{\\"a\\":1.000000000000000000000001}"}');
  });

  it("keeps keys apart that differ in case alone, and keys named like its own columns", async () => {
    const rows = await put({ id: "a", ID: "b", Id: "c", _line: "mine", _file: 5 }, { Id: "only" });
    const [first, second] = rows;
    assert.deepEqual([first!.id, first!.ID_1, first!.Id_2, first!._line_1, first!._file_1], ["a", "b", "c", "mine", 5]);
    assert.deepEqual([second!.id, second!.ID_1, second!.Id_2], [null, null, "only"]);
    assert.equal(path(), "typed");
  });

  it("keeps the last of two values of one key, and the first in _rescued", async () => {
    const rows = await put('{"id":"a","n":1,"n":2}', '{"id":"b","n":3,"n":3}');
    assert.deepEqual(
      rows.map(({ id, n, _rescued }) => [id, n, _rescued]),
      [
        ["a", 2, '{"n#1":"1"}'],
        ["b", 3, null],
      ],
    );
    assert.equal(path(), "careful");
  });

  it("keeps odd keys and texts: empty, quotes, NUL, emoji, half a surrogate pair", async () => {
    const rows = await put(
      '{"id":"\\u0000 \\ud83d\\ude00","":"e","a\\"b\'c":"q","x/y~z":"p","\\u0000k":"n"}',
      '{"id":"\\ud83d"}',
    );
    const [first, second] = rows;
    assert.equal(first!.id, "\u0000 😀");
    assert.deepEqual([first!._, first!["a\"b'c"], first!["x/y~z"], first!._k], ["e", "q", "p", "n"]);
    assert.deepEqual([second!.id, second!._rescued], [null, JSON.stringify({ id: '"\\ud83d"' })]);
  });

  it("reads a line of 50 MB, and quarantines a broken one", async () => {
    fixture.project.config.sync.maxRatio = 2000; // of one letter alone
    const long = "x".repeat(50_000_000);
    const rows = await put(`{"id":"${long}"}`, { id: "b" }, `{"id":"${long}`);
    assert.deepEqual(
      rows.map(({ id }) => String(id).length),
      [50_000_000, 1],
    );
    const [bad] = quarantine(fixture.project, "events");
    assert.equal(bad!.line, 3);
    assert.equal(bad!.bytes, 50_000_007);
    assert.equal(bad!.text.length, 1024 * 1024);
  });

  it("quarantines a line that is longer than memory allows for", async () => {
    fixture.project.config.sync.maxRatio = 2000; // of one letter alone
    const rows = await put(`{"id":"${"x".repeat(70_000_000)}"}`, { id: "b" });
    assert.deepEqual(
      rows.map(({ id }) => id),
      ["b"],
    );
    const [bad] = quarantine(fixture.project, "events");
    assert.deepEqual([bad!.line, bad!.reason, bad!.bytes], [1, "longer than 64 MB", 70_000_009]);
    assert.equal(bad!.text.length, 1024 * 1024);
  });

  it("quarantines lines that are no objects, and stages the rest of the day as usual", async () => {
    const bytes = Buffer.concat([
      Buffer.from('\ufeff{"id":"a","n":1}\nnull\n[{"id":"x"}]\nrubbish\n'),
      Buffer.from([0x7b, 0x22, 0x69, 0x64, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d, 0x0a]), // {"id":"<not UTF-8>"}
      Buffer.from('{"id":"b","n":2.5}\n{"id":"c"'),
    ]);
    fixture.put("events", "2026-09-01 00", bytes);
    fixture.put("events", "2026-09-01 01", [{ id: "d" }]);
    const report = await stageAndSave(fixture.project);
    assert.deepEqual(report.failed, []);
    const rows = await stagedRows(fixture.project, "events", ["_file"]);
    assert.deepEqual(
      rows.map(({ id, n, _line, _run }) => [id, n, _line, _run]),
      [
        ["a", 1, 1, "2026-09-01 00"],
        ["b", 2.5, 6, "2026-09-01 00"],
        ["d", null, 1, "2026-09-01 01"],
      ],
    );
    assert.deepEqual(
      quarantine(fixture.project, "events").map(({ dt, file, line, reason, text }) => [
        dt,
        file.slice(-21),
        line,
        reason,
        text,
      ]),
      [
        ["2026-09-01", "hr=00/events.jsonl.gz", 2, "null, not an object", "null"],
        ["2026-09-01", "hr=00/events.jsonl.gz", 3, "an array, not an object", '[{"id":"x"}]'],
        ["2026-09-01", "hr=00/events.jsonl.gz", 4, "malformed JSON at character 1", "rubbish"],
        ["2026-09-01", "hr=00/events.jsonl.gz", 5, "not UTF-8", '{"id":"\ufffd"}'],
        ["2026-09-01", "hr=00/events.jsonl.gz", 7, "malformed JSON: the line ends too early", '{"id":"c"'],
      ],
    );
    const bad = quarantine(fixture.project, "events").find(({ line }) => line === 5)!;
    assert.equal(Buffer.from(bad.base64!, "base64").toString("hex"), "7b226964223a22ff227d");
    assert.deepEqual(
      detail(fixture.project, "events", "2026-09-01").files.map(({ lines, rows, quarantined }) => [
        lines,
        rows,
        quarantined,
      ]),
      [
        [7, 2, 5],
        [1, 1, 0],
      ],
    );
  });

  it("stages a day of nothing but rubbish as no rows", async () => {
    const rows = await put("rubbish", "[1]");
    assert.deepEqual(rows, []);
    assert.equal(quarantine(fixture.project, "events").length, 2);
    assert.equal(detail(fixture.project, "events", "2026-09-01").day.rows, 0);
  });

  it("finds a new key in a day that also has a broken line", async () => {
    const rows = await put({ id: "a", fresh: 1 }, "rubbish", { id: "b", later: "x" });
    assert.deepEqual(
      rows.map(({ id, fresh, later }) => [id, fresh, later]),
      [
        ["a", 1, null],
        ["b", null, "x"],
      ],
    );
  });
});
