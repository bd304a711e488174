import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { baseline, isChange, noiseBand, quantile, spread } from "../notebooks/components/metrics/baseline.ts";
import { daysLater, weekday } from "../notebooks/components/metrics/time-zone.ts";
import { dayIntervals } from "../notebooks/components/metrics/windows.ts";
import fc from "./fast-check.ts";

describe("baseline", () => {
  const monday = "2026-11-16";
  const history = new Map(Array.from({ length: 12 }, (_, i) => [daysLater(monday, -7 * (i + 1)), 100 + i]));

  it("takes median and quartiles of the last eight same weekdays", () => {
    const found = baseline(monday, (date) => history.get(date));
    assert.deepEqual(
      { ...found, dates: found.dates.length },
      { state: "known", median: 103.5, low: 101.75, high: 105.25, n: 8, of: 8, dates: 8, excluded: [] },
    );
    assert.ok(found.dates.every((date) => weekday(date) === 1));
    assert.equal(found.dates[7], "2026-09-21");
  });

  it("goes one week further back for a week without data, and for an excluded one", () => {
    const gaps = new Map(history);
    gaps.delete("2026-10-26");
    const found = baseline(monday, (date) => gaps.get(date), { exclude: new Set(["2026-11-09"]) });
    assert.equal(found.n, 8);
    assert.equal(found.dates[0], "2026-11-02");
    assert.deepEqual(found.excluded, ["2026-11-09"]);
    assert.equal(found.dates[7], "2026-09-07"); // ten weeks back
  });

  it("counts a true zero as data and leaves the day itself out", () => {
    const found = baseline(monday, (date) => (date === monday ? 1000 : 0));
    assert.deepEqual([found.median, found.n], [0, 8]);
  });

  it("says too few rather than give a median of three", () => {
    const three = new Map([...history].slice(0, 3));
    const found = baseline(monday, (date) => three.get(date));
    assert.deepEqual([found.state, found.median, found.low, found.high, found.n], ["too few", null, null, null, 3]);
  });

  it("does not reach back beyond its limit", () => {
    const found = baseline(monday, (date) => history.get(date), { weeks: 20, reach: 10 });
    assert.equal(found.n, 10);
  });

  it("matches on the local clock across a change of the clock", () => {
    // The 14:00 slot is 18:00 UTC before the first of November and 19:00 UTC after it.
    const starts = (date: string) =>
      dayIntervals(date, "America/New_York", 60).find(({ slot }) => slot === "14:00")!.start;
    const utc = new Map<string, number>();
    baseline("2026-11-22", (date) => {
      utc.set(date, new Date(starts(date)).getUTCHours());
      return 1;
    });
    assert.deepEqual([...new Set(utc.values())], [19, 18]);
    assert.equal(utc.get("2026-11-01"), 19);
    assert.equal(utc.get("2026-10-25"), 18);
  });

  it("keeps the quartiles around the median, and all within the values", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(500), { minLength: 4, maxLength: 8 }), (values) => {
        const { low, median, high } = spread(values);
        assert.ok(Math.min(...values) <= low! && low! <= median! && median! <= high!);
        assert.ok(high! <= Math.max(...values));
      }),
    );
  });

  it("interpolates quantiles between neighbours", () => {
    assert.equal(quantile([1, 2, 3, 10], 0.25), 1.75);
    assert.equal(quantile([7], 0.9), 7);
    assert.equal(quantile([], 0.5), null);
    assert.equal(quantile([1, 2], 1.5), null);
  });

  it("leaves room for arrivals' own noise", () => {
    assert.deepEqual(noiseBand(100), { low: 80, high: 120 });
    assert.deepEqual(noiseBand(1), { low: 0, high: 3 });
    assert.equal(noiseBand(null), null);
  });

  it("calls a count changed only beyond that noise", () => {
    const table: [now: number | null, then: number | null, counted: boolean, changed: boolean][] = [
      [112, 100, false, false], // +12%
      [120, 100, false, false],
      [121, 100, false, true],
      [79, 100, false, true],
      [128, 100, true, false], // both vary: 2 × √228 = 30.2
      [131, 100, true, true],
      [2, 0, false, false], // as if one were expected
      [3, 0, false, true],
      [1100, 1000, false, true], // +10% of many
      [null, 100, false, false],
      [100, null, false, false],
    ];
    for (const [now, then, counted, changed] of table)
      assert.equal(isChange(now, then, counted), changed, `${now} against ${then}`);
  });
});
