import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { host } from "../src/cli/arguments.ts";
import { isOwnRequest } from "../src/site/request-guard.ts";

const tab = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };

describe("isOwnRequest", () => {
  const own = (headers: Record<string, string | undefined>, allowed: string[] = [], localAddress = "127.0.0.1") =>
    isOwnRequest({ headers, socket: { localAddress, localPort: 3000 } }, allowed);

  // Host             Origin          Sec-Fetch-Site                          answered
  // not ours, none   any             any                                     no
  // ours             not ours, null  any                                     no
  // ours             none, ours      none, same-origin, not said             yes
  // ours             none, ours      another, for what a tab is to show      yes
  // ours             none, ours      another, for anything else              no
  it("answers its own Host, its own pages and who opens one", () => {
    const ours = ["localhost:3000", "127.0.0.1:3000", "[::1]:3000", "LocalHost:3000", "127.1:3000"];
    const foreign = [
      undefined,
      "",
      "evil.example",
      "evil.example:3000",
      "localhost",
      "localhost:3001",
      "127.0.0.1",
      "localhost.evil.example:3000",
      "127.0.0.1.nip.example:3000",
      "evil.example@localhost:3000",
      "localhost:3000/",
      "localhost:3000#",
      "localhost:3000?",
      "localhost:3000 evil",
      "0.0.0.0:3000",
      ...["[::]:3000", "192.168.1.4:3000", "localhost:03000x"],
    ];
    for (const host of ours) assert.ok(own({ host }), host);
    for (const host of foreign) assert.ok(!own({ host }), host);
    const host = "localhost:3000";
    for (const site of [undefined, "none", "same-origin"]) assert.ok(own({ host, "sec-fetch-site": site }), site);
    for (const origin of ["http://localhost:3000", "http://127.0.0.1:3000", "http://[::1]:3000"])
      assert.ok(own({ host, origin }), origin);
    for (const origin of [
      ...["null", "", "http://evil.example", "http://localhost:3001", "http://localhost", "file://", "localhost:3000"],
      ...["https://evil.example:3000", "http://localhost:3000.evil.example", "chrome-extension://localhost:3000"],
    ])
      assert.ok(!own({ host, origin }), origin);
    for (const site of ["cross-site", "same-site"]) {
      assert.ok(own({ host, "sec-fetch-site": site, ...tab }), "a link in a mail");
      for (const dest of ["iframe", "script", "image", "empty", undefined])
        assert.ok(!own({ host, "sec-fetch-site": site, ...tab, "sec-fetch-dest": dest }), dest);
      assert.ok(!own({ host: "evil.example:3000", "sec-fetch-site": site, ...tab }));
      assert.ok(!own({ host, origin: "http://evil.example", "sec-fetch-site": site, ...tab }));
    }
  });

  it("answers hosts that it is told of, for any port or for one, and the address that it was reached by", () => {
    const allowed = [host("Kit.example.com"), host("tunnel:8080"), host("[fe80::1]")];
    for (const name of [
      "kit.example.com",
      "kit.example.com:3000",
      "kit.example.com:8443",
      "tunnel:8080",
      "[fe80::1]:1",
    ])
      assert.ok(own({ host: name }, allowed), name);
    for (const name of ["tunnel", "tunnel:3000", "x.kit.example.com", "kit.example.com.evil.example"])
      assert.ok(!own({ host: name }, allowed), name);
    assert.ok(own({ host: "kit.example.com", origin: "https://kit.example.com" }, allowed));
    assert.ok(!own({ host: "localhost:3000", origin: "https://evil.example" }, allowed));
    assert.ok(own({ host: "192.168.1.4:3000" }, [], "::ffff:192.168.1.4"));
    assert.ok(!own({ host: "192.168.1.5:3000" }, [], "::ffff:192.168.1.4"));
    assert.ok(own({ host: "[fe80::2]:3000" }, [], "fe80::2"));
    for (const text of ["", "http://x", "a b", "a/b", "a,b", "a:b"]) assert.throws(() => host(text), /not a host/);
  });

  it("knows the port of a real connection", async () => {
    const server = createServer((asked, response) => {
      response.end(String(isOwnRequest(asked)));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const answer = (host: string) =>
      new Promise<string>((resolve, reject) => {
        request({ host: "127.0.0.1", port, headers: { host } }, (response) => {
          response.setEncoding("utf8").once("data", resolve);
        })
          .on("error", reject)
          .end();
      });
    assert.equal(await answer(`localhost:${port}`), "true");
    assert.equal(await answer(`localhost:${port + 1}`), "false");
    server.close();
  });
});
