// The days that Today lists, and the file of each: one rule, in any zone. Case wfm-first-day-404, and others of its kind.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { QueueDay } from "../notebooks/components/metrics/day-file.ts";
import type { IntradayDay } from "../notebooks/components/metrics/interval.ts";
import { dayWindows } from "../notebooks/components/metrics/windows.ts";
import { namesOf } from "../src/base/names.ts";
import { computeTogether } from "../src/site/dataset.ts";
import { listDatasets } from "../src/site/dataset-list.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { emptyFeed, loadSnapshot, type Snapshot } from "../src/warehouse/snapshot/snapshot.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { windowDays, windowRuns } from "../src/warehouse/wfm/window-days.ts";
import { answer } from "./answer.ts";
import fc from "./fast-check.ts";
import { rawFixture } from "./raw-fixture.ts";

const quarter = 900_000;
const iso = (time: number) => new Date(time).toISOString();

/** A snapshot of queue_wfm with windows at these times, delivered 20 minutes later. */
function snapshotOf(starts: number[]): Pick<Snapshot, "feeds"> {
  const days = new Map<string, string[]>();
  for (const start of [...new Set(starts)].sort((a, b) => a - b)) {
    const dt = iso(start + 2_100_000).slice(0, 10);
    days.set(dt, [...(days.get(dt) ?? []), iso(start)]);
  }
  const facts = { stamp: "", states: {}, lines: 0, through: null };
  const list = [...days].map(([dt, windows]) => ({ dt, facts: { ...facts, windows: windowRuns(windows) } }));
  return { feeds: namesOf([["queue_wfm", { ...emptyFeed(), days: list as never }]]) };
}

const localDate = (zone: string) =>
  new Intl.DateTimeFormat("sv-SE", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });

describe("days with windows", () => {
  it("are the local days of the windows that came, in every zone and around every change of the clock", () => {
    const changes = ["2026-03-08T07:00Z", "2026-03-29T01:00Z", "2026-10-25T01:00Z", "2026-11-01T06:00Z"];
    const near = fc.tuple(
      fc.constantFrom(...changes, "2026-04-04T15:00Z", "2026-06-15T00:00Z"),
      fc.nat(500),
      fc.nat(200),
    );
    for (const zone of Intl.supportedValuesOf("timeZone")) {
      const date = localDate(zone);
      fc.assert(
        fc.property(near, ([from, first, count]) => {
          const start = Date.parse(from) + (first - 250) * quarter;
          const starts = Array.from({ length: count + 1 }, (_, i) => start + i * quarter);
          const days = [...new Set(starts.map((start) => date.format(start)))];
          assert.deepEqual(windowDays(snapshotOf(starts), zone), days);
        }),
        { numRuns: 4 },
      );
    }
  });

  it("are the newest 92, whatever lies between them", () => {
    const start = Date.parse("2026-09-01T12:00Z");
    const starts = Array.from({ length: 200 }, (_, i) => start + i * 2 * 86_400_000);
    const days = windowDays(snapshotOf(starts), "UTC");
    assert.deepEqual(
      days,
      starts.slice(-92).map((start) => iso(start).slice(0, 10)),
    );
  });

  it("run together where no window is missing", () => {
    const windows = [0, 1, 2, 4, 96, 97].map((i) => iso(i * quarter));
    assert.deepEqual(windowRuns(windows), [
      [iso(0), 3],
      [iso(4 * quarter), 1],
      [iso(96 * quarter), 2],
    ]);
  });

  it("each have a file with all windows of the day, whatever the zone (wfm-first-day-404)", async () => {
    const raw = rawFixture();
    try {
      const put = (run: string, ...times: string[]) =>
        raw.put(
          "queue_wfm",
          run,
          times.map((time) => ({
            instance_ts: time,
            queue_name: "Chat",
            total_assignments: 4,
            total_abandons: 1,
          })),
        );
      // as with `since: 2026-11-28`: the first partition of the day tells of the evening before
      put("2026-11-28 00:00", "2026-11-27T23:15:00Z", "2026-11-27T23:30:00Z");
      put("2026-11-28 00:30", "2026-11-27T23:45:00Z", "2026-11-28T00:00:00Z");
      put("2026-11-28 12:00", "2026-11-28T11:15:00Z", "2026-11-28T11:30:00Z");
      put("2026-11-01 06:00", "2026-11-01T05:15:00Z", "2026-11-01T05:30:00Z"); // New York: the clock goes back
      put("2026-10-04 00:00", "2026-10-03T15:15:00Z", "2026-10-03T15:30:00Z"); // Lord Howe: forward by half an hour
      put("2026-10-25 01:30", "2026-10-25T00:30:00Z", "2026-10-25T00:45:00Z"); // Troll: back by two hours
      await updateWarehouse(raw.project, { now: new Date("2026-11-28T12:30:00Z") });
      const zones = [
        "UTC",
        "Pacific/Apia",
        "Pacific/Pago_Pago",
        "Asia/Kathmandu",
        "America/St_Johns",
        "America/New_York",
      ];
      for (const zone of [...zones, "Australia/Lord_Howe", "Antarctica/Troll", "Europe/Chisinau"]) {
        raw.project.config.timezone = zone;
        const catalog = await openCatalog(raw.project);
        const listed = (await answer<IntradayDay>(raw.project, catalog, "intraday-days")).map(({ day }) => day);
        const files = listDatasets(raw.project).filter(({ name }) => name.startsWith("intraday/"));
        assert.deepEqual(
          listed,
          files.map(({ parameters }) => parameters.day),
          zone,
        );
        assert.deepEqual(listed, windowDays(loadSnapshot(raw.project.data), zone), zone);
        const [first, ...others] = files;
        assert.ok(first);
        const answers = await computeTogether(catalog, [first, ...others], raw.project);
        answers.forEach(({ text }, i) => {
          const rows = JSON.parse(text) as QueueDay[];
          assert.ok(
            rows.some(({ assigned }) => assigned.some((count) => count === 4)),
            `${zone} ${listed[i]}`,
          );
          for (const { merged } of rows)
            assert.equal(merged.length, dayWindows(listed[i]!, zone).length, `${zone} ${listed[i]}`);
        });
        catalog.close();
      }
    } finally {
      raw.delete();
    }
  });
});
