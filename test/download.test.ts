import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Source } from "../src/sources/source.ts";
import { createChecksum } from "../src/sync/checksum.ts";
import { fetchObject } from "../src/sync/download.ts";
import { install, restore } from "../src/sync/raw.ts";
import { defaultRetryLimits, Retry } from "../src/sync/retry.ts";
import { type Expected, type Verified, Verifier, verifyBuffer, WrongBytes } from "../src/sync/verifier.ts";
import { batchBytes, keepSmall, ThreadVerifier } from "../src/sync/verify-thread.ts";
import fc from "./fast-check.ts";
import { noise } from "./sync-kit.ts";

const md5 = (bytes: Buffer) => createHash("md5").update(bytes).digest("hex");
const text = Buffer.from('{"a":1}\n{"a":2}\n{"a":3}');
const packed = gzipSync(text);
const many = Buffer.concat([gzipSync('{"a":1}\n'), gzipSync(""), gzipSync('{"a":2}\n')]);

async function verifyInThread(bytes: Buffer, expected: Expected, piece: number): Promise<Verified> {
  const verifier = new ThreadVerifier(expected);
  for (let at = 0; ; at += piece) {
    const last = at + piece >= bytes.length;
    const verified = await verifier.write(Buffer.from(new Uint8Array(bytes.subarray(at, at + piece)).buffer), last);
    if (last) return verified!;
  }
}

async function verifyInPieces(bytes: Buffer, expected: Expected, piece: number): Promise<Verified> {
  const verifier = new Verifier(expected);
  try {
    for (let at = 0; at < bytes.length; at += piece) await verifier.write(bytes.subarray(at, at + piece));
    return await verifier.finish();
  } finally {
    verifier.close();
  }
}

