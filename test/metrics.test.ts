import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { accuracy, noiseFloor } from "../notebooks/components/metrics/accuracy.ts";
import { baseline, noiseBand, quantile, spread } from "../notebooks/components/metrics/baseline.ts";
import { erlangB, erlangC, requiredAgents } from "../notebooks/components/metrics/erlang.ts";
import { erlangA, requiredAgentsA } from "../notebooks/components/metrics/erlang-a.ts";
import * as occupancy from "../notebooks/components/metrics/occupancy.ts";
import { projectDay, projectSums } from "../notebooks/components/metrics/projection.ts";
import { type Maybe, ratio, share, wilson } from "../notebooks/components/metrics/ratio.ts";
import { addedRate, maximum, repTime, sum, weightedMean } from "../notebooks/components/metrics/rollup.ts";
import {
  countsWithin,
  lackingFor,
  serviceLevel,
  serviceLevels,
  serviceLevelVariants,
  serviceParts,
  shortfall,
} from "../notebooks/components/metrics/service-level.ts";
import * as staffing from "../notebooks/components/metrics/staffing.ts";
import * as times from "../notebooks/components/metrics/times.ts";
import fc from "./fast-check.ts";

const wild = fc.oneof(
  { weight: 4, arbitrary: fc.nat(50) },
  { weight: 2, arbitrary: fc.nat(5000) },
  { weight: 2, arbitrary: fc.double({ min: 0, max: 2, noNaN: true }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      null,
      undefined,
      0,
      -0,
      -1,
      1e-320,
      1e15,
      2 ** 53,
      1e308,
      Number.NaN,
      Infinity,
      -Infinity,
    ),
  },
  { weight: 1, arbitrary: fc.double() },
) as fc.Arbitrary<Maybe>;

type Metric = (a: Maybe, b: Maybe, c: Maybe, d: Maybe, e: Maybe, f: Maybe) => unknown;

const load = (contacts: Maybe, ahtSeconds: Maybe, intervalSeconds: Maybe) => ({
  contacts,
  ahtSeconds,
  intervalSeconds,
});
const counts = (a: Maybe, b: Maybe, c: Maybe, d: Maybe, e: Maybe) => ({
  answered: a,
  abandoned: b,
  answeredWithin: c,
  abandonedWithin: d,
  abandonedShort: e,
});

// What is a share must lie between 0 and 1.
const shares: Record<string, Metric> = {
  share,
  serviceLevel: (a, b, c, d, e) => Object.values(serviceLevels(counts(a, b, c, d, e))),
  within: (a, b, c) => serviceLevel({ answered: a, abandoned: b, within: c }, "credit_abandons"),
  abandonRate: (a, b, c) => times.abandonRate(a, b, c),
  wrapShare: times.wrapShare,
  occupancy: occupancy.occupancy,
  occupancyOfLoggedIn: occupancy.occupancyOfLoggedIn,
  linearOccupancy: occupancy.linearOccupancy,
  utilizedShare: occupancy.utilizedShare,
  wilson: (a, b) => Object.values(wilson(a, b) ?? {}),
  combinedShrinkage: (...all) => staffing.combinedShrinkage(all),
  erlangB,
  erlangC(a, b, c, d, e) {
    const { pWait, serviceLevel, immediateAnswer, occupancy } = erlangC({
      ...load(a, b, c),
      agents: d,
      targetSeconds: e,
    });
    return [pWait, serviceLevel, immediateAnswer, occupancy];
  },
  erlangA(a, b, c, d, e, f) {
    const { state, trafficErlangs, meanWaitAllSeconds, ...rest } = erlangA({
      ...load(a, b, c),
      agents: d,
      targetSeconds: e,
      meanPatienceSeconds: f,
    });
    return Object.values(rest);
  },
};

