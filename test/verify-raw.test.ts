import assert from "node:assert/strict";
import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { verifyRaw } from "../src/sync/verify-raw.ts";
import { bucket, endState, hasty, type Kit, noise, now, openKit } from "./sync-kit.ts";

const day = "raw/convos_metrics/version=1/format=jsonl/dt=2026-11-22";

describe("verify of raw", () => {
  let kit: Kit;
  beforeEach(async () => {
    kit = await openKit();
    for (const hr of ["04", "05", "06", "07", "08"])
      kit.partition(`convos_metrics/dt=2026-11-22/hr=${hr}`, [{ hr }, noise(20, 1)]);
    kit.partition("intents/dt=2026-11-22", { "intents.jsonl.gz.enc": Buffer.from("sealed") });
    await kit.sync();
  });
  afterEach(() => kit.close());

  const check = (options = {}) => verifyRaw(kit.project, { now, limits: hasty, ...options });
  const path = (name: string) => join(kit.project.data, name);
  const file = (hr: string) => path(`${day}/hr=${hr}/convos_metrics.jsonl.gz`);

  function damage(): void {
    const bytes = readFileSync(file("04"));
    bytes[12]! ^= 1;
    writeFileSync(file("04"), bytes);
    truncateSync(file("05"), 10);
    rmSync(file("06"));
    appendFileSync(file("07"), "x");
    rmSync(path(`${day}/hr=08/_SUCCESS`));
    writeFileSync(path(`${day}/hr=08/stray.jsonl`), "{}\n");
  }

  it("finds nothing wrong with what was just synced", async () => {
    const report = await check({ remote: true });
    assert.deepEqual([report.partitions, report.files, report.damaged], [5, 10, []]);
    assert.deepEqual(
      report.remote!.map(({ state }) => state),
      ["encrypted"],
    );
  });

  it("names a flipped bit and a short, long, deleted or added file", async () => {
    damage();
    writeFileSync(path("raw/notes.txt"), "mine");
    const { damaged, repaired } = await check();
    assert.deepEqual(
      damaged.map((one) => `${one.path.replace(`${day}/`, "")} ${one.problem}`),
      [
        "hr=04/convos_metrics.jsonl.gz changed",
        "hr=05/convos_metrics.jsonl.gz short",
        "hr=06/convos_metrics.jsonl.gz missing",
        "hr=07/convos_metrics.jsonl.gz long",
        "hr=08/_SUCCESS missing",
        "hr=08/stray.jsonl added",
        "raw/notes.txt added",
      ],
    );
    assert.deepEqual(repaired, []);
  });

  it("repairs by fetching again, and changes nothing else", async () => {
    const whole = endState(kit.project);
    damage();
    kit.server.forget();
    const report = await check({ repair: true });
    assert.deepEqual(
      report.repaired.map(({ hr }) => hr),
      ["04", "05", "06", "07", "08"],
    );
    assert.equal(kit.gets(), 5);
    assert.deepEqual(endState(kit.project), whole);
    assert.deepEqual((await check()).damaged, []);
  });

  it("says what cannot be repaired, and leaves it", async () => {
    writeFileSync(path("raw/notes.txt"), "mine");
    truncateSync(file("05"), 10);
    kit.server.delete(bucket, "convos_metrics/version=1/format=jsonl/dt=2026-11-22/hr=05/_SUCCESS");
    kit.server.delete(bucket, "convos_metrics/version=1/format=jsonl/dt=2026-11-22/hr=05/convos_metrics.jsonl.gz");
    const report = await check({ repair: true });
    assert.deepEqual(report.repaired, []);
    assert.deepEqual(
      report.unrepaired.map(({ reason }) => reason),
      ["belongs to no partition of the manifest: remove it if it is not yours", "gone from the bucket"],
    );
    assert.equal(readFileSync(path("raw/notes.txt"), "utf8"), "mine");
  });

  it("compares with the bucket when asked to", async () => {
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", [{ again: true }]);
    kit.partition("convos_metrics/dt=2026-10-01/hr=05", [{}]);
    const report = await check({ remote: true });
    assert.deepEqual(report.damaged, []);
    assert.deepEqual(
      report.remote!.map(({ id, action, state }) => `${id.feed} ${id.dt} ${id.hr} ${action} ${state}`),
      [
        "convos_metrics 2026-10-01 05 add complete",
        "convos_metrics 2026-11-22 05 replace replaced",
        "intents 2026-11-22 null keep encrypted",
      ],
    );
  });

  it("names a manifest that cannot be read", async () => {
    writeFileSync(path("manifest/convos_metrics/2026-11-22.json"), "{");
    const { damaged } = await check();
    assert.deepEqual(damaged[0], {
      path: "manifest/convos_metrics/2026-11-22.json",
      problem: "unreadable manifest",
      id: null,
    });
    assert.ok(damaged.slice(1).every(({ problem }) => problem === "added"));
    assert.equal((await kit.sync({ now: new Date("2026-11-22T12:15:00Z") })).added, 5, "a sync writes it anew");
  });
});
