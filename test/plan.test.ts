import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PartitionId } from "../src/export/partition.ts";
import { fingerprint, type RemotePartition } from "../src/export/remote-partition.ts";
import { type LocalPartition, type PlanOptions, planSync } from "../src/sync/plan.ts";
import { dayBefore, feedWindow, fullReason, inWindow, openDays } from "../src/sync/window.ts";
import fc from "./fast-check.ts";

const now = new Date("2026-11-22T12:00:00Z");
const id: PartitionId = { feed: "reps", version: "1", format: "jsonl", dt: "2026-11-22", hr: "10", mi: null };
const all = { since: null, open: null, extra: [] };
const options: PlanOptions = { window: all, now, cadenceMinutes: 60, graceMinutes: 60, decrypts: false };

function remote({ marker = true, etag = "e1", name = "reps.jsonl.gz", empty = false } = {}): RemotePartition {
  const object = (file: string, size: number) => ({
    key: `x/${file}`,
    size,
    etag,
    modified: "2026-11-22T10:30:00.000Z",
  });
  return { id, marker: marker ? object("_SUCCESS", 0) : null, objects: empty ? [] : [object(name, 10)] };
}

function local(of: RemotePartition, more: Partial<LocalPartition> = {}): LocalPartition {
  const { id, objects } = of;
  return {
    id,
    state: "complete",
    fingerprint: fingerprint(of),
    objects: objects.length,
    bytes: 10,
    lines: 1,
    intact: true,
    ...more,
  };
}

const sealed = remote({ name: "reps.jsonl.gz.enc" });
const stray = { ...remote({ empty: true }), stray: "other.jsonl.gz" };
const old = remote({ etag: "e0" });

describe("plan", () => {
  // The rows of the table above planSync.
  const rows: [string, RemotePartition | null, LocalPartition | null, Partial<PlanOptions>, string, string, RegExp][] =
    [
      ["no marker, not here", remote({ marker: false }), null, {}, "wait", "waiting", /no _SUCCESS yet/],
      [
        "no marker, past cadence + grace",
        remote({ marker: false }),
        null,
        { now: new Date("2026-11-22T12:01:00Z") },
        "wait",
        "overdue",
        /expected by 2026-11-22 12:00/,
      ],
      ["the marker went", remote({ marker: false }), local(remote()), {}, "keep", "complete", /marker is gone/],
      ["complete, not here", remote(), null, {}, "add", "complete", /not local/],
      ["complete without files, not here", remote({ empty: true }), null, {}, "add", "empty", /not local/],
      ["complete, here", remote(), local(remote()), {}, "keep", "complete", /here already/],
      [
        "complete, here, replaced before",
        remote(),
        local(remote(), { state: "replaced" }),
        {},
        "keep",
        "replaced",
        /here already/,
      ],
      [
        "complete, here, files damaged",
        remote(),
        local(remote(), { intact: false }),
        {},
        "add",
        "complete",
        /missing or cut short/,
      ],
      ["exported again", remote(), local(old), {}, "replace", "replaced", /exported again/],
      ["gone from the bucket", null, local(remote()), {}, "keep", "expired", /kept here/],
      ["gone and back", remote(), local(remote(), { state: "expired" }), {}, "keep", "complete", /back/],
      [
        "gone and back, without rows",
        remote(),
        local(remote(), { state: "expired", lines: 0 }),
        {},
        "keep",
        "empty",
        /back/,
      ],
      ["no data file, but a stray", stray, null, {}, "wait", "failed", /not named like a data file of reps/],
      ["exported again as a stray", stray, local(remote()), {}, "wait", "failed", /not named like/],
      ["encrypted, not here", sealed, null, {}, "add", "encrypted", /no decrypt command/],
      ["encrypted, noted", sealed, local(sealed, { state: "encrypted" }), {}, "keep", "encrypted", /no decrypt/],
      [
        "encrypted, noted, exported again",
        sealed,
        local(old, { state: "encrypted" }),
        {},
        "add",
        "encrypted",
        /no decrypt/,
      ],
      ["here, exported again encrypted", sealed, local(old), {}, "keep", "complete", /kept as it was/],
      [
        "encrypted, noted, then gone",
        null,
        local(sealed, { state: "encrypted" }),
        {},
        "remove",
        "encrypted",
        /never fetched/,
      ],
      ["encrypted, decrypt command, not here", sealed, null, { decrypts: true }, "add", "complete", /not local/],
      [
        "encrypted, noted, decrypt command",
        sealed,
        local(sealed, { state: "encrypted" }),
        { decrypts: true },
        "add",
        "complete",
        /can be decrypted/,
      ],
      [
        "encrypted, noted, marker went",
        remote({ marker: false }),
        local(sealed, { state: "encrypted" }),
        {},
        "wait",
        "waiting",
        /no _SUCCESS/,
      ],
    ];
  for (const [name, there, here, more, action, state, reason] of rows) {
    it(`${name}: ${action}, ${state}`, () => {
      const plan = planSync(there ? [there] : [], here ? [here] : [], { ...options, ...more });
      assert.equal(plan.entries.length, 1);
      const [entry] = plan.entries;
      assert.deepEqual([entry!.action, entry!.state], [action, state]);
      assert.match(entry!.reason, reason);
      const quiet = action === "wait" || (action === "keep" && here?.state === state);
      assert.equal(entry!.changed, !quiet);
    });
  }

  it("ignores and counts what lies outside the window", () => {
    const window = feedWindow({ since: "2026-11-23", cadenceMinutes: 60, now, full: true });
    assert.deepEqual(planSync([remote()], [], { ...options, window }), { entries: [], ignored: 1 });
    assert.deepEqual(planSync([], [local(remote())], { ...options, window }), { entries: [], ignored: 1 });
  });

  it("calls a daily partition overdue after its day, whatever the cadence", () => {
    const day = { ...remote({ marker: false }), id: { ...id, dt: "2026-11-21", hr: null } };
    for (const cadenceMinutes of [60, 1440, null]) {
      const late = (time: string) =>
        planSync([day], [], { ...options, cadenceMinutes, now: new Date(time) }).entries[0]!.state;
      assert.equal(late("2026-11-22T00:59:00Z"), "waiting");
      assert.equal(late("2026-11-22T01:01:00Z"), "overdue");
    }
  });

  it("plans nothing anew once its own plan was carried out", () => {
    const states = fc.record({ marker: fc.boolean(), etag: fc.constantFrom("a", "b"), empty: fc.boolean() });
    fc.assert(
      fc.property(states, fc.option(states), (first, before) => {
        const there = remote(first);
        const here = before ? [local(remote({ ...before, marker: true }))] : [];
        const [entry] = planSync([there], here, options).entries;
        if (entry!.action !== "add" && entry!.action !== "replace") return;
        const then = planSync([there], [local(there, { state: entry!.state as LocalPartition["state"] })], options);
        assert.deepEqual(
          then.entries.map(({ action, changed }) => [action, changed]),
          [["keep", false]],
        );
      }),
    );
  });
});

