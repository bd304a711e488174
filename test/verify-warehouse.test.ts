import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { openDatabase } from "../src/duckdb/database.ts";
import { quoteText } from "../src/duckdb/quote.ts";
import { orderTerm, unknownFeed } from "../src/export/registry.ts";
import { loadSnapshot } from "../src/warehouse/snapshot/snapshot.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { verifyFeed } from "../src/warehouse/verify.ts";
import { type RawFixture, rawFixture } from "./raw-fixture.ts";

const folders: RawFixture[] = [];
after(() => {
  for (const raw of folders) raw.delete();
});

async function warehouse(): Promise<RawFixture> {
  const raw = rawFixture((project) =>
    project.feeds.set("things", { ...unknownFeed("things"), key: ["id"], order: [orderTerm("ts desc")] }),
  );
  folders.push(raw);
  raw.put("things", "2026-09-01 05", [{ id: 1, ts: "2026-09-01T05:00:00Z", v: 1 }, { id: 2, v: 1 }, "no json"]);
  raw.put("things", "2026-09-01 06", [{ id: 1, ts: "2026-09-01T06:00:00Z", v: 2 }, '{"id":3,"v":1,"v":2}']);
  raw.put("things", "2026-09-02 05", [{ id: 2, v: 3, later: "x" }, { id: null }, { id: null }]);
  raw.put("things", "2026-09-03 05", []);
  await updateWarehouse(raw.project);
  return raw;
}

async function rewrite(file: string, select: string): Promise<void> {
  const database = await openDatabase();
  await database.run(
    `create table rows as ${select.replaceAll("$file", `read_parquet([${quoteText(file)}])`)};
     copy rows to ${quoteText(file)} (format parquet)`,
  );
  database.close();
}

