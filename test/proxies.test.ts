// The way through a proxy: whole URLs for http, a tunnel for https, a login, and proxies that fail.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { Http, type HttpOptions } from "../src/http/http.ts";
import { openS3 } from "../src/sources/s3/s3.ts";
import { bucket, openKit, useCredentials } from "./sync-kit.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function client(env: NodeJS.ProcessEnv, options: Partial<HttpOptions> = {}): Http {
  const http = new Http({ connections: 2, idleMs: 5_000, env, ...options });
  closing.push(() => http.close());
  return http;
}

async function get(http: Http, origin: string, path = "/x"): Promise<{ status: number; text: string }> {
  let status = 0;
  let text = "";
  const { host } = new URL(origin);
  await http.send({ method: "GET", origin, path, headers: { host } }, (head) => {
    status = head.status;
    return (bytes) => {
      text += bytes;
      return undefined;
    };
  });
  return { status, text };
}

describe("proxy that fails", () => {
  const rows: [string, (socket: Socket) => void, { code: string; status?: number; message?: string }][] = [
    ["hangs up on CONNECT", (socket) => socket.end(), { code: "ECONNRESET" }],
    ["resets the connection", (socket) => socket.resetAndDestroy(), { code: "ECONNRESET" }],
    ["never answers", () => {}, { code: "ETIMEDOUT", message: "no byte for 500 ms" }],
    [
      "refuses",
      (socket) => socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"),
      { code: "EPROXY", status: 403 },
    ],
    [
      "requires a login",
      (socket) => socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\nlog in"),
      { code: "EPROXY", status: 407 },
    ],
  ];
  for (const [what, answer, error] of rows)
    it(`${what}: one connection, one error`, async () => {
      let connections = 0;
      const port = await listen(
        createServer((socket) => {
          connections += 1;
          socket.on("data", () => answer(socket));
        }),
      );
      const http = client({ HTTPS_PROXY: `http://127.0.0.1:${port}` }, { idleMs: 500 });
      await assert.rejects(get(http, "https://store.example"), error);
      assert.equal(connections, 1);
    });

  for (const [proxy, message] of [
    ["socks5://127.0.0.1:1080", /HTTPS_PROXY.*unsupported kind, socks5:\/\//],
    ["http://user:secret@proxy:port", /HTTPS_PROXY.*is not a URL/],
  ] as const)
    it(`is named when it is ${proxy.replace("secret", "…")}, without a secret`, async () => {
      await assert.rejects(
        get(client({ ALL_PROXY: proxy }), "https://store.example"),
        (thrown: Error & { exit: string }) => {
          assert.equal(thrown.exit, "config");
          assert.match(thrown.message, message);
          assert.doesNotMatch(thrown.message, /secret/);
          return true;
        },
      );
    });
});

describe("login of a proxy", () => {
  for (const [login, sent] of [
    ["user:pass", "user:pass"],
    ["us%40er:p%3Aa%2Fss", "us@er:p:a/ss"],
    ["user:100%", "user:100%"],
    ["user", "user:"],
  ] as const)
    it(`is ${sent} for ${login}`, async () => {
      const seen: (string | undefined)[] = [];
      const proxy = http.createServer(({ url, headers }, response) => {
        seen.push(url, headers["proxy-authorization"], headers.host);
        response.end("passed on");
      });
      const port = await listen(proxy);
      const through = client({ http_proxy: `http://${login}@127.0.0.1:${port}` });
      const { text } = await get(through, "http://store.example:9000");
      assert.equal(text, "passed on");
      const basic = `Basic ${Buffer.from(sent).toString("base64")}`;
      assert.deepEqual(seen, ["http://store.example:9000/x", basic, "store.example:9000"]);
    });
});

const noOpenssl = spawnSync("openssl", ["version"]).error !== undefined && "no openssl to make a certificate with";

describe("proxy with TLS of its own", { skip: noOpenssl }, () => {
  let folder: string;
  let tls: { key: Buffer; cert: Buffer };
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "asapp-kit-proxies-"));
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    const made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2"];
    execFileSync("openssl", [...made, ...subject], { stdio: "pipe" });
    tls = { key: readFileSync(key), cert: readFileSync(cert) };
  });
  after(() => rmSync(folder, { recursive: true }));

  it("passes on http, and opens tunnels for https", async () => {
    const seen: string[] = [];
    const store = https.createServer(tls, (_, response) => void response.end("from the store"));
    const port = await listen(store);
    const proxy = https.createServer(tls, ({ url = "" }, response) => {
      seen.push(url);
      response.end("from the proxy");
    });
    proxy.on("connect", ({ url = "" }, socket) => {
      seen.push(url);
      const target = connect(port, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        target.pipe(socket).pipe(target);
      });
      for (const end of [socket, target]) end.on("error", () => target.destroy());
    });
    const url = `https://localhost:${await listen(proxy)}`;
    const through = client({
      http_proxy: url,
      https_proxy: url,
      AWS_CA_BUNDLE: join(folder, "cert.pem"),
    });
    assert.equal((await get(through, "http://store.example")).text, "from the proxy");
    assert.equal((await get(through, "https://localhost")).text, "from the store");
    assert.deepEqual(seen, ["http://store.example/x", "localhost:443"]);
    await assert.rejects(get(client({ https_proxy: url }), "https://localhost"), {
      code: "DEPTH_ZERO_SELF_SIGNED_CERT",
    });
  });
});

