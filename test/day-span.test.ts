import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Interval } from "../notebooks/components/metrics/interval.ts";
import type { IntervalState } from "../notebooks/components/metrics/interval-state.ts";
import type { WaitingInterval } from "../notebooks/components/metrics/queues/waiting.ts";
import { daySpan, hiddenText, isNeeded, isWaitingNeeded } from "../notebooks/components/pages/day-span.ts";
import { rows as files } from "./chart-rows.ts";
import fc from "./fast-check.ts";
import { runPage } from "./page-cells.ts";

const states: IntervalState[] = ["data", "incomplete", "zero", "partial", "missing", "closed", "skipped", "pending"];
const figures = ["usual", "usualHigh", "lastWeek", "forecast", "scheduled", "reps"] as const;

function row(state: IntervalState, known: Partial<Interval> = {}, label = "12:00"): Interval {
  const empty = Object.fromEntries(figures.map((name) => [name, null]));
  return { state, label, minutes: 15, former: { available: null }, ...empty, ...known } as unknown as Interval;
}

describe("the part of a day that charts draw", () => {
  it("needs intervals by this table", () => {
    const table: [IntervalState, Partial<Interval>, boolean | null, boolean][] = [
      ...(["data", "incomplete", "zero", "partial", "missing"] as const).map(
        (state) => [state, {}, false, true] as [IntervalState, Partial<Interval>, boolean, boolean],
      ),
      ...(["closed", "skipped", "pending"] as const).flatMap((state) =>
        figures.map(
          (name) => [state, { [name]: 1 }, false, true] as [IntervalState, Partial<Interval>, boolean, boolean],
        ),
      ),
      ["pending", { former: { available: 2 } as Interval["former"] }, false, true],
      ["closed", { usual: 0, lastWeek: 0 }, null, false],
      ["skipped", {}, null, false],
      ["pending", { usual: 0 }, true, true],
      ["pending", {}, false, false],
      ["pending", {}, null, true],
      ["pending", { usual: 0 }, null, false],
    ];
    for (const [state, known, open, needed] of table)
      assert.equal(isNeeded(row(state, known), open), needed, `${state} ${JSON.stringify(known)} ${open}`);
  });

  it("needs intervals of Waiting by the same table, by who moved or waited and by reps", () => {
    const moves = ["waiting", "entered", "direct", "gone", "answered", "abandoned"] as const;
    const none = Object.fromEntries(moves.map((name) => [name, null]));
    const waiting = (state: IntervalState, known: object = {}) =>
      ({ ...row(state), ...none, ...known }) as unknown as WaitingInterval;
    for (const state of states.slice(0, 5)) assert.ok(isWaitingNeeded(waiting(state), null, false), state);
    for (const state of states.slice(5)) {
      for (const name of moves) assert.ok(isWaitingNeeded(waiting(state, { [name]: 1 }), null, false), name);
      assert.ok(isWaitingNeeded(waiting(state), 1, false), "reps");
      for (const open of [true, false, null])
        assert.equal(isWaitingNeeded(waiting(state, { waiting: 0 }), 0, open), state === "pending" && open !== false);
    }
  });

  const closedOrOpen = (of: Interval) => isNeeded(of, null);
  const day = (of: (slot: number) => Interval, minutes = 15) =>
    Array.from({ length: 1440 / minutes }, (_, slot) => {
      const [hour, minute] = [Math.floor((slot * minutes) / 60), (slot * minutes) % 60];
      return { ...of(slot), label: `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}` };
    });

  it("reaches to the full hours before and after, and says what is hidden", () => {
    const rows = day((slot) => row(slot >= 33 && slot < 80 ? "data" : "closed"));
    const span = daySpan(rows, closedOrOpen);
    assert.deepEqual(span, { from: 32, to: 84 });
    assert.equal(hiddenText(rows, span), "Closed hours hidden: before 08:00 and from 21:00.");
  });

  it("is the whole day of a queue that is open overnight, and of a day without anything", () => {
    const night = day((slot) => row(slot < 24 || slot >= 88 ? "data" : "closed"));
    assert.deepEqual(daySpan(night, closedOrOpen), { from: 0, to: 96 });
    const nothing = day(() => row("closed"));
    assert.deepEqual(daySpan(nothing, closedOrOpen), { from: 0, to: 96 });
    assert.equal(hiddenText(nothing, { from: 0, to: 96 }), "");
  });

  it("never leaves out an interval that is needed", () => {
    const interval = fc.record({
      state: fc.constantFrom(...states),
      usual: fc.option(fc.nat(3)),
      forecast: fc.option(fc.nat(1)),
      open: fc.option(fc.boolean()),
    });
    const length = fc.constantFrom(15, 30, 60);
    fc.assert(
      fc.property(fc.array(interval, { minLength: 96, maxLength: 96 }), length, (drawn, minutes) => {
        const rows = day((slot) => row(drawn[slot]!.state, drawn[slot]!), minutes);
        const open = (of: Interval) => drawn[rows.indexOf(of)]!.open;
        const { from, to } = daySpan(rows, (of) => isNeeded(of, open(of)));
        rows.forEach((of, slot) => {
          if (isNeeded(of, open(of))) assert.ok(slot >= from && slot < to, `${slot}`);
        });
        for (const edge of [from, to]) assert.match(rows[edge]?.label ?? "24:00", /:00$/);
      }),
    );
  });
});

describe("closed night", () => {
  const drawn = async (page: string, search: string) => {
    const { displayed } = await runPage(page, { files, search });
    const all = displayed.map((node) => node as Element).filter(({ querySelectorAll }) => querySelectorAll);
    const count = (selector: string) => all.reduce((sum, node) => sum + node.querySelectorAll(selector).length, 0);
    const words = all.map(({ textContent }) => textContent).join(" ");
    return { hidden: words.match(/Closed hours hidden: [^.]*\./g) ?? [], count, all };
  };

  for (const [page, figures] of [
    ["queues", 1],
    ["waiting", 4],
  ] as const)
    it(`is left out of ${page}, which says so, until its address or filter asks for the whole day`, async () => {
      const open = await drawn(page, "");
      assert.deepEqual(open.hidden, Array(figures).fill("Closed hours hidden: before 07:00 and from 21:00."));
      assert.equal(open.count("[name=hours]"), 2);
      const whole = await drawn(page, "?hours=all");
      assert.deepEqual(whole.hidden, []);
      const times = ({ all }: typeof open) =>
        all.flatMap((node) => [...node.querySelectorAll("svg text")].map(({ textContent }) => textContent));
      assert.ok(times(whole).includes("06:00"));
      assert.ok(!times(open).includes("06:00"));
      assert.ok(times(open).includes("12:00"));
    });
});
