import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { proxyFor } from "../src/http/proxy.ts";
import { openS3 } from "../src/sources/s3/s3.ts";
import { parseListPage } from "../src/sources/s3/s3-listing.ts";
import { pack, unpack } from "../src/sync/packed.ts";
import fc from "./fast-check.ts";
import { bucket, credentials, type Kit, openKit, read, useCredentials } from "./sync-kit.ts";

const place = { bucket, region: "us-east-1", profile: null };

describe("S3 source", () => {
  let kit: Kit;
  afterEach(() => kit.close());

  const open = () => openS3({ ...place, endpoint: kit.server.url });

  it("lists and fetches keys with odd characters", async () => {
    kit = await openKit();
    const keys = ["a b+c&d/é ü.txt", "a'(1)!*~/x=y;z,@:$.gz", '"quoted" <tag>', "%25 %2F", "plain"];
    for (const key of keys) kit.put(key, key);
    const source = await open();
    const found: string[] = [];
    for await (const page of source.list("")) {
      for (const object of page) {
        found.push(object.key);
        const { text, md5 } = await read(source, object);
        assert.equal(text, object.key);
        assert.equal(md5, object.etag);
      }
    }
    assert.deepEqual(found.sort(), keys.sort());
    await source.close();
  });

  it("lists more than a page, from any key on, and folders", async () => {
    kit = await openKit();
    for (let i = 0; i < 2345; i++) kit.put(`many/${String(i).padStart(4, "0")}/x`, "");
    const source = await open();
    const count = async (startAfter?: string) => {
      let keys = 0;
      for await (const page of source.list("many/", startAfter ? { startAfter } : {})) keys += page.length;
      return keys;
    };
    assert.deepEqual([await count(), await count("many/2000/x")], [2345, 344]);
    assert.equal((await source.folder("many/")).folders.length, 2345);
    assert.deepEqual((await source.folder("")).folders, ["many"]);
    await source.close();
  });

  it("fetches the listed object or none, from any byte on", async () => {
    kit = await openKit();
    kit.put("x", "0123456789");
    const source = await open();
    const [object] = (await source.folder("")).objects;
    const { text, offset } = await read(source, object!, { offset: 7 });
    assert.deepEqual([text, offset], ["789", 7]);
    kit.put("x", "9876543210");
    await assert.rejects(read(source, object!), {
      trouble: "changed",
      message: "changed since it was listed",
    });
    kit.server.delete(bucket, "x");
    await assert.rejects(read(source, object!), { trouble: "changed", message: "gone since it was listed" });
    await source.close();
  });

  it("asks for the object under the ETag that was listed, and takes no other from a store that does not heed it", async () => {
    kit = await openKit();
    const asked: (string | undefined)[] = [];
    const server = http.createServer((request, response) => {
      asked.push(request.headers["if-match"]);
      response.writeHead(200, { etag: '"other"' }).end("9876543210");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const source = await openS3({ ...place, endpoint });
    try {
      const object = { key: "x", size: 10, etag: "listed", modified: "2026-11-22T05:00:00.000Z" };
      await assert.rejects(read(source, object), { trouble: "changed", message: "changed since it was listed" });
      assert.deepEqual(asked, ['"listed"']);
    } finally {
      await source.close();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it("signs with the token of temporary credentials", async () => {
    const session = { ...credentials, accessKeyId: "ASIASESSION", sessionToken: "token/with+odd=characters" };
    kit = await openKit("", { credentials: [session] });
    kit.put("x", "1");
    useCredentials(session);
    process.env.AWS_SESSION_TOKEN = session.sessionToken;
    try {
      const source = await open();
      const [object] = (await source.folder("")).objects;
      assert.equal((await read(source, object!)).text, "1");
      await source.close();
    } finally {
      useCredentials(credentials);
    }
  });

  it("reads a profile of the shared configuration, also after it changed", async () => {
    kit = await openKit();
    kit.put("x", "1");
    const folder = mkdtempSync(join(tmpdir(), "asapp-kit-profile-"));
    const file = join(folder, "credentials");
    const write = (key: string) =>
      writeFileSync(file, `[acme]\naws_access_key_id=${key}\naws_secret_access_key=${credentials.secretAccessKey}\n`);
    process.env.AWS_SHARED_CREDENTIALS_FILE = file;
    delete process.env.AWS_ACCESS_KEY_ID; // the SDK would remark on both
    delete process.env.AWS_SECRET_ACCESS_KEY;
    try {
      write("AKIDWRONG");
      const wrong = await openS3({ ...place, endpoint: kit.server.url, profile: "acme" });
      await assert.rejects(wrong.folder(""), {
        exit: "credentialsRefused",
        message: /of profile acme \(InvalidAccessKeyId: /,
      });
      write(credentials.accessKeyId);
      const right = await openS3({ ...place, endpoint: kit.server.url, profile: "acme" });
      assert.equal((await right.folder("")).objects.length, 1);
      await Promise.all([wrong.close(), right.close()]);
    } finally {
      useCredentials(credentials);
      rmSync(folder, { recursive: true });
    }
  });

  it("goes through the proxy of the environment", async () => {
    kit = await openKit();
    kit.put("x", "1");
    const seen: string[] = [];
    const proxy = http.createServer((request, response) => {
      seen.push(request.url ?? "");
      const { hostname, port, pathname, search } = new URL(request.url ?? "");
      const { method, headers } = request;
      const sent = http.request({ hostname, port, method, headers, path: pathname + search }, (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(response);
      });
      request.pipe(sent);
    });
    proxy.on("connect", ({ url = "" }, socket) => {
      seen.push(url);
      const target = connect(Number(url.split(":")[1]), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        target.pipe(socket).pipe(target);
      });
      socket.on("error", () => target.destroy());
      target.on("error", () => socket.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    process.env.http_proxy = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    try {
      const source = await open();
      const [object] = (await source.folder("")).objects;
      await read(source, object!);
      assert.ok(seen.length >= 2 && seen.every((url) => url.includes("127.0.0.1")), seen.join(" "));
      await source.close();
    } finally {
      delete process.env.http_proxy;
      proxy.close();
      proxy.closeAllConnections();
    }
  });
});

const noOpenssl = spawnSync("openssl", ["version"]).error !== undefined && "no openssl to make a certificate with";

describe("S3 source over TLS", { skip: noOpenssl }, () => {
  it("trusts AWS_CA_BUNDLE, also through a proxy, and says what to do without it", async () => {
    const kit = await openKit();
    const folder = mkdtempSync(join(tmpdir(), "asapp-kit-tls-"));
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    const made = [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-keyout",
      key,
      "-out",
      cert,
      "-days",
      "2",
      ...subject,
    ];
    execFileSync("openssl", made, { stdio: "pipe" });
    const { hostname, port } = new URL(kit.server.url);
    const tls = https.createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
      const { method, url, headers } = request;
      const sent = http.request({ hostname, port, method, path: url, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(response);
      });
      request.pipe(sent);
    });
    const tunnels: string[] = [];
    const proxy = http.createServer().on("connect", ({ url = "" }, socket) => {
      tunnels.push(url);
      const target = connect(Number(url.split(":")[1]), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        target.pipe(socket).pipe(target);
      });
      for (const end of [socket, target]) end.on("error", () => target.destroy());
    });
    for (const server of [tls, proxy]) await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const portOf = (server: http.Server) => (server.address() as AddressInfo).port;
    kit.put("x", "1");
    const readX = async () => {
      const source = await openS3({ ...place, endpoint: `https://localhost:${portOf(tls)}` });
      try {
        const [object] = (await source.folder("")).objects;
        return (await read(source, object!)).text;
      } finally {
        await source.close();
      }
    };
    try {
      await assert.rejects(readX(), (error: Error & { next: string }) => {
        assert.match(error.message, /no trusted connection/);
        assert.match(error.next, /AWS_CA_BUNDLE/);
        return true;
      });
      process.env.AWS_CA_BUNDLE = cert;
      assert.equal(await readX(), "1");
      process.env.HTTPS_PROXY = `http://127.0.0.1:${portOf(proxy)}`;
      assert.equal(await readX(), "1");
      assert.ok(tunnels.length > 0);
      process.env.AWS_CA_BUNDLE = join(folder, "none.pem");
      await assert.rejects(readX(), { exit: "config", message: /none\.pem \(ENOENT\)/ });
    } finally {
      delete process.env.AWS_CA_BUNDLE;
      delete process.env.HTTPS_PROXY;
      for (const server of [tls, proxy]) {
        server.close();
        server.closeAllConnections();
      }
      rmSync(folder, { recursive: true });
      await kit.close();
    }
  });
});

describe("proxy of the environment", () => {
  const rows: [string, NodeJS.ProcessEnv, string | null][] = [
    ["https://s3.amazonaws.com", {}, null],
    ["https://s3.amazonaws.com", { HTTPS_PROXY: "http://p:1" }, "http://p:1"],
    ["https://s3.amazonaws.com", { https_proxy: "p:1" }, "http://p:1"],
    ["https://s3.amazonaws.com", { HTTP_PROXY: "http://p:1" }, null],
    ["http://minio.local:9000", { HTTP_PROXY: "http://p:1" }, "http://p:1"],
    ["https://s3.amazonaws.com", { ALL_PROXY: "http://p:1" }, "http://p:1"],
    ["https://s3.amazonaws.com", { HTTPS_PROXY: "http://p:1", NO_PROXY: "*" }, null],
    ["https://s3.amazonaws.com", { HTTPS_PROXY: "http://p:1", NO_PROXY: "localhost, .amazonaws.com" }, null],
    ["https://s3.amazonaws.com", { HTTPS_PROXY: "http://p:1", NO_PROXY: "aws.com" }, "http://p:1"],
    ["http://minio.local:9000", { HTTP_PROXY: "http://p:1", no_proxy: "minio.local:9001" }, "http://p:1"],
    ["http://minio.local:9000", { HTTP_PROXY: "http://p:1", no_proxy: "minio.local:9000" }, null],
  ];
  for (const [url, env, proxy] of rows) {
    it(`is ${proxy ?? "none"} for ${url} with ${JSON.stringify(env)}`, () =>
      assert.equal(proxyFor(url, env)?.href ?? null, proxy && new URL(proxy).href));
  }
});

describe("listing page", () => {
  const page = (inner: string) =>
    `<?xml version="1.0"?>\n<ListBucketResult xmlns="x"><Name>b</Name>${inner}</ListBucketResult>\n`;
  const entry =
    "<Contents><Key>a%2Fb+c%26</Key><LastModified>2026-11-22T05:00:00Z</LastModified><ETag>&quot;e&#34;</ETag><Size>12</Size><Owner><ID>1</ID></Owner></Contents>";

  it("gives objects, folders and where it goes on", () => {
    const xml = page(
      `<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>${entry}<CommonPrefixes><Prefix>x%3D1/</Prefix></CommonPrefixes><NextContinuationToken>a&amp;b</NextContinuationToken>`,
    );
    assert.deepEqual(parseListPage(xml), {
      objects: [{ key: "a/b c&", size: 12, etag: "e", modified: "2026-11-22T05:00:00.000Z" }],
      folders: ["x=1/"],
      next: "a&b",
    });
    assert.deepEqual(parseListPage(page("<IsTruncated>false</IsTruncated>")), {
      objects: [],
      folders: [],
      next: null,
    });
  });

  it("refuses what is cut short anywhere, makes no sense, or is something else", () => {
    const whole = page(`<IsTruncated>false</IsTruncated>${entry}${entry}`).trimEnd();
    for (let end = 0; end < whole.length; end++)
      assert.throws(() => parseListPage(whole.slice(0, end)), { trouble: "transient" }, `cut at ${end}`);
    assert.throws(() => parseListPage(page("<Contents><Key>a</Key><Size>x</Size></Contents>")), {
      trouble: "transient",
    });
    assert.throws(() => parseListPage(page("<IsTruncated>true</IsTruncated>")), { trouble: "broken" });
    assert.throws(() => parseListPage("<html></html>"), /not a listing/);
  });
});

describe("packed partitions", () => {
  it("come back as they were", () => {
    const id = { feed: "reps", version: "1", format: "jsonl", dt: "2026-11-22", hr: "05", mi: null };
    const name = fc.constantFrom("reps.jsonl.gz", "reps.jsonl.00.gz.enc", "_SUCCESS", "x");
    const modified = fc.constantFrom("2026-11-22T05:00:00.000Z", "2026-11-22T05:00:00.123Z");
    const object = fc
      .record({
        name,
        size: fc.nat(),
        etag: fc.constantFrom("d41d8cd98f00b204e9800998ecf8427e", "abc-2", ""),
        modified,
      })
      .map(({ name: file, ...rest }) => ({
        key: `p/reps/version=1/format=jsonl/dt=2026-11-22/hr=05/${file}`,
        ...rest,
      }));
    fc.assert(
      fc.property(fc.option(object), fc.array(object, { maxLength: 3 }), (marker, objects) => {
        const partition = { id, marker, objects };
        assert.deepEqual(unpack(pack([partition, partition]), [id, id], "p/"), [partition, partition]);
      }),
    );
  });
});