describe("credentials that the SDK asks a service for", () => {
  it("come over the kit's own client: its proxy, and its login", async () => {
    const session = { accessKeyId: "ASIAROLE", secretAccessKey: "role-secret", sessionToken: "role/token+=" };
    const kit = await openKit("", { credentials: [session] });
    closing.push(() => kit.close());
    kit.put("x", "1");
    const seen: string[] = [];
    const sts = http.createServer((request, response) => {
      let body = "";
      request.on("data", (bytes) => {
        body += bytes;
      });
      request.on("end", () => {
        seen.push(`${request.method} ${request.url} ${/Action=\w+/.exec(body)}`);
        const expires = new Date(Date.now() + 3_600_000).toISOString();
        response.writeHead(200, { "content-type": "text/xml" }).end(
          `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/reader/kit</Arn><AssumedRoleId>A:kit</AssumedRoleId></AssumedRoleUser>
<Credentials><AccessKeyId>${session.accessKeyId}</AccessKeyId><SecretAccessKey>${session.secretAccessKey}</SecretAccessKey>
<SessionToken>${session.sessionToken}</SessionToken><Expiration>${expires}</Expiration></Credentials>
</AssumeRoleResult></AssumeRoleResponse>`,
        );
      });
    });
    const port = await listen(sts);
    const folder = mkdtempSync(join(tmpdir(), "asapp-kit-role-"));
    writeFileSync(
      join(folder, "config"),
      "[profile reader]\nrole_arn=arn:aws:iam::123456789012:role/reader\nsource_profile=base\nregion=us-east-1\n",
    );
    writeFileSync(join(folder, "credentials"), "[base]\naws_access_key_id=AKIDBASE\naws_secret_access_key=s\n");
    const env = {
      AWS_CONFIG_FILE: join(folder, "config"),
      AWS_SHARED_CREDENTIALS_FILE: join(folder, "credentials"),
      AWS_ENDPOINT_URL_STS: "http://sts.example",
      http_proxy: `http://127.0.0.1:${port}`,
      no_proxy: "127.0.0.1",
    };
    Object.assign(process.env, env);
    delete process.env.AWS_ACCESS_KEY_ID;
    delete process.env.AWS_SECRET_ACCESS_KEY;
    closing.push(() => {
      for (const name of Object.keys(env)) delete process.env[name];
      useCredentials({ accessKeyId: "AKIDTEST", secretAccessKey: "test-secret" });
      rmSync(folder, { recursive: true });
    });
    const source = await openS3({ bucket, region: "us-east-1", profile: "reader", endpoint: kit.server.url });
    closing.push(() => source.close());
    assert.equal((await source.folder("")).objects.length, 1);
    assert.deepEqual(seen, ["POST http://sts.example/ Action=AssumeRole"]);
  });
});
