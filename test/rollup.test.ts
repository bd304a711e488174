import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Rule,
  repFte,
  repTime,
  rollUp,
  rollUpBy,
  sum,
  weightedMean,
} from "../notebooks/components/metrics/rollup.ts";
import fc from "./fast-check.ts";

interface Row {
  queue: string;
  answered: number | null;
  within: number | null;
  aht: number | null;
  longest: number | null;
  rep: string | null;
}

const rules = {
  answered: { rule: "count", of: (row) => row.answered },
  level: { rule: "rate", part: (row) => row.within, whole: (row) => row.answered },
  aht: { rule: "mean", mean: (row) => row.aht, weight: (row) => row.answered },
  longest: { rule: "max", of: (row) => row.longest },
  reps: { rule: "distinct", of: (row) => row.rep },
} satisfies Record<string, Rule<Row>>;

describe("roll-up", () => {
  const rows: Row[] = [
    { queue: "A", answered: 300, within: 234, aht: 300, longest: 90, rep: "1" },
    { queue: "A", answered: 1200, within: 1020, aht: 500, longest: 60, rep: "2" },
    { queue: "B", answered: 0, within: 0, aht: null, longest: null, rep: "1" },
    { queue: "B", answered: null, within: null, aht: null, longest: null, rep: null },
  ];

  it("adds counts, recomputes rates, weighs means, keeps the largest, counts reps once", () => {
    assert.deepEqual(rollUp(rows, rules), { answered: 1500, level: 0.836, aht: 460, longest: 90, reps: 2 });
  });

  it("does so per group, in order of appearance, null where nothing is known", () => {
    const found = rollUpBy(rows, (row) => row.queue, rules);
    assert.deepEqual([...found.keys()], ["A", "B"]);
    assert.deepEqual(found.get("B"), { answered: 0, level: null, aht: null, longest: null, reps: 1 });
    assert.deepEqual(rollUp([], rules), { answered: null, level: null, aht: null, longest: null, reps: 0 });
  });

  it("has no rule for percentiles, for adding rates, for means without weight", () => {
    // @ts-expect-error percentiles never combine
    const percentile: Rule<Row> = { rule: "percentile", of: (row: Row) => row.aht };
    // @ts-expect-error a mean needs its own denominator
    const mean: Rule<Row> = { rule: "mean", mean: (row: Row) => row.aht };
    // @ts-expect-error a rate comes from counts
    const rate: Rule<Row> = { rule: "rate", of: (row: Row) => row.within };
    assert.ok(percentile && mean && rate);
  });

  it("gives the same in one step as in two", () => {
    const row = fc.record({
      queue: fc.constantFrom("A", "B", "C"),
      answered: fc.option(fc.nat(50)),
      within: fc.constant(null),
      aht: fc.option(fc.nat(900)),
      longest: fc.option(fc.nat(900)),
      rep: fc.constant(null),
    });
    fc.assert(
      fc.property(fc.array(row), (all) => {
        const { answered, longest } = rollUp(all, rules);
        const groups = [...rollUpBy(all, ({ queue }) => queue, rules).values()];
        assert.equal(sum(groups.map((group) => group.answered)), answered);
        const known = all.filter((r) => r.aht !== null && r.answered !== null);
        const weight = (r: { answered: number | null }) => r.answered;
        const parts = ["A", "B", "C"].map((name) => {
          const members = known.filter(({ queue }) => queue === name);
          return {
            mean: weightedMean(members.map((r) => ({ mean: r.aht, weight: weight(r) }))),
            weight: sum(members.map(weight)),
          };
        });
        const [once, twice] = [rollUp(all, rules).aht, weightedMean(parts)];
        assert.ok(once === twice || Math.abs(once! - twice!) < 1e-9);
        assert.equal(longest, rollUp(groups, { longest: { rule: "max", of: (g) => g.longest } }).longest);
      }),
    );
  });

  it("counts a rep once a window, however many queues, and the longest of differing copies", () => {
    const time = repTime([
      { rep: 1, window: "10:00", minutes: 15 },
      { rep: 1, window: "10:00", minutes: 14 },
      { rep: 2, window: "10:00", minutes: 10 },
      { rep: 1, window: "10:15", minutes: 15 },
      { rep: null, window: "10:15", minutes: 15 },
      { rep: 3, window: "10:15", minutes: null },
    ]);
    assert.deepEqual(time, { reps: 2, minutes: 40, windows: 2, meanReps: 1.5, peakReps: 2 });
    assert.equal(repFte([{ rep: 1, window: "10:00", minutes: 15 }], 30), 0.5);
  });
});
