import type { Socket } from "node:net";
import { noNames } from "../base/names.ts";
import { SourceError, type Take } from "../sources/source.ts";

export interface Head {
  status: number;
  headers: Record<string, string>; // by names in lower case
}

/** Says what is to become of the answer's body; to refuse it, throws. */
export type Begin = (head: Head) => Take;

/** Opens a connection on which `onBytes` gets all that arrives, lent until it returns. */
export type Open = (onBytes: (bytes: Buffer) => void) => Promise<Socket>;

interface Call {
  begin: Begin;
  signal: AbortSignal | undefined;
  resolve: () => void;
  reject: (error: unknown) => void;
}

const headEnd = "\r\n\r\n";
const longestHead = 65_536;
const unfit = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * GET over HTTP/1.1 and connections that are kept, straight into the memory of whoever takes the bytes. `node:http` takes
 * three times the CPU time for the small objects that exports consist of.
 */
export class Connections {
  private readonly open: Open;
  private readonly idleMs: number;
  private readonly all = new Set<Connection>();
  private readonly idle: Connection[] = []; // the last used one is the first to be used again
  private readonly heeded = new WeakSet<AbortSignal>();

  constructor(open: Open, idleMs: number) {
    this.open = open;
    this.idleMs = idleMs;
  }

  /**
   * Resolves when the whole body was taken. What `begin` or its Take throws comes out as it is; a connection that breaks
   * or stalls is an error of the system or a transient SourceError.
   */
  async get(
    path: string,
    headers: Record<string, string>,
    begin: Begin,
    signal?: AbortSignal,
  ): Promise<void> {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const odd = [path, ...lines].find((line) => unfit.test(line));
    if (odd !== undefined) throw new SourceError("broken", `cannot be asked for: ${JSON.stringify(odd)}`);
    if (signal !== undefined) this.heed(signal);
    let connection = this.idle.pop();
    while (connection?.isOpen === false) connection = this.idle.pop();
    connection ??= await this.connect();
    await connection.get(`GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}${headEnd}`, begin, signal);
    if (connection.isOpen) this.idle.push(connection);
  }

  close(): void {
    for (const connection of this.all) connection.destroy();
  }

  // One listener for a whole run: to add and remove one for each object takes as long as to sign it.
  private heed(signal: AbortSignal): void {
    if (this.heeded.has(signal)) return;
    this.heeded.add(signal);
    const abort = () => {
      for (const connection of this.all) connection.abort(signal);
    };
    signal.addEventListener("abort", abort, { once: true });
  }

  private async connect(): Promise<Connection> {
    const connection = new Connection(this.idleMs);
    let late: NodeJS.Timeout | undefined;
    const opening = this.open((bytes) => connection.receive(bytes));
    try {
      const tooLate = new Promise<never>((_, reject) => {
        late = setTimeout(() => reject(silence(this.idleMs)), this.idleMs);
      });
      connection.use(await Promise.race([opening, tooLate]), () => this.all.delete(connection));
    } catch (error) {
      opening.then(
        (socket) => socket.destroy(),
        () => {},
      );
      throw error;
    } finally {
      clearTimeout(late);
    }
    this.all.add(connection);
    return connection;
  }
}

/** One connection: an answer at a time, cut into head and body. */
class Connection {
  private readonly idleMs: number;
  private socket: Socket | null = null;
  private call: Call | null = null;
  private take: Take | null = null; // null: the head is not complete
  private held: Buffer | null = null; // a head or a chunk's line that is not complete, or what came while waiting
  private left = 0; // bytes until the body's end, or the chunk's
  private chunked = false;
  private keep = true;
  private waiting = false; // for the taker
  private over = false; // nothing more comes

  constructor(idleMs: number) {
    this.idleMs = idleMs;
  }

  get isOpen(): boolean {
    return this.socket !== null;
  }

  use(socket: Socket, onClose: () => void): void {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.setTimeout(this.idleMs, () => {
      if (!this.waiting) this.fail(silence(this.idleMs));
    });
    socket.on("error", (error) => this.fail(error));
    socket.on("end", () => this.ended());
    socket.on("close", () => {
      this.ended();
      onClose();
    });
  }

