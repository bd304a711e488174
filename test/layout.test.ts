import assert from "node:assert/strict";
import { resolve, sep } from "node:path";
import { describe, it } from "node:test";
import {
  compareVersions,
  dayPrefix,
  feedPrefix,
  hostility,
  isDate,
  markerName,
  objectKey,
  parseKey,
  partitionPath,
  partitionPrefix,
} from "../src/export/layout.ts";
import type { PartitionId } from "../src/export/partition.ts";
import fc from "./fast-check.ts";

const id: PartitionId = {
  feed: "convos_metrics",
  version: "1",
  format: "jsonl",
  dt: "2026-09-01",
  hr: "05",
  mi: "15",
};
const path = "convos_metrics/version=1/format=jsonl/dt=2026-09-01/hr=05/mi=15";

describe("layout", () => {
  it("reads a data file's partition, part number and packing from its key", () => {
    const cases = [
      ["convos_metrics.jsonl", null, false, false],
      ["convos_metrics.jsonl.gz", null, true, false],
      ["convos_metrics.jsonl.00.gz", 0, true, false],
      ["convos_metrics.jsonl.07", 7, false, false],
      ["convos_metrics.jsonl.12.gz.enc", 12, true, true],
      ["convos_metrics.jsonl.enc", null, false, true],
    ] as const;
    for (const [file, part, gzip, encrypted] of cases) {
      assert.deepEqual(parseKey(`${path}/${file}`), { kind: "data", id, file, part, gzip, encrypted });
    }
  });

  it("puts versions in order of their numbers, and those of letters after them", () => {
    const inOrder = ["1", "1.2", "1.10", "2", "10", "v2", "v10"];
    assert.deepEqual([...inOrder].reverse().sort(compareVersions), inOrder);
  });

  it("reads a marker", () => {
    assert.deepEqual(parseKey(`${path}/_SUCCESS`), { kind: "marker", id });
  });

  it("takes hours and minutes as optional, but no minute without its hour", () => {
    const day = "reps/version=1/format=jsonl/dt=2026-09-01";
    const daily = { ...id, feed: "reps", hr: null, mi: null };
    assert.deepEqual(parseKey(`${day}/_SUCCESS`), { kind: "marker", id: daily });
    assert.deepEqual(parseKey(`${day}/hr=23/_SUCCESS`), { kind: "marker", id: { ...daily, hr: "23" } });
    assert.equal(parseKey(`${day}/mi=15/_SUCCESS`).kind, "foreign");
  });

  it("takes feeds, versions and formats it does not know", () => {
    const parsed = parseKey("new_feed_2/version=2.1-beta/format=jsonl_v2/dt=2026-09-01/new_feed_2.jsonl.gz");
    assert.equal(parsed.kind, "data");
  });

  it("looks below the prefix only", () => {
    assert.deepEqual(parseKey(`messaging/eu/${path}/_SUCCESS`, "messaging/eu"), { kind: "marker", id });
    assert.deepEqual(parseKey(`messaging/eu/${path}/_SUCCESS`, "/messaging/eu/"), { kind: "marker", id });
    assert.equal(parseKey(`messaging/eu/${path}/_SUCCESS`).kind, "foreign");
    assert.equal(parseKey(`${path}/_SUCCESS`, "messaging").kind, "foreign");
    assert.equal(parseKey(`messaging2/${path}/_SUCCESS`, "messaging").kind, "foreign");
  });

  it("leaves alone what is not of the layout", () => {
    const foreign = [
      "readme.txt",
      "convos_metrics/",
      `${path}/`,
      `${path}/_SUCCESS.bak`,
      `${path}/_success`,
      `${path}/.part-0.crc`,
      `${path}/_temporary/0/convos_metrics.jsonl.gz`,
      "convos_metrics/version=1/format=jsonl/dt=2026-09-01_$folder$",
      "convos_metrics/format=jsonl/version=1/dt=2026-09-01/convos_metrics.jsonl.gz",
      "export_docs/version=1/format=yaml/dt=2026-09-01/notes.txt",
      "Convos/version=1/format=jsonl/dt=2026-09-01/_SUCCESS",
      "convos_metrics/format=jsonl/version=1/dt=2026-09-01/_SUCCESS",
      "convos_metrics/version=/format=jsonl/dt=2026-09-01/_SUCCESS",
      "convos_metrics/version=1/format=jsonl/ dt=2026-09-01/_SUCCESS", // the blank that the documents print
      "convos_metrics/version=1/format=jsonl/dt=2026-9-1/_SUCCESS",
      "convos_metrics/version=1/format=jsonl/dt=2026-02-29/_SUCCESS",
      "convos_metrics/version=1/format=jsonl/dt=2026-13-01/_SUCCESS",
      "convos_metrics/version=1/format=jsonl/dt=2026-09-01/hr=24/_SUCCESS",
      "convos_metrics/version=1/format=jsonl/dt=2026-09-01/hr=5/_SUCCESS",
      "convos_metrics/version=1/format=jsonl/dt=2026-09-01/hr=05/mi=60/_SUCCESS",
      "convos_metrics/version=1/format=jsonl/dt=2026-09-01/hr=05/mi=15/se=00/_SUCCESS",
    ];
    for (const key of foreign) assert.deepEqual(parseKey(key), { kind: "foreign" }, key);
    const strays = [
      "notes.txt",
      "deeper/convos_metrics.jsonl.gz",
      "se=00/convos_metrics.jsonl.gz",
      "convos_metrics.csv.gz",
      "convos_metrics..jsonl.gz",
      "convos_metrics.jsonl.1.gz",
      "convos_metrics.jsonl.zip",
      "utterances.jsonl.gz", // another feed's
    ];
    for (const name of strays) {
      const parsed = parseKey(`${path}/${name}`);
      assert.equal(parsed.kind === "stray" && (parsed.id === null) === name.includes("/"), true, name);
    }
    const feed = "convos_metrics/version=1/format=jsonl";
    for (const place of [" dt=2026-09-01", "dt=2026-9-1", "dt=2026-02-29", "dt=2026-09-01/hr=5", "dt=2026-09-01/hr=24"])
      assert.deepEqual(
        parseKey(`${feed}/${place}/convos_metrics.jsonl.gz`),
        { kind: "stray", id: null, file: "convos_metrics.jsonl.gz" },
        place,
      );
    const hundredth = parseKey(`${path}/convos_metrics.jsonl.100.gz`);
    assert.ok(hundredth.kind === "data" && hundredth.part === 100);
  });

  it("finds the schema description wherever it lies, and takes its folder for no feed", () => {
    const day = "export_docs/version=1/format=yaml/dt=2026-09-01";
    const docs = { kind: "docs", gzip: false, encrypted: false };
    assert.deepEqual(parseKey(`${day}/export_docs.yaml`), {
      ...docs,
      dt: "2026-09-01",
      file: "export_docs.yaml",
    });
    assert.deepEqual(parseKey(`${day}/_SUCCESS`), { ...docs, dt: "2026-09-01", file: "_SUCCESS" });
    assert.deepEqual(parseKey("export_docs.yaml"), { ...docs, dt: null, file: "export_docs.yaml" });
    assert.deepEqual(parseKey("a/dt=2026-02-30/export_docs.yml.gz"), {
      ...docs,
      dt: null,
      file: "export_docs.yml.gz",
      gzip: true,
    });
    assert.equal(parseKey("a/export_docs.yaml", "b").kind, "foreign");
  });

  it("refuses keys that could become another path, saying why", () => {
    const hostile = [
      ["", "empty key"],
      [`/${path}/_SUCCESS`, "absolute path"],
      [`../${path}/_SUCCESS`, "path segment .."],
      [`${path}/../_SUCCESS`, "path segment .."],
      ["convos_metrics/version=1/..", "path segment .."],
      [`./${path}/_SUCCESS`, "path segment ."],
      [`${path}//_SUCCESS`, "empty path segment"],
      [`${path}\\_SUCCESS`, "backslash"],
      [`${path}/_SUCCESS\u0000.txt`, "control character"],
      [`${path}/_SUCCESS\n`, "control character"],
      [`${path}/\u2028_SUCCESS`, "control character"],
      [`C:${path}/_SUCCESS`, "drive letter"],
      [`${"a/".repeat(513)}_SUCCESS`, "key of more than 1024 bytes"],
      [`${"é/".repeat(400)}_SUCCESS`, "key of more than 1024 bytes"],
      [`convos_metrics/version=${"1".repeat(201)}/x`, "path segment of more than 200 characters"],
    ] as const;
    for (const [key, reason] of hostile) assert.deepEqual(parseKey(key), { kind: "hostile", reason }, key);
  });

  it("calls a dotted name no hostility", () => {
    for (const key of ["a/..b/c", "a/b../c", "a/...", "v=1.0/x"]) assert.equal(hostility(key), null, key);
  });

  it("writes the paths and prefixes that it reads", () => {
    assert.equal(partitionPath(id), path);
    assert.equal(partitionPath({ ...id, mi: null }), path.slice(0, -6));
    assert.equal(partitionPath({ ...id, hr: null, mi: null }), path.slice(0, -12));
    assert.equal(partitionPrefix("", id), `${path}/`);
    assert.equal(partitionPrefix("a/b", id), `a/b/${path}/`);
    assert.equal(feedPrefix("", "reps"), "reps/");
    assert.equal(feedPrefix("a/", "reps"), "a/reps/");
    assert.equal(dayPrefix("a", "reps", "1", "jsonl", "2026-09-01"), "a/reps/version=1/format=jsonl/dt=2026-09-01/");
    assert.equal(objectKey("a", id, markerName), `a/${path}/_SUCCESS`);
  });

  it("knows the days of the calendar", () => {
    for (const day of ["2024-02-29", "2026-12-31", "1999-01-01"]) assert.ok(isDate(day), day);
    for (const day of ["2026-02-29", "2026-00-10", "2026-11-31", "26-11-30", "2026-11-30T00", ""]) {
      assert.ok(!isDate(day), day);
    }
  });

  it("reads back every key that it writes", () => {
    fc.assert(
      fc.property(prefixes, ids, fileNames, (prefix, id, suffix) => {
        const file = `${id.feed}.jsonl${suffix}`;
        const parsed = parseKey(objectKey(prefix, id, file), prefix);
        assert.ok(parsed.kind === "data");
        assert.deepEqual(parsed.id, id);
        assert.equal(parsed.file, file);
        assert.equal(objectKey(prefix, parsed.id, parsed.file), objectKey(prefix, id, file));
        const marker = parseKey(`${partitionPrefix(prefix, id)}${markerName}`, prefix);
        assert.deepEqual(marker, { kind: "marker", id });
        assert.ok(partitionPrefix(prefix, id).startsWith(dayPrefix(prefix, id.feed, id.version, id.format, id.dt)));
        assert.ok(partitionPrefix(prefix, id).startsWith(feedPrefix(prefix, id.feed)));
      }),
    );
  });

  it("never lets what it reads leave the raw folder", () => {
    const raw = resolve("data", "raw");
    fc.assert(
      fc.property(hostileKeys, (key) => {
        const parsed = parseKey(key);
        if (parsed.kind !== "data" && parsed.kind !== "marker") return;
        const file = parsed.kind === "data" ? parsed.file : markerName;
        const target = resolve(raw, partitionPath(parsed.id), file);
        assert.ok(target.startsWith(raw + sep), key);
        assert.equal(target, [raw, ...key.split("/")].join(sep), key);
      }),
      { numRuns: 2000 },
    );
  });

  it("answers any text without throwing", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), fc.string({ maxLength: 20 }), (key, prefix) => {
        assert.ok(["data", "marker", "docs", "foreign", "hostile"].includes(parseKey(key, prefix).kind));
      }),
    );
  });
});

