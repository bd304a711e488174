import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bytes, count, duration, minute, plural, span, zoned } from "../src/base/words.ts";

describe("words", () => {
  it("writes sizes in decimal units", () => {
    const cases: [number, string][] = [
      [0, "0 B"],
      [999, "999 B"],
      [1000, "1.0 kB"],
      [34_149_000, "34.1 MB"],
      [999_499, "999 kB"],
      [999_600, "1.0 MB"],
      [120_000_000_000, "120 GB"],
    ];
    for (const [value, text] of cases) assert.equal(bytes(value), text);
  });

  it("writes durations in at most two units", () => {
    const cases: [number, string][] = [
      [0.04, "0.0 s"],
      [9.94, "9.9 s"],
      [9.96, "10 s"],
      [60, "1 min"],
      [200, "3 min 20 s"],
      [7500, "2 h 5 min"],
      [172_800, "2 d"],
      [273_600, "3 d 4 h"],
    ];
    for (const [value, text] of cases) assert.equal(duration(value), text);
  });

  it("writes lags in whole minutes", () => {
    assert.deepEqual([0, 0.9, 1, 59.9, 125, 4560].map(span), [
      "0 min",
      "0 min",
      "1 min",
      "59 min",
      "2 h 5 min",
      "3 d 4 h",
    ]);
  });

  it("groups digits, of integers of any length", () => {
    assert.equal(count(1234567), "1,234,567");
    assert.equal(
      count(170141183460469231731687303715884105727n),
      "170,141,183,460,469,231,731,687,303,715,884,105,727",
    );
    assert.equal(plural(1, "feed"), "1 feed");
    assert.equal(plural(1200, "day of history", "days of history"), "1,200 days of history");
  });

  it("names the zone of a time", () => {
    const time = new Date("2026-09-01T03:15:59Z");
    assert.equal(minute(time), "2026-09-01 03:15 UTC");
    assert.equal(minute(time, "America/New_York"), "2026-08-31 23:15 America/New_York");
  });

  it("moves times to a zone and keeps each digit of a fraction", () => {
    const cases: [string, string, string][] = [
      ["2026-09-01T05:15:00.25Z", "America/St_Johns", "2026-09-01T02:45:00.25-02:30"],
      ["2026-01-01T05:15:00.123456789Z", "America/St_Johns", "2026-01-01T01:45:00.123456789-03:30"],
      ["2026-11-01T05:59:59Z", "America/New_York", "2026-11-01T01:59:59-04:00"],
      ["2026-11-01T06:00:00Z", "America/New_York", "2026-11-01T01:00:00-05:00"],
      ["2026-09-01T05:15:00Z", "Asia/Kathmandu", "2026-09-01T11:00:00+05:45"],
      ["2026-09-01T05:15:00Z", "UTC", "2026-09-01T05:15:00+00:00"],
      ["infinity", "Asia/Kathmandu", "infinity"],
    ];
    for (const [iso, zone, text] of cases) assert.equal(zoned(iso, zone), text);
  });
});
