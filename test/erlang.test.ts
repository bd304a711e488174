import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { erlangB, erlangC, requiredAgents } from "../notebooks/components/metrics/erlang.ts";
import { erlangA } from "../notebooks/components/metrics/erlang-a.ts";
import fc from "./fast-check.ts";

const queue = fc.record({
  contacts: fc.integer({ min: 1, max: 400 }),
  intervalSeconds: fc.constantFrom(900, 1800, 3600),
  ahtSeconds: fc.integer({ min: 20, max: 900 }),
  agents: fc.integer({ min: 1, max: 60 }),
  targetSeconds: fc.constantFrom(0, 5, 20, 60, 300),
});

describe("erlang", () => {
  it("B equals the quotient of sums it stands for", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 200, noNaN: true }), fc.nat(250), (load, agents) => {
        const terms = Array.from({ length: agents + 1 }, (_, k) => k * Math.log(load) - logFactorial(k));
        const most = Math.max(...terms);
        const sum = terms.reduce((total, term) => total + Math.exp(term - most), 0);
        close(erlangB(load, agents)!, Math.exp(terms[agents]! - most) / sum, 1e-11);
      }),
    );
  });

  it("C equals the chain of states it stands for", () => {
    fc.assert(
      fc.property(queue, (input) => {
        const found = erlangC(input);
        const load = (input.contacts * input.ahtSeconds) / input.intervalSeconds;
        if (load >= input.agents) return assert.equal(found.state, "overloaded");
        const rho = load / input.agents;
        // P(k), k < n, and the geometric tail from n on
        const below = Array.from({ length: input.agents }, (_, k) => Math.exp(k * Math.log(load) - logFactorial(k)));
        const tail = Math.exp(input.agents * Math.log(load) - logFactorial(input.agents)) / (1 - rho);
        const pWait = tail / (tail + below.reduce((a, b) => a + b, 0));
        close(found.pWait!, pWait, 1e-9);
        const queued = (pWait * rho) / (1 - rho); // mean number waiting; Little's law gives the wait
        close(found.asaSeconds! / ((queued * input.intervalSeconds) / input.contacts), 1, 1e-9);
      }),
    );
  });

  it("A equals its chain solved by sums and uniformisation", () => {
    const small = fc.record({
      contacts: fc.integer({ min: 1, max: 200 }),
      intervalSeconds: fc.constantFrom(900, 1800),
      ahtSeconds: fc.integer({ min: 30, max: 600 }),
      agents: fc.integer({ min: 1, max: 40 }),
      targetSeconds: fc.constantFrom(0, 5, 20, 60),
      meanPatienceSeconds: fc.constantFrom(10, 60, 300, 900),
    });
    fc.assert(
      fc.property(small, (input) => {
        const found = erlangA(input);
        const chain = impatientChain(input);
        close(found.pWait!, chain.pWait, 1e-10);
        close(found.pAbandon!, chain.pAbandon, 1e-10);
        close(found.occupancy!, chain.occupancy, 1e-10);
        close(found.meanWaitAllSeconds! / input.meanPatienceSeconds, chain.pAbandon, 1e-10);
        close(found.answeredWithinTargetOfOffered!, chain.answered, 1e-10);
        close(found.abandonedWithinTarget!, chain.left, 1e-10);
      }),
      { numRuns: 60 },
    );
  });

  it("A tends to C with endless patience, and to B with none", () => {
    fc.assert(
      fc.property(queue, (input) => {
        const c = erlangC(input);
        const load = (input.contacts * input.ahtSeconds) / input.intervalSeconds;
        const b = erlangB(load, input.agents)!;
        const hasty = erlangA({ ...input, meanPatienceSeconds: 1e-9 });
        close(hasty.pAbandon!, b, 1e-6);
        if (c.state !== "stable" || input.agents / load < 1.05) return;
        const patient = erlangA({ ...input, meanPatienceSeconds: 1e9 });
        close(patient.pWait!, c.pWait!, 1e-4);
        close(patient.answeredWithinTargetOfOffered!, c.serviceLevel!, 1e-4);
      }),
    );
  });

  it("A adds up: whoever is offered is answered, has left, or still waits", () => {
    fc.assert(
      fc.property(queue, fc.constantFrom(1, 30, 300, 36000, 1e6), (input, meanPatienceSeconds) => {
        const at = (targetSeconds: number) => erlangA({ ...input, targetSeconds, meanPatienceSeconds });
        const found = at(input.targetSeconds);
        assert.ok(found.answeredWithinTargetOfOffered! + found.abandonedWithinTarget! <= 1 + 1e-12);
        close(at(0).answeredWithinTargetOfOffered!, 1 - found.pWait!, 1e-12);
        close(at(0).abandonedWithinTarget!, 0, 1e-12);
        const end = at(1e9);
        close(end.answeredWithinTargetOfOffered!, 1 - found.pAbandon!, 1e-10);
        close(end.abandonedWithinTarget!, found.pAbandon!, 1e-10);
      }),
    );
  });

  it("more agents never make it worse", () => {
    fc.assert(
      fc.property(queue, fc.constantFrom(30, 300, 3000), (input, meanPatienceSeconds) => {
        const more = { ...input, agents: input.agents + 1 };
        assert.ok(erlangC(more).serviceLevel! >= erlangC(input).serviceLevel!);
        const [a, b] = [erlangA({ ...input, meanPatienceSeconds }), erlangA({ ...more, meanPatienceSeconds })];
        assert.ok(b.answeredWithinTargetOfOffered! >= a.answeredWithinTargetOfOffered! - 1e-12);
        assert.ok(b.pAbandon! <= a.pAbandon! + 1e-12);
      }),
    );
  });

  it("requires the smallest number that reaches the target under the cap", () => {
    const demand = fc.record({
      contacts: fc.nat(600),
      intervalSeconds: fc.constantFrom(900, 3600),
      ahtSeconds: fc.integer({ min: 20, max: 900 }),
      targetSeconds: fc.constantFrom(0, 20, 60),
      serviceLevelTarget: fc.constantFrom(0, 0.5, 0.8, 0.999),
      maxOccupancy: fc.constantFrom(0.5, 0.85, 1),
      shrinkage: fc.constantFrom(0, 0.3),
    });
    fc.assert(
      fc.property(demand, (asked) => {
        const found = requiredAgents(asked)!;
        const fits = (agents: number) => {
          const { state, serviceLevel, occupancy } = erlangC({ ...asked, agents });
          const served = state === "stable" && serviceLevel! >= asked.serviceLevelTarget - 1e-12;
          return served && occupancy! <= asked.maxOccupancy + 1e-9;
        };
        if (asked.contacts === 0) return assert.equal(found.agents, 0);
        assert.ok(fits(found.agents));
        assert.ok(!fits(found.agents - 1));
        assert.equal(found.scheduled, Math.ceil(Number((found.agents / (1 - asked.shrinkage)).toFixed(9))));
      }),
    );
  });

  it("stays exact and quick at the sizes it allows, and refuses larger ones", () => {
    const large = { contacts: 80_000, intervalSeconds: 900, ahtSeconds: 900, targetSeconds: 20 };
    assert.equal(erlangC({ ...large, agents: 80_000 }).state, "overloaded");
    assert.ok(erlangC({ ...large, agents: 80_300 }).pWait! > 0);
    assert.equal(erlangC({ ...large, contacts: 1e9, agents: 10 }).state, "invalid");
    assert.equal(erlangC({ ...large, agents: 1e9 }).state, "invalid");
    const impatient = erlangA({ ...large, agents: 80_000, meanPatienceSeconds: 300 });
    assert.ok(impatient.pAbandon! > 0 && impatient.pAbandon! < 0.01);
  });
});

