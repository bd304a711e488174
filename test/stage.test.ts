import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { CliError } from "../src/base/errors.ts";
import { selectFeed } from "../src/config/config.ts";
import { filesOf, loadSnapshot, saveSnapshot, sweep } from "../src/warehouse/snapshot/snapshot.ts";
import { stage } from "../src/warehouse/stage/stage.ts";
import fc from "./fast-check.ts";
import { type RawFixture, rawFixture } from "./raw-fixture.ts";
import {
  columnTypes,
  detail,
  documented,
  eventColumns,
  eventsFixture,
  now,
  quarantine,
  stageAndSave,
  stagedRows,
} from "./stage-kit.ts";
import { ended } from "./wait.ts";

let fixture: RawFixture;
beforeEach(() => {
  fixture = eventsFixture();
});
afterEach(() => fixture.delete());

const staged = (without?: string[]) => stagedRows(fixture.project, "events", without);
const nothing = { id: null, n: null, x: null, flag: null, ts: null, day: null, o: null };

describe("stage", () => {
  it("keeps every row as delivered, with its file, line, and run", async () => {
    fixture.put("events", "2026-09-01 05:15", {
      "events.jsonl.00.gz": [{ id: "a" }, { id: "b" }],
      "events.jsonl.01.gz": [{ id: "c" }],
    });
    fixture.put("events", "2026-09-01 06", [{ id: "a" }]);
    fixture.put("events", "2026-09-01", [{ id: "d" }], { gzip: false });
    const report = await stageAndSave(fixture.project);
    assert.deepEqual(report.failed, []);
    const folder = "events/version=1/format=jsonl/dt=2026-09-01";
    assert.deepEqual(
      (await staged([])).map(({ id, _file, _line, _run, _rescued }) => [id, _file, _line, _run, _rescued]),
      [
        ["d", `${folder}/events.jsonl`, 1, "2026-09-01", null],
        ["a", `${folder}/hr=05/mi=15/events.jsonl.00.gz`, 1, "2026-09-01 05:15", null],
        ["b", `${folder}/hr=05/mi=15/events.jsonl.00.gz`, 2, "2026-09-01 05:15", null],
        ["c", `${folder}/hr=05/mi=15/events.jsonl.01.gz`, 1, "2026-09-01 05:15", null],
        ["a", `${folder}/hr=06/events.jsonl.gz`, 1, "2026-09-01 06", null],
      ],
    );
    assert.deepEqual(report.changed, [{ feed: "events", dt: "2026-09-01" }]);
    assert.equal(report.days[0]!.path, "typed");
    assert.equal(report.days[0]!.rows, 5);
  });

  it("types documented columns, whatever the values look like", async () => {
    fixture.put("events", "2026-09-01", [
      { id: 123, n: 5, x: 1, flag: true, ts: "2026-09-01T05:15:00Z", day: "2026-09-01", o: { a: [1] } },
      {
        id: "00123",
        n: "7",
        x: "2.5",
        flag: "false",
        ts: "2026-09-01 05:15:00",
        day: "2026-09-01",
        o: "text",
      },
      { id: 1.5, n: 7.0, x: -3e2, flag: 1, ts: null, day: null, o: 5 },
      { id: true, flag: "TRUE" },
      { id: { k: 1 }, flag: 0 },
    ]);
    await stageAndSave(fixture.project);
    const ts = "2026-09-01T05:15:00Z";
    assert.deepEqual(await staged(["_file", "_run", "_rescued", "_line"]), [
      { id: "123", n: 5, x: 1, flag: true, ts, day: "2026-09-01", o: '{"a":[1]}' },
      { id: "00123", n: 7, x: 2.5, flag: false, ts, day: "2026-09-01", o: '"text"' },
      { ...nothing, id: "1.5", n: 7, x: -300, flag: true, o: "5" },
      { ...nothing, id: "true", flag: true },
      { ...nothing, id: '{"k":1}', flag: false },
    ]);
    assert.equal(detail(fixture.project, "events", "2026-09-01").day.path, "typed");
    assert.deepEqual(columnTypes(fixture.project, "events"), eventColumns);
  });

  it("takes true and false for 1 and 0 where a number is documented, however the day is read", async () => {
    const rows = [
      { id: "a", n: true, x: false },
      { id: "b", n: 2, x: 0.5 },
    ];
    fixture.put("events", "2026-09-01", rows);
    fixture.put("events", "2026-09-02", [...rows, { id: "c", n: "9007199254740993" }]);
    fixture.put("events", "2026-09-03", [...rows, '{"id":"c","id":"d"}']);
    await stageAndSave(fixture.project);
    const paths = ["01", "02", "03"].map((day) => detail(fixture.project, "events", `2026-09-${day}`).day.path);
    assert.deepEqual(paths, ["typed", "text", "careful"]);
    const all = await staged(["_file", "_run", "_line"]);
    const read = all.filter(({ id }) => id === "a" || id === "b").map(({ id, n, x, _rescued }) => [id, n, x, _rescued]);
    assert.deepEqual(
      read,
      Array(3)
        .fill([
          ["a", 1, 0, null],
          ["b", 2, 0.5, null],
        ])
        .flat(),
    );
  });

  it("finds a key that comes only once, late, in one of many files", async () => {
    const lines = Array.from({ length: 25_000 }, (_, i) => ({ id: String(i) }));
    for (let hour = 0; hour < 24; hour++)
      fixture.put(
        "events",
        `2026-09-01 ${String(hour).padStart(2, "0")}`,
        hour === 23 ? [...lines, { id: "last", late: 5 }] : [{ id: "x" }],
      );
    const report = await stageAndSave(fixture.project);
    const rows = await staged();
    assert.equal(rows.length, 25_024);
    assert.deepEqual(rows.at(-1), { ...nothing, id: "last", late: 5, _line: 25_001 });
    assert.equal(columnTypes(fixture.project, "events").late, "BIGINT");
    assert.deepEqual(
      report.changes.filter(({ change }) => change === "new_column").map(({ column }) => column),
      ["late"],
    );
  });

  it("types new columns by all their values", async () => {
    const [a, b] = [
      {
        i: 1,
        d: 1,
        b: true,
        t: "2026-09-01 05:15:00",
        v: "x",
        j: { a: 1 },
        nul: null,
        mix: 1,
        some_id: 5,
        dt2: "2026-09-01",
        big: 1,
      },
      {
        i: -2,
        d: 2.5,
        b: null,
        t: "2026-09-01T06:00:00+00:00",
        v: "y",
        j: null,
        nul: null,
        mix: "1",
        some_id: 6,
        dt2: null,
        big: 12345678901234567890n,
      },
    ];
    const text = JSON.stringify(b, (_, value) => (typeof value === "bigint" ? `#${value}#` : value)).replaceAll(
      /"#|#"/g,
      "",
    );
    fixture.put("new_feed", "2026-09-01", [a, text]);
    await stageAndSave(fixture.project);
    assert.deepEqual(columnTypes(fixture.project, "new_feed"), {
      b: "BOOLEAN",
      big: "DECIMAL(38,0)",
      d: "DOUBLE",
      dt2: "DATE",
      i: "BIGINT",
      j: "JSON",
      mix: "VARCHAR",
      nul: "VARCHAR",
      some_id: "VARCHAR",
      t: "TIMESTAMP",
      v: "VARCHAR",
    });
    const rows = await stagedRows(fixture.project, "new_feed");
    assert.equal(rows[1]!.big, 12345678901234567890n);
    assert.equal(rows[1]!.t, "2026-09-01T06:00:00Z");
    assert.ok(!("nul" in rows[0]!), "a column without a value gets its type with the first value");
    fixture.put("new_feed", "2026-09-02", [{ i: 1, nul: 2.5 }]);
    await stageAndSave(fixture.project);
    assert.equal(columnTypes(fixture.project, "new_feed").nul, "DOUBLE");
    assert.equal((await stagedRows(fixture.project, "new_feed"))[2]!.nul, 2.5);
  });

  it("tells lines apart when two of them are blank and line ends are those of Windows", async () => {
    fixture.put("events", "2026-09-01", Buffer.from('{"id":"a"}\r\n\r\n{"id":"b"}\n   \n{"id":"c"}'));
    await stageAndSave(fixture.project);
    assert.deepEqual(
      (await staged()).map(({ id, _line }) => [id, _line]),
      [
        ["a", 1],
        ["b", 3],
        ["c", 5],
      ],
    );
    const { files } = detail(fixture.project, "events", "2026-09-01");
    assert.deepEqual(
      files.map(({ lines, blank, rows, quarantined }) => ({ lines, blank, rows, quarantined })),
      [{ lines: 5, blank: 2, rows: 3, quarantined: 0 }],
    );
  });

  it("keeps a line with a key that begins with U+0001 in quarantine, and its day", async () => {
    fixture.put("events", "2026-09-01", ['{"id":"a"}', '{"id":"b","\\u0001x":1,"y":1}', '{"id":"c","new":1}']);
    fixture.put("events", "2026-09-02", ['{"id":"d","\\u0001line":1}', '{"id":"e"}']);
    assert.deepEqual((await stageAndSave(fixture.project)).failed, []);
    assert.deepEqual(
      (await staged()).map(({ id, _line }) => [id, _line]),
      [
        ["a", 1],
        ["c", 3],
        ["e", 2],
      ],
    );
    const lines = quarantine(fixture.project, "events").map(({ line, reason }) => [line, reason]);
    assert.deepEqual(lines, [
      [2, "a key that begins with U+0001"],
      [1, "a key that begins with U+0001"],
    ]);
    assert.deepEqual(columnTypes(fixture.project, "events"), { ...eventColumns, new: "BIGINT" });
  });

  it("takes a value for a value, whatever it says of disks, rows and keys", async () => {
    const texts = [
      "no space left on device",
      "INTERRUPT Error",
      "rows are lost",
      "does not fit: 1",
      'has unknown key "x"',
      "Read-only file system",
    ];
    const days = texts.map((_, i) => `2026-09-0${i + 1}`);
    fixture.put("events", "2026-09-08", [{ id: "other", n: 1 }]);
    for (const [i, text] of texts.entries()) fixture.put("events", days[i]!, [{ id: `${i}`, n: text }, { n: i }]);
    const report = await stageAndSave(fixture.project);
    assert.deepEqual(report.failed, []);
    assert.deepEqual(
      report.days.map(({ path }) => path),
      [...texts.map(() => "text"), "typed"],
    );
    const rows = await staged(["_file", "_run", "_line"]);
    assert.deepEqual(
      rows.flatMap(({ _rescued }) => (_rescued === null ? [] : [JSON.parse(String(_rescued)).n])),
      texts,
    );
    assert.equal(rows.length, 2 * texts.length + 1);
  });

  it("takes CRLF alone on the fast path, and several gzip members in one file", async () => {
    fixture.put("events", "2026-09-01", Buffer.from('{"id":"a"}\r\n{"id":"b"}\r\n'));
    const members = Buffer.concat([gzipSync('{"id":"c"}\n{"id"'), gzipSync(':"d"}\n')]);
    fixture.put("events", "2026-09-02", [{ id: "c" }, { id: "d" }], { spoil: () => members });
    const report = await stageAndSave(fixture.project);
    assert.deepEqual(
      report.days.map(({ path }) => path),
      ["typed", "typed"],
    );
    assert.deepEqual(
      (await staged()).map(({ id, _line }) => [id, _line]),
      [
        ["a", 1],
        ["b", 2],
        ["c", 1],
        ["d", 2],
      ],
    );
  });

  it("finds nothing wrong with partitions that are empty", async () => {
    fixture.put("events", "2026-09-01 00", []);
    fixture.put("events", "2026-09-01 01", Buffer.alloc(0));
    fixture.put("events", "2026-09-02", { "events.jsonl.gz": [], "events.jsonl.01.gz": [{ id: "a" }] });
    const report = await stageAndSave(fixture.project);
    assert.deepEqual(report.failed, []);
    const [first, second] = loadSnapshot(fixture.project.data).feeds.events!.days;
    assert.equal(first!.staged, null);
    assert.equal(first!.rows, 0);
    assert.equal(second!.rows, 1);
    assert.deepEqual(
      detail(fixture.project, "events", "2026-09-01").files.map(({ lines }) => lines),
      [0],
    );
  });

  it("does nothing the second time", async () => {
    fixture.put("events", "2026-09-01", [{ id: "a" }]);
    await stageAndSave(fixture.project);
    const before = readFileSync(join(fixture.project.data, "catalog.json"), "utf8");
    const report = await stageAndSave(fixture.project);
    assert.deepEqual([report.changed, report.days, report.changes], [[], [], []]);
    assert.equal(readFileSync(join(fixture.project.data, "catalog.json"), "utf8"), before);
  });

  it("stages the days again whose partitions were added, replaced, or removed, and no other", async () => {
    for (const day of ["01", "02", "03"]) fixture.put("events", `2026-09-${day} 00`, [{ id: day }]);
    await stageAndSave(fixture.project);
    fixture.put("events", "2026-09-01 01", [{ id: "more" }]);
    fixture.put("events", "2026-09-02 00", [{ id: "again" }]);
    fixture.remove("events", "2026-09-03 00");
    const report = await stageAndSave(fixture.project);
    assert.deepEqual(
      report.days.map(({ dt }) => dt),
      ["2026-09-01", "2026-09-02"],
    );
    assert.deepEqual(
      report.changed.map(({ dt }) => dt),
      ["2026-09-01", "2026-09-02", "2026-09-03"],
    );
    assert.deepEqual(
      (await staged()).map(({ id }) => id),
      ["01", "more", "again"],
    );
    assert.deepEqual(
      loadSnapshot(fixture.project.data).feeds.events!.days.map(({ dt }) => dt),
      ["2026-09-01", "2026-09-02"],
    );
  });

  it("looks at the days it is told to, and at nothing else", async () => {
    fixture.put("events", "2026-09-01", [{ id: "a" }]);
    fixture.put("events", "2026-09-02", [{ id: "b" }]);
    const report = await stageAndSave(fixture.project, { days: [{ feed: "events", dt: "2026-09-02" }] });
    assert.deepEqual(
      report.days.map(({ dt }) => dt),
      ["2026-09-02"],
    );
    assert.deepEqual(
      (await stageAndSave(fixture.project)).days.map(({ dt }) => dt),
      ["2026-09-01"],
    );
    assert.deepEqual(
      (await stageAndSave(fixture.project, { force: true })).days.map(({ dt }) => dt),
      ["2026-09-01", "2026-09-02"],
    );
  });

  it("reads only the new files of a day that grows, and ends with the same rows", async () => {
    const hours: (object | string)[][] = [
      [{ id: "a", n: 1 }, "rubbish", { id: "b", ts: "soon" }],
      [{ id: "c", n: 2 }],
      [{ id: "d", late: 1 }, "more rubbish"],
      [],
      [{ id: "e", n: 2.5, late: 2 }],
      [{ id: "f", nul: null }],
      [{ id: "g", nul: "x" }],
    ];
    const whole = eventsFixture();
    const all = (project: typeof fixture.project) => stagedRows(project, "events", []);
    for (const [hour, lines] of hours.entries()) {
      const raw = join(fixture.project.data, "raw");
      if (hour !== 4)
        rmSync(raw, { recursive: true, force: true }); // n widens there: everything is read once more
      else for (let h = 0; h < 4; h++) fixture.put("events", `2026-09-01 0${h}`, { "events.jsonl.gz": hours[h]! });
      fixture.put("events", `2026-09-01 0${hour}`, { "events.jsonl.gz": lines });
      assert.deepEqual((await stageAndSave(fixture.project)).failed, [], `hour ${hour}`);
    }
    for (const [hour, lines] of hours.entries())
      whole.put("events", `2026-09-01 0${hour}`, { "events.jsonl.gz": lines });
    await stageAndSave(whole.project);
    assert.deepEqual(await all(fixture.project), await all(whole.project));
    assert.deepEqual(quarantine(fixture.project, "events"), quarantine(whole.project, "events"));
    const [here, there] = [fixture, whole].map(({ project }) => detail(project, "events", "2026-09-01"));
    assert.deepEqual(here!.files, there!.files);
    assert.deepEqual(
      { ...here!.day, columns: [], seen: here!.day.seen.sort() },
      { ...there!.day, columns: [], seen: there!.day.seen.sort() },
    );
    assert.deepEqual(columnTypes(fixture.project, "events"), columnTypes(whole.project, "events"));
    whole.delete();
  });

  it("shows readers nothing before the snapshot is saved, and keeps the old files until then", async () => {
    fixture.put("events", "2026-09-01", [{ id: "a" }]);
    await stageAndSave(fixture.project);
    const before = loadSnapshot(fixture.project.data);
    fixture.put("events", "2026-09-01", [{ id: "b" }]);
    const report = await stage(fixture.project);
    assert.deepEqual(loadSnapshot(fixture.project.data), before);
    assert.deepEqual(
      (await staged()).map(({ id }) => id),
      ["a"],
    );
    saveSnapshot(fixture.project.data, before, report.snapshot, now);
    assert.deepEqual(
      (await staged()).map(({ id }) => id),
      ["b"],
    );
    assert.ok(
      existsSync(join(fixture.project.data, before.feeds.events!.days[0]!.staged!)),
      "open readers keep theirs",
    );
  });

  it("takes over what a killed run had staged", async () => {
    fixture.put("events", "2026-09-01", [{ id: "a", extra: 1 }, "rubbish"]);
    fixture.put("events", "2026-09-02", [{ id: "b" }]);
    await stage(fixture.project); // and killed before it saved
    fixture.put("events", "2026-09-02", [{ id: "c" }]);
    const report = await stageAndSave(fixture.project);
    assert.deepEqual(
      report.days.map(({ dt, path, quarantined }) => ({ dt, path, quarantined })),
      [
        { dt: "2026-09-01", path: "kept", quarantined: 1 },
        { dt: "2026-09-02", path: "typed", quarantined: 0 },
      ],
    );
    assert.deepEqual(
      (await staged()).map(({ id, extra }) => [id, extra]),
      [
        ["a", 1],
        ["c", null],
      ],
    );
    assert.equal(columnTypes(fixture.project, "events").extra, "BIGINT");
  });

  it("leaves nothing in tmp", async () => {
    fixture.put("events", "2026-09-01", [{ id: "a" }, "rubbish"]);
    await stageAndSave(fixture.project);
    const tmp = join(fixture.project.data, "tmp");
    assert.deepEqual(existsSync(tmp) ? readdirSync(tmp) : [], []);
  });

  it("skips encrypted partitions and files of other kinds", async () => {
    fixture.put("events", "2026-09-01 00", [{ id: "a" }]);
    fixture.put("events", "2026-09-01 01", { "events.jsonl.gz.enc": Buffer.from("secret") }, { state: "encrypted" });
    const report = await stageAndSave(fixture.project);
    assert.deepEqual(report.failed, []);
    assert.deepEqual(
      (await staged()).map(({ id }) => id),
      ["a"],
    );
  });

  it("reads the older of two versions until it ends, and the configured one where there is one", async () => {
    fixture.put("events", "2026-09-01", [{ id: "old" }]);
    fixture.put("events", "2026-09-01", [{ id: "new" }], { version: "2" });
    fixture.put("events", "2026-09-02", [{ id: "new only" }], { version: "2" });
    await stageAndSave(fixture.project);
    assert.deepEqual(
      (await staged()).map(({ id }) => id),
      ["old", "new only"],
    );
    const selection = {
      name: "events",
      bucket: null,
      prefix: "",
      format: null,
      since: null,
      lookbackDays: null,
    };
    fixture.project.config.selections.set("events", {
      ...selection,
      ...fixture.project.config.schema,
      version: "2",
    });
    await stageAndSave(fixture.project);
    assert.deepEqual(
      (await staged()).map(({ id }) => id),
      ["new", "new only"],
    );
  });
});