describe("window", () => {
  it("opens as many days as the cadence may still change", () => {
    assert.deepEqual([20, 60, 61, 1440, 10_080, null].map(openDays), [2, 2, 4, 4, 7, 7]);
  });

  it("lists the open days and older ones with something unfinished", () => {
    const window = feedWindow({
      cadenceMinutes: 60,
      now,
      full: false,
      unfinished: ["2026-11-03", "2026-11-21"],
    });
    assert.deepEqual(window, { since: null, open: "2026-11-20", extra: ["2026-11-03"] });
    const days = ["2026-11-02", "2026-11-03", "2026-11-19", "2026-11-20", "2026-11-23"];
    assert.deepEqual(
      days.map((dt) => inWindow(window, dt)),
      [false, true, false, true, true],
    );
  });

  it("lists every day from since or lookback on when full", () => {
    assert.deepEqual(feedWindow({ since: "2026-01-01", cadenceMinutes: 60, now, full: true }), {
      since: "2026-01-01",
      open: null,
      extra: [],
    });
    assert.equal(feedWindow({ lookbackDays: 3, cadenceMinutes: 60, now, full: true }).since, "2026-11-19");
    assert.equal(feedWindow({ lookbackDays: 1, cadenceMinutes: 60, now, full: false }).open, "2026-11-21");
    assert.equal(dayBefore(new Date("2026-03-01T00:00:00Z"), 1), "2026-02-28");
  });

  it("lists everything on the first sync, once a day, from another source, and when asked", () => {
    const last = { source: "s", lastFull: "2026-11-22T00:00:00Z" } as Parameters<typeof fullReason>[1];
    assert.equal(fullReason(false, last, "s", now), null);
    assert.equal(fullReason(true, last, "s", now), "asked for");
    assert.equal(fullReason(false, null, "s", now), "first sync");
    assert.equal(fullReason(false, last, "t", now), "another source than last time");
    assert.equal(fullReason(false, last, "s", new Date("2026-11-23T00:00:00Z")), "once a day");
    assert.equal(fullReason(false, last, "s", new Date("2026-11-21T00:00:00Z")), "once a day", "the clock went back");
  });
});
