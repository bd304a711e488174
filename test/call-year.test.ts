import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { accuracy, noiseFloor } from "../notebooks/components/metrics/accuracy.ts";
import { baseline } from "../notebooks/components/metrics/baseline.ts";
import { projectDay } from "../notebooks/components/metrics/projection.ts";
import { rollUpBy, sum } from "../notebooks/components/metrics/rollup.ts";
import { clockText, daysLater, weekday } from "../notebooks/components/metrics/time-zone.ts";

// A year of five-minute counts as a call centre has them: weekdays from 07:00 to 21:05, a weekly and a daily shape, days
// that are busier or quieter as a whole, six weekdays without any row, no row outside.
interface Bucket {
  date: string;
  minute: number; // of the local day
  contacts: number;
}

const random = generator(20260901);
const missing = new Set(["2026-02-16", "2026-04-03", "2026-04-06", "2026-05-25", "2026-09-07", "2026-10-14"]);
const dates = Array.from({ length: 365 }, (_, i) => daysLater("2026-01-01", i)).filter(
  (date) => weekday(date) <= 5 && !missing.has(date),
);
const buckets: Bucket[] = dates.flatMap((date) => {
  const level = 0.85 + 0.3 * random();
  const byWeekday = [1.25, 1.05, 1, 0.95, 0.9][weekday(date) - 1]!;
  return Array.from({ length: 170 }, (_, i) => {
    const shape = 12 + 30 * Math.sin((Math.PI * i) / 170) + 8 * Math.sin((3 * Math.PI * i) / 170);
    return { date, minute: 420 + 5 * i, contacts: poisson(level * byWeekday * Math.max(1, shape)) };
  });
});

const contacts = { contacts: { rule: "count", of: (row: Bucket) => row.contacts } } as const;
const slotOf = (minutes: number) => (row: Bucket) =>
  `${row.date} ${clockText(Math.floor(row.minute / minutes) * minutes)}`;
const quarters = rollUpBy(buckets, slotOf(15), contacts);
const days = rollUpBy(buckets, (row) => row.date, contacts);
const slots = [...new Set([...quarters.keys()].map((key) => key.slice(11)))].sort();

describe("a year of calls", () => {
  it("adds up to the same total at every grain, the cut-off last interval included", () => {
    const all = sum(buckets.map((row) => row.contacts));
    for (const minutes of [5, 15, 30, 60]) {
      const rolled = rollUpBy(buckets, slotOf(minutes), contacts);
      assert.equal(sum([...rolled.values()].map((row) => row.contacts)), all);
    }
    assert.equal(sum([...days.values()].map((row) => row.contacts)), all);
    assert.equal(slots.at(-1), "21:00");
  });

  it("reaches a week further back where a Monday has no rows", () => {
    const found = baseline("2026-10-12", (date) => quarters.get(`${date} 10:00`)?.contacts);
    assert.equal(found.n, 8);
    assert.equal(found.dates.includes("2026-09-07"), false);
    assert.equal(found.dates.at(-1), "2026-08-10"); // nine weeks
    assert.equal(found.dates[0], "2026-10-05");
  });

  it("knows nothing of a Saturday, and of the first weeks too little", () => {
    assert.equal(baseline("2026-10-10", (date) => quarters.get(`${date} 10:00`)?.contacts).state, "too few");
    assert.equal(baseline("2026-01-26", (date) => quarters.get(`${date} 10:00`)?.contacts).state, "too few");
  });

  it("projects the day at noon better than the plain baseline does", () => {
    const scored = dates.filter((date) => date > "2026-04-01");
    const forecasts = scored.map((date) => {
      const usual = slots.map((slot) => baseline(date, (day) => quarters.get(`${day} ${slot}`)?.contacts).median);
      const actual = slots.map((slot) => quarters.get(`${date} ${slot}`)!.contacts);
      const noon = slots.map((slot, i) => ({ usual: usual[i], actual: slot < "12:00" ? actual[i] : null }));
      return {
        actual: days.get(date)!.contacts,
        plain: sum(usual),
        projected: projectDay(noon).projected,
        intervals: slots.map((_, i) => ({ forecast: usual[i], actual: actual[i] })),
      };
    });
    const score = (of: (f: (typeof forecasts)[number]) => number | null) =>
      accuracy(forecasts.map((f) => ({ actual: f.actual, forecast: of(f) }))).wape!;
    const [plain, projected] = [score((f) => f.plain), score((f) => f.projected)];
    assert.ok(projected < plain / 2, `${projected} against ${plain}`);

    const all = forecasts.flatMap((f) => f.intervals);
    const { n, wape } = accuracy(all);
    assert.ok(wape! > noiseFloor(sum(all.map(({ actual }) => actual))! / n)!, "no forecast beats chance");
  });
});

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function poisson(mean: number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}
