// Which partitions a receipt rests on is found again from sums of their hashes.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Receipt } from "../notebooks/components/receipt/receipt.ts";
import { formerState } from "../src/receipts/former-state.ts";
import { chosenBy, type Held, type HeldHere, nameOf, sumOf, weightOf } from "../src/receipts/partitions.ts";
import type { ReplacedRun } from "../src/warehouse/snapshot/snapshot.ts";
import fc from "./fast-check.ts";

const known = "2026-09-10T11:59:00Z";
const feeds = ["queue_wfm", "queue_membership_wfm", "issue_queues"];
const hours = ["00", "04", "08", "12", "16", "20"];
const grid = feeds.flatMap((feed) =>
  ["2026-09-07", "2026-09-08", "2026-09-09", "2026-09-10"].flatMap((dt) =>
    hours.map((hr) => held(feed, `${dt} ${hr}`)),
  ),
);
const [older, later] = [
  grid.filter(({ run }) => run < "2026-09-10 12"),
  grid.filter(({ run }) => run >= "2026-09-10 12"),
];

function held(feed: string, run: string, fingerprint = `first ${run}`, state = "complete"): HeldHere {
  const manifest = { state } as HeldHere["manifest"];
  return {
    feed,
    dt: run.slice(0, 10),
    run,
    version: "1",
    format: "jsonl",
    fingerprint,
    id: {} as HeldHere["id"],
    manifest,
  };
}

function receiptOf(all: readonly Held[]): Receipt {
  const text = (of: (weight: ReturnType<typeof weightOf>) => bigint) =>
    sumOf(all.map((one) => of(weightOf(one))))
      .toString(16)
      .padStart(12, "0");
  const runs = { count: all.length, names: text(({ name }) => name), contents: text(({ content }) => content) };
  return { day: "2026-09-10", known, runs } as Receipt;
}

/** When a partition was known: at its hour, one that was exported again a day later. */
function knownAt({ run, fingerprint }: Held): number {
  return Date.parse(`${run.replace(" ", "T")}:00Z`) + (fingerprint.startsWith("second") ? 86_400_000 * 5 : 0);
}

const namesOf = (all: readonly Held[]) => all.map(nameOf).sort();
const none = new Map<string, ReplacedRun[]>();
const some = (list: HeldHere[], most = list.length) => fc.subarray(list, { minLength: 1, maxLength: most });

describe("the partitions of a receipt", () => {
  it("are those that are here, with any that came since", () => {
    property(fc.subarray(later), (added) => {
      const state = formerState(receiptOf(older), [...older, ...added], knownAt, none);
      assert.deepEqual([state.proven, state.again, state.lost], [true, [], []]);
      assert.deepEqual(namesOf(state.added), namesOf(added));
      assert.deepEqual(namesOf(state.held), namesOf(older));
    });
  });

  it("are told where some were exported again and their former rows are kept", () => {
    property(fc.tuple(some(older), fc.subarray(later)), ([again, added]) => {
      const replaced = new Map(
        feeds.map((feed) => [feed, again.filter((one) => one.feed === feed).map((one) => replacedRun(one))]),
      );
      const here = [...older.filter((one) => !again.includes(one)), ...again.map(exportedAgain), ...added];
      const state = formerState(receiptOf(older), here, knownAt, replaced);
      assert.equal(state.proven, true);
      assert.deepEqual(namesOf(state.again.map((one) => one.held)), namesOf(again));
      assert.ok(state.again.every(({ kept }) => kept));
      assert.deepEqual(namesOf(state.added), namesOf(added));
    });
  });

  it("are told where one or two were exported again and nothing is kept", () => {
    property(fc.tuple(some(older, 2), fc.subarray(later)), ([again, added]) => {
      const here = [...older.filter((one) => !again.includes(one)), ...again.map(exportedAgain), ...added];
      const state = formerState(receiptOf(older), here, knownAt, none);
      assert.deepEqual(namesOf(state.again.map((one) => one.held)), namesOf(again));
      assert.ok(state.again.every(({ kept }) => !kept));
      assert.deepEqual(namesOf(state.added), namesOf(added));
    });
  });

  it("are told where one, two, or a feed's neighbours are lost", () => {
    const neighbours = fc
      .tuple(fc.constantFrom(...feeds), fc.nat(15), fc.integer({ min: 1, max: 5 }))
      .map(([feed, from, count]) => older.filter((one) => one.feed === feed).slice(from, from + count));
    property(fc.tuple(fc.oneof(some(older, 2), neighbours), fc.subarray(later)), ([lost, added]) => {
      fc.pre(lost.length > 0);
      const here = [...older.filter((one) => !lost.includes(one)), ...added];
      const state = formerState(receiptOf(older), here, knownAt, none);
      assert.equal(state.proven, true);
      assert.deepEqual(namesOf(state.lost), namesOf(lost));
      assert.deepEqual(namesOf(state.added), namesOf(added));
    });
  });

  it("are said not to be known where no choice fits", () => {
    const elsewhere = older.map((one) => ({ ...one, version: "2" }));
    assert.equal(formerState(receiptOf(elsewhere), older, knownAt, none).proven, false);
  });

  it("are chosen by their sums alone", () => {
    assert.deepEqual(
      chosenBy([1n, 2n, 4n, 8n], (one) => one, 0n),
      [],
    );
    assert.deepEqual(
      chosenBy([1n, 2n, 4n, 8n], (one) => one, 14n),
      [2n, 4n, 8n],
    );
    assert.deepEqual(
      chosenBy([1n, 2n, 4n, 8n], (one) => one, 9n),
      [1n, 8n],
    );
    assert.equal(
      chosenBy([1n, 2n, 4n, 8n], (one) => one, 13n),
      null,
    );
  });
});

function exportedAgain({ feed, run }: Held): HeldHere {
  return held(feed, run, `second ${run}`, "replaced");
}

function replacedRun(one: Held): ReplacedRun {
  const { run, version, format, fingerprint } = one;
  const from = new Date(knownAt(one)).toISOString();
  return { run, from, until: "2026-09-20T00:00:00.000Z", rows: null, partition: { version, format, fingerprint } };
}

function property<T>(values: fc.Arbitrary<T>, check: (value: T) => void): void {
  fc.assert(fc.property(values, check), { numRuns: 25 });
}
