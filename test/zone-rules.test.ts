// DuckDB and Node.js each carry the rules of time zones: where they differ, status and build say so.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Database, openDatabase } from "../src/duckdb/database.ts";
import { yearsOf, zoneDifference, zoneText } from "../src/warehouse/catalog/zone-rules.ts";
import { emptyFeed, emptySnapshot } from "../src/warehouse/snapshot/snapshot.ts";
import { readStatus } from "../src/warehouse/status.ts";
import { rawFixture } from "./raw-fixture.ts";

describe("rules of time zones", () => {
  let database: Database;
  before(async () => {
    database = await openDatabase({ threads: 1 });
  });
  after(() => database.close());

  it("are the same in DuckDB and Node.js in every zone, but where it is said", async () => {
    const different: string[] = [];
    for (const zone of Intl.supportedValuesOf("timeZone")) {
      const found = await zoneDifference(database, zone, [2026, 2026]);
      if (found === null) continue;
      different.push(zone);
      assert.match(zoneText(found), new RegExp(`^${zone}: .* differ in \\d+ hours? of 2026, first at 2026-`));
    }
    // With today's copies Europe/Chisinau alone, which changes its clock an hour apart; an older copy may miss a reform.
    assert.ok(different.length < 12, different.join(", "));
  });

  it("are compared over the years of the data that can be", () => {
    const days = (...list: string[]) =>
      ({ feeds: { x: { ...emptyFeed(), days: list.map((dt) => ({ dt })) } } }) as never;
    const now = new Date("2026-11-30T12:00:00Z");
    assert.deepEqual(yearsOf(days("1970-01-01", "2024-12-31", "2026-11-29", "2031-05-01"), now), [2024, 2026]);
    assert.deepEqual(yearsOf(emptySnapshot(), now), [2026, 2026]);
  });

  it("are named by status where they differ, and only there", async () => {
    const raw = rawFixture();
    try {
      const notes = async (zone: string) => {
        raw.project.config.timezone = zone;
        return (await readStatus(raw.project, new Date("2026-11-30T12:00:00Z"))).notes.filter(({ what }) =>
          what.startsWith(zone),
        );
      };
      for (const zone of ["UTC", "America/New_York", "Europe/Chisinau"])
        assert.equal((await notes(zone)).length, (await zoneDifference(database, zone, [2026, 2026])) ? 1 : 0, zone);
    } finally {
      raw.delete();
    }
  });
});
