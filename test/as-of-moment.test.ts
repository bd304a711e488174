import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asOfMoment } from "../src/commands/steps/as-of.ts";
import { openDatabase } from "../src/duckdb/database.ts";
import { sqlFile, withRelations } from "../src/duckdb/sql-file.ts";
import { rowsSql } from "../src/warehouse/current/relation.ts";

const now = new Date("2026-11-30T12:00:00Z");
const zone = "America/New_York";

describe("the moment of --as-of", () => {
  for (const [text, iso] of [
    ["2026-11-24 14:00", "2026-11-24T19:00:00.000Z"],
    ["2026-11-24T14:00:30", "2026-11-24T19:00:30.000Z"],
    [" 2026-07-01 14:00 ", "2026-07-01T18:00:00.000Z"],
    ["2026-11-24", "2026-11-24T05:00:00.000Z"],
    ["2026-11-24T14:00Z", "2026-11-24T14:00:00.000Z"],
    ["2026-11-24 14:00 +05:30", "2026-11-24T08:30:00.000Z"],
    ["2026-11-24T14:00-0330", "2026-11-24T17:30:00.000Z"],
    ["2026-11-01 01:30-05:00", "2026-11-01T06:30:00.000Z"],
    ["2026-11-24T14:00:30.123456+00:00", "2026-11-24T14:00:30.123Z"],
    ["2026-11-01 00:59", "2026-11-01T04:59:00.000Z"],
    ["2026-11-01 02:00", "2026-11-01T07:00:00.000Z"],
  ] as const)
    it(`reads "${text}"`, () => assert.equal(asOfMoment(text, zone, now).toISOString(), iso));

  for (const [text, message] of [
    ["noon", /not a time like/],
    ["2026-02-29 10:00", /not a time like/],
    ["2026-11-24 24:30", /not a time like/],
    ["11/24/2026 2pm", /not a time like/],
    ["2026-11-01 01:30", /is twice on that day/],
    ["2026-03-08 02:30", /the clock skips/],
    ["2026-11-30 07:01", /yet to come/],
  ] as const)
    it(`refuses "${text}"`, () => assert.throws(() => asOfMoment(text, zone, now), message));

  it("knows zones that change by half an hour, and skip a day", () => {
    assert.throws(() => asOfMoment("2026-10-04 02:15", "Australia/Lord_Howe", now), /the clock skips/);
    assert.throws(() => asOfMoment("2011-12-30 12:00", "Pacific/Apia", now), /the clock skips/);
    assert.equal(asOfMoment("2026-11-24 14:00", "Asia/Kathmandu", now).toISOString(), "2026-11-24T08:15:00.000Z");
  });
});

describe("when a partition was known", () => {
  const hours = (count: number) => new Date(Date.parse("2026-11-01T11:00:00Z") + count * 3_600_000).toISOString();
  const usual = (delay: number, n = 5) =>
    Array.from({ length: n }, (_, i) => ({
      ...row(hours(delay - i)),
      dt: "2026-11-01",
      hr: String(10 - i).padStart(2, "0"),
    }));
  const row = (completed: string | null, state = "complete", written = completed) => ({
    feed: "f",
    dt: "2026-11-01",
    hr: "10",
    mi: null,
    run: "asked",
    state,
    completed_at: completed,
    written_at: written,
  });
  const types = {
    feed: "VARCHAR",
    dt: "DATE",
    hr: "VARCHAR",
    mi: "VARCHAR",
    run: "VARCHAR",
    state: "VARCHAR",
    completed_at: "TIMESTAMP",
    written_at: "TIMESTAMP",
  };
  const onTime = usual(0.2).map((each) => ({ ...each, run: "other" }));
  const copied = usual(300).map((each) => ({ ...each, run: "other" }));
  const cases: [
    name: string,
    asked: ReturnType<typeof row>,
    others: typeof onTime,
    setting: string,
    expected: [string, string],
  ][] = [
    ["unknown marker: the end of the run", row(null), onTime, "auto", [hours(0), "run"]],
    ["a marker before the run: its end", row(hours(-1.5)), onTime, "auto", [hours(0), "run"]],
    ["on time: the marker", row(hours(0.2)), onTime, "auto", [hours(0.2), "marker"]],
    ["late: the marker", row(hours(40)), onTime, "auto", [hours(40), "marker"]],
    ["a copied bucket: the end of the run", row(hours(300)), copied, "auto", [hours(0), "run"]],
    ["a re-export in a copied bucket: the marker", row(hours(300), "replaced"), copied, "auto", [hours(300), "marker"]],
    [
      "a data file newer than its marker: its time",
      row(hours(0.2), "complete", hours(2)),
      onTime,
      "auto",
      [hours(2), "marker"],
    ],
    ["known_by run", row(hours(0.2)), onTime, "run", [hours(0), "run"]],
    ["known_by marker", row(hours(300)), copied, "marker", [hours(300), "marker"]],
  ];
  for (const [name, asked, others, setting, expected] of cases)
    it(name, async () => {
      const database = await openDatabase({ threads: 1 });
      try {
        const select = withRelations(
          {
            partitions: `select * from ${rowsSql(types, [asked, ...others])}`,
            setting: `select '${setting}' as known_by`,
          },
          sqlFile("warehouse/past/known.sql").select,
        );
        const [known] = await database.objects<{ known_at: string; known_by: string }>(
          `from (${select}) where run = 'asked'`,
        );
        assert.deepEqual([new Date(known!.known_at).toISOString(), known!.known_by], expected);
      } finally {
        database.close();
      }
    });
});
