import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, it } from "node:test";
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import { type Head, Http } from "../src/http/http.ts";
import fc from "./fast-check.ts";
import { noise } from "./sync-kit.ts";

describe("connections", () => {
  let server: Server;
  let http: Http;
  let origin = "";
  let opened = 0;

  /** A server that answers every request with the pieces that `answer` gives for its path, and then does what it says. */
  async function serve(
    answer: (path: string) => Buffer[],
    after: (socket: Socket, path: string) => unknown = () => {},
  ): Promise<void> {
    opened = 0;
    server = createServer({ noDelay: true }, (socket) => {
      opened += 1;
      socket.on("error", () => {});
      socket.on("data", async (request) => {
        const path = String(request).split(" ")[1]!;
        for (const piece of answer(path)) {
          if (!socket.destroyed) socket.write(piece);
          await turn();
        }
        after(socket, path);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    http = new Http({ connections: 1, idleMs: 300, env: {} });
  }

  afterEach(async () => {
    await http.close();
    server.close();
  });

  async function get(path = "/", slow = false): Promise<Head & { body: Buffer }> {
    let head: Head | null = null;
    const chunks: Buffer[] = [];
    let busy = false;
    const take = (bytes: Buffer) => {
      assert.ok(!busy, "nothing comes while the taker is busy");
      chunks.push(Buffer.from(bytes));
      if (!slow) return undefined;
      busy = true;
      return turn().then(() => {
        busy = false;
      });
    };
    const begin = (answer: Head) => {
      head = answer;
      return take;
    };
    await http.send({ method: "GET", origin, path, headers: { host: "here" } }, begin);
    return { ...head!, body: Buffer.concat(chunks) };
  }

  const plain = (body: Buffer) =>
    Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length:${body.length}\r\nX-A: 1\r\nx-a: 2\r\n\r\n`), body]);
  const chunked = (bodies: Buffer[]) =>
    Buffer.concat([
      Buffer.from("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
      ...bodies
        .filter(({ length }) => length > 0)
        .flatMap((body) => [Buffer.from(`${body.length.toString(16)};x=y\r\n`), body, Buffer.from("\r\n")]),
      Buffer.from("0\r\nX-Trailer: 1\r\n\r\n"),
    ]);
  const cut = (bytes: Buffer, at: number[]) =>
    [0, ...at.map((n) => n % bytes.length).sort((a, b) => a - b)].map((from, i, all) =>
      bytes.subarray(from, all[i + 1]),
    );

  it("give the same body wherever the answer is cut, one after the other over one connection", async () => {
    let pieces: Buffer[] = [];
    await serve(() => pieces);
    const sizes = fc.array(fc.nat(3000), { maxLength: 4 });
    const cuts = fc.array(fc.nat(), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(sizes, cuts, fc.boolean(), fc.boolean(), async (lengths, at, inChunks, slow) => {
        const bodies = lengths.map((length, i) => noise(length, i));
        pieces = cut(inChunks ? chunked(bodies) : plain(Buffer.concat(bodies)), at);
        const { status, body } = await get("/", slow);
        assert.equal(status, 200);
        assert.ok(body.equals(Buffer.concat(bodies)));
      }),
      { numRuns: 300 },
    );
    assert.equal(opened, 1);
  });

  it("read large bodies, also for a taker who is slower than they come", async () => {
    const body = noise(3_000_000, 1);
    await serve(() => [plain(body)]);
    for (const slow of [false, true]) assert.ok((await get("/", slow)).body.equals(body));
    assert.equal(opened, 1);
  });

  it("join a header that comes twice, and read an answer without a length to its end", async () => {
    await serve(
      (path) => [path === "/open" ? Buffer.from("HTTP/1.0 200 OK\r\n\r\nall of it") : plain(Buffer.from("x"))],
      (socket, path) => path === "/open" && socket.end(),
    );
    assert.equal((await get()).headers["x-a"], "1, 2");
    assert.equal((await get("/open")).body.toString(), "all of it");
  });

  const ok = "HTTP/1.1 200 OK\r\n";
  const broken: [string, string, RegExp][] = [
    ["no HTTP", "SSH-2.0-x\r\n\r\n", /Expected HTTP/],
    ["a length that is none", `${ok}Content-Length: 1, 1\r\n\r\n`, /Content-Length|content-length/],
    ["two lengths", `${ok}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, /content-length/],
    [
      "a length and chunks",
      `${ok}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
      /content-length/,
    ],
    ["a chunk without its size", `${ok}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`, /Invalid character in chunk size/],
    ["more than was said", `${ok}Content-Length: 1\r\n\r\nabc`, /./],
    ["a head without an end", `${ok}${"x: y\r\n".repeat(20_000)}`, /Headers Overflow/],
    [
      "100 Continue, which nobody asked for",
      `HTTP/1.1 100 Continue\r\n\r\n${ok}Content-Length: 0\r\n\r\n`,
      /the connection was closed/,
    ],
    [
      "another protocol",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
      /the connection was closed/,
    ],
    ["nothing", "", /no byte for 300 ms/],
    ["nothing after a part of the head", ok, /no byte for 300 ms/],
    ["nothing after a part of the body", `${ok}Content-Length: 10\r\n\r\nabc`, /no byte for 300 ms/],
    ["nothing after a chunk", `${ok}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`, /no byte for 300 ms/],
  ];
  for (const [what, answer, message] of broken) {
    it(`give up a connection that brings ${what}`, async () => {
      await serve((path) => [path === "/good" ? plain(Buffer.from("x")) : Buffer.from(answer)]);
      if (what === "more than was said") assert.equal((await get()).body.toString(), "a");
      else await assert.rejects(get(), message);
      assert.equal((await get("/good")).body.toString(), "x");
      assert.equal(opened, 2);
    });
  }

  const close = "Connection: close\r\n";
  const answers: [string, (body: Buffer) => Buffer][] = [
    ["with a length", plain],
    ["in chunks", (body) => chunked([body.subarray(0, 100), body.subarray(100)])],
    [
      "with a length, on a connection that is to be closed",
      (body) => Buffer.concat([Buffer.from(`${ok}${close}Content-Length: ${body.length}\r\n\r\n`), body]),
    ],
    [
      "in chunks, on a connection that is to be closed",
      (body) => Buffer.from(String(chunked([body])).replace("200 OK\r\n", `200 OK\r\n${close}`)),
    ],
  ];
  for (const [how, answer] of answers)
    for (const [end, stop] of [
      ["ends", (socket: Socket) => socket.end()],
      ["is reset", (socket: Socket) => setTimeout(() => socket.resetAndDestroy(), 1)],
    ] as const)
      it(`tell of a connection that ${end} at any byte of an answer ${how}`, async () => {
        const whole = answer(Buffer.from("0123456789abcdef".repeat(12)));
        let length = 0;
        await serve(() => [whole.subarray(0, length)], stop);
        const codes = new Set<unknown>();
        for (length = 1; length < whole.length; length++)
          await get().then(
            () => assert.fail(`taken for whole at byte ${length} of ${whole.length}`),
            ({ code }) => codes.add(code),
          );
        assert.ok(codes.has("ECONNRESET"));
        assert.equal(opened, whole.length - 1);
      });

  it("take no answer that came before the request, and none of two to one request", async () => {
    let early = true;
    await serve(() => [Buffer.concat([plain(Buffer.from("mine")), plain(Buffer.from("stray"))])]);
    server.prependListener("connection", (socket: Socket) => {
      if (early) socket.write(plain(Buffer.from("early")));
    });
    await get().then(
      ({ body }) => assert.notEqual(body.toString(), "stray"),
      ({ code }) => assert.equal(code, "ECONNRESET"),
    );
    early = false;
    for (let round = 0; round < 5; round++) assert.equal((await get()).body.toString(), "mine");
  });

  it("break off where the taker refuses, slow or not, with what it threw", async () => {
    await serve(() => [plain(noise(2_000_000, 1))]);
    const refusals = [
      () => {
        throw new Error("refused at once");
      },
      () => turn().then(() => Promise.reject(new Error("refused later"))),
    ];
    for (const [index, refuse] of refusals.entries()) {
      const sent = http.send({ method: "GET", origin, path: "/", headers: {} }, () => refuse);
      await assert.rejects(sent, { message: ["refused at once", "refused later"][index]! });
    }
    const head = http.send({ method: "GET", origin, path: "/", headers: {} }, () => {
      throw new Error("refused by its head");
    });
    await assert.rejects(head, { message: "refused by its head" });
    assert.ok((await get()).body.equals(noise(2_000_000, 1)));
  });

  // nodejs/undici#5360: undici 7 ended the process
  const body = noise(50_000, 1);
  for (const [head, sound] of [
    [`${ok}Content-Length: 50000\r\n`, true],
    [`${ok}${close}Content-Length: 50000\r\n`, true],
    [`${ok}${close}`, true],
    ["HTTP/1.0 200 OK\r\nContent-Length: 50000\r\n", true],
    [`${ok}Content-Length: 90000\r\n`, false],
    [`${ok}${close}Content-Length: 90000\r\n`, false],
    [`${ok}${close}Transfer-Encoding: chunked\r\n`, false],
  ] as const)
    for (const end of ["ends", "is reset"])
      it(`outlive a connection that ${end} while the taker is busy: ${head.replaceAll("\r\n", " ")}`, async () => {
        const sent = head.includes("chunked") ? Buffer.concat([Buffer.from("c350\r\n"), body]) : body;
        await serve(
          () => [Buffer.from(`${head}\r\n`), sent],
          (socket) => setTimeout(() => (end === "ends" ? socket.end() : socket.resetAndDestroy()), 20),
        );
        const chunks: Buffer[] = [];
        const busy = (bytes: Buffer) => {
          chunks.push(Buffer.from(bytes));
          return delay(60);
        };
        const got = http.send({ method: "GET", origin, path: "/", headers: {} }, () => busy);
        if (sound && end === "ends") {
          await got;
          assert.ok(Buffer.concat(chunks).equals(body));
        } else
          await got.then(
            () => assert.ok(sound && Buffer.concat(chunks).equals(body)),
            ({ code }) => assert.match(code ?? "HPE", /^(ECONNRESET|UND_ERR_RES_CONTENT_LENGTH_MISMATCH|HPE)$/),
          );
      });

  it("send no line that somebody smuggled into a header or a path", async () => {
    await serve(() => []);
    const smuggled: { path: string; headers: Record<string, string> }[] = [
      { path: "/", headers: { "if-match": '"a"\r\nx-other: 1' } },
      { path: "/a\r\nx-other: 1", headers: {} },
      { path: "/a b", headers: {} },
    ];
    for (const request of smuggled)
      await assert.rejects(
        http.send({ method: "GET", origin, ...request }, () => () => undefined),
        { code: "EINVAL" },
      );
    assert.equal(opened, 0);
  });

  it("stop when told to: before, while waiting, and inside the body", async () => {
    await serve((path) => (path === "/body" ? [plain(noise(900_000, 1)).subarray(0, 400_000)] : []));
    for (const path of ["/", "/body"]) {
      const stop = new AbortController();
      const request = { method: "GET", origin, path, headers: {}, signal: stop.signal } as const;
      let taken = () => stop.abort();
      if (path === "/") setTimeout(() => stop.abort(), 20);
      await assert.rejects(
        http.send(request, () => () => taken() as undefined),
        { name: "AbortError" },
      );
      taken = () => assert.fail("a byte came after the end");
      await assert.rejects(
        http.send(request, () => () => undefined),
        { name: "AbortError" },
      );
    }
  });

  it("wait for a connection when all are taken, and stop waiting when told to", async () => {
    const waiting: (() => void)[] = [];
    await serve(
      () => [],
      (socket, path) => waiting.push(() => socket.write(plain(Buffer.from(path)))),
    );
    http = new Http({ connections: 1, idleMs: 5_000, env: {} });
    const stop = new AbortController();
    const first = get("/first");
    const second = http.send(
      { method: "GET", origin, path: "/second", headers: {}, signal: stop.signal },
      () => () => undefined,
    );
    const third = get("/third");
    stop.abort();
    await assert.rejects(second, { name: "AbortError" });
    while (waiting.length === 0) await turn();
    waiting.shift()!();
    assert.equal((await first).body.toString(), "/first");
    while (waiting.length === 0) await turn();
    waiting.shift()!();
    assert.equal((await third).body.toString(), "/third");
  });

  it("take an answer that comes before the request is sent whole", async () => {
    opened = 0;
    server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end(`HTTP/1.1 413 Too Large\r\n${close}Content-Length: 2\r\n\r\nno`));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    http = new Http({ connections: 1, idleMs: 2_000, env: {} });
    let status = 0;
    const sent = http.send({ method: "POST", origin, path: "/", headers: {}, body: noise(8_000_000, 1) }, (head) => {
      status = head.status;
      return () => undefined;
    });
    await sent.catch(({ code }) => assert.match(code, /^(ECONNRESET|EPIPE)$/));
    assert.ok(status === 413 || status === 0);
  });
});
