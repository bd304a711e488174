import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, describe, it } from "node:test";
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { compareKeys, folderStore, memoryStore } from "../src/demo/s3/object-store.ts";
import { type Client, type S3Server, startS3Server } from "../src/demo/s3/s3-server.ts";
import { encodeStrictly, sha256 } from "../src/demo/s3/sigv4.ts";
import fc from "./fast-check.ts";

interface Account {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

const account: Account = { accessKeyId: "DEMOKEY", secretAccessKey: "demo-secret" };

function connect(endpoint: string, credentials: Account = account): S3Client {
  return new S3Client({ endpoint, credentials, region: "us-east-1", forcePathStyle: true, maxAttempts: 1 });
}

async function listAll(client: S3Client, input: ListObjectsV2CommandInput) {
  const keys: string[] = [];
  const prefixes: string[] = [];
  const pages: number[] = [];
  let token: string | undefined;
  do {
    const page = await client.send(new ListObjectsV2Command({ ...input, ContinuationToken: token }));
    keys.push(...(page.Contents ?? []).map((object) => object.Key!));
    prefixes.push(...(page.CommonPrefixes ?? []).map((entry) => entry.Prefix!));
    pages.push(page.KeyCount!);
    token = page.NextContinuationToken;
  } while (token);
  return { keys, prefixes, pages };
}

function rejectsWith(name: string, status: number) {
  return (error: unknown) => {
    const { name: got, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
    assert.deepEqual([got, $metadata?.httpStatusCode], [name, status]);
    return true;
  };
}

/**
 * What the kit needs from any S3. Runs against the embedded server in memory and on a folder, and against a real
 * one when S3_CONFORMANCE_ENDPOINT, S3_CONFORMANCE_KEY and S3_CONFORMANCE_SECRET name it.
 */
function conformance(name: string, open: () => Promise<{ endpoint: string; credentials: Account; close(): unknown }>) {
  describe(`S3 conformance: ${name}`, () => {
    const bucket = `conformance-${createHash("md5").update(name).digest("hex").slice(0, 8)}`;
    const keys = [
      "feed/version=1/format=jsonl/dt=2026-09-01/hr=05/_SUCCESS",
      "feed/version=1/format=jsonl/dt=2026-09-01/hr=05/feed.jsonl.gz",
      "feed/version=1/format=jsonl/dt=2026-09-01/hr=06/feed.jsonl.00.gz",
      "feed/version=1/format=jsonl/dt=2026-09-01/hr=06/feed.jsonl.01.gz",
      "feed_two/version=1/format=jsonl/dt=2026-09-01/feed_two.jsonl",
      "odd/a b+c&d=e%20f",
      "odd/Z before a",
      "odd/é",
      "odd/\uffee after é, before the next by UTF-8",
      "odd/😀",
    ];
    let server: Awaited<ReturnType<typeof open>>;
    let client: S3Client;
    const text = (key: string) => `body of ${key}\n`;
    const put = (key: string, body: string | Buffer) =>
      client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
    const get = (key: string, more: object = {}) =>
      client.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...more }));
    const quoted = (body: string) => `"${createHash("md5").update(body).digest("hex")}"`;

    before(async () => {
      server = await open();
      client = connect(server.endpoint, server.credentials);
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      for (const key of keys) await put(key, text(key));
    });
    after(async () => {
      const { keys: left } = await listAll(client, { Bucket: bucket });
      for (const key of left) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
      await client.send(new DeleteBucketCommand({ Bucket: bucket }));
      client.destroy();
      await server.close();
    });

    it("lists keys in the order of their UTF-8 bytes", async () => {
      const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      assert.deepEqual((await listAll(client, { Bucket: bucket })).keys, sorted);
      assert.deepEqual((await listAll(client, { Bucket: bucket, MaxKeys: 1 })).keys, sorted);
      assert.deepEqual((await listAll(client, { Bucket: bucket, MaxKeys: 3 })).pages, [3, 3, 3, 1]);
    });

    it("says size, ETag and time of each object", async () => {
      const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: "feed_two/" }));
      const [object] = page.Contents!;
      const body = text(keys[4]!);
      assert.deepEqual([object!.Key, object!.Size, object!.ETag], [keys[4], body.length, quoted(body)]);
      assert.ok(object!.LastModified instanceof Date);
      assert.deepEqual([page.KeyCount, page.IsTruncated], [1, false]);
    });

    it("folds keys into common prefixes, over pages too", async () => {
      const roots = ["feed/", "feed_two/", "odd/"];
      assert.deepEqual((await listAll(client, { Bucket: bucket, Delimiter: "/" })).prefixes, roots);
      const paged = await listAll(client, { Bucket: bucket, Delimiter: "/", MaxKeys: 1 });
      assert.deepEqual([paged.prefixes, paged.keys], [roots, []]);
      const day = "feed/version=1/format=jsonl/dt=2026-09-01/";
      assert.deepEqual((await listAll(client, { Bucket: bucket, Prefix: day, Delimiter: "/" })).prefixes, [
        `${day}hr=05/`,
        `${day}hr=06/`,
      ]);
    });

    it("starts after a key, and finds nothing under an unknown prefix", async () => {
      const from = await listAll(client, { Bucket: bucket, Prefix: "feed/", StartAfter: keys[1]! });
      assert.deepEqual(from.keys, keys.slice(2, 4));
      assert.deepEqual((await listAll(client, { Bucket: bucket, Prefix: "nothing/" })).pages, [0]);
    });

    it("encodes keys on request", async () => {
      const page = await client.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: "odd/a", EncodingType: "url" }),
      );
      assert.equal(decodeURIComponent(page.Contents![0]!.Key!.replaceAll("+", " ")), keys[5]);
    });

    it("gives back every object as it was put", async () => {
      for (const key of keys) {
        const answer = await get(key);
        assert.equal(await answer.Body!.transformToString(), text(key));
        assert.equal(answer.ETag, quoted(text(key)));
        const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
        assert.deepEqual([head.ContentLength, head.ETag], [Buffer.byteLength(text(key)), answer.ETag]);
      }
    });

    it("keeps bytes as they are: empty, large and overwritten", async () => {
      const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 251));
      for (const body of [Buffer.alloc(0), bytes, Buffer.from("short again")]) {
        await put("odd/bytes", body);
        const answer = await get("odd/bytes");
        assert.ok(Buffer.from(await answer.Body!.transformToByteArray()).equals(body));
      }
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: "odd/bytes" }));
      await assert.rejects(get("odd/bytes"), rejectsWith("NoSuchKey", 404));
    });

    it("answers ranges", async () => {
      const key = keys[1]!;
      const part = async (range: string) => {
        const answer = await get(key, { Range: range });
        return [answer.$metadata.httpStatusCode, answer.ContentRange, await answer.Body!.transformToString()];
      };
      const size = text(key).length;
      assert.deepEqual(await part("bytes=0-3"), [206, `bytes 0-3/${size}`, "body"]);
      assert.deepEqual(await part("bytes=5-6"), [206, `bytes 5-6/${size}`, "of"]);
      assert.deepEqual(await part("bytes=-4"), [206, `bytes ${size - 4}-${size - 1}/${size}`, ".gz\n"]);
      assert.deepEqual(await part(`bytes=${size - 4}-`), [206, `bytes ${size - 4}-${size - 1}/${size}`, ".gz\n"]);
      await assert.rejects(get(key, { Range: `bytes=${size}-` }), rejectsWith("InvalidRange", 416));
    });

    it("keeps to conditions on the ETag", async () => {
      const key = keys[1]!;
      const etag = quoted(text(key));
      assert.equal((await get(key, { IfMatch: etag })).ETag, etag);
      assert.equal((await get(key, { IfMatch: etag, Range: "bytes=5-" })).ETag, etag);
      await assert.rejects(get(key, { IfMatch: quoted("other") }), rejectsWith("PreconditionFailed", 412));
      await assert.rejects(get(key, { IfNoneMatch: etag }), (error: { $metadata: { httpStatusCode: number } }) => {
        assert.equal(error.$metadata.httpStatusCode, 304);
        return true;
      });
    });

    it("names what is missing", async () => {
      await assert.rejects(get("nothing"), rejectsWith("NoSuchKey", 404));
      await assert.rejects(
        client.send(new HeadObjectCommand({ Bucket: bucket, Key: "nothing" })),
        rejectsWith("NotFound", 404),
      );
      const elsewhere = { Bucket: `${bucket}-missing` };
      await assert.rejects(client.send(new ListObjectsV2Command(elsewhere)), rejectsWith("NoSuchBucket", 404));
      await assert.rejects(client.send(new HeadBucketCommand(elsewhere)), rejectsWith("NotFound", 404));
    });

    it("knows its buckets", async () => {
      const { Buckets } = await client.send(new ListBucketsCommand({}));
      assert.ok(Buckets!.some((entry) => entry.Name === bucket));
      await client.send(new HeadBucketCommand({ Bucket: bucket }));
      const location = await client.send(new GetBucketLocationCommand({ Bucket: bucket }));
      assert.ok(!location.LocationConstraint || typeof location.LocationConstraint === "string");
    });

    it("refuses a wrong key, a wrong secret and nobody", async () => {
      const list = (credentials: Account) =>
        connect(server.endpoint, credentials).send(new ListObjectsV2Command({ Bucket: bucket }));
      await assert.rejects(
        list({ ...server.credentials, accessKeyId: "NOBODY" }),
        rejectsWith("InvalidAccessKeyId", 403),
      );
      await assert.rejects(
        list({ ...server.credentials, secretAccessKey: "wrong" }),
        rejectsWith("SignatureDoesNotMatch", 403),
      );
      const answer = await fetch(`${server.endpoint}/${bucket}/${keys[4]}`);
      assert.equal(answer.status, 403);
      assert.match(await answer.text(), /<Code>AccessDenied<\/Code>/);
    });

    it("takes presigned URLs until they expire", async () => {
      const url = presign(server.endpoint, `/${bucket}/${keys[1]}`, server.credentials, { expires: 60 });
      const answer = await fetch(url);
      assert.deepEqual([answer.status, await answer.text()], [200, text(keys[1]!)]);
      assert.equal((await fetch(url.replace("hr%3D05", "hr%3D06"))).status, 403);
      const late = presign(server.endpoint, `/${bucket}/${keys[1]}`, server.credentials, {
        expires: 60,
        at: new Date(Date.now() - 120_000),
      });
      const refused = await fetch(late);
      assert.deepEqual([refused.status, /AccessDenied/.test(await refused.text())], [403, true]);
    });
  });
}