describe("verify", () => {
  it("proves that current is the dedupe view over the raw files, in any number of passes", async () => {
    const { project } = await warehouse();
    const days: string[] = [];
    const all = await verifyFeed(project, "things", { onDay: (dt) => days.push(dt) });
    assert.deepEqual(all, {
      feed: "things",
      ok: true,
      days: 3,
      files: 3,
      lines: 8,
      rows: 7,
      quarantined: 1,
      blank: 0,
      currentRows: 4,
      differences: [],
      more: 0,
    });
    assert.deepEqual(days, ["2026-09-01", "2026-09-02", "2026-09-03"]);
    assert.deepEqual(await verifyFeed(project, "things", { bucketRows: 1 }), all);
    assert.ok(!readdirSync(project.data).includes("tmp"));
  });

  it("proves days of everything odd, with columns named otherwise than their keys", async () => {
    const raw = rawFixture();
    folders.push(raw);
    raw.put("odd", "2026-09-01 05", [
      '{"id":"a","n":1e400}',
      '{"id":"b","n":-0}',
      '{"id":"c","n":NaN}',
      "{}",
      '{"":1}',
      ...['{"ID":"upper","id":"lower"}', '{"id":"lone \\ud800"}', '{"id":"dup","id":"x"}', "[1]", ""],
      '{"id":{"a":1}}',
      '{"id":1.50}',
      '{"id":12345678901234567890123456789012}',
      '\ufeff{"id":"bom"}',
      '{"_file":"x","_line":3,"_rescued":{"a":1}}',
      '{"w":123456789012345678901234567890,"w":1}',
    ]);
    raw.put("odd", "2026-09-02 05", [{ id: "\u0000", "k\u0000": 1 }, '{"id":1.00000000000000000000001}']);
    assert.deepEqual((await updateWarehouse(raw.project)).failed, []);
    const { ok, differences, lines, rows, quarantined, blank } = await verifyFeed(raw.project, "odd");
    assert.deepEqual([ok, differences], [true, []]);
    assert.deepEqual([lines, rows, quarantined, blank], [18, 16, 1, 1]);
  });

  it("is content with a feed that is not here, and with a snapshot feed", async () => {
    const { project } = await warehouse();
    assert.equal((await verifyFeed(project, "nothing")).ok, true);
    project.feeds.get("things")!.latestOnly = true;
    await updateWarehouse(project);
    const found = await verifyFeed(project, "things");
    assert.equal(found.ok, true);
    assert.equal(found.currentRows, 2);
  });

  it("names the line whose raw file has changed since", async () => {
    const { project } = await warehouse();
    const file = join(project.data, "raw/things/version=1/format=jsonl/dt=2026-09-02/hr=05/things.jsonl.gz");
    writeFileSync(file, gzipSync('{"id":2,"v":3,"later":"x"}\n{"id":7}\n{"id":null}\n'));
    const found = await verifyFeed(project, "things");
    assert.deepEqual(
      found.differences.map(({ kind, dt, line }) => [kind, dt, line]),
      [["staged", "2026-09-02", 2]],
    );
  });

  it("names a line that is neither row nor in quarantine, and a file that is cut short or gone", async () => {
    const { project } = await warehouse();
    const folder = join(project.data, "raw/things/version=1/format=jsonl");
    const file = join(folder, "dt=2026-09-02/hr=05/things.jsonl.gz");
    writeFileSync(file, gzipSync('{"id":2,"v":3,"later":"x"}\n{"id":null}\n{"id":null}\n{"id":9}\n'));
    assert.ok((await verifyFeed(project, "things")).differences.some(({ kind }) => kind === "lines"));
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, whole.length - 9));
    assert.ok((await verifyFeed(project, "things")).differences.some(({ kind }) => kind === "unreadable"));
    rmSync(file);
    const gone = await verifyFeed(project, "things");
    assert.deepEqual(
      gone.differences.map(({ kind, dt }) => [kind, dt]),
      [["unreadable", "2026-09-02"]],
    );
  });

  it("names a day whose staged file is broken once, and compares the others", async () => {
    const { project } = await warehouse();
    const days = loadSnapshot(project.data).feeds.things!.days;
    const file = join(project.data, days[1]!.staged!);
    writeFileSync(file, readFileSync(file).subarray(0, 40));
    await rewrite(join(project.data, days[0]!.current!), "select * replace (5 as v) from $file");
    const { differences } = await verifyFeed(project, "things");
    const told = (of: string) => differences.filter(({ kind }) => kind === of).map(({ dt }) => dt);
    assert.deepEqual(told("unreadable"), ["2026-09-02", ""]); // the last is of the ranking of all days
    assert.deepEqual([...new Set(told("content"))], ["2026-09-01"]);
  });

  it("names rows of current that are missing, too many, or not as delivered", async () => {
    const { project } = await warehouse();
    const days = loadSnapshot(project.data).feeds.things!.days;
    const file = join(project.data, days[0]!.current!);
    const whole = readFileSync(file);
    await rewrite(file, "select * from $file where id is distinct from '1'");
    const missing = await verifyFeed(project, "things");
    assert.deepEqual(
      missing.differences.map(({ kind, line }) => [kind, line]),
      [["winner", 1]],
    );
    writeFileSync(file, whole);
    await rewrite(file, "select * replace (5 as v) from $file");
    assert.deepEqual(
      [...new Set((await verifyFeed(project, "things")).differences.map(({ kind }) => kind))],
      ["content"],
    );
    writeFileSync(file, whole);
    await rewrite(file, "select * from $file union all select * from $file");
    assert.ok((await verifyFeed(project, "things")).differences.every(({ kind }) => kind === "winner"));
    rmSync(file);
    const gone = await verifyFeed(project, "things");
    assert.equal(gone.ok, false);
    assert.ok(gone.differences.some(({ kind }) => kind === "unreadable"));
  });

  it("names a staged row that its line does not give", async () => {
    const { project } = await warehouse();
    const file = join(project.data, loadSnapshot(project.data).feeds.things!.days[0]!.staged!);
    await rewrite(file, "select * replace (case when id = '3' then 8 else v end as v) from $file");
    const found = await verifyFeed(project, "things");
    assert.deepEqual(
      found.differences.map(({ kind, line }) => [kind, line]),
      [
        ["staged", 2],
        ["content", 2],
      ],
    );
  });
});
