import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { openAgents } from "../src/http/agents.ts";
import { Connections, type Head } from "../src/http/connections.ts";
import { SourceError } from "../src/sources/source.ts";
import fc from "./fast-check.ts";
import { noise } from "./sync-kit.ts";

describe("connections", () => {
  let server: Server;
  let connections: Connections;
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
    const { open } = openAgents(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 4, {});
    connections = new Connections(open, 300);
  }

  afterEach(() => {
    connections.close();
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
    await connections.get(path, { host: "here" }, begin);
    return { ...head!, body: Buffer.concat(chunks) };
  }

  const plain = (body: Buffer) =>
    Buffer.concat([
      Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length:${body.length}\r\nX-A: 1\r\nx-a: 2\r\n\r\n`),
      body,
    ]);
  const chunked = (bodies: Buffer[]) =>
    Buffer.concat([
      Buffer.from("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
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
      (path) => [
        path === "/open" ? Buffer.from("HTTP/1.0 200 OK\r\n\r\nall of it") : plain(Buffer.from("x")),
      ],
      (socket, path) => path === "/open" && socket.end(),
    );
    assert.equal((await get()).headers["x-a"], "1, 2");
    assert.equal((await get("/open")).body.toString(), "all of it");
  });

  const broken: [string, string, RegExp][] = [
    ["no HTTP", "SSH-2.0-x\r\n\r\n", /no HTTP/],
    ["a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n", /content-length 1, 1/],
    [
      "a chunk without its size",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
      /a chunk without/,
    ],
    ["more than was said", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc", /./],
    [
      "a head without an end",
      `HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(20_000)}`,
      /no end of the answer's head/,
    ],
    ["nothing more", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", /no byte for 300 ms/],
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

  it("tell of an end before the last byte, whatever came before", async () => {
    const whole = plain(noise(500, 1));
    let length = 0;
    await serve(
      () => [whole.subarray(0, length)],
      (socket) => socket.end(),
    );
    for (length = 1; length < whole.length; length += 37) await assert.rejects(get(), { code: "ECONNRESET" });
  });

  it("send no line that somebody smuggled into a header", async () => {
    await serve(() => []);
    const headers = { "if-match": '"a"\r\nx-other: 1' };
    await assert.rejects(
      connections.get("/", headers, () => () => undefined),
      SourceError,
    );
    assert.equal(opened, 0);
  });

  it("stop when told to", async () => {
    await serve(() => []);
    const stop = new AbortController();
    const getting = connections.get("/", {}, () => () => undefined, stop.signal);
    stop.abort();
    await assert.rejects(getting, { name: "AbortError" });
  });
});
