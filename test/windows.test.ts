import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { evidence, type IntervalState, intervalState, isOpen } from "../notebooks/components/metrics/interval-state.ts";
import { daysLater, timeZone, weekday } from "../notebooks/components/metrics/time-zone.ts";
import { dayIntervals, dayWindows, type Grain, windowLength } from "../notebooks/components/metrics/windows.ts";
import fc from "./fast-check.ts";

const zones = [
  "UTC",
  "America/New_York",
  "America/St_Johns",
  "America/Sao_Paulo",
  "America/Havana",
  "Australia/Lord_Howe",
  "Europe/Berlin",
  "Europe/Lisbon",
  "Africa/Cairo",
  "Africa/Casablanca",
  "Asia/Kathmandu",
  "Asia/Beirut",
  "Pacific/Chatham",
  "Pacific/Apia",
  "Pacific/Kiritimati",
];
const zone = fc.constantFrom(...zones);
const date = fc
  .integer({ min: Date.parse("2011-06-01") / 86_400_000, max: Date.parse("2028-12-31") / 86_400_000 })
  .map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10));
const grain = fc.constantFrom<Grain[]>(15, 30, 60);
const iso = (instant: number) => new Date(instant).toISOString().slice(0, 16);

describe("time zone", () => {
  it("agrees with Intl at any instant, near changes of the clock as well", () => {
    const changes = ["2026-03-08T07:00Z", "2026-11-01T06:00Z", "2026-04-04T15:00Z", "2018-11-04T03:00Z"];
    const instant = fc.oneof(
      fc.integer({ min: Date.parse("1975-01-01"), max: Date.parse("2035-01-01") }),
      fc
        .tuple(fc.constantFrom(...changes), fc.integer({ min: -7_200_000, max: 7_200_000 }))
        .map(([at, near]) => Date.parse(at) + near),
    );
    const formatters = new Map(
      zones.map((name) => [
        name,
        new Intl.DateTimeFormat("sv-SE", { timeZone: name, dateStyle: "short", timeStyle: "short" }),
      ]),
    );
    fc.assert(
      fc.property(zone, instant, (name, at) => {
        const local = timeZone(name);
        assert.equal(`${local.date(at)} ${local.clock(at)}`, formatters.get(name)!.format(at));
      }),
      { numRuns: 2000 },
    );
  });

  it("names its offset the way it is spoken of", () => {
    const at = (name: string, text: string) => timeZone(name).abbreviation(Date.parse(text));
    assert.equal(at("America/New_York", "2026-11-01T05:30Z"), "EDT");
    assert.equal(at("America/New_York", "2026-11-01T06:30Z"), "EST");
    assert.equal(at("Australia/Lord_Howe", "2026-04-04T14:30Z"), "GMT+11");
    assert.equal(at("UTC", "2026-04-04T14:30Z"), "UTC");
  });

  it("refuses a zone that does not exist", () => {
    assert.throws(() => timeZone("Mars/Olympus"), /^RangeError: unknown time zone: Mars\/Olympus$/);
  });

  it("counts weekdays from Monday, whatever the zone of the machine", () => {
    assert.deepEqual(["2026-11-16", "2026-11-21", "2026-11-22"].map(weekday), [1, 6, 7]);
  });
});

