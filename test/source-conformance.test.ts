// What every kind of source promises, against its real server: one line in `sources` for each of the registry's kinds.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { startS3Server } from "../src/demo/s3/s3-server.ts";
import type { RemoteObject } from "../src/export/remote-partition.ts";
import { kindOf, kinds, type SourceConfig } from "../src/sources/registry.ts";
import type { ListOptions, Source, SourceTuning } from "../src/sources/source.ts";
import { type Relay, startRelay } from "./relay.ts";
import { noSshd, startSshd } from "./sshd.ts";
import { bucket, credentials, noise, now, read } from "./sync-kit.ts";

interface Server {
  put(key: string, body: string | Buffer): void;
  remove(key: string): void;
  config(port?: number): SourceConfig; // through another port of this machine
  port: number | null; // null: no server that a connection goes to
  close(): Promise<void>;
}

interface Subject {
  type: SourceConfig["type"];
  skip: string | false;
  start(): Promise<Server>;
}

const sources: Subject[] = [
  { type: "folder", skip: false, start: startFolder },
  { type: "sftp", skip: noSshd ?? false, start: startSftp },
  { type: "s3", skip: false, start: startS3 },
];

describe("sources", () => {
  it("are all put to the test", () => {
    assert.deepEqual(sources.map(({ type }) => type).sort(), kinds.map(({ type }) => type).sort());
  });
});

