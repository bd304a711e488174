import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { CliError } from "../src/base/errors.ts";
import { type SiteServer, serveSite } from "../src/site/serve.ts";

describe("serveSite", () => {
  let folder: string;
  let server: SiteServer;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "serve-"));
    mkdirSync(join(folder, "site", "data"), { recursive: true });
    writeFileSync(join(folder, "secret.txt"), "secret");
    writeFileSync(join(folder, "site", "index.html"), "<h1>Overview</h1>");
    writeFileSync(join(folder, "site", "today.html"), "<h1>Today</h1>");
    writeFileSync(join(folder, "site", "data", "days.json"), JSON.stringify(Array(500).fill({ day: 1 })));
    symlinkSync(join(folder, "secret.txt"), join(folder, "site", "link.txt"));
    server = await serveSite(join(folder, "site"), { port: 0 });
  });

  after(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("listens on loopback and finds pages without their extension", async () => {
    assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
    for (const [path, text] of [
      ["", "Overview"],
      ["today", "Today"],
      ["today.html?queue=A%20B", "Today"],
    ] as const) {
      const response = await fetch(server.url + path);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("content-type"), "text/html; charset=utf-8");
      assert.ok((await response.text()).includes(text));
    }
  });

  it("leads an address without .html to its file, with its query and on no other host", async () => {
    mkdirSync(join(folder, "site", "notes"));
    writeFileSync(join(folder, "site", "notes", "index.html"), "<h1>Notes</h1>");
    writeFileSync(join(folder, "site", "ü #1?.html"), "<h1>Odd</h1>");
    for (const [path, location] of [
      ["/today", "./today.html"],
      ["/today?queue=A%20B&date=today", "./today.html?queue=A%20B&date=today"],
      ["/notes?a=/b", "./notes/?a=/b"],
      ["//today", "./today.html"],
      ["/%C3%BC%20%231%3F", "./%C3%BC%20%231%3F.html"],
    ] as const) {
      const { status, headers } = await raw(server, path);
      assert.deepEqual([status, headers.location], [302, location], path);
      assert.equal(new URL(location, `${server.url}x`).host, `127.0.0.1:${server.port}`);
    }
    for (const path of ["/today/", "/nothing", "/data"]) assert.equal((await raw(server, path)).status, 404);
  });

  it("compresses what is worth it, and answers 304 to who has it", async () => {
    const { headers, body } = await raw(server, "/data/days.json", { "accept-encoding": "gzip" });
    assert.equal(headers["content-encoding"], "gzip");
    assert.equal(headers["content-type"], "application/json; charset=utf-8");
    assert.equal(JSON.parse(gunzipSync(body).toString()).length, 500);
    const again = await raw(server, "/data/days.json", { "if-none-match": String(headers.etag) });
    assert.equal(again.status, 304);
    assert.equal(again.body.length, 0);
  });

  it("leaves the folder by no way", async () => {
    for (const path of [
      "/../secret.txt",
      "/data/../../secret.txt",
      "/%2e%2e/secret.txt",
      "/..%2fsecret.txt",
      "/..%5csecret.txt",
      "/link.txt",
      "/%00",
      "/%zz",
      "//secret.txt",
      "/link",
    ]) {
      const { status, body } = await raw(server, path);
      assert.ok(status === 404 || status === 400, `${path}: ${status}`);
      assert.ok(!body.toString().includes("secret"), path);
    }
  });

  it("refuses anything but GET and HEAD", async () => {
    const response = await fetch(server.url, { method: "POST" });
    assert.equal(response.status, 405);
    const head = await fetch(server.url, { method: "HEAD" });
    assert.equal(head.status, 200);
    assert.equal(await head.text(), "");
  });

  it("answers its own Host and pages alone, and further hosts that it is told of", async () => {
    const told = await serveSite(join(folder, "site"), { port: 0, allowed: ["kit.example"] });
    try {
      const own = `127.0.0.1:${server.port}`;
      for (const [headers, status] of [
        [{ host: own }, 200],
        [{ host: `localhost:${server.port}` }, 200],
        [{ host: "kit.example" }, 403],
        [{ host: `evil.example:${server.port}` }, 403],
        [{ host: own, origin: "http://evil.example" }, 403],
        [{ host: own, origin: `http://${own}` }, 200],
        [{ host: own, "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" }, 403],
      ] as const) {
        const { status: answered, body } = await raw(server, "/data/days.json", headers);
        assert.equal(answered, status, JSON.stringify(headers));
        if (status === 403) assert.match(body.toString(), /http:\/\/localhost:\d+\/ alone.*--allow-host/);
      }
      assert.equal((await raw(told, "/", { host: "kit.example" })).status, 200);
      assert.equal((await raw(told, "/", { host: "evil.example" })).status, 403);
    } finally {
      await told.close();
    }
  });

  it("takes the next port when one is taken", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as AddressInfo;
    const second = await serveSite(join(folder, "site"), { port });
    try {
      assert.ok(second.port > port);
      assert.equal((await fetch(second.url)).status, 200);
    } finally {
      await second.close();
      await new Promise((resolve) => taken.close(resolve));
    }
  });

  it("says how to build a site where there is none", async () => {
    await assert.rejects(
      serveSite(join(folder, "nowhere")),
      (error) => error instanceof CliError && error.exit === "build" && /asapp-kit build/.test(error.next!),
    );
  });
});

// fetch() tidies paths up before it sends them; this does not.
function raw(server: SiteServer, path: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
    request({ host: "127.0.0.1", port: server.port, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    })
      .on("error", reject)
      .end();
  });
}