describe("stage, when files are bad", () => {
  const cases: [string, (bytes: Buffer) => Buffer, RegExp][] = [
    ["cut in the middle", (bytes) => bytes.subarray(0, bytes.length >> 1), /cut short/],
    ["cut before its checksum", (bytes) => bytes.subarray(0, -8), /cut short/],
    ["of which a bit is flipped", (bytes) => flipped(bytes, bytes.length - 30), /cannot read .*events\.jsonl\.gz/],
    ["whose checksum is wrong", (bytes) => flipped(bytes, bytes.length - 6), /incorrect data check|cannot read/],
    ["cut at a line's end", () => gzipSync('{"id":"a"}\n'), /has 1 lines, and had 500/],
    ["that is none", () => Buffer.from("no gzip at all"), /cannot read .*incorrect header/],
  ];
  for (const [name, spoil, reason] of cases) {
    it(`names a gzip ${name}, keeps what it had of the day, and goes on with the others`, async () => {
      const lines = Array.from({ length: 500 }, (_, i) => ({ id: `${i}-${(i * 7919) % 104729}` }));
      fixture.put("events", "2026-09-01 00", [{ id: "before" }]);
      await stageAndSave(fixture.project);
      fixture.put("events", "2026-09-01 01", lines, { spoil });
      fixture.put("events", "2026-09-02 00", [{ id: "after" }]);
      const report = await stageAndSave(fixture.project);
      assert.equal(report.failed.length, 1);
      assert.equal(report.failed[0]!.dt, "2026-09-01");
      assert.match(report.failed[0]!.reason, reason);
      assert.match(report.failed[0]!.reason, /dt=2026-09-01\/hr=01\/events\.jsonl\.gz/);
      assert.deepEqual(
        (await staged()).map(({ id }) => id),
        ["before", "after"],
      );
      fixture.put("events", "2026-09-01 01", [{ id: "mended" }]);
      assert.deepEqual((await stageAndSave(fixture.project)).failed, []);
      assert.deepEqual(
        (await staged()).map(({ id }) => id),
        ["before", "mended", "after"],
      );
    });
  }

  it("names a file that is not there", async () => {
    fixture.put("events", "2026-09-01", [{ id: "a" }]);
    rmSync(join(fixture.project.data, "raw"), { recursive: true });
    const { failed } = await stageAndSave(fixture.project);
    assert.match(failed[0]!.reason, /events\.jsonl\.gz: it does not exist/);
  });

  it("waits for the next sync where a manifest cannot be read", async () => {
    fixture.put("events", "2026-09-01", [{ id: "a" }]);
    await stageAndSave(fixture.project);
    writeFileSync(join(fixture.project.data, "manifest/events/2026-09-01.json"), "{");
    const { failed } = await stageAndSave(fixture.project);
    assert.match(failed[0]!.reason, /manifest\/events\/2026-09-01\.json/);
    assert.deepEqual(
      (await staged()).map(({ id }) => id),
      ["a"],
    );
  });

  it("stops at once when it is interrupted", async () => {
    fixture.put("events", "2026-09-01", [{ id: "a" }]);
    const control = new AbortController();
    control.abort();
    await assert.rejects(
      stage(fixture.project, { signal: control.signal }),
      (error) => error instanceof CliError && error.exit === "interrupted",
    );
  });

  it("says which folder cannot be written", async () => {
    fixture.put("events", "2026-09-01", [{ id: "a" }]);
    mkdirSync(fixture.project.data, { recursive: true });
    writeFileSync(join(fixture.project.data, "staged"), "in the way");
    await assert.rejects(
      stage(fixture.project),
      (error) => error instanceof CliError && error.exit === "notWritable" && /staged/.test(error.message),
    );
  });
});