for (const { type, skip, start } of sources)
  describe(`source: ${type}`, { skip }, () => {
    let server: Server;
    const opened: Source[] = [];
    const closing: (() => Promise<void>)[] = [];
    before(async () => {
      server = await start();
    });
    after(() => server?.close());
    afterEach(async () => {
      for (const source of opened.splice(0)) await source.close();
      for (const close of closing.splice(0)) await close();
    });

    async function open(tuning: SourceTuning = {}, port?: number): Promise<Source> {
      const config = server.config(port);
      const source = await kindOf(config).open(config, null, { idleMs: 5_000, ...tuning });
      opened.push(source);
      return source;
    }

    async function list(source: Source, prefix: string, options: ListOptions = {}): Promise<RemoteObject[]> {
      const objects: RemoteObject[] = [];
      for await (const page of source.list(prefix, options)) objects.push(...page);
      return objects;
    }
    const keysOf = (objects: RemoteObject[]) => objects.map(({ key }) => key);
    const rejectsAborted = (promise: Promise<unknown>) => assert.rejects(promise, { name: "AbortError" });
    const changed = (message: RegExp) => ({ trouble: "changed", message });

    it("says where it is", async () => {
      const source = await open();
      assert.match(source.describe(), /\S/);
      assert.doesNotMatch(source.describe(), new RegExp(credentials.secretAccessKey));
    });

    it("lists in the order of keys, from any key on, below any prefix", async () => {
      const all = ["order/a-b", "order/a/b", "order/a/c.txt", "order/a/c/d", "order/a0", "order/b"];
      for (const key of [...all].reverse()) server.put(key, key);
      const source = await open();
      const keys = async (prefix: string, startAfter?: string) =>
        keysOf(await list(source, prefix, startAfter === undefined ? {} : { startAfter }));
      assert.deepEqual(await keys("order/"), all);
      assert.deepEqual(await keys("order/a/"), all.slice(1, 4));
      assert.deepEqual(await keys("order/a"), all.slice(0, 5));
      for (const [index, key] of all.entries())
        assert.deepEqual(await keys("order/", key), all.slice(index + 1), `after ${key}`);
      assert.deepEqual(await keys("order/", "order/a/c/"), all.slice(3));
      assert.deepEqual(await keys("none/"), []);
    });

    it("lists sizes, versions and times", async () => {
      server.put("facts/x", "12345");
      const [object] = await list(await open(), "facts/");
      assert.equal(object!.size, 5);
      assert.match(object!.etag, /^\S+$/);
      assert.equal(object!.modified, now.toISOString());
    });

    it("lists page by page, each through the lister's own request, however many there are", async () => {
      const wanted = Array.from({ length: 2_100 }, (_, i) => `many/${String(i).padStart(4, "0")}`);
      for (const key of wanted) server.put(key, "");
      const source = await open();
      let requests = 0;
      const request = <T>(page: () => Promise<T>) => {
        requests += 1;
        return page();
      };
      let pages = 0;
      const found: string[] = [];
      for await (const page of source.list("many/", { request })) {
        pages += 1;
        assert.ok(page.length <= 1000);
        found.push(...keysOf(page));
      }
      assert.deepEqual(found, wanted);
      assert.ok(pages >= 3, `${pages} pages`);
      if (type !== "folder") assert.ok(requests >= 1);
    });

    it("tells folders from objects", async () => {
      for (const key of ["tree/b/1", "tree/b/2", "tree/c/d/3", "tree/x", "tree/y"]) server.put(key, "1");
      const source = await open();
      const { folders, objects } = await source.folder("tree/");
      assert.deepEqual(
        [folders, keysOf(objects)],
        [
          ["b", "c"],
          ["tree/x", "tree/y"],
        ],
      );
      assert.ok((await source.folder("")).folders.includes("tree"));
      assert.deepEqual(await source.folder("none/"), { folders: [], objects: [] });
    });

    it("lists and brings keys with odd characters", async () => {
      const names = [
        "a b+c&d",
        "é ü ŝ 日本 😀",
        "e\u0301",
        "a'(1)!*~x=y;z,@:$",
        '"quoted" <tag>',
        "%25 %2F",
        "-rf",
        "#frag?query",
        "back\\slash",
        "tab\tin",
      ];
      for (const name of names) server.put(`odd/${name}/${name}.txt`, name);
      const source = await open();
      const objects = await list(source, "odd/");
      assert.deepEqual(keysOf(objects).sort(), names.map((name) => `odd/${name}/${name}.txt`).sort());
      for (const object of objects) {
        const { text } = await read(source, object);
        assert.equal(`odd/${text}/${text}.txt`, object.key);
      }
      for (const name of names) {
        const inside = `odd/${name}/`;
        assert.deepEqual(keysOf(await list(source, inside)), [`${inside}${name}.txt`]);
        assert.deepEqual(await list(source, inside, { startAfter: `${inside}${name}.txt` }), []);
      }
    });

    it("brings bytes from any offset on, of empty objects too", async () => {
      const body = noise(700_000, 1).toString("latin1");
      server.put("bytes/empty", "");
      server.put("bytes/large", Buffer.from(body, "latin1"));
      const source = await open();
      const [empty, large] = await list(source, "bytes/");
      assert.equal((await read(source, empty!)).text, "");
      for (const offset of [0, 1, 65_536, 699_999]) {
        const { bytes, from } = await readBytes(source, large!, offset);
        assert.ok(bytes.equals(Buffer.from(body, "latin1").subarray(from)), `from ${offset}`);
        assert.equal(from, offset);
      }
    });

    it("brings the listed object or none", async () => {
      server.put("version/x", "one");
      server.put("version/y", "one");
      const source = await open();
      const [x, y] = await list(source, "version/");
      server.put("version/x", "two and more");
      server.remove("version/y");
      await assert.rejects(read(source, x!), changed(/changed since it was listed/));
      await assert.rejects(read(source, y!), changed(/gone since it was listed/));
      await assert.rejects(read(source, x!, { offset: 1 }), changed(/changed since it was listed/));
      const [fresh] = await list(source, "version/");
      assert.equal((await read(source, fresh!)).text, "two and more");
    });

    it("brings many objects at once, each its own", async () => {
      for (let i = 0; i < 40; i++) server.put(`side/${i}`, `${i}`.repeat(20_000));
      const source = await open({ concurrency: 8 });
      const objects = await list(source, "side/");
      const texts = await Promise.all(objects.map((object) => read(source, object)));
      for (const [index, { text }] of texts.entries())
        assert.equal(text, objects[index]!.key.slice("side/".length).repeat(20_000));
    });

    it("waits for a taker that is busy", async () => {
      server.put("slow/x", noise(400_000, 2));
      const source = await open();
      const [object] = await list(source, "slow/");
      let busy = false;
      let length = 0;
      await source.get(object!, () => (bytes) => {
        assert.ok(!busy, "nothing comes while the taker is busy");
        busy = true;
        length += bytes.length;
        return delay(5).then(() => {
          busy = false;
        });
      });
      assert.equal(length, 400_000);
    });

    it("fails with what the taker throws, and goes on with others", async () => {
      server.put("refused/x", noise(400_000, 3));
      const source = await open();
      const [object] = await list(source, "refused/");
      const get = (take: () => undefined | Promise<never>) => source.get(object!, () => take);
      const refuse = () => {
        throw new Error("no more");
      };
      await assert.rejects(get(refuse), { message: "no more" });
      await assert.rejects(
        get(() => delay(5).then(refuse)),
        { message: "no more" },
      );
      assert.equal((await readBytes(source, object!, 0)).bytes.length, 400_000);
    });

    it("stops when told to: before a listing, before an object and inside one", async () => {
      server.put("stop/x", noise(900_000, 4));
      const source = await open();
      const [object] = await list(source, "stop/");
      const aborted = AbortSignal.abort();
      await rejectsAborted(list(source, "stop/", { signal: aborted }));
      await rejectsAborted(read(source, object!, { signal: aborted }));
      const stop = new AbortController();
      const inside = source.get(
        object!,
        () => () => {
          stop.abort();
          return undefined;
        },
        { signal: stop.signal },
      );
      await rejectsAborted(inside);
      assert.equal((await readBytes(source, object!, 0)).bytes.length, 900_000);
    });

    describe("over a bad connection", { skip: type === "folder" && "no connection" }, () => {
      let relay: Relay;
      beforeEach(async () => {
        server.put("cut/x", noise(900_000, 5));
        relay = await startRelay(server.port!);
        closing.push(() => relay.close());
      });

      for (const how of ["reset", "ended"] as const)
        it(`fails when it is ${how} inside an object, and goes on where it was`, async () => {
          const source = await open({}, relay.port);
          const [object] = await list(source, "cut/");
          relay.faults.push({ kind: how, after: 300_000 });
          let got = 0;
          await assert.rejects(
            source.get(object!, () => (bytes) => {
              got += bytes.length;
              return undefined;
            }),
          );
          assert.ok(got < 900_000, `${got} bytes`);
          const { bytes, from } = await readBytes(source, object!, got);
          assert.equal(from, got);
          assert.ok(bytes.equals(noise(900_000, 5).subarray(got)));
        });

      it("fails when it hangs inside an object, and lists anew", async () => {
        const source = await open({ idleMs: 400 }, relay.port);
        const [object] = await list(source, "cut/");
        relay.faults.push({ kind: "hangs", after: 300_000 });
        await assert.rejects(read(source, object!), { trouble: "transient", message: /no byte for \d+ ms/ });
        assert.equal((await list(source, "cut/")).length, 1);
      });

      it("fails as transient when it breaks inside a listing", async () => {
        const source = await open({}, relay.port);
        await list(source, "cut/");
        relay.faults.push({ kind: "reset", after: 10 });
        await assert.rejects(list(source, "cut/"), { trouble: "transient" });
        assert.equal((await list(source, "cut/")).length, 1);
      });
    });
  });

