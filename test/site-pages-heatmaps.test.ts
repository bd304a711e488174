import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type HeatDay,
  type HeatOptions,
  heat,
  heatColour,
  heatScale,
  measures,
  usualWeeks,
  views,
} from "../notebooks/components/metrics/heatmap.ts";
import { daysLater } from "../notebooks/components/metrics/time-zone.ts";
import { headline } from "../notebooks/components/pages/heatmap-page.ts";
import fc from "./fast-check.ts";

const last = "2026-09-13"; // a Sunday: last week is Mon 7 to Sun 13 September
const allDays = Array.from({ length: 63 }, (_, i) => daysLater(last, i - 62));

function heatDay(day: string, at: Record<number, Partial<Record<keyof HeatDay, number>>> = {}): HeatDay {
  const list = (name: keyof HeatDay, otherwise = 0) =>
    Array.from({ length: 96 }, (_, slot) => at[slot]?.[name] ?? otherwise);
  return {
    day,
    queue: "Q",
    offered: list("offered"),
    abandoned: list("abandoned"),
    good: list("good"),
    base: list("base"),
    wait: list("wait"),
    available: list("available"),
  };
}

const usualVolume: HeatOptions = {
  rows: [],
  known: allDays,
  measure: "volume",
  view: "usual",
  grain: 60,
  timezone: "UTC",
  minContacts: 10,
};

function find(options: Partial<HeatOptions>, weekday: number, slot: string) {
  const { cells } = heat({ ...usualVolume, ...options });
  const cell = cells.find((cell) => cell.weekday === weekday && cell.slot === slot);
  assert.ok(cell);
  return cell;
}

// Mondays, 09:00 to 09:30: 1, 2, … 8 contacts in the weeks before, 20 in the last one.
const mondays = Array.from({ length: 9 }, (_, week) => daysLater("2026-09-07", -7 * (8 - week)));
const rows = mondays.map((day, week) => {
  const n = week === 8 ? 20 : week + 1;
  return heatDay(day, {
    36: { offered: n, base: n, good: week === 8 ? 5 : n, abandoned: 0, wait: n * 10, available: 30 },
    37: { offered: 0, available: 15 },
  });
});