describe("stage, killed again and again", () => {
  it("ends as if nothing had happened, and leaves nothing behind", async () => {
    const [killed, calm] = [rawFixture(), rawFixture()];
    const days = Array.from({ length: 8 }, (_, i) => `2026-09-${String(i + 1).padStart(2, "0")}`);
    for (const { put } of [killed, calm]) {
      for (const [i, dt] of days.entries()) {
        const lines = Array.from({ length: 3000 }, (_, n) => ({
          a_id: n,
          text: `${dt} ${n}`,
          ...(i > 3 ? { more: n / 2 } : {}),
        }));
        put("events", `${dt} 00`, i % 4 === 3 ? [...lines, "rubbish"] : lines);
      }
    }
    const child = fileURLToPath(new URL("stage-child.js", import.meta.url));
    let code: number | null = null;
    for (let run = 0; code !== 0; run++) {
      const worker = spawn(process.execPath, [child, killed.project.root], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let seen = 0;
      worker.stdout.on("data", (chunk: Buffer) => {
        seen += chunk.length / 4;
        if (run < 4 && seen > run) setTimeout(() => worker.kill("SIGKILL"), run * 7);
      });
      code = await ended("a staging that may be killed", worker);
      assert.ok(code === 0 || code === null, `ended with ${code}`);
      assert.ok(run < 10, "a run gets through");
    }
    await stageAndSave(calm.project);
    // A day read beside one that brings a column may have it in its file, as nulls.
    const rows = async ({ project }: RawFixture) =>
      (await stagedRows(project, "events")).map(({ more = null, ...row }) => ({ ...row, more }));
    assert.deepEqual(await rows(killed), await rows(calm));
    assert.deepEqual(quarantine(killed.project, "events"), quarantine(calm.project, "events"));
    assert.deepEqual(columnTypes(killed.project, "events"), columnTypes(calm.project, "events"));
    const { data } = killed.project;
    sweep(data, loadSnapshot(data), now);
    const left = readdirSync(join(data, "staged"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `staged/events/${entry.name}`);
    const named = [...filesOf(loadSnapshot(data))].filter((file) => file.startsWith("staged/"));
    assert.deepEqual(left.sort(), named.sort());
    assert.ok(!existsSync(join(data, "tmp/stage")));
    killed.delete();
    calm.delete();
  });
});

describe("stage, for any lines", () => {
  const value = fc.oneof(
    fc.constant(null),
    fc.integer().map(String),
    fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }).map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => JSON.stringify(number)),
    fc.boolean().map(String),
    fc.string().map((text) => JSON.stringify(text)),
    fc.constantFrom('"2026-09-01 05:15:00"', '"2026-13-01"', '""', '"12"', '"1e5"', "NaN", "1.10000000000000000001"),
    fc.json().filter((text) => !/[eE]|\d{15}/.test(text)),
  );
  const key = fc.constantFrom("id", "n", "x", "flag", "ts", "day", "o", "O", "new", "New", "_line", "");
  const object = fc
    .uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 8 })
    .map((members) => `{${members.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`);
  const line = fc.oneof(
    { weight: 8, arbitrary: object },
    fc.constantFrom("", " ", "null", "[1]", "rubbish", '{"id":', "\ufeff{}"),
  );

  it("accounts for every line: blank, a row, or in quarantine", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(line, { maxLength: 6 }), { minLength: 1, maxLength: 4 }), async (hours) => {
        const own = eventsFixture();
        try {
          for (const [hour, lines] of hours.entries())
            own.put("events", `2026-09-01 0${hour}`, { "events.jsonl.gz": lines });
          const report = await stageAndSave(own.project);
          assert.deepEqual(report.failed, []);
          const { files, day } = detail(own.project, "events", "2026-09-01");
          const rows = await stagedRows(own.project, "events", []);
          const bad = quarantine(own.project, "events");
          for (const [hour, lines] of hours.entries()) {
            const file = files[hour]!;
            assert.equal(file.lines, lines.length);
            assert.equal(file.lines, file.blank + file.rows + file.quarantined);
            const numbers = rows.filter(({ _file }) => _file === file.file).map(({ _line }) => Number(_line));
            const kept = bad.filter((entry) => entry.file === file.file);
            for (const entry of kept) assert.equal(entry.text, lines[entry.line - 1]!.replace("\ufeff", ""));
            const blank = lines.flatMap((text, i) => (text.trim() === "" ? [i + 1] : []));
            assert.deepEqual(
              [...numbers, ...kept.map((entry) => entry.line), ...blank].sort((a, b) => a - b),
              lines.map((_, i) => i + 1),
            );
          }
          assert.equal(day.rows, rows.length);
          assert.equal(day.quarantined, bad.length);
        } finally {
          own.delete();
        }
      }),
      { numRuns: 25, seed: 7 },
    );
  });
});