  get(request: string, begin: Begin, signal?: AbortSignal): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.call = { begin, signal, resolve, reject };
      if (signal?.aborted) this.abort(signal);
      else if (this.socket === null) this.fail(brokenOff());
      else this.socket.write(request, "latin1");
    });
  }

  abort(signal: AbortSignal): void {
    if (this.call?.signal === signal) this.fail(new DOMException("aborted", "AbortError"));
  }

  destroy(): void {
    this.socket?.destroy();
    this.socket = null;
  }

  receive(bytes: Buffer): void {
    let rest: Buffer | null = this.held === null ? bytes : Buffer.concat([this.held, bytes]);
    this.held = null;
    if (this.waiting) {
      this.held = Buffer.from(rest); // TLS hands over what it has unpacked, paused or not
      return;
    }
    try {
      while (rest !== null && rest.length > 0) {
        if (this.call === null) throw new Error("bytes after the answer's end");
        rest = this.take === null ? this.readHead(rest) : this.readBody(rest, this.take);
      }
    } catch (error) {
      this.fail(error);
    }
  }

  private readHead(bytes: Buffer): Buffer | null {
    const end = bytes.indexOf(headEnd);
    if (end === -1) return this.hold(bytes);
    const head = parseHead(bytes.toString("latin1", 0, end));
    const rest = bytes.subarray(end + headEnd.length);
    if (head.status < 200) return rest;
    const { connection = "", "content-length": length, "transfer-encoding": encoding = "" } = head.headers;
    this.chunked = /\bchunked$/i.test(encoding);
    if (!this.chunked && length !== undefined && !/^\d+$/.test(length))
      throw new Error(`content-length ${length}`);
    const noBody = head.status === 204 || head.status === 304;
    this.left = this.chunked || noBody ? 0 : length === undefined ? Number.POSITIVE_INFINITY : Number(length);
    this.keep = this.left !== Number.POSITIVE_INFINITY && !/\bclose\b/i.test(connection);
    this.take = this.call!.begin(head);
    if (this.left === 0 && (!this.chunked || noBody)) this.complete();
    return rest;
  }

  private readBody(bytes: Buffer, take: Take): Buffer | null {
    if (this.chunked && this.left === 0) return this.readChunkLine(bytes);
    // Of a chunk, the line end is left when its last byte is taken.
    const body = this.chunked
      ? Math.min(bytes.length, Math.max(0, this.left - 2))
      : Math.min(bytes.length, this.left);
    if (body === 0) {
      const skipped = Math.min(bytes.length, this.left);
      this.left -= skipped;
      return bytes.subarray(skipped);
    }
    this.left -= body;
    const rest = bytes.subarray(body);
    const taken = take(body === bytes.length ? bytes : bytes.subarray(0, body));
    if (taken !== undefined) {
      this.wait(taken, rest);
      return null;
    }
    if (this.left === 0) this.complete();
    return rest;
  }

  private readChunkLine(bytes: Buffer): Buffer | null {
    const end = bytes.indexOf("\r\n");
    if (end === -1) return this.hold(bytes);
    const size = /^[0-9a-f]{1,12}(?=\s*(;|$))/i.exec(bytes.toString("latin1", 0, end))?.[0];
    if (size === undefined) throw new Error("a chunk without its size");
    this.left = Number.parseInt(size, 16) + 2;
    if (this.left > 2) return bytes.subarray(end + 2);
    // The trailer: lines until an empty one.
    const last = bytes.indexOf(headEnd, end);
    this.left = 0;
    if (last === -1) return this.hold(bytes);
    this.complete();
    return bytes.subarray(last + headEnd.length);
  }

  private hold(bytes: Buffer): null {
    if (bytes.length > longestHead) throw new Error("no end of the answer's head");
    this.held = Buffer.from(bytes);
    return null;
  }

  private wait(taken: Promise<unknown>, rest: Buffer): void {
    this.waiting = true;
    this.held = Buffer.from(rest);
    this.socket?.pause();
    taken.then(
      () => {
        this.waiting = false;
        if (this.left === 0 && !this.chunked) this.complete();
        const held = this.held ?? rest;
        this.held = null;
        if (held.length > 0 && this.isOpen) this.receive(held);
        if (this.waiting) return;
        if (this.over) this.ended();
        else this.socket?.resume();
      },
      (error) => this.fail(error),
    );
  }

  private complete(): void {
    const { call } = this;
    this.call = null;
    this.take = null;
    if (!this.keep) this.destroy();
    call?.resolve();
  }

  private ended(): void {
    this.over = true;
    if (this.waiting) return;
    if (this.take !== null && this.left === Number.POSITIVE_INFINITY) this.complete();
    else this.fail(brokenOff());
  }

  private fail(error: unknown): void {
    const { call } = this;
    this.call = null;
    this.destroy();
    call?.reject(error);
  }
}

function parseHead(text: string): Head {
  const [first = "", ...lines] = text.split("\r\n");
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1];
  if (status === undefined) throw new Error("the answer is no HTTP");
  const headers = noNames<string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}, ${value}`;
  }
  return { status: Number(status), headers };
}

function brokenOff(): Error {
  return Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" });
}

function silence(ms: number): SourceError {
  return new SourceError("transient", `no byte for ${ms} ms`);
}