/** A presigned GET, made by hand so that the server's arithmetic is checked by a second one. */
function presign(endpoint: string, path: string, who: Account, { expires = 60, at = new Date() } = {}): string {
  const time = at.toISOString().replace(/[-:]|\.\d{3}/g, "");
  const scope = `${time.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const query = [
    ["X-Amz-Algorithm", "AWS4-HMAC-SHA256"],
    ["X-Amz-Credential", `${who.accessKeyId}/${scope}`],
    ["X-Amz-Date", time],
    ["X-Amz-Expires", String(expires)],
    ["X-Amz-SignedHeaders", "host"],
  ].map(([name, value]) => `${name}=${encodeStrictly(value!)}`);
  const encoded = path.split("/").map(encodeStrictly).join("/");
  const { host } = new URL(endpoint);
  const canonical = ["GET", encoded, query.join("&"), `host:${host}`, "", "host", "UNSIGNED-PAYLOAD"].join("\n");
  const hmac = (key: Buffer | string, data: string) => createHmac("sha256", key).update(data).digest();
  let key: Buffer | string = `AWS4${who.secretAccessKey}`;
  for (const part of scope.split("/")) key = hmac(key, part);
  const signature = hmac(key, ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n")).toString("hex");
  return `${endpoint}${encoded}?${query.join("&")}&X-Amz-Signature=${signature}`;
}

async function openOurs(options: { folder?: string; credentials?: Client[]; clock?: () => Date } = {}) {
  const server = await startS3Server({
    credentials: options.credentials ?? [account],
    store: options.folder ? folderStore(options.folder) : memoryStore(),
    ...(options.clock && { clock: options.clock }),
  });
  return { endpoint: server.url, credentials: account, close: () => server.close() };
}

conformance("embedded, in memory", () => openOurs());
conformance("embedded, on a folder", async () => {
  const folder = mkdtempSync(join(tmpdir(), "s3-"));
  const server = await openOurs({ folder });
  return {
    ...server,
    close: async () => {
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
});
const { S3_CONFORMANCE_ENDPOINT, S3_CONFORMANCE_KEY = "", S3_CONFORMANCE_SECRET = "" } = process.env;
if (S3_CONFORMANCE_ENDPOINT) {
  conformance("another server", async () => ({
    endpoint: S3_CONFORMANCE_ENDPOINT,
    credentials: { accessKeyId: S3_CONFORMANCE_KEY, secretAccessKey: S3_CONFORMANCE_SECRET },
    close: () => {},
  }));
}

describe("embedded S3 server", () => {
  const bucket = "exports";
  const key = "feed/dt=2026-09-01/_SUCCESS";
  const withServer = async (
    options: Partial<Parameters<typeof startS3Server>[0]>,
    use: (server: S3Server) => Promise<void>,
  ) => {
    const server = await startS3Server({ credentials: [account], buckets: [bucket], ...options });
    try {
      server.put(bucket, key, "");
      await use(server);
    } finally {
      await server.close();
    }
  };
  const list = (server: S3Server, who: Account = account) =>
    connect(server.url, who).send(new ListObjectsV2Command({ Bucket: bucket }));

  it("listens on the loopback address alone", () =>
    withServer({}, async (server) => {
      assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    }));

  it("fails plainly when its port is taken", async () => {
    const blocker = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => blocker.once("listening", resolve));
    const { port } = blocker.address() as AddressInfo;
    await assert.rejects(startS3Server({ credentials: [account], port }), { code: "EADDRINUSE" });
    blocker.close();
  });

  it("logs requests, so that a test can say: no GET", () =>
    withServer({}, async (server) => {
      await list(server);
      await connect(server.url)
        .send(new GetObjectCommand({ Bucket: bucket, Key: key, Range: "bytes=0-" }))
        .catch(() => {});
      assert.deepEqual(
        server.requests.map(({ operation, status, range }) => [operation, status, range]),
        [
          ["ListObjectsV2", 200, null],
          ["GetObject", 416, "bytes=0-"],
        ],
      );
      server.forget();
      assert.equal(server.count("GetObject"), 0);
    }));

  it("refuses a clock that is 20 minutes off", () =>
    withServer({ clock: () => new Date(Date.now() + 20 * 60_000) }, async (server) => {
      await assert.rejects(list(server), rejectsWith("RequestTimeTooSkewed", 403));
    }));

  it("takes session tokens until they expire", async () => {
    const temporary = {
      accessKeyId: "TEMPKEY",
      secretAccessKey: "temporary-secret",
      sessionToken: "token/+=",
    };
    let now = new Date();
    const expires = new Date(now.getTime() + 60_000);
    await withServer({ credentials: [{ ...temporary, expires }], clock: () => now }, async (server) => {
      assert.equal((await list(server, temporary)).KeyCount, 1);
      await assert.rejects(list(server, { ...temporary, sessionToken: "other" }), rejectsWith("InvalidToken", 400));
      now = expires;
      await assert.rejects(list(server, temporary), rejectsWith("ExpiredToken", 400));
    });
  });

  it("denies what a key may not do", async () => {
    const reader: Client = { ...account, allow: ["list", "read"], buckets: [bucket] };
    await withServer({ credentials: [reader], buckets: [bucket, "private"] }, async (server) => {
      const client = connect(server.url);
      assert.equal((await list(server)).KeyCount, 1);
      await assert.rejects(
        client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: "" })),
        rejectsWith("AccessDenied", 403),
      );
      await assert.rejects(
        client.send(new ListObjectsV2Command({ Bucket: "private" })),
        rejectsWith("AccessDenied", 403),
      );
    });
  });

  it("sends a checksum when it has one", () =>
    withServer({}, async (server) => {
      const body = "123456789";
      server.put(bucket, "checked", body, { crc32: true });
      const answer = await connect(server.url).send(
        new GetObjectCommand({ Bucket: bucket, Key: "checked", ChecksumMode: "ENABLED" }),
      );
      assert.equal(answer.ChecksumCRC32, Buffer.from("cbf43926", "hex").toString("base64"));
      assert.equal(await answer.Body!.transformToString(), body);
    }));

  it("takes an upload in chunks, and refuses one whose checksum or hash is wrong", () =>
    withServer({}, async (server) => {
      const body = Buffer.from("chunk ".repeat(30_000));
      const chunks = [body.subarray(0, 100_000), body.subarray(100_000)];
      const client = connect(server.url);
      const stream = { Bucket: bucket, Key: "streamed", ContentLength: body.length };
      await client.send(new PutObjectCommand({ ...stream, Body: Readable.from(chunks), ChecksumAlgorithm: "CRC32" }));
      assert.ok(server.store.read(bucket, "streamed").equals(body));
      assert.ok(server.store.head(bucket, "streamed")!.crc32);
      const wrong = { Bucket: bucket, Key: "wrong", Body: "x" };
      await assert.rejects(
        client.send(new PutObjectCommand({ ...wrong, ContentMD5: createHash("md5").update("y").digest("base64") })),
        rejectsWith("BadDigest", 400),
      );
      await assert.rejects(
        client.send(new PutObjectCommand({ ...wrong, ChecksumCRC32: "AAAAAA==" })),
        rejectsWith("BadDigest", 400),
      );
      assert.equal(server.store.head(bucket, "wrong"), undefined);
    }));

  it("can wear the ETag of an upload in parts, and an older time", () =>
    withServer({}, async (server) => {
      server.put(bucket, key, "x", {
        etag: `${"0".repeat(32)}-2`,
        modified: new Date("2026-09-01T06:10:00.750Z"),
      });
      const [object] = (await list(server)).Contents!;
      assert.equal(object!.ETag, `"${"0".repeat(32)}-2"`);
      assert.equal(object!.LastModified!.toISOString(), "2026-09-01T06:10:00.000Z");
    }));

  it("lets a test break an answer", () =>
    withServer(
      {
        intercept: (request, response) => {
          if (request.operation !== "ListObjectsV2") return false;
          response.writeHead(503).end();
          return true;
        },
      },
      async (server) => {
        await assert.rejects(list(server), (error: { $metadata: { httpStatusCode: number } }) => {
          assert.equal(error.$metadata.httpStatusCode, 503);
          return true;
        });
      },
    ));

  it("keeps hostile keys in memory as they are, and out of a folder", async () => {
    await withServer({}, async (server) => {
      for (const hostile of ["a/../../b", "/root", "a//b", "./a"]) server.put(bucket, hostile, "x");
      const { Contents } = await list(server);
      assert.deepEqual(
        Contents!.map((object) => object.Key),
        ["./a", "/root", "a/../../b", "a//b", key],
      );
      const answer = await connect(server.url).send(new GetObjectCommand({ Bucket: bucket, Key: "a/../../b" }));
      assert.equal(await answer.Body!.transformToString(), "x");
    });
    const folder = mkdtempSync(join(tmpdir(), "s3-"));
    const store = folderStore(folder);
    store.createBucket(bucket);
    assert.throws(() => store.put(bucket, "../outside", Buffer.from("x")), /no file can have this key/);
    rmSync(folder, { recursive: true });
  });

  it("finds again what a folder kept", () => {
    const folder = mkdtempSync(join(tmpdir(), "s3-"));
    const first = folderStore(folder);
    first.createBucket(bucket);
    const put = first.put(bucket, key, Buffer.from("x"), { modified: new Date("2026-09-01T06:10:00Z") });
    const second = folderStore(folder);
    assert.deepEqual(second.keys(bucket), [key]);
    assert.deepEqual(second.head(bucket, key), put);
    rmSync(folder, { recursive: true });
  });

  it("compares keys as UTF-8 does", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (a, b) => {
        const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
        assert.equal(Math.sign(compareKeys(a, b)), expected);
      }),
    );
  });
});
