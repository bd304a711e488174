import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { listDays, type ManifestPartition, readAll, readDay, writeDay } from "../src/sync/manifest.ts";

function partition(hr: string | null, more: Partial<ManifestPartition> = {}): ManifestPartition {
  const marker = { size: 0, etag: "m", modified: "2026-11-22T05:30:00.000Z" };
  const object = { name: "reps.jsonl.gz", size: 1, md5: "x", lines: 1, etag: "e", modified: marker.modified };
  return {
    version: "1",
    format: "jsonl",
    hr,
    mi: null,
    state: "complete",
    fingerprint: "f",
    marker,
    objects: [object],
    ...more,
  };
}

describe("manifest", () => {
  let data: string;
  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), "asapp-kit-manifest-"));
  });
  afterEach(() => rmSync(data, { recursive: true }));
  const day = (...partitions: ManifestPartition[]) => ({
    format: 1 as const,
    feed: "reps",
    dt: "2026-11-22",
    partitions,
  });

  it("gives back what was written, sorted", () => {
    writeDay({ data }, day(partition("11"), partition("02"), partition(null)));
    assert.deepEqual(readDay({ data }, "reps", "2026-11-22"), day(partition(null), partition("02"), partition("11")));
  });

  it("has the same bytes for the same content, and is not written again", () => {
    assert.equal(writeDay({ data }, day(partition("02"), partition("11"))), true);
    const file = join(data, "manifest", "reps", "2026-11-22.json");
    const [bytes, { mtimeMs, ino }] = [readFileSync(file, "utf8"), statSync(file)];
    assert.equal(writeDay({ data }, day({ ...partition("11") }, partition("02"))), false);
    assert.deepEqual([readFileSync(file, "utf8"), statSync(file).mtimeMs, statSync(file).ino], [bytes, mtimeMs, ino]);
  });

  it("keeps the order of properties whatever it was given", () => {
    const { objects, ...rest } = partition("02");
    writeDay({ data }, day({ objects, ...rest }));
    assert.match(
      readFileSync(join(data, "manifest/reps/2026-11-22.json"), "utf8"),
      /^\{"format":1,"feed":"reps","dt":"2026-11-22","partitions":\[\n {2}\{"version":"1","format":"jsonl","hr":"02"/,
    );
  });

  it("lists its days, and takes nothing else for one", () => {
    writeDay({ data }, day(partition("02")));
    writeDay({ data }, { ...day(partition("03")), feed: "intents", dt: "2026-11-21" });
    writeFileSync(join(data, "manifest", "reps", "2026-11-22.json.123.tmp"), "{");
    assert.deepEqual(
      listDays({ data }).map(({ feed, dt }) => `${feed} ${dt}`),
      ["intents 2026-11-21", "reps 2026-11-22"],
    );
    assert.deepEqual([...readAll({ data }, "reps")], [day(partition("02"))]);
    assert.deepEqual(listDays({ data: join(data, "none") }), []);
  });

  it("takes an unreadable day for none", () => {
    writeDay({ data }, day(partition("02")));
    writeFileSync(join(data, "manifest", "reps", "2026-11-22.json"), '{"format":1,"feed":"re');
    assert.equal(readDay({ data }, "reps", "2026-11-22"), null);
    assert.equal(readDay({ data }, "reps", "2026-11-23"), null);
  });
});