const words = (characters: string, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...characters), minLength: 1, maxLength });
const letters = "abcdefghijklmnopqrstuvwxyz";
const digits = "0123456789";
const ids: fc.Arbitrary<PartitionId> = fc
  .record({
    feed: words(`${letters}${digits}_`, 20).filter((feed) => feed !== "export_docs"),
    version: words(`${letters}ABC${digits}._-`, 8),
    format: words(`${letters}ABC${digits}._-`, 8),
    day: fc.integer({ min: 0, max: 40_000 }),
    hour: fc.option(fc.integer({ min: 0, max: 23 })),
    minute: fc.option(fc.integer({ min: 0, max: 59 })),
  })
  .map(({ feed, version, format, day, hour, minute }) => ({
    feed,
    version,
    format,
    dt: new Date(day * 86_400_000).toISOString().slice(0, 10),
    hr: hour === null ? null : String(hour).padStart(2, "0"),
    mi: hour === null || minute === null ? null : String(minute).padStart(2, "0"),
  }));
const prefixes = fc.array(words(`${letters}=-`, 8), { maxLength: 3 }).map((parts) => parts.join("/"));
const fileNames = fc.constantFrom("", ".gz", ".00", ".99.gz", ".gz.enc", ".01.gz.enc", ".enc");
const hostileKeys = fc.oneof(
  fc
    .array(
      fc.constantFrom(
        ...["..", ".", "/", "//", "\\", "\u0000", " ", "%2e%2e", "~", "feed", "feed.jsonl.gz", "_SUCCESS", "version=1"],
        ...["version=..", "format=jsonl", "format=...", "dt=2026-09-01", "hr=05", "mi=15", "\n", "C:", "‮", "é"],
      ),
      { maxLength: 14 },
    )
    .map((parts) => parts.join("/")),
  fc.tuple(ids, fc.constantFrom("..", "/", "\u0000", "\\", "/../", "."), fc.nat()).map(([id, bad, at]) => {
    const key = objectKey("", id, markerName);
    const place = at % (key.length + 1);
    return key.slice(0, place) + bad + key.slice(place);
  }),
);
