import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { limitConcurrency, mapConcurrently } from "../src/base/concurrency.ts";
import fc from "./fast-check.ts";

/** Work that ends when told to: `started` so far, and what of it is `running`. */
function withWork() {
  const ends = new Map<number, (error?: Error) => void>();
  const started: number[] = [];
  return {
    started,
    running: () => [...ends.keys()],
    work: (item: number) => {
      started.push(item);
      return new Promise<number>((resolve, reject) => {
        ends.set(item, (error) => (error === undefined ? resolve(item * 10) : reject(error)));
      }).finally(() => ends.delete(item));
    },
    end: async (item: number, error?: Error) => {
      ends.get(item)!(error);
      await turn();
    },
  };
}

describe("limitConcurrency", () => {
  it("runs tasks in their order, no more than the limit at once, whether they fail or not", async () => {
    const { started, work, end, running } = withWork();
    const inTurn = limitConcurrency(2);
    const results = [1, 2, 3, 4].map((item) => inTurn(() => work(item)));
    await turn();
    assert.deepEqual(started, [1, 2]);
    const failed = assert.rejects(results[1]!, /two/);
    await end(2, new Error("two"));
    assert.deepEqual(running(), [1, 3]);
    for (const item of [1, 3, 4]) await end(item);
    assert.deepEqual(await Promise.all([results[0], results[2], results[3]]), [10, 30, 40]);
    await failed;
  });
});

describe("mapConcurrently", () => {
  it("runs every item once, with any limit, and returns results in their order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 30 }),
        async (most, turns) => {
          let running = 0;
          let peak = 0;
          const workers = new Set<number>();
          const busy = new Set<number>();
          const results = await mapConcurrently(most, turns.entries(), async ([at, waits], worker) => {
            assert.ok(!busy.has(worker), "a worker does one thing at a time");
            busy.add(worker);
            workers.add(worker);
            peak = Math.max(peak, ++running);
            for (let i = 0; i < waits; i++) await turn();
            running -= 1;
            busy.delete(worker);
            return at;
          });
          assert.deepEqual(results, [...turns.keys()]);
          assert.ok(peak <= most && [...workers].every((worker) => worker >= 0 && worker < most));
        },
      ),
    );
  });

  it("reads a generator lazily: when a worker is free, not before", async () => {
    const { started, work, end } = withWork();
    const taken: number[] = [];
    function* items() {
      for (const item of [1, 2, 3]) {
        taken.push(item);
        yield item;
      }
    }
    const all = mapConcurrently(2, items(), work);
    await turn();
    assert.deepEqual(taken, [1, 2]);
    await end(2);
    assert.deepEqual(taken, [1, 2, 3]);
    for (const item of [1, 3]) await end(item);
    assert.deepEqual(await all, [10, 20, 30]);
    assert.deepEqual(started, [1, 2, 3]);
  });

  it("stops at the first failure: takes no other item, waits for running tasks, and throws the first", async () => {
    const { started, work, end, running } = withWork();
    let over = false;
    const all = mapConcurrently(3, [1, 2, 3, 4, 5], work).finally(() => {
      over = true;
    });
    const failed = assert.rejects(all, /the first/);
    await turn();
    await end(3, new Error("the first"));
    await end(1, new Error("a later one"));
    assert.deepEqual(running(), [2]);
    assert.equal(over, false, "the second still runs");
    await end(2);
    await failed;
    assert.deepEqual(started, [1, 2, 3]);
  });

  it("stops when the items themselves fail, or a task throws at once", async () => {
    function* items() {
      yield 1;
      throw new Error("no more items");
    }
    const { work, end } = withWork();
    const failed = assert.rejects(mapConcurrently(2, items(), work), /no more items/);
    await turn();
    await end(1);
    await failed;
    const done: number[] = [];
    const throws = (item: number) => {
      done.push(item);
      throw new Error(`at ${item}`);
    };
    await assert.rejects(mapConcurrently(2, [1, 2, 3], throws), /at 1/);
    assert.deepEqual(done, [1]);
  });
});
