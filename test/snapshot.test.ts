import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { namesOf } from "../src/base/names.ts";
import {
  type DaySnapshot,
  emptyFeed,
  emptySnapshot,
  loadSnapshot,
  type Snapshot,
  saveSnapshot,
  shortHash,
  sweep,
} from "../src/warehouse/snapshot/snapshot.ts";

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "asapp-snapshot-"));
});
afterEach(() => rmSync(data, { recursive: true }));

const at = (minutes: number) => new Date(Date.UTC(2026, 8, 1, 0, minutes));
const day = (dt: string, hash: string): DaySnapshot => ({
  dt,
  stamp: "",
  source: hash,
  staged: `staged/f/${dt}.${hash}.parquet`,
  detail: `staged/f/${dt}.${hash}.jsonl`,
  quarantine: null,
  current: `current/f/${dt}.${hash}.parquet`,
  rows: 1,
  quarantined: 0,
  currentRows: 1,
  layout: 0,
});
const snapshot = (...days: DaySnapshot[]): Snapshot => ({
  ...emptySnapshot(),
  feeds: namesOf([["f", { ...emptyFeed(), days }]]),
});
const files = (entry: DaySnapshot) => [entry.staged!, entry.detail, entry.current!];
const write = (...paths: string[]) => {
  for (const path of paths) {
    mkdirSync(dirname(join(data, path)), { recursive: true });
    writeFileSync(join(data, path), "x");
  }
};
const here = (path: string) => existsSync(join(data, path));

describe("snapshot", () => {
  it("is empty before the first update, and names its file where another version wrote it", () => {
    assert.deepEqual(loadSnapshot(data), emptySnapshot());
    writeFileSync(join(data, "catalog.json"), '{"format":99}');
    assert.throws(() => loadSnapshot(data), {
      exit: "verifyFailed",
      message: "catalog.json in the data folder cannot be read: another version of the kit wrote it (format 99, not 2)",
    });
  });

  it("comes back as it was saved, with feeds in order", () => {
    const saved = saveSnapshot(
      data,
      emptySnapshot(),
      {
        ...emptySnapshot(),
        feeds: namesOf([
          ["b", emptyFeed()],
          ["a", { ...emptyFeed(), days: [day("2026-09-01", "1")] }],
        ]),
      },
      at(0),
    );
    assert.deepEqual(loadSnapshot(data), saved);
    assert.deepEqual(Object.keys(saved.feeds), ["a", "b"]);
    assert.deepEqual(readdirSync(data), ["catalog.json"]);
  });

  it("is not written again when nothing changed", () => {
    const first = saveSnapshot(data, emptySnapshot(), snapshot(day("2026-09-01", "1")), at(0));
    const { mtimeNs, ino } = statSync(join(data, "catalog.json"), { bigint: true });
    saveSnapshot(data, first, loadSnapshot(data), at(60));
    const after = statSync(join(data, "catalog.json"), { bigint: true });
    assert.deepEqual([after.mtimeNs, after.ino], [mtimeNs, ino]);
  });

  it("leaves the old one whole when the new one cannot be written", () => {
    const first = saveSnapshot(data, emptySnapshot(), snapshot(day("2026-09-01", "1")), at(0));
    const text = readFileSync(join(data, "catalog.json"), "utf8");
    mkdirSync(join(data, "tmp", `${process.pid}.catalog.json`), { recursive: true });
    assert.throws(() => saveSnapshot(data, first, snapshot(day("2026-09-01", "2")), at(1)));
    assert.equal(readFileSync(join(data, "catalog.json"), "utf8"), text);
  });

  it("keeps superseded files for readers that have them open, then deletes them", () => {
    const [old, fresh] = [day("2026-09-01", "1"), day("2026-09-01", "2")];
    write(...files(old), ...files(fresh));
    const first = saveSnapshot(data, emptySnapshot(), snapshot(old), at(0));
    const second = saveSnapshot(data, first, { ...snapshot(fresh), superseded: first.superseded }, at(5));
    assert.deepEqual(
      second.superseded.map(({ path }) => path),
      files(old).sort(),
    );
    assert.deepEqual(sweep(data, second, at(14)).superseded, second.superseded);
    assert.ok(files(old).every(here));
    const third = sweep(data, second, at(16));
    assert.deepEqual(third.superseded, []);
    assert.ok(!files(old).some(here));
    assert.ok(files(fresh).every(here));
    assert.deepEqual(saveSnapshot(data, second, third, at(16)).superseded, []);
  });

  it("does not delete a file that is used again", () => {
    const [old, fresh] = [day("2026-09-01", "1"), day("2026-09-01", "2")];
    write(...files(old), ...files(fresh));
    let now = saveSnapshot(data, emptySnapshot(), snapshot(old), at(0));
    now = saveSnapshot(data, now, { ...snapshot(fresh), superseded: now.superseded }, at(1));
    now = saveSnapshot(data, now, { ...snapshot(old), superseded: now.superseded }, at(2));
    sweep(data, now, at(60));
    assert.ok(files(old).every(here));
    assert.ok(!files(fresh).some(here));
  });

  it("sweeps what a killed run left, and nothing outside its own folders", () => {
    const used = day("2026-09-01", "1");
    write(
      ...files(used),
      "staged/f/orphan.parquet",
      "current/g/orphan.parquet",
      "quarantine/f/orphan.jsonl",
      "raw/f/keep.gz",
    );
    const saved = saveSnapshot(data, emptySnapshot(), snapshot(used), at(0));
    sweep(data, saved, at(0));
    assert.ok(files(used).every(here));
    assert.deepEqual(
      ["staged/f/orphan.parquet", "current/g/orphan.parquet", "quarantine/f/orphan.jsonl"].filter(here),
      [],
    );
    assert.ok(here("raw/f/keep.gz"));
  });

  it("hashes parts, not their concatenation", () => {
    assert.notEqual(shortHash("ab", "c"), shortHash("a", "bc"));
    assert.match(shortHash("x"), /^[0-9a-f]{16}$/);
  });
});
