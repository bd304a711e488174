// A day of Today as it was known at a moment, from runs that were exported one after the other.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { windowRows } from "../notebooks/components/metrics/day-file.ts";
import type { IntradayDay, WindowRow } from "../notebooks/components/metrics/interval.ts";
import {
  asKnown,
  type KnownDay,
  knownDay,
  momentOf,
  moments,
} from "../notebooks/components/metrics/queues/known-day.ts";
import { loadDay } from "../src/site/share/share.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { answer } from "./answer.ts";
import { type Kit, openKit } from "./sync-kit.ts";
import { putRuns, type ToldRun } from "./told-runs.ts";

const zone = "America/St_Johns";
const day = "2026-11-20"; // begins at 03:30 UTC

describe("a day as it was known", () => {
  let kit: Kit;
  let files: KnownDay[];
  let intraday: Awaited<ReturnType<typeof loadDay>>;

  // The run, when its marker came, and what it told; the run of 11:30 came two hours late.
  const runs: ToldRun[] = [
    ["10/mi=30", "10:42", { "10:00": { Sales: [20, 0, 10], Care: [10, 5, 10] } }],
    [
      "11/mi=00",
      "11:02",
      {
        "10:00": { Sales: [30, 0, 24], Care: [10, 5, 10] },
        "10:15": { Sales: [9, 1, 9] },
        "10:30": { Care: [4, 0, 4] },
      },
    ],
    ["11/mi=30", "13:31", { "11:00": { Sales: [7, 0, 7] } }],
    ["12/mi=00", "12:02", { "11:15": { Sales: [8, 0, 8] } }],
  ];

  before(async () => {
    kit = await openKit(`timezone: ${zone}\nsite: {queue_groups: {Both: [Sales, Care]}, privacy: {min_contacts: 1}}`);
    putRuns(kit, day, runs);
    await kit.sync();
    await updateWarehouse(kit.project);
    const database = await openCatalog(kit.project);
    files = await answer<KnownDay>(kit.project, database, "known/[day]", { day });
    database.close();
    intraday = await loadDay(kit.project, day, new Date("2026-11-21T12:00:00Z"));
  });

  after(() => kit.close());

  const then = (time: string) => {
    const parts = { rows: windowRows(intraday.series), days: intraday.days };
    return asKnown(parts, day, files, Date.parse(`${day}T${time}:00Z`), zone);
  };
  const counts = (parts: { rows: readonly WindowRow[] }, queue: string) =>
    Object.fromEntries(
      parts.rows
        .filter((row) => row.queue === queue && row.assigned !== null)
        .map((row) => [
          new Date(row.start).toISOString().slice(11, 16),
          [row.assigned, row.abandoned, row.within, row.first_offered],
        ]),
    );
  const arrived = ({ days }: { days: readonly IntradayDay[] }) => {
    const [entry] = days.filter((each) => each.day === day);
    return [...entry!.arrived].filter((sign) => sign === "1").length;
  };

  it("has the states that differ, each from its marker on, added up over a group", () => {
    const sales = files.find(({ queue }) => queue === "Sales")!;
    assert.deepEqual(sales, {
      queue: "Sales",
      start: "2026-11-20T03:30:00Z",
      known: [432, 452, 452, 512, 601],
      place: [26, 26, 27, 31, 30],
      assigned: [20, 30, 9, 8, 7],
      abandoned: [0, 0, 1, 0, 0],
      within: [10, 24, 9, 8, 7],
    });
    const [both, all] = ["Both", "All queues"].map((name) => files.find(({ queue }) => queue === name)!);
    assert.deepEqual({ ...all, queue: "Both" }, both);
    assert.deepEqual(both!.assigned.slice(0, 2), [30, 40]);
  });

  it("shows the counts of then, and no window that came later", () => {
    assert.deepEqual(counts(then("10:41"), "Sales"), {});
    assert.deepEqual(counts(then("10:42"), "Sales"), { "10:00": [20, 0, 10, null] });
    assert.deepEqual(counts(then("11:30"), "Sales"), { "10:00": [30, 0, 24, 20], "10:15": [9, 1, 9, null] });
    // the window of 11:00 is missing though a later one is known
    assert.deepEqual(Object.keys(counts(then("12:30"), "Sales")), ["10:00", "10:15", "11:15"]);
    assert.deepEqual(Object.keys(counts(then("13:31"), "Sales")), ["10:00", "10:15", "11:00", "11:15"]);
    assert.deepEqual(counts(then("13:31"), "Sales"), counts({ rows: windowRows(intraday.series) }, "Sales"));
  });

  it("lets windows arrive as they did", () => {
    const now = arrived({ days: intraday.days });
    const seen = ["10:41", "10:42", "11:30", "12:30", "13:31"].map((time) => arrived(then(time)));
    assert.equal(seen[0], 0);
    assert.equal(seen.at(-1), now);
    assert.deepEqual(
      seen,
      [...seen].sort((a, b) => a - b),
    );
    assert.equal(then("11:30").days.find((each) => each.day === day)!.through, "2026-11-20T10:45:00.000Z");
    assert.equal(seen[3], now - 1); // without 11:00
  });

  it("shows the counts of a catalog of that moment", async () => {
    for (const time of ["10:45", "11:30", "12:30"]) {
      const past = { moment: new Date(`${day}T${time}:00Z`) };
      const of = await loadDay(kit.project, day, past.moment, "usual", past);
      for (const queue of ["Sales", "Care", "Both", "All queues"])
        assert.deepEqual(
          counts(then(time), queue),
          counts({ rows: windowRows(of.series) }, queue),
          `${queue} at ${time}`,
        );
    }
  });

  it("takes a half-hour of the day's clock, the first of two, and none that is skipped", () => {
    assert.equal(moments.length, 49);
    assert.equal(new Date(momentOf(day, "07:30", zone)!).toISOString(), "2026-11-20T11:00:00.000Z");
    assert.equal(new Date(momentOf("2026-11-01", "01:30", zone)!).toISOString(), "2026-11-01T04:00:00.000Z");
    assert.equal(momentOf("2026-03-08", "02:30", zone), null);
    const parts = { rows: windowRows(intraday.series), days: intraday.days };
    assert.deepEqual(knownDay(parts, day, files, "now", zone), { ...parts, at: "" });
    assert.deepEqual(knownDay(parts, day, [], "07:30", zone), { ...parts, at: "" });
    assert.equal(knownDay(parts, day, files, "07:30", zone).at, "07:30");
  });
});
