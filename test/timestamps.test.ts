import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Database, openDatabase } from "../src/duckdb/database.ts";
import { quoteText } from "../src/duckdb/quote.ts";
import { differsFromCast, finerThanMicroseconds, timestampSql } from "../src/warehouse/schema/timestamps.ts";
import fc from "./fast-check.ts";

describe("timestampSql", () => {
  let db: Database;
  before(async () => {
    db = await openDatabase();
  });
  after(() => db.close());
  const read = async (text: string) =>
    (await db.rows(`select ${timestampSql("t")}, ${finerThanMicroseconds("t")} from (select ${quoteText(text)} as t)`))
      .rows[0]!;

  const cases: [string, string | null][] = [
    ["2019-12-17T17:11:41.626000+00:00", "2019-12-17T17:11:41.626Z"],
    ["2019-05-16T02:47:13+00:00", "2019-05-16T02:47:13Z"],
    ["2018-06-10 14:23:00", "2018-06-10T14:23:00Z"],
    ["2020-01-06 23:13:50.617", "2020-01-06T23:13:50.617Z"],
    ["2019-11-08 14:00:06.957000+00:00", "2019-11-08T14:00:06.957Z"],
    ["2026-09-01T05:15:00", "2026-09-01T05:15:00Z"],
    ["2026-09-01T05:15:00.1", "2026-09-01T05:15:00.1Z"],
    ["2026-09-01T05:15:00.123456", "2026-09-01T05:15:00.123456Z"],
    ["2026-09-01T05:15:00Z", "2026-09-01T05:15:00Z"],
    ["2026-09-01T05:15:00z", "2026-09-01T05:15:00Z"],
    ["2026-09-01 05:15:00 UTC", "2026-09-01T05:15:00Z"],
    ["2026-09-01 05:15:00.5 UTC", "2026-09-01T05:15:00.5Z"],
    ["2026-09-01 05:15:00UTC", "2026-09-01T05:15:00Z"],
    ["2026-09-01 05:15:00 GMT", "2026-09-01T05:15:00Z"],
    ["2026-09-01T05:15:00+05:30", "2026-08-31T23:45:00Z"],
    ["2026-09-01T05:15:00+0530", "2026-08-31T23:45:00Z"],
    ["2026-09-01T05:15:00-03", "2026-09-01T08:15:00Z"],
    ["2026-09-01 05:15:00 +00:00", "2026-09-01T05:15:00Z"],
    ["2026-09-01 05:15:00.25 -03:30", "2026-09-01T08:45:00.25Z"],
    ["2026-09-01", "2026-09-01T00:00:00Z"],
    ["2026-09-01 05:15", "2026-09-01T05:15:00Z"],
    ["2026-02-30", null],
    ["2026-13-01 00:00:00", null],
    ["2018-09-05 19:58:06T00:01:16.123", null],
    ["infinity", null],
    ["epoch", null],
    ["1970-01-01", "1970-01-01T00:00:00Z"],
    ["1969-12-31T20:00:00-04:00", "1970-01-01T00:00:00Z"],
    ["2026-09-01T05:15:00+14:00", "2026-08-31T15:15:00Z"],
    ["2026-09-01T05:15:00+25:00", null],
    ["2026-09-01T05:15:00.5 -1530", null],
    ["0000-01-01 00:00:00", null],
    ["10000-01-01 00:00:00", null],
    ["1693526400", "2023-09-01T00:00:00Z"],
    ["26-09-01 05:15:00", null],
    ["0001-01-01T00:00:00", "0001-01-01T00:00:00Z"],
    ["soon", null],
    ["", null],
  ];
  for (const [text, expected] of cases) {
    it(`reads ${JSON.stringify(text)} as ${expected}`, async () => {
      assert.deepEqual(await read(text), [expected, false]);
    });
  }

  it("notices what is finer than a microsecond", async () => {
    assert.deepEqual(await read("2026-09-01T05:15:00.1234567"), ["2026-09-01T05:15:00.123456Z", true]);
    assert.deepEqual(await read("2026-09-01T05:15:00.123456789+00:00"), ["2026-09-01T05:15:00.123456Z", true]);
    assert.deepEqual(await read("2026-09-01T05:15:00.123456000"), ["2026-09-01T05:15:00.123456Z", false]);
  });

  it("leaves to a mere cast only what is the same either way", async () => {
    const texts = [
      ...cases.map(([text]) => text),
      "-infinity",
      "2026-09-01 (BC)",
      "12026-09-01",
      "0000-12-31",
      "9999-12-31 23:59:59.999999",
      "2026-09-01T05:15:00.1234567",
      "2026-09-01T05:15:00.123456Z",
      "2026-09-01T05:15:00.1234567Z",
      ...[
        "2026-09-01T05:15:00.123456789+00:00",
        "2026-09-01T05:15+02",
        "epoch",
        "1970-01-01",
        "2026-09-01 05:15:00.123456 UTC",
        "2026-9-1 5:15:00.1234567",
        "26-09-01",
        "6-9-1",
      ],
    ];
    const list = texts.map((text) => `(${quoteText(text)})`).join(", ");
    const { rows } = await db.rows(`
      select t, ${differsFromCast("t", "c")}, c is not distinct from ${timestampSql("t")} and not ${finerThanMicroseconds("t")}
      from (select t, try_cast(t as timestamp) as c from (values ${list}, (null)) v(t))`);
    assert.deepEqual(
      rows.filter(([, unlike, same]) => !unlike && !same),
      [],
    );
    const cast = rows.filter(([, unlike]) => !unlike).map(([text]) => text);
    for (const usual of [null, "2019-12-17T17:11:41.626000+00:00", "2026-09-01T05:15:00.123456Z", "2026-09-01"])
      assert.ok(cast.includes(usual), `${usual} takes no more than a cast`);
  });

  it("agrees with JavaScript for any time and offset", async () => {
    const time = fc.tuple(
      fc.date({
        min: new Date("1970-01-02T00:00:00Z"),
        max: new Date("2100-01-01T00:00:00Z"),
        noInvalidDate: true,
      }),
      fc.integer({ min: -14 * 4, max: 14 * 4 }),
      fc.constantFrom("T", " "),
    );
    const texts: string[] = [];
    const expected: string[] = [];
    for (const [date, quarters, separator] of fc.sample(time, { numRuns: 500, seed: 3 })) {
      const minutes = Math.abs(quarters) * 15;
      const offset = `${quarters < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
      const local = new Date(date.getTime() + quarters * 15 * 60_000)
        .toISOString()
        .slice(0, -1)
        .replace("T", separator);
      texts.push(local + offset);
      expected.push(date.toISOString().replace(/\.?0*Z$/, "Z"));
    }
    const list = texts.map((text) => `(${quoteText(text)})`).join(", ");
    const { rows } = await db.rows(`select ${timestampSql("t")} from (values ${list}) v(t)`);
    assert.deepEqual(
      rows.map(([value]) => value),
      expected,
    );
  });
});

function two(number: number): string {
  return String(Math.floor(number)).padStart(2, "0");
}