describe("a heatmap", () => {
  it("takes the median of the weeks before the last one", () => {
    const cell = find({ rows }, 1, "09:00");
    assert.deepEqual([cell.usual, cell.last, cell.value, cell.n, cell.weeks], [4.5, 20, 4.5, 36, 8]);
    assert.equal(cell.together, 4.5);
  });

  it("shows the last week, and how far it is from the median", () => {
    assert.equal(find({ rows, view: "last" }, 1, "09:00").value, 20);
    const cell = find({ rows, view: "difference" }, 1, "09:00");
    assert.equal(cell.value, 15.5);
    assert.equal(cell.n, 20);
  });

  it("divides each week's own counts, and hatches rates of few contacts", () => {
    const service = find({ rows, measure: "service", view: "last" }, 1, "09:00");
    assert.deepEqual([service.value, service.state], [0.25, "data"]);
    assert.equal(find({ rows, measure: "wait" }, 1, "09:00").value, 10);
    assert.equal(find({ rows, measure: "service", minContacts: 37 }, 1, "09:00").state, "few");
  });

  it("adds quarter-hours up before dividing", () => {
    const day = heatDay("2026-09-07", {
      36: { offered: 90, base: 90, good: 90 },
      39: { offered: 10, base: 10 },
    });
    const hour = find({ rows: [day], measure: "service", view: "last" }, 1, "09:00");
    assert.equal(hour.value, 0.9);
    const quarter = find({ rows: [day], measure: "service", view: "last", grain: 15 }, 1, "09:45");
    assert.equal(quarter.value, 0);
  });

  // opening hours   ever a contact   data on the day   state
  // -               -                no                none
  // no              no               yes               closed
  // not known       never            yes               closed
  // yes             no               yes               zero
  // not known       in other weeks   yes               zero
  it("tells no data, closed and nothing came apart", () => {
    const openHours = [{ weekday: 1, from: 540, to: 600 }];
    const withoutLast = allDays.filter((day) => day !== "2026-09-07");
    assert.equal(find({ rows, known: allDays.slice(-6), view: "usual" }, 1, "09:00").state, "none");
    assert.equal(find({ rows, known: withoutLast, view: "last" }, 7, "09:00").state, "closed");
    assert.equal(find({ openHours }, 1, "10:00").state, "closed");
    assert.equal(find({}, 1, "09:00").state, "closed");
    assert.equal(find({ openHours }, 1, "09:00").state, "zero");
    assert.equal(find({ rows: rows.slice(0, 8), view: "last" }, 1, "09:00").state, "zero");
    assert.equal(find({ rows: rows.slice(0, 8), view: "last", measure: "service" }, 1, "09:00").state, "zero");
  });

  it("counts a quiet day of a busy site as a true zero", () => {
    const cell = find({ rows: rows.slice(7) }, 1, "09:00"); // seven Mondays without a row, one with 8
    assert.deepEqual([cell.value, cell.state, cell.weeks], [0, "zero", 8]);
  });

  it("nets available reps against the work, and holds back what few reps are behind", () => {
    const options = { rows, measure: "staffing", view: "last", workSeconds: 360 } as const;
    const cell = find(options, 1, "09:00"); // 45 minutes of reps in the hour, 20 contacts of 6 minutes
    assert.equal(cell.value, 0.75 - 2);
    const held = [heatDay("2026-09-07", { 36: { offered: 20, available: -1 } })];
    const hidden = find({ ...options, rows: held }, 1, "09:00");
    assert.deepEqual([hidden.value, hidden.state], [null, "held"]);
    assert.equal(find({ ...options, workSeconds: null }, 1, "09:00").state, "none");
  });

  it("leaves out times that the clock skipped or showed twice", () => {
    const known = Array.from({ length: 14 }, (_, i) => daysLater("2026-11-01", i - 13)); // to Sunday 1 November
    const quarter = { offered: 5 };
    const night = [heatDay("2026-11-01", { 4: quarter, 5: quarter, 8: quarter })];
    const options = { rows: night, known, timezone: "America/New_York", view: "last" } as const;
    assert.deepEqual(
      ["01:00", "02:00"].map((slot) => find(options, 7, slot).value),
      [null, 5],
    );
    assert.equal(find(options, 7, "01:00").state, "clock");
    assert.equal(find(options, 7, "02:00").state, "data");
  });

  it("starts the week where the site does", () => {
    const { weekdays } = heat({ ...usualVolume, rows, weekStart: 7 });
    assert.deepEqual(weekdays, [7, 1, 2, 3, 4, 5, 6]);
  });

  it("has no cells without days, and words for it", () => {
    const empty = heat({ ...usualVolume, known: [] });
    assert.deepEqual(empty.cells, []);
    const words = headline(empty, {
      queue: "Q",
      measure: "volume",
      view: "usual",
      site: { min_contacts: 10 } as never,
    });
    assert.equal(words.title, "Q: no volume to show");
  });

  it("needs two weeks before the last for a median", () => {
    assert.equal(usualWeeks(allDays), 8);
    assert.equal(usualWeeks(allDays.slice(0, 20)), 1);
    assert.equal(usualWeeks([]), 0);
  });

  it("gives each measure and view a number or a state, never NaN", () => {
    const counts = fc.array(fc.record({ slot: fc.integer({ min: 0, max: 95 }), n: fc.integer({ min: 0, max: 50 }) }));
    fc.assert(
      fc.property(
        fc.array(counts, { maxLength: 9 }),
        fc.constantFrom(...measures),
        fc.constantFrom(...views),
        (weeks, measure, view) => {
          const rows = weeks.map((cells, week) =>
            heatDay(
              mondays[week]!,
              Object.fromEntries(
                cells.map(({ slot, n }) => [
                  slot,
                  { offered: n, base: n, good: n >> 1, wait: n * 7, available: n - 1 },
                ]),
              ),
            ),
          );
          const { cells } = heat({
            rows,
            known: allDays,
            measure,
            view,
            grain: 30,
            timezone: "Australia/Lord_Howe",
            minContacts: 10,
            workSeconds: 300,
          });
          assert.equal(cells.length, 7 * 48);
          const scale = heatScale(cells, measure, view, { target: 0.8, seconds: 60 });
          for (const { value, state } of cells) {
            assert.ok(value === null || Number.isFinite(value));
            if (state === "data" || state === "few") {
              const { strength } = heatColour(value!, scale);
              assert.ok(strength >= 0 && strength <= 1);
            }
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe("the colours of a heatmap", () => {
  const site = { target: 0.8, seconds: 60 };
  const colour = (measure: (typeof measures)[number], view: (typeof views)[number], value: number) =>
    heatColour(value, heatScale([], measure, view, site));

  it("are orange for what needs a look and blue for what does not", () => {
    assert.equal(colour("service", "usual", 0.79).colour, "orange");
    assert.equal(colour("service", "usual", 0.81).colour, "blue");
    assert.equal(colour("wait", "usual", 90).colour, "orange");
    assert.equal(colour("wait", "usual", 30).colour, "blue");
    assert.equal(colour("staffing", "usual", -1).colour, "orange");
    assert.equal(colour("service", "difference", -0.1).colour, "orange");
    assert.equal(colour("abandons", "difference", -0.1).colour, "blue");
  });

  it("do not depend on the queue where a measure has ends of its own", () => {
    const far = heatScale(
      heat({ rows, known: allDays, measure: "service", view: "last", grain: 60, timezone: "UTC", minContacts: 1 })
        .cells,
      "service",
      "last",
      site,
    );
    assert.deepEqual(far, heatScale([], "service", "last", site));
  });

  it("stay within their ends", () => {
    assert.equal(colour("service", "usual", 0).strength, 1);
    assert.equal(colour("service", "usual", 1).strength, 1);
    assert.equal(colour("abandons", "usual", 0.9).strength, 1);
    assert.equal(colour("service", "usual", 0.8).strength, 0);
  });
});
