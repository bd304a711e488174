// What an alert tells, whatever it sees, however often its watcher is killed, and whatever its receivers do.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CliError } from "../src/base/errors.ts";
import type { Alert } from "../src/config/alerts-option.ts";
import { parseConfig } from "../src/config/config.ts";
import { WebhookError } from "../src/http/webhook.ts";
import { afterCheck } from "../src/notify/check.ts";
import { deliver } from "../src/notify/deliver.ts";
import type { AlertMessage } from "../src/notify/message.ts";
import { type AlertState, noAlertState } from "../src/warehouse/alerts/alert-state.ts";
import type { Observation, Verdict } from "../src/warehouse/alerts/evaluate.ts";
import { step } from "../src/warehouse/alerts/step.ts";
import fc from "./fast-check.ts";

const minute = 60_000;
const start = Date.parse("2026-11-24T09:00:00Z");
const config = parseConfig(
  `alerts:
  - name: Level
    metric: service_level
    condition: under target
    remind: 30m
    tell: [{ json: ONE }, { program: [two] }]
`,
  "kit.yaml",
  "/tmp",
);
const [alert] = config.alerts as [Alert];
const observation = (verdict: Verdict): Observation => ({ verdict, reason: null, through: start, figures: null });
const check = (state: AlertState, verdict: Verdict, now: number) =>
  afterCheck(state, [{ watched: { alert, subject: "All queues" }, observation: observation(verdict) }], config.alerts, {
    now,
    config,
  }).state;
const copy = (state: AlertState) => JSON.parse(JSON.stringify(state)) as AlertState;

describe("the state of an alert", () => {
  const firing = { id: "a", since: start, toldAt: start, reminders: 0 };
  const rows: [
    before: "quiet" | "firing",
    verdict: Verdict,
    afterMinutes: number,
    after: "quiet" | "firing",
    told: string | null,
  ][] = [
    ["quiet", "holds", 0, "firing", "fired"],
    ["quiet", "not", 0, "quiet", null],
    ["quiet", "unknown", 0, "quiet", null],
    ["quiet", "closed", 0, "quiet", null],
    ["firing", "holds", 29, "firing", null],
    ["firing", "holds", 30, "firing", "reminder"],
    ["firing", "holds", -500, "firing", null],
    ["firing", "not", 1, "quiet", "over"],
    ["firing", "closed", 1, "quiet", "over"],
    ["firing", "unknown", 999, "firing", null],
  ];
  for (const [before, verdict, after, expected, told] of rows)
    it(`is ${expected} after ${before} and ${verdict}, ${after} min later: ${told ?? "nothing"} is told`, () => {
      const options = { now: start + after * minute, remindMinutes: 30, key: "k" };
      const next = step(before === "quiet" ? null : firing, verdict, options);
      assert.equal(next.after === null ? "quiet" : "firing", expected);
      assert.equal(next.told, told);
    });

  it("reminds N minutes after a clock that was set back was read first, not at once and not a day late", () => {
    const back = step(firing, "holds", { now: start - 1440 * minute, remindMinutes: 30, key: "k" });
    assert.equal(back.told, null);
    const later = step(back.after, "holds", { now: start - 1410 * minute, remindMinutes: 30, key: "k" });
    assert.equal(later.told, "reminder");
  });
});

const event = fc.record({
  verdict: fc.constantFrom<Verdict>("holds", "not", "unknown", "closed"),
  pass: fc.integer({ min: 1, max: 50 }), // minutes
  fails: fc.boolean(), // the receivers do
  kill: fc.option(fc.integer({ min: 0, max: 5 }), { nil: null }), // after so many writes to disk
});

describe("what receivers are told", () => {
  it("is each firing and each end, once by its id, in order, reminders never closer than asked, through any kills", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 25 }), async (events) => {
        let disk = noAlertState();
        let now = start;
        const got = new Map<string, AlertMessage[]>();
        const expected: string[] = [];
        let on = false;
        for (const { verdict, pass, fails, kill } of [...events, ...calm]) {
          now += pass * minute;
          let writes = 0;
          const save = (state: AlertState) => {
            if (kill !== null && writes++ >= kill) throw new Killed();
            disk = copy(state);
          };
          const state = check(copy(disk), verdict, now);
          try {
            save(state);
            if (verdict === "holds" && !on) expected.push("fired");
            if ((verdict === "not" || verdict === "closed") && on) expected.push("over");
            on = disk.seen[0]?.firing != null;
            const send = async (channel: object, message: AlertMessage) => {
              if (fails) throw new CliError("postFailed", "no");
              const key = JSON.stringify(channel);
              got.set(key, [...(got.get(key) ?? []), message]);
            };
            await deliver(state, send, save, { now: () => now });
          } catch (error) {
            if (!(error instanceof Killed)) throw error;
          }
        }
        assert.deepEqual(disk.pending, []);
        for (const told of got.values()) {
          const ids = told.map(({ id }) => id);
          const unique = told.filter(({ id }, i) => ids.indexOf(id) === i);
          const kinds = unique.map(({ kind }) => kind).filter((kind) => kind !== "reminder");
          assert.deepEqual(kinds, expected);
          for (const [i, { kind, at, firing }] of unique.entries()) {
            const before = unique[i - 1];
            if (kind === "fired") continue;
            assert.equal(before?.firing, firing);
            if (kind === "reminder") assert.ok(Date.parse(at) - Date.parse(before!.at) >= 30 * minute);
          }
        }
        assert.ok(got.size === (expected.length === 0 ? 0 : 2));
      }),
      { numRuns: 300 },
    );
  });

  // at the end the receivers answer again, long enough for every pause between attempts
  const calm = Array.from({ length: 6 }, () => ({ verdict: "not" as const, pass: 70, fails: false, kill: null }));
  class Killed extends Error {}

  it("waits as long as a receiver asks, keeps others informed, and gives a message up after a week", async () => {
    const state = check(noAlertState(), "holds", start);
    const tries: string[] = [];
    const send = async (channel: { kind: string }) => {
      tries.push(channel.kind);
      if (channel.kind === "json") throw new WebhookError("busy", "wait", 10 * minute);
    };
    const at = (minutes: number) => deliver(state, send, () => {}, { now: () => start + minutes * minute });
    const first = await at(0);
    assert.deepEqual([tries, first.told, state.pending.length], [["json", "program"], 1, 1]);
    assert.match(first.problems[0]!.message, /^json ONE has not taken 1 alert message: busy$/);
    assert.match((await at(9)).problems[0]!.message, /busy/);
    assert.equal(tries.length, 2);
    await at(10);
    assert.equal(tries.length, 3);
    const last = await at(7 * 24 * 60 + 1);
    assert.match(last.problems[0]!.message, /took no message for a week/);
    assert.deepEqual(state.pending, []);
  });

  it("is that an alert is over once kit.yaml no longer has it, to those who were told that it fired", () => {
    const fired = check(noAlertState(), "holds", start);
    const { state } = afterCheck({ ...fired, pending: [] }, [], [], { now: start + minute, config });
    assert.deepEqual(
      state.pending.map(({ kind, channel }) => [kind, channel.kind]),
      [
        ["over", "json"],
        ["over", "program"],
      ],
    );
    const message = state.pending[0]!.message as AlertMessage;
    assert.equal(
      message.text,
      "Level, All queues: over after 1 min, as kit.yaml no longer has it. As of data through 09:00 (UTC).",
    );
    assert.deepEqual(state.seen, []);
  });
});
