import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { objectKey } from "../src/export/layout.ts";
import { type PartitionId, partitionKey, partitionStart, runOf } from "../src/export/partition.ts";
import {
  fingerprint,
  groupPartitions,
  type RemoteObject,
  type RemotePartition,
} from "../src/export/remote-partition.ts";
import fc from "./fast-check.ts";

const id: PartitionId = { feed: "reps", version: "1", format: "jsonl", dt: "2026-09-01", hr: "05", mi: "15" };
const modified = "2026-09-01T05:31:02.000Z";
const object = (key: string, size = 10, etag = "e1"): RemoteObject => ({ key, size, etag, modified });
const at = (hr: string | null, mi: string | null = null, dt = id.dt) => ({ ...id, dt, hr, mi });

describe("partition", () => {
  it("writes a run so that text sorts as time does, a day without hours before its hours", () => {
    assert.equal(runOf(at(null)), "2026-09-01");
    assert.equal(runOf(at("05")), "2026-09-01 05");
    assert.equal(runOf(at("05", "15")), "2026-09-01 05:15");
    const runs = [
      at(null),
      at("00"),
      at("00", "00"),
      at("00", "45"),
      at("05"),
      at("23", "59"),
      at(null, null, "2026-09-02"),
    ];
    const names = runs.map(runOf);
    assert.deepEqual(names.toSorted(), names);
    assert.equal(new Set(names).size, names.length);
  });

  it("names the instant of a run in UTC", () => {
    assert.equal(partitionStart(at("05", "15")).toISOString(), "2026-09-01T05:15:00.000Z");
    assert.equal(partitionStart(at("05")).toISOString(), "2026-09-01T05:00:00.000Z");
    assert.equal(partitionStart(at(null)).toISOString(), "2026-09-01T00:00:00.000Z");
  });

  it("gives different partitions different names", () => {
    const others = [
      { ...id, mi: "30" },
      { ...id, mi: null },
      { ...id, hr: null, mi: null },
      { ...id, version: "2" },
      { ...id, format: "csv" },
      { ...id, feed: "rep" },
    ];
    assert.equal(new Set([id, ...others].map(partitionKey)).size, 7);
  });

  it("groups a listing by partition and counts the rest", async () => {
    const run = (file: string) => object(objectKey("sub", id, file));
    const listing = await groupPartitions(
      pages(
        [run("_SUCCESS"), run("reps.jsonl.01.gz"), object("sub/readme.txt"), object("elsewhere/x")],
        [run("reps.jsonl.00.gz"), object("sub/../../etc/passwd"), object("sub/export_docs.yaml")],
      ),
      "sub",
    );
    assert.deepEqual([...listing.partitions.keys()], [partitionKey(id)]);
    const partition = listing.partitions.get(partitionKey(id))!;
    assert.deepEqual(partition.id, id);
    assert.deepEqual(plain(partition), {
      id,
      marker: run("_SUCCESS"),
      objects: [run("reps.jsonl.00.gz"), run("reps.jsonl.01.gz")],
    });
    assert.deepEqual(listing.docs, [object("sub/export_docs.yaml")]);
    assert.equal(listing.objects, 7);
    assert.equal(listing.oddities.foreign, 2);
    assert.equal(listing.oddities.hostile, 1);
    assert.deepEqual(listing.oddities.hostileKeys, [{ key: "sub/../../etc/passwd", reason: "path segment .." }]);
  });

  it("takes single objects as well as pages, from a plain list too", async () => {
    const marker = object(objectKey("", id, "_SUCCESS"));
    const { partitions } = await groupPartitions([marker]);
    assert.deepEqual(plain(partitions.get(partitionKey(id))!), { id, marker, objects: [] });
  });

  it("keeps a partition without its marker", async () => {
    const file = object(objectKey("", id, "reps.jsonl.gz"));
    const { partitions } = await groupPartitions([[file]]);
    assert.equal(partitions.get(partitionKey(id))!.marker, null);
  });

  it("counts a key that was listed twice once, as it was listed last", async () => {
    const key = objectKey("", id, "reps.jsonl.gz");
    const { partitions } = await groupPartitions([[object(key, 1, "old")], [object(key, 2, "new")]]);
    const partition = partitions.get(partitionKey(id))!;
    assert.deepEqual(
      partition.objects.map(({ key, size, etag }) => ({ key, size, etag })),
      [{ key, size: 2, etag: "new" }],
    );
  });

  it("shows a few hostile keys and counts them all", async () => {
    const hostile = Array.from({ length: 50 }, (_, index) => object(`../${index}`));
    const listing = await groupPartitions([hostile]);
    assert.equal(listing.oddities.hostile, 50);
    assert.equal(listing.oddities.hostileKeys.length, 20);
  });

  it("groups the same whatever the order and the pages of the listing", async () => {
    const all = ["00", "01", "02"].flatMap((hr) =>
      ["_SUCCESS", "reps.jsonl.00.gz", "reps.jsonl.01.gz"].map((file) => object(objectKey("", { ...id, hr }, file))),
    );
    const expected = sorted((await groupPartitions([all])).partitions);
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(all, { minLength: all.length }),
        fc.integer({ min: 1, max: 9 }),
        async (list, size) => {
          const cut = Array.from({ length: Math.ceil(list.length / size) }, (_, i) =>
            list.slice(i * size, (i + 1) * size),
          );
          assert.deepEqual(sorted((await groupPartitions(cut)).partitions), expected);
        },
      ),
    );
  });

  it("changes the fingerprint with every name, size and etag, the marker's too, and with nothing else", () => {
    const partition = (objects: RemoteObject[], marker: RemoteObject | null = object("p/_SUCCESS", 0, "m")) => ({
      id,
      marker,
      objects,
    });
    const a = object("p/a", 1, "x");
    const b = object("p/b", 2, "y");
    const print = fingerprint(partition([a, b]));
    assert.match(print, /^[0-9a-f]{64}$/);
    assert.equal(fingerprint(partition([b, a])), print);
    assert.equal(fingerprint(partition([{ ...a, modified: "2026-10-01T00:00:00.000Z" }, b])), print);
    assert.equal(fingerprint(partition([{ ...a, key: "other/place/a" }, b])), print);
    const others = [
      partition([a]),
      partition([a, b, object("p/c", 0, "z")]),
      partition([{ ...a, size: 3 }, b]),
      partition([{ ...a, etag: "z" }, b]),
      partition([{ ...a, key: "p/aa" }, b]),
      partition([
        { ...a, etag: "y" },
        { ...b, etag: "x" },
      ]),
      partition([a, b], object("p/_SUCCESS", 0, "m2")),
      partition([a, b], object("p/_SUCCESS", 1, "m")),
      partition([a, b], null),
      partition([a, b, object("p/_SUCCESS", 0, "m")], null),
    ];
    assert.equal(new Set([print, ...others.map(fingerprint)]).size, others.length + 1);
  });

  it("gives a stored partition the fingerprint of the listed one", async () => {
    const listed = [object(objectKey("", id, "_SUCCESS"), 0, "m"), object(objectKey("", id, "reps.jsonl.gz"), 7, "d")];
    const partition = (await groupPartitions([listed])).partitions.get(partitionKey(id))!;
    assert.equal(fingerprint(plain(partition)), fingerprint(partition));
  });
});

async function* pages(...list: RemoteObject[][]): AsyncGenerator<RemoteObject[]> {
  yield* list;
}

function plain(partition: RemotePartition): RemotePartition {
  return JSON.parse(JSON.stringify(partition)) as RemotePartition;
}

function sorted(partitions: Map<string, RemotePartition>): [string, RemotePartition][] {
  return [...partitions]
    .map(([key, value]): [string, RemotePartition] => [key, plain(value)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