describe("a day in two versions or formats", () => {
  it("is read in one of them, that which has more of the day, in whatever order they arrive", async () => {
    const arrival = fc.record({
      hour: fc.integer({ min: 0, max: 4 }),
      version: fc.constantFrom("1", "2"),
      format: fc.constantFrom("jsonl", "json"),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(arrival, { minLength: 1, maxLength: 8 }),
        fc.constantFrom(null, "1", "2"),
        fc.constantFrom(null, "json"),
        async (arrivals, version, format) => {
          const own = rawFixture((project) => {
            project.feeds.set("events", documented("events", eventColumns));
            const selection = selectFeed(project.config, "events")!;
            project.config.selections.set("events", { ...selection, version, format });
          });
          try {
            const here = new Map<string, Set<number>>();
            for (const { hour, ...of } of arrivals) {
              const id = `${of.version} ${of.format}`;
              own.put("events", `2026-09-01 0${hour}`, [{ id }], of);
              here.set(id, (here.get(id) ?? new Set()).add(hour));
              await stageAndSave(own.project);
              const read = (await stagedRows(own.project, "events", [])).map((row) => String(row.id));
              const most = Math.max(...[...here.values()].map(({ size }) => size));
              assert.equal(read.length, most);
              assert.equal(new Set(read).size, 1, "never mixed");
              const rank = (name: string) => {
                const [v, f] = name.split(" ");
                return [Number(v !== version), Number(f !== (format ?? "jsonl")), v, f].join();
              };
              const best = [...here].filter(([, { size }]) => size === most).map(([name]) => name);
              assert.equal(read[0], best.sort((x, y) => (rank(x) < rank(y) ? -1 : 1))[0]);
            }
          } finally {
            own.delete();
          }
        },
      ),
      { numRuns: 8, seed: 3 },
    );
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = copy[at]! ^ 0x10;
  return copy;
}
