import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { projectDay, projectSums } from "../notebooks/components/metrics/projection.ts";
import fc from "./fast-check.ts";

describe("projection", () => {
  const shape = Array.from({ length: 96 }, (_, i) => 20 + 15 * Math.sin((i / 96) * Math.PI));
  const day = (level: number, arrived: number) =>
    shape.map((usual, i) => ({ usual, actual: i < arrived ? usual * level : null }));
  const usualDay = shape.reduce((a, b) => a + b, 0);

  it("is exact for a day that deviates evenly, once a quarter of it is in", () => {
    for (const arrived of [30, 50, 90]) {
      const found = projectDay(day(1.2, arrived));
      assert.equal(found.state, "projected");
      assert.ok(Math.abs(found.projected! - 1.2 * usualDay) < 1e-9);
      assert.ok(found.low! < found.projected! && found.projected! < found.high!);
    }
  });

  it("lies between the usual day and the plain ratio while it is damped", () => {
    const found = projectDay(day(1.5, 10));
    assert.equal(found.state, "damped");
    assert.ok(found.projected! > found.soFar + found.usualRest);
    assert.ok(found.projected! < 1.5 * usualDay);
  });

  it("says complete when nothing is left", () => {
    const found = projectDay(day(1.1, 96));
    assert.deepEqual(
      [found.state, found.projected, found.low, found.high],
      ["complete", found.soFar, found.soFar, found.soFar],
    );
  });

  it("projects a window missing in the past like those to come", () => {
    const full = projectDay(day(1.2, 60));
    const gap = day(1.2, 60).map((slot, i) => (i === 40 ? { ...slot, actual: null } : slot));
    const found = projectDay(gap);
    assert.ok(Math.abs(found.projected! - full.projected!) < 1e-9);
    assert.ok(found.usualRest > full.usualRest);
  });

  it("compares only intervals that have a baseline, and gives nothing when one to come has none", () => {
    const extra = projectDay([...day(1, 60), { usual: null, actual: 500 }]);
    assert.equal(extra.ratio!.toFixed(9), "1.000000000");
    assert.ok(Math.abs(extra.projected! - usualDay - 500) < 1e-9);
    const blind = projectDay([...day(1, 60), { usual: null, actual: null }]);
    assert.deepEqual([blind.state, blind.projected], ["no baseline", null]);
  });

  it("holds back for small queues", () => {
    const small = day(1, 60).map(({ usual, actual }) => ({
      usual: usual / 50,
      actual: actual === null ? null : actual / 50,
    }));
    assert.deepEqual([projectDay(small).state, projectDay(small).projected], ["too few", null]);
    assert.equal(projectDay(small, { leastContacts: 10 }).state, "projected");
    assert.equal(projectDay([]).state, "complete");
  });

  it("never projects less than has come", () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.nat(5000), fc.nat(5000), (soFar, usualSoFar, usualRest) => {
        const found = projectSums(soFar, usualSoFar, usualRest)!;
        if (found.projected === null) return;
        assert.ok(found.projected >= soFar && found.low! >= soFar && found.high! >= found.projected);
      }),
    );
  });
});