const others: Record<string, Metric> = {
  ratio,
  shortfall: (a, b, c, d, e, f) =>
    serviceLevelVariants.map((variant) => shortfall(counts(a, b, c, d, e), f as number, variant)),
  serviceParts: (a, b, c, d, e) => serviceLevelVariants.map((variant) => serviceParts(counts(a, b, c, d, e), variant)),
  asa: times.asa,
  waits: (a, b, c, d) => times.waits({ assignedWait: a, assigned: b, waitingWait: c, waiting: d }),
  meanWait: times.meanWait,
  patience: times.patience,
  aht: times.aht,
  responseTime: times.responseTime,
  concurrency: occupancy.concurrency,
  slotUtilization: occupancy.slotUtilization,
  slotLoad: occupancy.slotLoad,
  utilization: occupancy.utilization,
  workload: (a, b, c) => staffing.workload(load(a, b, c)),
  fte: (a, b) => staffing.fte(a, b),
  netStaffing: staffing.netStaffing,
  wholeAgents: staffing.wholeAgents,
  grossUp: staffing.grossUp,
  chatFactor: staffing.chatFactor,
  effectiveAht: staffing.effectiveAht,
  gapDrivers: (a, b, c, d, e, f) =>
    staffing.gapDrivers(
      { contacts: a, ahtSeconds: b, available: c },
      { contacts: d, ahtSeconds: e, available: f },
      900,
    ),
  erlangC: (a, b, c, d, e) => erlangC({ ...load(a, b, c), agents: d, targetSeconds: e }),
  requiredAgents: (a, b, c, d, e, f) =>
    requiredAgents({ ...load(a, b, c), targetSeconds: d, serviceLevelTarget: e, maxOccupancy: f }),
  erlangA: (a, b, c, d, e, f) => erlangA({ ...load(a, b, c), agents: d, targetSeconds: e, meanPatienceSeconds: f }),
  accuracy: (a, b, c, d) =>
    accuracy([
      { forecast: a, actual: b },
      { forecast: c, actual: d },
    ]),
  noiseFloor,
  noiseBand,
  wilson: (a, b, c) => wilson(a, b, c as number),
  spread: (...all) => spread(all, 2),
  baseline: (...all) => baseline("2026-11-22", (date) => all[Number(date.slice(-2)) % 6]),
  quantile: (a) => quantile([1, 2], a as number),
  projectSums: (a, b, c) => projectSums(a, b, c),
  projectDay: (a, b, c, d, e, f) =>
    projectDay([
      { actual: a, usual: b },
      { actual: c, usual: d },
      { actual: e, usual: f },
    ]),
  sum: (...all) => sum(all),
  maximum: (...all) => maximum(all),
  weightedMean: (a, b, c, d) =>
    weightedMean([
      { mean: a, weight: b },
      { mean: c, weight: d },
    ]),
  addedRate: (a, b, c, d) =>
    addedRate([
      { part: a, whole: b },
      { part: c, whole: d },
    ]),
  repTime: (a, b, c) =>
    repTime([
      { rep: "1", window: "w", minutes: a },
      { rep: "1", window: "w", minutes: b },
      { rep: "2", window: "v", minutes: c },
    ]),
};

