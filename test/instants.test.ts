import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { type Database, openDatabase } from "../src/duckdb/database.ts";
import { quoteText } from "../src/duckdb/quote.ts";
import type { Value } from "../src/duckdb/values.ts";
import { instantSql } from "../src/warehouse/schema/instants.ts";
import { belowMicrosecond, finerThanMicroseconds, timestampSql } from "../src/warehouse/schema/timestamps.ts";
import fc from "./fast-check.ts";
import { spellings } from "./spellings.ts";

describe("spellings of an instant", () => {
  let db: Database;
  before(async () => {
    db = await openDatabase({ threads: 1 });
    await db.run(`create macro instant(t) as ${instantSql("t")}; create macro read_time(t) as ${timestampSql("t", "instant(t)")};
      create macro finer(t) as ${finerThanMicroseconds("t")}; create macro below(t) as ${belowMicrosecond("t")}`);
  });
  after(() => db.close());
  const read = async (texts: readonly string[], sql = "read_time(t)"): Promise<Value[]> => {
    const values = texts.map((text, i) => `(${i}, ${quoteText(text)})`).join(", ");
    const { rows } = await db.rows(`select ${sql} from (values ${values}) v(i, t) order by i`);
    return rows.map(([value]) => value!);
  };

  // The table above instantSql, in its order; 2026-11-30 01:15 UTC each.
  const table = [
    "2026-11-30T01:15Z",
    "2026-11-30T01:15+00:00",
    "2026-11-30T02:15+01",
    "2026-11-30T01:15:00,000Z",
    "20261130T011500Z",
    "20261130T0115Z",
    "20261130T011500+0000",
    "20261130 01:15:00",
    "20261130 011500",
    "20261130011500",
    "202611300115",
    "20261130011500000",
    "2026-W49-1T01:15:00Z",
    "2026W491T011500Z",
    "2026-334T01:15:00Z",
    "2026334T011500Z",
    "2026-11-30t01:15:00z",
    "2026-11-30 01:15:00.0000000 +00:00",
    "2026-11-30 01:15:00 +0000 UTC",
    "2026-11-30 01:15:00 +0000 UTC m=+0.000012345",
    "2026-11-29 20:15:00 -0500 EST",
    "2026-11-30 04:15:00.000 +0300 +03",
    ...["2026-11-30T01:15:00Z[UTC]", "2026-11-30T01:15Z[UTC]", "2026-11-30T02:15+01:00[Europe/Paris]"],
    ...["2026-11-30T01:15:00[UTC]", "2026-11-30-01.15.00.000000", "2026-11-30 01.15.00"],
    "2026:11:30 01:15:00",
    "2026.11.30 01:15:00",
    "2026/11/30 1:15",
    ...["2026-11-30 01:15:00 AM", "2026-11-30 1:15 am", "Nov 30 2026  1:15AM", "Nov 30, 2026, 1:15:00\u202fAM"],
    ...["November 30, 2026 at 1:15:00 AM", "Mon, 30 Nov 2026 01:15:00 GMT", "Mon, 30 Nov 2026 01:15:00 +0000"],
    "30 Nov 2026 02:15:00 +0100",
    "Mon, 30 Nov 2026 01:15:00 +0000 (UTC)",
    "Mon Nov 30 01:15:00 2026",
    "Mon Nov 30 01:15:00 UTC 2026",
    "Mon Nov 30 2026 01:15:00 GMT+0000 (Coordinated Universal Time)",
    "30/Nov/2026:01:15:00 +0000",
    "30NOV2026:01:15:00.000",
    "30-Nov-2026 01:15:00",
    "1796001300",
    "1796001300.0",
    "1796001300000",
    "1796001300000000",
    "1796001300000000000",
    "1.7960013E9",
    "1.7960013e+12",
    '{"$date":"2026-11-30T01:15:00Z"}',
    '{"$date":1796001300000}',
    '{"$date":{"$numberLong":"1796001300000"}}',
    "/Date(1796001300000)/",
    "/Date(1796001300000+0100)/",
    ...['"2026-11-30T01:15:00Z"', "  2026-11-30T01:15Z  ", "2026-11-30T01:15:00 Z", "2026-11-30\u00a001:15:00"],
    "2026-11-30T01:15:00 +00:00",
    "2026-11-30T01:15:00−00:00",
    "2026-11-30 01:15:00 UTC+00:00",
  ];
  it("are read, each of the table", async () => {
    const found = await read(table);
    assert.deepEqual(
      table.filter((_, i) => found[i] !== "2026-11-30T01:15:00Z"),
      [],
    );
    assert.deepEqual(await read(["2026-11-30T01Z", "20261130", "2026-11-30T24:00Z", "2026-11-30 12:15 AM"]), [
      "2026-11-30T01:00:00Z",
      "2026-11-30T00:00:00Z",
      "2026-12-01T00:00:00Z",
      "2026-11-30T00:15:00Z",
    ]);
  });

  it("are not guessed where they can be read in two ways, or in none", async () => {
    const texts = [
      ...["11/30/2026 01:15:00", "30.11.2026 01:15", "30/11/2026", "01/02/2026", "30-NOV-26 01.15.00.000000 AM"],
      "26-11-30 01:15:00",
      "Mon, 30 Nov 26 01:15:00 GMT",
      "2026-11-30 01:15:00 EST",
      ...["2026-11-30 01:15:00[Europe/Paris]", "2026-11-30 01:15:00 Europe/Paris", "2026-11-30 01:15 PST8PDT"],
      ...["0", "1796", "20261", "179600130", "12345678901", "-1796001300", "46356.05", "631151999", "4102444800"],
      "639161541000000000",
      "1e400",
      "1.5e9e9",
      "99999999",
      "2026",
      "2026334",
      "19001231",
      ...["2026-11-30 01:15:60", "2026-11-30 25:00", "2026-11-30T24:01Z", "2026-11-30 13:15 PM", "2026-11-30 0:15 AM"],
      "2026-02-30T01:15Z",
      "2026-11-30 1",
      "2026-11-30 01",
      "2026-11-30-05:00",
      "2026-11-3011:15",
      "2026-11-30T01:15.50Z",
      "2026-W54-1T00:00Z",
      "2026-W00-1",
      "2026-366T00:00Z",
      "2026-000T00:00Z",
      "2026-11-30T01:15:00+15:00",
      "n/a",
      "null",
      "",
      " ",
      "NaN",
      "soon",
      '{"$date":"soon"}',
      "12:15",
    ];
    const found = await read(texts);
    assert.deepEqual(
      texts.filter((_, i) => found[i] !== null),
      [],
    );
  });

  it("give one instant for one instant, and another for another, whichever mixture delivers them", async () => {
    const instant = fc.integer({ min: Date.UTC(1990, 0, 2) / 1000, max: Date.UTC(2099, 11, 30) / 1000 });
    const written = fc.tuple(instant, fc.constantFrom(...spellings));
    const samples = fc.sample(fc.array(written, { minLength: 400, maxLength: 400 }), 2).flat();
    const times = samples.map(([seconds]) => new Date(seconds * 1000).toISOString().replace(".000Z", "Z"));
    const texts = samples.map(([seconds, { write }]) => write(seconds));
    const found = await read(texts);
    assert.deepEqual(
      samples.flatMap(([, { name }], i) => (found[i] === times[i] ? [] : [[name, texts[i], found[i], times[i]]])),
      [],
    );
  });

  it("keep the digits below a microsecond, the same for the same instant", async () => {
    const fine = [
      "2026-11-30T01:15:00.1234567Z",
      "2026-11-30 01:15:00.12345670 +00:00",
      "20261130T011500.1234567Z",
      ...["2026-11-30T01:15:00,1234567+00:00", "1796001300.1234567", "1796001300123.4567", "1796001300123456.7"],
      "1796001300123456700",
      "2026-11-30 1:15:00.1234567 AM",
      "2026-9-1 5:15:00.1234567",
    ];
    assert.deepEqual(new Set(await read(fine, "[finer(t)::varchar, below(t)]::varchar")), new Set(["[true, 7]"]));
    assert.deepEqual(new Set(await read(fine.slice(0, -1))), new Set(["2026-11-30T01:15:00.123456Z"]));
    const coarse = ["1796001300123456000", "2026-11-30T01:15:00.123456000Z", "1796001300123", "1.7960013E9"];
    assert.deepEqual(new Set(await read(coarse, "finer(t)")), new Set([false]));
  });

  it("agree with Python's own parsers, where it has one", async (t) => {
    const program = `
import sys, json, datetime as d, email.utils as e
def iso(x):
    return d.datetime.fromisoformat(x.replace('Z', '+00:00').replace('z', '+00:00'))
out = []
for kind, text in json.load(sys.stdin):
    try:
        v = iso(text) if kind == 'iso' else e.parsedate_to_datetime(text) if kind == 'rfc2822' else d.datetime.strptime(text, kind)
        v = v.replace(tzinfo=v.tzinfo or d.timezone.utc).astimezone(d.timezone.utc)
        out.append(v.strftime('%Y-%m-%dT%H:%M:%SZ'))
    except Exception as error:
        out.append('error ' + str(error))
print(json.dumps(out))`;
    const python = process.env.ASAPP_KIT_TEST_PYTHON ?? "python3";
    if (spawnSync(python, ["-c", ""]).status !== 0) return t.skip(`no ${python}`);
    const seconds = fc.sample(fc.integer({ min: 700_000_000, max: 4_000_000_000 }), 40);
    const asked = spellings.flatMap(({ python: kind, write }) =>
      kind ? seconds.map((at) => [kind, write(at)] as const) : [],
    );
    const ran = spawnSync(python, ["-c", program], { input: JSON.stringify(asked), encoding: "utf8" });
    assert.equal(ran.stderr, "");
    const theirs = JSON.parse(ran.stdout) as string[];
    const ours = await read(asked.map(([, text]) => text));
    assert.deepEqual(
      asked.flatMap(([kind, text], i) => (theirs[i] === ours[i] ? [] : [[kind, text, theirs[i], ours[i]]])),
      [],
    );
  });
});