describe("verify", () => {
  const flipped = (bytes: Buffer, at: number) => {
    const copy = Buffer.from(bytes);
    copy[at < 0 ? copy.length + at : at]! ^= 1;
    return copy;
  };
  // bytes, what is expected of them, the lines in them or what is said
  const cases: [string, Buffer, Partial<Expected>, number | RegExp][] = [
    ["sound gzip", packed, {}, 3],
    ["gzip of several members", many, {}, 2],
    ["gzip of nothing", gzipSync(""), {}, 0],
    ["plain text", text, { gzip: false }, 3],
    ["no bytes, plain", Buffer.alloc(0), { gzip: false }, 0],
    ["no bytes, listed as 0 and called gzip", Buffer.alloc(0), {}, 0],
    ["no bytes, called gzip", Buffer.alloc(0), { size: null }, /no (sound )?gzip/],
    ["a gzip cut short", packed.subarray(0, -3), {}, /cut short/],
    ["a gzip cut in its header", packed.subarray(0, 5), {}, /cut short/],
    ["a flipped bit in the CRC", flipped(packed, -6), {}, /no sound gzip/],
    ["a flipped bit in the length", flipped(packed, -2), {}, /no sound gzip/],
    ["bytes after the end", Buffer.concat([packed, Buffer.from("more")]), {}, /no sound gzip/],
    ["zeros after the end", Buffer.concat([packed, Buffer.alloc(50)]), {}, /50 bytes after the end/],
    ["text that is no gzip", text, {}, /no sound gzip/],
    ["fewer bytes than listed", packed, { size: packed.length + 4 }, /\d+ of the \d+ bytes listed/],
    ["more bytes than listed", packed, { size: packed.length - 4 }, /longer than the \d+ bytes listed/],
    ["another MD5 than the ETag", packed, { md5: md5(text) }, /MD5 differs/],
    ["another stored checksum", packed, { checksum: { algorithm: "sha256", value: "AAAA" } }, /sha256 differs/],
    ["another CRC64", packed, { md5: null, checksum: { algorithm: "crc64nvme", value: "AAAA" } }, /crc64nvme differs/],
  ];
  for (const [name, bytes, more, result] of cases) {
    it(`${typeof result === "number" ? "accepts" : "refuses"} ${name}`, async () => {
      const expected: Expected = { size: bytes.length, md5: md5(bytes), checksum: null, gzip: true, ...more };
      const ways: [string, () => Promise<Verified | null>][] = [
        ["at once", async () => verifyBuffer(bytes, expected)],
        ...[7, 1000].map((n): [string, () => Promise<Verified>] => [
          `in a thread by ${n}`,
          () => verifyInThread(bytes, expected, n),
        ]),
        ...[1, 7, 64, 1000].map((n): [string, () => Promise<Verified>] => [
          `by ${n}`,
          () => verifyInPieces(bytes, expected, n),
        ]),
      ];
      for (const [way, verify] of ways) {
        if (typeof result !== "number") {
          await assert.rejects(verify, (error) => error instanceof WrongBytes && result.test(error.message), way);
          continue;
        }
        const want = { size: bytes.length, md5: md5(bytes), lines: result, empty: result === 0 };
        assert.deepEqual(await verify(), want, way);
      }
    });
  }

  it("lets no flipped bit change what a gzip unpacks to, by its CRC alone", () => {
    fc.assert(
      fc.property(fc.nat(packed.length - 1), fc.nat(7), (at, bit) => {
        const bytes = Buffer.from(packed);
        bytes[at]! ^= 1 << bit;
        try {
          verifyBuffer(bytes, { size: null, md5: null, checksum: null, gzip: true });
        } catch (error) {
          assert.ok(error instanceof WrongBytes);
          return;
        }
        assert.deepEqual(gunzipSync(bytes), text); // the header's time, or bits that pad the last byte
      }),
    );
  });

  it("keeps many small objects at once: the sound ones alone, each in its own file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "kit-small-"));
    try {
      // Together larger than one piece on its way to the thread.
      const objects = Array.from({ length: 600 }, (_, n) => {
        const bytes = gzipSync(`${n}\n`.repeat((n % 7) + 1) + noise(n % 50 === 0 ? 60_000 : 500, n));
        const path = join(folder, n % 40 === 3 ? "missing" : "", `${n}.gz`);
        return { n, bytes, path, md5: md5(n % 30 === 5 ? text : bytes) };
      });
      const kept = await Promise.allSettled(
        objects.map(async ({ bytes, path, md5 }) => {
          const lent = Buffer.from(bytes);
          const keeping = keepSmall(lent, path, { size: bytes.length, md5, checksum: null, gzip: true });
          lent.fill(0);
          return keeping;
        }),
      );
      for (const [n, result] of kept.entries()) {
        const { bytes, path, md5: expected } = objects[n]!;
        if (n % 30 === 5) {
          assert.ok(result.status === "rejected" && result.reason instanceof WrongBytes, `${n}`);
          assert.ok(!existsSync(path), `${n}`);
        } else if (n % 40 === 3) {
          assert.equal(result.status === "rejected" && result.reason.code, "ENOENT", `${n}`);
        } else {
          assert.ok(result.status === "fulfilled" && result.value.md5 === expected, `${n}`);
          assert.deepEqual(readFileSync(path), bytes);
        }
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("takes a body in pieces of any size", async () => {
    const folder = mkdtempSync(join(tmpdir(), "kit-pieces-"));
    try {
      const bytes = gzipSync(noise(3 * batchBytes, 1));
      const listed = { key: "large.gz", size: bytes.length, etag: md5(bytes), modified: "" };
      for (const piece of [bytes.length, 2 * batchBytes + 1, batchBytes, 1000]) {
        const get: Source["get"] = async (_, begin) => {
          const take = begin({ offset: 0, md5: listed.etag, checksum: null });
          for (let at = 0; at < bytes.length; at += piece) {
            const lent = Buffer.from(bytes.subarray(at, at + piece));
            await take(lent);
            lent.fill(0);
          }
        };
        const path = join(folder, `${piece}.gz`);
        const download = {
          data: folder,
          tmp: "",
          decrypt: null,
          signal: new AbortController().signal,
          onBytes() {},
          source: { get } as Source,
          retry: new Retry("here", 1),
          limits: defaultRetryLimits,
        };
        const { md5: found } = await fetchObject(listed, path, true, download);
        assert.equal(found, listed.etag, `${piece}`);
        assert.deepEqual(readFileSync(path), bytes);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("streams what unpacks to more than fits in memory", async () => {
    const bomb = gzipSync(Buffer.alloc(70 * 1024 * 1024));
    const expected = { size: bomb.length, md5: null, checksum: null, gzip: true };
    assert.equal(verifyBuffer(bomb, expected), null);
    assert.equal((await verifyInPieces(bomb, expected, 4096)).lines, 1);
    assert.equal((await verifyInThread(bomb, expected, bomb.length)).lines, 1);
  });

  it("computes the checksums of the store", () => {
    // The check values of the CRC catalogues for "123456789".
    const sums = { crc32: "cbf43926", crc32c: "e3069283", crc64nvme: "ae8b14860a799888" } as const;
    for (const [algorithm, value] of Object.entries(sums)) {
      const sum = createChecksum(algorithm as keyof typeof sums, true)!;
      sum.update(Buffer.from("1234")).update(Buffer.from("56789"));
      assert.equal(Buffer.from(sum.digest(), "base64").toString("hex"), value);
    }
    assert.equal(createChecksum("crc64nvme", false), null, "not where the MD5 tells as much");
    const sha = createHash("sha256").update(text).digest("base64");
    assert.equal(createChecksum("sha256", false)!.update(text).digest(), sha);
  });
});

describe("install", () => {
  let data: string;
  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), "asapp-kit-install-"));
  });
  afterEach(() => rmSync(data, { recursive: true }));

  function folder(path: string, files: Record<string, string>): string {
    mkdirSync(join(data, path), { recursive: true });
    for (const [name, body] of Object.entries(files)) writeFileSync(join(data, path, name), body);
    return join(data, path);
  }
  const marked = (files: Record<string, string>) => ({ ...files, _SUCCESS: "" });
  const target = () => join(data, "raw", "reps", "dt=2026-11-22");
  const aside = () => join(data, "tmp", "1", "old", "reps", "dt=2026-11-22");
  const read = () =>
    Object.fromEntries(
      readdirSync(target(), { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => [name, readFileSync(join(target(), name), "utf8")]),
    );

  // The rows of the table above install.
  const rows: [string, Record<string, string> | null, Record<string, string>][] = [
    ["where nothing is", null, marked({ a: "new" })],
    ["over one file of the same name", marked({ a: "old" }), marked({ a: "new" })],
    ["over one file of another name", marked({ a: "old" }), marked({ b: "new" })],
    ["over many files", marked({ a: "old", b: "old", c: "old" }), marked({ b: "new", d: "new" })],
    ["over files without rows", marked({}), marked({ a: "new" })],
    ["an empty one over files", marked({ a: "old" }), marked({})],
  ];
  for (const [name, old, fresh] of rows) {
    for (const inner of [false, true]) {
      it(`puts a partition ${name}${inner ? ", sparing the hours inside" : ""}`, () => {
        if (old) folder("raw/reps/dt=2026-11-22", old);
        if (inner) folder("raw/reps/dt=2026-11-22/hr=05", marked({ a: "hour" }));
        install(folder("tmp/1/new/1", fresh), target(), aside());
        assert.deepEqual(read(), fresh);
        if (inner) assert.deepEqual(readdirSync(join(target(), "hr=05")), ["_SUCCESS", "a"]);
        restore({ data });
        assert.deepEqual(read(), fresh, "stays after clearing up");
        assert.ok(!existsSync(join(data, "tmp")));
      });
    }
  }

  it("shows a reader the old file or the new one, never none and never a mixture", async () => {
    const versions = Array.from({ length: 60 }, (_, i) => noise(20_000, i).toString("hex"));
    const whole = new Set(versions);
    folder("raw/reps/dt=2026-11-22", marked({ a: versions[0]! }));
    let reading = true;
    const reader = (async () => {
      const { readFile } = await import("node:fs/promises");
      let reads = 0;
      while (reading) {
        assert.ok(whole.has(await readFile(join(target(), "a"), "utf8")));
        reads += 1;
      }
      return reads;
    })();
    for (const version of versions.slice(1)) {
      install(folder("tmp/1/new/1", marked({ a: version })), target(), aside());
      await new Promise((resolve) => setImmediate(resolve));
    }
    reading = false;
    assert.ok((await reader) > 0);
  });
});