describe("windows", () => {
  it("puts every window into exactly one local day", () => {
    fc.assert(
      fc.property(zone, date, (name, day) => {
        const next = daysLater(day, 1);
        const [here, there] = [dayWindows(day, name), dayWindows(next, name)];
        const both = [...here, ...there];
        both.forEach((start, i) => {
          if (i > 0) assert.equal(start - both[i - 1]!, windowLength, `${name} ${day} ${iso(start)}`);
        });
        assert.ok(here.every((start) => timeZone(name).date(start) === day));
        assert.ok([0, 92, 94, 96, 98, 100].includes(here.length), `${name} ${day}: ${here.length}`);
      }),
      { numRuns: 400 },
    );
  });

  it("cuts a day into intervals without gap or overlap, each with a label of its own", () => {
    fc.assert(
      fc.property(zone, date, grain, (name, day, minutes) => {
        const windows = dayWindows(day, name);
        const intervals = dayIntervals(day, name, minutes);
        assert.equal(
          intervals.reduce((sum, interval) => sum + interval.windows, 0),
          windows.length,
        );
        intervals.forEach((interval, i) => {
          assert.equal(interval.end - interval.start, interval.windows * windowLength);
          if (i > 0) assert.equal(interval.start, intervals[i - 1]!.end);
          assert.ok(interval.windows <= minutes / 15);
        });
        const labels = intervals.map(({ label }) => label);
        assert.equal(new Set(labels).size, labels.length, `${name} ${day}: ${labels.join(" ")}`);
        assert.ok(intervals.length >= 1440 / minutes);
      }),
      { numRuns: 400 },
    );
  });

  it("shows the repeated hour twice and the skipped one as having no windows", () => {
    const autumn = dayIntervals("2026-11-01", "America/New_York", 60);
    assert.deepEqual(
      autumn.slice(0, 4).map(({ label, slot, start }) => [label, slot, iso(start)]),
      [
        ["00:00", "00:00", "2026-11-01T04:00"],
        ["01:00 EDT", "01:00", "2026-11-01T05:00"],
        ["01:00 EST", "01:00", "2026-11-01T06:00"],
        ["02:00", "02:00", "2026-11-01T07:00"],
      ],
    );
    assert.equal(autumn.length, 25);
    const spring = dayIntervals("2026-03-08", "America/New_York", 60);
    assert.deepEqual(
      spring.slice(1, 4).map(({ label, windows, start }) => [label, windows, iso(start)]),
      [
        ["01:00", 4, "2026-03-08T06:00"],
        ["02:00", 0, "2026-03-08T07:00"],
        ["03:00", 4, "2026-03-08T07:00"],
      ],
    );
  });

  it("lists a day that its zone left out as one that did not exist", () => {
    const none = dayIntervals("2011-12-30", "Pacific/Apia", 60);
    assert.equal(none.length, 24);
    assert.ok(none.every(({ windows }) => windows === 0));
    assert.equal(none[0]!.start, dayWindows("2011-12-31", "Pacific/Apia")[0]);
  });

  it("refuses a date that is none", () => {
    assert.throws(() => dayWindows("2026-13-01", "UTC"), /^RangeError: invalid date: 2026-13-01$/);
    assert.throws(() => dayWindows("today", "UTC"), /invalid date: today/);
  });
});

describe("interval state", () => {
  // windows, complete, rows, open, newer -> state: the table above the function, row by row
  const table: [number, number, number, boolean | null, boolean, IntervalState][] = [
    [0, 0, 0, true, true, "skipped"],
    [4, 4, 3, true, true, "data"],
    [4, 4, 1, false, true, "data"],
    [4, 4, 0, true, true, "zero"],
    [4, 4, 0, null, true, "zero"],
    [4, 4, 0, false, true, "closed"],
    [4, 2, 5, true, true, "partial"],
    [4, 2, 0, false, false, "partial"],
    [4, 0, 5, true, true, "partial"],
    [4, 0, 0, true, false, "pending"],
    [4, 0, 0, false, false, "pending"],
    [4, 0, 0, true, true, "missing"],
    [4, 0, 0, false, true, "missing"],
  ];
  for (const [windows, complete, rows, open, newer, state] of table) {
    it(`${complete} of ${windows} complete, ${rows} rows, open ${open}, newer data ${newer}: ${state}`, () => {
      assert.equal(intervalState({ windows, complete, rows, open, newer }), state);
    });
  }

  it("tells the missing from the pending by the newest complete window", () => {
    const day = dayIntervals("2026-11-20", "America/New_York", 30);
    const windows = dayWindows("2026-11-20", "America/New_York");
    const complete = new Set(windows.slice(0, 50)); // to 12:30 local
    for (const gap of [20, 30, 31]) complete.delete(windows[gap]!);
    const through = windows[49]! + windowLength;
    const states = day.map((interval) => {
      const inside = windows.filter((start) => start >= interval.start && start < interval.end);
      const rows = inside.filter((start) => complete.has(start)).length;
      return intervalState(evidence(interval, complete, through, rows));
    });
    assert.equal(states[9], "data");
    assert.equal(states[10], "partial"); // one of its two windows is missing
    assert.equal(states[15], "missing"); // both are
    assert.equal(states[24], "data"); // 12:00, the last that arrived
    assert.equal(states[25], "pending");
    assert.equal(states[47], "pending");
    const unknown = intervalState(evidence(day[0]!, new Set(), null, 0));
    assert.equal(unknown, "pending");
  });

  it("knows the opening hours of the local weekday", () => {
    const hours = [
      { weekday: 1, from: 510, to: 1200 },
      { weekday: 6, from: 0, to: 1440 },
    ];
    assert.equal(isOpen(hours, "2026-11-16", "08:15", 15), false);
    assert.equal(isOpen(hours, "2026-11-16", "08:30", 15), true);
    assert.equal(isOpen(hours, "2026-11-16", "08:00", 60), true); // opens within
    assert.equal(isOpen(hours, "2026-11-16", "20:00", 60), false);
    assert.equal(isOpen(hours, "2026-11-17", "12:00", 60), false);
    assert.equal(isOpen(hours, "2026-11-21", "23:45", 15), true);
    assert.equal(isOpen(null, "2026-11-16", "08:30", 15), null);
  });
});
