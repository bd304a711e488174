import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type Holder, withLock } from "../src/sync/lock.ts";

describe("lock", () => {
  let data: string;
  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), "asapp-kit-lock-"));
  });
  afterEach(() => rmSync(data, { recursive: true, force: true }));

  const hold = (holder: Partial<Holder>) =>
    writeFileSync(
      join(data, "lock"),
      JSON.stringify({
        pid: process.pid,
        host: hostname(),
        since: "2026-11-22T05:00:00.000Z",
        started: null,
        ...holder,
      }),
    );

  async function deadPid(): Promise<number> {
    const child = spawn(process.execPath, ["-e", ""], { stdio: "ignore" });
    await once(child, "exit");
    return child.pid!;
  }

  it("is held while the work goes on, and gone after it, also when it fails", async () => {
    await withLock({ data }, {}, async () => {
      const holder = JSON.parse(readFileSync(join(data, "lock"), "utf8")) as Holder;
      assert.equal(holder.pid, process.pid);
    });
    assert.deepEqual(readdirSync(data), []);
    await assert.rejects(
      withLock({ data }, {}, () => Promise.reject(new Error("no"))),
      /no/,
    );
    assert.deepEqual(readdirSync(data), []);
  });

  it("leaves no folder behind that it made for itself", async () => {
    const folder = join(data, "a", "b");
    await withLock({ data: folder }, {}, async () => assert.ok(existsSync(folder)));
    assert.deepEqual(readdirSync(data), []);
  });

  it("says who holds it and since when", async () => {
    hold({});
    await assert.rejects(
      withLock({ data }, {}, async () => {}),
      {
        exit: "locked",
        message: `another sync holds the data folder: process ${process.pid}, since 2026-11-22 05:00:00 UTC`,
      },
    );
  });

  it("is granted to whoever says that the caller holds it, and to nobody beside it", async () => {
    const order: string[] = [];
    const first = withLock({ data }, {}, async () => {
      await withLock({ data }, { held: true }, async () => void order.push("inside"));
      await new Promise((resolve) => setTimeout(resolve, 50));
      order.push("first ends");
    });
    await new Promise((resolve) => setTimeout(resolve, 10));
    const waits: number[] = [];
    const second = withLock(
      { data },
      { wait: true, pollMs: 5, onWait: ({ pid }) => waits.push(pid) },
      async () => {
        order.push("second");
      },
    );
    await assert.rejects(
      withLock({ data }, {}, async () => {}),
      { exit: "locked" },
    );
    await Promise.all([first, second]);
    assert.deepEqual(order, ["inside", "first ends", "second"]);
    assert.deepEqual(waits, [process.pid], "told once");
  });

  it("takes over from a dead process, from one whose number was given again, and from an empty file", async () => {
    hold({ pid: await deadPid() });
    assert.equal(await withLock({ data }, {}, async () => "done"), "done");
    if (existsSync("/proc/self/stat")) {
      hold({ started: "1" });
      assert.equal(await withLock({ data }, {}, async () => "done"), "done");
    }
    writeFileSync(join(data, "lock"), "");
    assert.equal(await withLock({ data }, {}, async () => "done"), "done");
  });

  it("lets one in at a time when many find a stale lock", async () => {
    hold({ pid: await deadPid() });
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 12 }, () =>
        withLock({ data }, { wait: true, pollMs: 1 }, async () => {
          most = Math.max(most, ++inside);
          await new Promise((resolve) => setTimeout(resolve, 2));
          inside -= 1;
        }),
      ),
    );
    assert.equal(most, 1);
  });

  it("does not guess about another machine", async () => {
    hold({ host: "elsewhere", pid: 1 });
    await assert.rejects(
      withLock({ data }, {}, async () => {}),
      (error: Error & { next: string }) => {
        assert.match(error.message, /process 1 on elsewhere/);
        assert.match(error.next, /if no sync runs on elsewhere any more, remove .*lock/);
        return true;
      },
    );
  });

  it("stops waiting when told to", async () => {
    hold({});
    const signal = AbortSignal.timeout(20);
    await assert.rejects(withLock({ data }, { wait: true, pollMs: 5, signal }, async () => {}));
    assert.ok(existsSync(join(data, "lock")), "the other's lock stays");
  });
});
