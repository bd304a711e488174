import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { CliError } from "../src/base/errors.ts";
import { withLock, withLockFile } from "../src/base/lock.ts";
import { type Holder, parseHolder } from "../src/base/process.ts";
import { ended } from "./wait.ts";

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
    await ended("a process that does nothing", child);
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
    const second = withLock({ data }, { wait: true, pollMs: 5, onWait: ({ pid }) => waits.push(pid) }, async () => {
      order.push("second");
    });
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

  const toCome = (path: string) => {
    const time = Date.now() / 1000 + 400 * 86_400;
    utimesSync(path, time, time);
  };

  const taken = () => withLock({ data }, { signal: AbortSignal.timeout(30_000) }, async () => "done");

  it("takes over what names no process, whatever its time", async () => {
    const lock = join(data, "lock");
    for (const text of ["null", "{}", "[]", '"x"', '{"pid":0}', '{"pid":-1,"host":"a","since":"2026-01-01"}', "\0\0"]) {
      writeFileSync(lock, text);
      utimesSync(lock, 0, 0);
      assert.equal(await taken(), "done", text);
    }
    writeFileSync(lock, "");
    toCome(lock);
    assert.equal(await taken(), "done", "of a time to come");
    mkdirSync(join(lock, "inside"), { recursive: true });
    assert.equal(await taken(), "done", "a folder");
    assert.deepEqual(readdirSync(data), []);
  });

  it("gets past a guard that a killed process left, also one of a time to come, and one that is a folder", async () => {
    const guard = join(data, "lock.guard");
    for (const damage of ["old", "to come", "folder"]) {
      hold({ pid: await deadPid() });
      if (damage === "folder") mkdirSync(join(guard, "inside"), { recursive: true });
      else writeFileSync(guard, "");
      if (damage === "to come") toCome(guard);
      else utimesSync(guard, 0, 0);
      assert.equal(await taken(), "done", damage);
      assert.deepEqual(readdirSync(data), []);
    }
  });

  it("hears a signal while it waits behind a guard, or a lock that says nothing", async () => {
    for (const file of ["lock.guard", "lock"]) {
      if (file !== "lock") hold({ pid: await deadPid() });
      writeFileSync(join(data, file), "");
      toCome(join(data, file));
      const signal = AbortSignal.timeout(100);
      await assert.rejects(
        withLock({ data }, { wait: true, signal }, async () => "done"),
        { code: "ABORT_ERR" },
        file,
      );
    }
  });

  it("goes by the process and not by a time to come", async () => {
    const since = new Date(Date.now() + 400 * 86_400_000).toISOString();
    hold({ since });
    await assert.rejects(taken(), { exit: "locked" });
    hold({ since, pid: await deadPid() });
    assert.equal(await taken(), "done");
  });

  it("leaves a lock that another took over alone", async () => {
    await withLock({ data }, {}, async () => hold({ host: "elsewhere", pid: 7 }));
    assert.equal((JSON.parse(readFileSync(join(data, "lock"), "utf8")) as Holder).host, "elsewhere");
  });

  it("locks any file, in words of the caller's", async () => {
    const file = join(data, "deep", "build.lock");
    await withLockFile(file, {}, async () => {
      assert.ok(existsSync(file));
      await assert.rejects(
        withLockFile(file, { busy: ({ pid }) => new CliError("locked", `process ${pid} builds`) }, async () => {}),
        { message: `process ${process.pid} builds` },
      );
    });
    assert.deepEqual(readdirSync(data), []);
  });

  it("knows which process a text names", () => {
    const holder = { pid: 5, host: "h", since: "2026-11-22T05:00:00.000Z", started: "9" };
    assert.deepEqual(parseHolder(holder), holder);
    assert.deepEqual(parseHolder({ ...holder, started: 9, format: 2, later: {} }), { ...holder, started: null });
    for (const odd of [null, [], 5, {}, { ...holder, pid: 0 }, { ...holder, pid: 1.5 }, { ...holder, since: "x" }])
      assert.equal(parseHolder(odd), null, JSON.stringify(odd));
  });
});
