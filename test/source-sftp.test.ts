import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { openSftp } from "../src/sources/sftp/sftp.ts";
import type { SyncEvent } from "../src/sync/progress.ts";
import { type SyncOptions, sync } from "../src/sync/sync.ts";
import { startRelay } from "./relay.ts";
import { freePort, noSshd, type Sshd, startSshd } from "./sshd.ts";
import { hasty, noise, now, projectAt, putPartition, read, tree } from "./sync-kit.ts";

const ssh = (...args: string[]) => void execFileSync("ssh-keygen", ["-q", ...args]);

describe("SFTP source", { skip: noSshd ?? false }, () => {
  let keys: string;
  let server: Sshd;
  let port: number;
  let folder: string;

  before(async () => {
    server = await startSshd();
    ({ keys, port } = server);
  });
  after(() => server.close());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "asapp-kit-sftp-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const put = (key: string, body: string | Buffer) => {
    const path = join(folder, "exports", key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, body);
    utimesSync(path, now, now);
  };

  const url = (to = port) => `sftp://${userInfo().username}@127.0.0.1:${to}${folder}/exports`;

  function project({ identity = "user", known = "known", at = url() } = {}) {
    const source = { url: at, identity: join(keys, identity), known_hosts: join(keys, known) };
    return projectAt(folder, `source: ${JSON.stringify(source)}\ndata: data`);
  }

  const run = (options: SyncOptions = {}, of = project()) =>
    sync(of, { now, limits: { ...hasty, idle: 5_000 }, ...options });

  it("lists in the order of S3 and starts where it is told to", async () => {
    for (const key of ["a/b", "a/c/d", "a-b", "a0", "a/c.txt", "b b/ü"]) put(key, key);
    symlinkSync("c", join(folder, "exports/a/link"));
    const source = openSftp({
      type: "sftp",
      url: url(),
      identity: join(keys, "user"),
      knownHosts: join(keys, "known"),
    });
    const list = async (prefix: string, options = {}) => {
      const found: string[] = [];
      for await (const page of source.list(prefix, options)) found.push(...page.map(({ key }) => key));
      return found;
    };
    try {
      assert.deepEqual(await list(""), ["a-b", "a/b", "a/c.txt", "a/c/d", "a/link/d", "a0", "b b/ü"]);
      assert.deepEqual(await list("a/", { startAfter: "a/c", before: "a/l" }), ["a/c.txt", "a/c/d"]);
      assert.deepEqual(await list("none/"), []);
      const { folders, objects } = await source.folder("a/");
      assert.deepEqual(
        [folders, objects.map(({ key, size }) => [key, size])],
        [
          ["c", "link"],
          [
            ["a/b", 3],
            ["a/c.txt", 7],
          ],
        ],
      );
      assert.equal((await read(source, objects[1]!, { offset: 4 })).text, "txt");
    } finally {
      await source.close();
    }
  });

  it("is synced as a bucket is, large files and many", async () => {
    for (let hr = 10; hr < 24; hr++) putPartition(put, `convos_metrics/dt=2026-11-21/hr=${hr}`, [{ hr }]);
    putPartition(put, "utterances/dt=2026-11-22/hr=05", {
      "utterances.jsonl.gz": gzipSync(noise(3_000_000, 1)),
    });
    putPartition(put, "convos_metrics/dt=2026-11-22/hr=11", [{ a: 1 }], false);
    const report = await run();
    assert.deepEqual([report.added, report.waiting, report.failed], [15, 1, []]);
    const raw = tree(join(folder, "data/raw"));
    for (const [path, hash] of Object.entries(tree(join(folder, "exports"))))
      assert.equal(raw[path], path.includes("dt=2026-11-22/hr=11") ? undefined : hash, path);
    const again = await run();
    assert.deepEqual([again.added, again.kept], [0, 15]);
    putPartition(put, "convos_metrics/dt=2026-11-21/hr=10", [{ a: 1 }, { a: 2 }]);
    assert.equal((await run()).replaced, 1);
  });

  it("leaves a file that changed since the listing for the next time", async () => {
    putPartition(put, "convos_metrics/dt=2026-11-22/hr=05", [{ a: 1 }]);
    const path = "exports/convos_metrics/version=1/format=jsonl/dt=2026-11-22/hr=05/convos_metrics.jsonl.gz";
    const grow = (event: SyncEvent) => {
      if (event.type === "planned") appendFileSync(join(folder, path), "more");
    };
    const { failed } = await run({ onProgress: grow });
    assert.match(failed[0]!.reason, /changed since it was listed; the next sync fetches it/);
    const vanish = (event: SyncEvent) => {
      if (event.type === "planned") rmSync(join(folder, path));
    };
    assert.match((await run({ onProgress: vanish })).failed[0]!.reason, /gone since it was listed/);
  });

  it("connects again and goes on when the connection breaks or hangs", async () => {
    for (let hr = 10; hr < 16; hr++) {
      putPartition(put, `utterances/dt=2026-11-21/hr=${hr}`, {
        "utterances.jsonl.gz": gzipSync(noise(600_000, hr)),
      });
    }
    const relay = await startRelay(port, [
      { kind: "reset", after: 1_500_000 },
      { kind: "hangs", after: 700_000 },
    ]);
    try {
      server.knownAt(relay.port);
      const through = project({ at: url(relay.port), known: `known-${relay.port}` });
      const report = await run({ limits: { ...hasty, idle: 400 } }, through);
      assert.deepEqual([report.added, report.failed], [6, []]);
      assert.ok(relay.connections() >= 3, `${relay.connections()} connections`);
    } finally {
      await relay.close();
    }
  });

  it("refuses an unknown host key, a changed one, and says when its own key is refused", async () => {
    putPartition(put, "convos_metrics/dt=2026-11-22/hr=05", [{}]);
    await assert.rejects(run({}, project({ known: "known-none" })), {
      exit: "unreachable",
      message: /host key of sftp:.* is not known/,
    });
    await assert.rejects(run({}, project({ known: "known-other" })), {
      exit: "unreachable",
      message: /differs from the known one/,
    });
    await assert.rejects(run({}, project({ identity: "stranger" })), {
      exit: "credentialsRefused",
      message: /refused the key/,
    });
  });

  const spoilt: [string, (path: string) => void, RegExp, RegExp][] = [
    ["missing", (path) => rmSync(path), /no such key file: /, /`source: \{identity\}`/],
    ["readable by others", (path) => chmodSync(path, 0o644), /other users can read the key file/, /chmod 600/],
    ["locked", (path) => ssh("-p", "-P", "", "-N", "secret", "-f", path), /locked by a passphrase/, /ssh-add/],
    ["no key", (path) => writeFileSync(path, "junk"), /key file cannot be read/, /OpenSSH's format/],
    ["a folder", (path) => rmSync(path) ?? mkdirSync(path), /the key is not a file/, /ssh-keygen/],
  ];
  for (const [what, spoil, message, next] of spoilt)
    it(`says that its key file is ${what}`, async () => {
      putPartition(put, "convos_metrics/dt=2026-11-22/hr=05", [{}]);
      const path = join(keys, "spoilt");
      rmSync(path, { force: true, recursive: true });
      copyFileSync(join(keys, "user"), path);
      spoil(path);
      await assert.rejects(run({}, project({ identity: "spoilt" })), {
        exit: "noCredentials",
        message,
        next,
      });
    });

  it("says that the public half of its key was named", async () => {
    await assert.rejects(run({}, project({ identity: "user.pub" })), {
      exit: "noCredentials",
      message: /public half of a key/,
      next: /without \.pub/,
    });
  });

  it("takes a key file with % and blanks in its name", async () => {
    putPartition(put, "convos_metrics/dt=2026-11-22/hr=05", [{}]);
    copyFileSync(join(keys, "user"), join(keys, 'a %h "key"'));
    assert.equal((await run({}, project({ identity: 'a %h "key"' }))).added, 1);
  });

  it("says that the file of known hosts is not there", async () => {
    await assert.rejects(run({}, project({ known: "nowhere" })), {
      exit: "unreachable",
      message: /host key of .* is not known: no such file: .*nowhere/,
    });
  });

  it("names a host that no DNS knows, at once", async () => {
    const at = `sftp://${userInfo().username}@sftp.nowhere.invalid/exports`;
    await assert.rejects(run({}, project({ at })), {
      exit: "unreachable",
      message: /host name|cannot be|resolve/i,
      next: /`source: \{url\}`/,
    });
  });

  it("names what is no SSH server, and one that shuts the door", async () => {
    const servers = [
      createServer((socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")),
      createServer((socket) => void socket.destroy()),
    ];
    for (const server of servers) {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const closed = project({ at: url((server.address() as AddressInfo).port) });
      await assert.rejects(run({ limits: { ...hasty, first: 300 } }, closed), {
        exit: "unreachable",
        message: /^cannot reach sftp:\/\/.*: .*(banner|closed|reset|version|identification)/i,
        next: /`source: \{url\}`/,
      });
      server.close();
    }
  });

  it("says what its user may not read, and what it may not list", async () => {
    putPartition(put, "convos_metrics/dt=2026-11-22/hr=05", [{}]);
    const { failed } = await run({}, project({ identity: "barred" }));
    assert.deepEqual([failed[0]!.denied, failed[0]!.reason], [true, "access denied"]);
    await assert.rejects(run({}, project({ identity: "blind" })), {
      exit: "accessDenied",
      message: /cannot list sftp:.*: access denied/,
    });
  });

  it("names a server that does not answer, and a folder that is not there", async () => {
    const limits = { ...hasty, first: 300 };
    const closed = project({ at: url(await freePort()) });
    await assert.rejects(run({ limits }, closed), {
      exit: "unreachable",
      message: /Connection refused|connect to host/,
    });
    await assert.rejects(run(), { exit: "noSuchBucket", message: /no such folder: sftp:/ });
  });
});