describe("metrics", () => {
  for (const [name, metric] of Object.entries({ ...others, ...shares })) {
    it(`${name}: whatever comes in, no NaN, no Infinity, no undefined comes out`, () => {
      fc.assert(
        fc.property(wild, wild, wild, wild, wild, wild, (a, b, c, d, e, f) => {
          sound((others[name] ?? metric)(a, b, c, d, e, f), name);
          if (!shares[name]) return;
          for (const value of [shares[name](a, b, c, d, e, f)].flat())
            assert.ok(value === null || ((value as number) >= 0 && (value as number) <= 1), `${name}: ${value}`);
        }),
        { numRuns: 300 },
      );
    });
  }

  it("say null for a missing denominator, not 0 and not 100 %", () => {
    assert.equal(serviceLevel({ answered: 0, abandoned: 0, answeredWithin: 0 }), null);
    assert.equal(times.asa(0, 0), null);
    assert.equal(times.aht(0, 0), null);
    assert.equal(occupancy.occupancy(0, 0), null);
    assert.equal(occupancy.concurrency(0, 0), null);
  });

  it("say null for what cannot be: more wrap-up than handle time, more utilized than logged in", () => {
    assert.equal(times.wrapShare(10, 9), null);
    assert.equal(occupancy.utilizedShare(16, 15), null);
    assert.equal(occupancy.concurrency(9, 10), null);
    assert.equal(times.abandonRate(5, 10, 6), null);
  });

  it("name the reason why there is no service level", () => {
    const state = (answered: Maybe, abandoned: Maybe, answeredWithin: Maybe) =>
      serviceParts({ answered, abandoned, answeredWithin }).state;
    assert.equal(state(10, 2, 9), "known");
    assert.equal(state(0, 0, 0), "no contacts");
    assert.equal(state(10, null, 9), "unknown");
    assert.equal(state(10, 2, 11), "contradictory");
  });

  it("say what a feed with one threshold column does not count, exactly where it gives no service level", () => {
    for (const variant of serviceLevelVariants)
      for (const counted of ["answered", "answered_and_abandoned"] as const) {
        const known = serviceParts(countsWithin(10, 2, 9, counted), variant).state === "known";
        assert.equal(lackingFor(variant, counted) === null, known, `${variant}, ${counted}`);
      }
    assert.equal(lackingFor("exclude_short_abandons", "answered"), "short abandons");
  });

  it("keep every variant between the strictest and the kindest", () => {
    const count = fc.nat(200);
    fc.assert(
      fc.property(count, count, count, count, count, (a, b, c, d, e) => {
        const [abandoned, abandonedWithin] = [a + b + 1, a];
        const [answered, answeredWithin] = [c + d + 1, c];
        const abandonedShort = Math.min(e, a);
        const all = serviceLevels({ answered, abandoned, answeredWithin, abandonedWithin, abandonedShort });
        assert.ok(all.offered! <= all.credit_short_abandons!);
        assert.ok(all.credit_short_abandons! <= all.credit_abandons!);
        assert.ok(all.offered! <= all.exclude_abandons!);
        assert.ok(all.exclude_abandons! <= all.credit_abandons! + 1e-15);
        assert.ok(all.exclude_abandons! <= all.answered_only!);
        assert.ok(all.offered! <= all.exclude_short_abandons!);
        assert.ok(all.exclude_short_abandons! <= all.exclude_abandons!);
        assert.ok(all.exclude_short_abandons! <= all.credit_short_abandons! + 1e-15);
      }),
    );
  });

  it("keep the sum of a requirement gap's drivers equal to the gap, for any requirement", () => {
    const side = fc.record({
      contacts: fc.nat(100),
      ahtSeconds: fc.integer({ min: 1, max: 900 }),
      available: fc.nat(60),
    });
    const erlang = (contacts: number, ahtSeconds: number) =>
      requiredAgents({
        ...load(contacts, ahtSeconds, 900),
        targetSeconds: 60,
        serviceLevelTarget: 0.8,
      })!.agents;
    fc.assert(
      fc.property(side, side, (now, usual) => {
        for (const required of [(v: number, h: number) => (v * h) / 900, erlang]) {
          const { total, volume, aht, staff } = staffing.gapDrivers(now, usual, 900, required)!;
          const net = (s: typeof now) => s.available - required(s.contacts, s.ahtSeconds);
          assert.ok(Math.abs(total - (net(now) - net(usual))) < 1e-9);
          assert.ok(Math.abs(volume + aht + staff - total) < 1e-9);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("hold the Wilson interval around the share, wider for fewer trials", () => {
    fc.assert(
      fc.property(fc.nat(300), fc.integer({ min: 1, max: 300 }), (hits, n) => {
        const k = Math.min(hits, n);
        const { low, high } = wilson(k, n)!;
        assert.ok(low <= k / n && k / n <= high);
        const more = wilson(k * 10, n * 10)!;
        assert.ok(more.high - more.low < high - low);
      }),
    );
  });

  it("answer what requiredAgentsA asks with erlangA", () => {
    const demand = fc.record({
      contacts: fc.nat(300),
      ahtSeconds: fc.integer({ min: 30, max: 900 }),
      intervalSeconds: fc.constantFrom(900, 1800),
      targetSeconds: fc.constantFrom(0, 20, 60),
      serviceLevelTarget: fc.constantFrom(0.5, 0.8, 0.95),
      maxOccupancy: fc.constantFrom(0.7, 0.85, 1),
      meanPatienceSeconds: fc.constantFrom(30, 300, 3000),
    });
    fc.assert(
      fc.property(demand, (asked) => {
        const { agents } = requiredAgentsA(asked)!;
        const fits = (n: number) => {
          const { answeredWithinTargetOfOffered: served, occupancy: busy } = erlangA({ ...asked, agents: n });
          return served! >= asked.serviceLevelTarget - 1e-12 && busy !== null && busy <= asked.maxOccupancy + 1e-12;
        };
        if (asked.contacts === 0) assert.equal(agents, 0);
        else assert.ok(fits(agents) && (agents === 1 || !fits(agents - 1)), `${agents}`);
      }),
      { numRuns: 60 },
    );
  });
});

// Walks through objects and lists: every number is finite, nothing is undefined.
function sound(value: unknown, where: string): void {
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number") {
    assert.ok(Number.isFinite(value), `${where}: ${value}`);
    return;
  }
  assert.equal(typeof value, "object", `${where}: ${value}`);
  for (const [key, part] of Object.entries(value as object)) sound(part, `${where}.${key}`);
}