async function readBytes(source: Source, object: RemoteObject, offset: number) {
  const chunks: Buffer[] = [];
  let from = -1;
  await source.get(
    object,
    (body) => {
      from = body.offset;
      return (bytes) => void chunks.push(Buffer.from(bytes));
    },
    { offset },
  );
  return { bytes: Buffer.concat(chunks), from };
}

async function startFolder(): Promise<Server> {
  const { put, remove, root, close } = openTree();
  return {
    put,
    remove,
    port: null,
    config: () => ({ type: "folder", path: root }),
    close: async () => close(),
  };
}

async function startSftp(): Promise<Server> {
  const { put, remove, root, close } = openTree();
  const sshd = await startSshd();
  return {
    put,
    remove,
    port: sshd.port,
    config: (port = sshd.port) => ({
      type: "sftp",
      url: `sftp://${userInfo().username}@127.0.0.1:${port}${root}`,
      identity: join(sshd.keys, "user"),
      knownHosts: sshd.knownAt(port),
    }),
    async close() {
      await sshd.close();
      close();
    },
  };
}

async function startS3(): Promise<Server> {
  const server = await startS3Server({ credentials: [credentials], buckets: [bucket] });
  const own = Number(new URL(server.url).port);
  return {
    put: (key, body) => void server.put(bucket, key, body, { modified: now }),
    remove: (key) => server.delete(bucket, key),
    port: own,
    config: (port = own) => ({
      type: "s3",
      bucket,
      prefix: "",
      region: "us-east-1",
      endpoint: `http://127.0.0.1:${port}`,
      profile: null,
      etagIsMd5: true,
    }),
    close: () => server.close(),
  };
}

function openTree() {
  const root = mkdtempSync(join(tmpdir(), "asapp-kit-conformance-"));
  return {
    root,
    put(key: string, body: string | Buffer) {
      const path = join(root, key);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, body);
      utimesSync(path, now, now);
    },
    remove: (key: string) => rmSync(join(root, key)),
    close: () => rmSync(root, { recursive: true }),
  };
}
