import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { requiredAgents } from "../notebooks/components/metrics/erlang.ts";
import type { QueueLoad } from "../notebooks/components/pages/queue-load.ts";
import {
  chosenSentence,
  prefill,
  type StaffingInputs,
  staffingSentence,
  staffRange,
  whatIf,
} from "../notebooks/components/pages/staffing-model.ts";
import fc from "./fast-check.ts";

// 100 contacts in half an hour, 3 minutes each, 80 % in 20 seconds: the textbook's 14.
const textbook: StaffingInputs = {
  contacts: 100,
  minutes: 30,
  aht: 180,
  concurrency: 1,
  target: 0.8,
  seconds: 20,
  patience: null,
  shrinkage: 0.3,
  cap: 1,
  reps: null,
};

describe("the staffing what-if", () => {
  it("finds the textbook's number of agents", () => {
    const result = whatIf(textbook);
    assert.equal(result.c!.agents, 14);
    assert.equal(result.c!.scheduled, 20);
    assert.equal(result.a, null);
    assert.equal(Number(result.chosen!.c.serviceLevel!.toFixed(5)), 0.88835);
  });

  it("takes chats at once out of the handle time, not out of the answer", () => {
    const chat = whatIf({ ...textbook, aht: 450, concurrency: 2.5 });
    assert.equal(chat.effectiveAht, 180);
    assert.equal(chat.c!.agents, 14);
    const cut = requiredAgents({
      contacts: 100,
      ahtSeconds: 450,
      intervalSeconds: 1800,
      targetSeconds: 20,
      serviceLevelTarget: 0.8,
    });
    assert.ok(Math.ceil(cut!.agents / 2.5) < chat.c!.agents, "dividing the voice answer under-staffs");
  });

  it("asks for fewer where the impatient leave", () => {
    const result = whatIf({ ...textbook, patience: 60 });
    assert.ok(result.a!.agents <= result.c!.agents);
    assert.match(
      staffingSentence(result, "Sales").title,
      /^Sales: \d+ (to \d+ )?reps on the queue to answer 80% within 20 s$/,
    );
  });

  it("says that demand exceeds staff, and gives no wait", () => {
    const result = whatIf({ ...textbook, reps: 10, patience: 60 });
    assert.equal(result.overloaded, true);
    assert.equal(result.chosen!.c.asaSeconds, null);
    const words = chosenSentence(result);
    assert.match(words, /^Demand exceeds staff: 10\.0 reps' work for 10 reps\./);
    assert.match(words, /By Erlang A \d+% would abandon/);
    assert.equal(whatIf({ ...textbook, reps: 11 }).overloaded, false);
  });

  it("lets the occupancy cap bind", () => {
    const result = whatIf({ ...textbook, cap: 0.7 });
    assert.deepEqual([result.c!.agents, result.c!.binds], [15, "occupancy"]);
    assert.equal(result.workOnly!.agents, 15);
  });

  it("names what is missing instead of computing", () => {
    const result = whatIf({ ...textbook, aht: null, target: 1 });
    assert.deepEqual(result.problems, ["a handle time", "a target above 0 and under 100%"]);
    assert.deepEqual(result.points, []);
    assert.match(staffingSentence(result, "Q").lead, /^Give a handle time, a target/);
  });

  it("needs nobody for nothing", () => {
    const result = whatIf({ ...textbook, contacts: 0 });
    assert.equal(result.c!.agents, 0);
    assert.equal(result.chosen, null);
    assert.match(staffingSentence(result, "Q").title, /no contacts need no reps/);
  });

  it("draws at most 61 steps that hold the need and the reps given", () => {
    assert.deepEqual(staffRange(0, 0, null), []);
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 5000, noNaN: true }), fc.integer({ min: 1, max: 5000 }), (work, reps) => {
        const most = Math.ceil(work) + 1;
        const range = staffRange(work, most, reps);
        assert.ok(range.length >= 6 && range.length <= 62);
        assert.ok(range[0]! >= 1 && range[0]! <= Math.max(1, Math.min(work, reps)));
        const step = range[1]! - range[0]!;
        assert.ok(range.at(-1)! >= Math.max(most, reps) - step);
      }),
    );
  });

  it("never gives NaN", () => {
    const share = fc.option(fc.double({ min: 0, max: 1.2, noNaN: true }));
    const amount = fc.option(fc.double({ min: 0, max: 2000, noNaN: true }));
    fc.assert(
      fc.property(
        amount,
        amount,
        amount,
        share,
        amount,
        amount,
        share,
        share,
        (contacts, aht, concurrency, target, seconds, patience, shrinkage, cap) => {
          const result = whatIf({
            contacts,
            minutes: 30,
            aht,
            concurrency,
            target,
            seconds,
            patience,
            shrinkage,
            cap,
            reps: 7,
          });
          const text = JSON.stringify([staffingSentence(result, "Q"), chosenSentence(result)]);
          assert.doesNotMatch(text, /NaN|undefined|Infinity/);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("what the form is filled with", () => {
  const all: QueueLoad = {
    queue: "All queues",
    kind: "all",
    part: 0,
    days: 28,
    contacts: 4000,
    abandoned: 200,
    busiest: 60,
    busiest_slot: "11:30",
    handled: 3800,
    handle_mean: 450.4,
    concurrency: 1.456,
    patience: 250.6,
    excluded: [],
  };
  const small: QueueLoad = {
    ...all,
    queue: "Small",
    part: 3,
    busiest: 1.234,
    handle_mean: null,
    patience: null,
  };
  const site = { target: 0.8, seconds: 60, min_contacts: 10, min_reps: 5 };

  it("are the queue's own figures, for the length of the interval", () => {
    const form = prefill(all, all, site, 15);
    assert.equal(form.contacts.value, 30);
    assert.equal(form.aht.value, 450);
    assert.equal(form.concurrency.value, 1.46);
    assert.equal(form.patience.value, 251);
    assert.equal(form.target.value, 0.8);
  });

  it("come from all queues where the queue's own are held back, and say so", () => {
    const form = prefill(small, all, site, 30);
    assert.equal(form.contacts.value, 1.2);
    assert.equal(form.aht.value, 450);
    assert.match(form.aht.source, /^all queues: fewer than 5 reps/);
    assert.match(form.patience.source, /^all queues: fewer than 10 abandons/);
  });

  it("are empty without history, but for what is assumed", () => {
    const form = prefill(undefined, undefined, site, 30);
    assert.deepEqual([form.contacts.value, form.aht.value, form.patience.value], [null, null, null]);
    assert.match(form.shrinkage.source, /^assumed/);
    assert.match(form.cap.source, /^assumed/);
  });
});