function close(found: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(found - expected) <= tolerance, `${found} instead of ${expected}`);
}

function logFactorial(n: number): number {
  let sum = 0;
  for (let k = 2; k <= n; k++) sum += Math.log(k);
  return sum;
}

interface Impatient {
  contacts: number;
  intervalSeconds: number;
  ahtSeconds: number;
  agents: number;
  targetSeconds: number;
  meanPatienceSeconds: number;
}

// The stationary chain by sums; a tagged arrival behind j others then moves up, leaves or is served, followed to the
// target by uniformisation.
function impatientChain(input: Impatient) {
  const { agents } = input;
  const arrive = input.contacts / input.intervalSeconds;
  const serve = agents / input.ahtSeconds;
  const leave = 1 / input.meanPatienceSeconds;
  const places = Math.ceil(Math.max(0, (arrive - serve) / leave) + 14 * Math.sqrt(arrive / leave + 1)) + 60;
  const logs = [0];
  for (let k = 1; k <= agents + places; k++) {
    const rate = Math.min(k, agents) / input.ahtSeconds + Math.max(0, k - agents) * leave;
    logs.push(logs[k - 1]! + Math.log(arrive / rate));
  }
  const most = Math.max(...logs);
  const weights = logs.map((log) => Math.exp(log - most));
  const total = weights.reduce((a, b) => a + b, 0);
  const states = weights.map((weight) => weight / total);
  const queued = states.reduce((sum, p, k) => sum + p * Math.max(0, k - agents), 0);
  const pAbandon = (leave * queued) / arrive;

  const fastest = serve + (places + 1) * leave;
  const jumps = fastest * input.targetSeconds;
  let waiting = states.slice(agents);
  const pWait = waiting.reduce((a, b) => a + b, 0);
  let [served, left, answered, gone, covered] = [0, 0, 0, 0, 0];
  let log = -jumps;
  for (let jump = 0; covered < 1 - 1e-13 && jump < jumps + 40 * Math.sqrt(jumps) + 100; jump++) {
    const chance = Math.exp(log);
    answered += chance * served;
    gone += chance * left;
    covered += chance;
    const next = waiting.map((p, j) => p * (1 - (serve + (j + 1) * leave) / fastest));
    for (let j = 0; j < waiting.length; j++) {
      left += (waiting[j]! * leave) / fastest;
      const forward = (waiting[j]! * (serve + j * leave)) / fastest;
      if (j === 0) served += forward;
      else next[j - 1]! += forward;
    }
    waiting = next;
    log += Math.log(jumps) - Math.log(jump + 1);
  }
  return {
    pWait,
    pAbandon,
    occupancy: (arrive * (1 - pAbandon)) / serve,
    answered: 1 - pWait + answered,
    left: gone,
  };
}
