import type { Readable, Writable } from "node:stream";
import type { TreeEntry } from "../tree.ts";

/** An error status of the server, with a code of SFTP version 3. */
export class SftpStatus extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message || `SFTP status ${code}`);
    this.name = "SftpStatus";
    this.code = code;
  }
}

const endOfFile = 1;
export const noSuchFile = 2;
export const permissionDenied = 3;

interface Reply {
  type: number;
  body: Reader;
}

const type = {
  init: 1,
  version: 2,
  open: 3,
  close: 4,
  read: 5,
  opendir: 11,
  readdir: 12,
  stat: 17,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attrs: 105,
};
const readOnly = 1;
const folderMode = 0o040000;
const linkMode = 0o120000;
const modeBits = 0o170000;
const shortestPacket = 5; // a type and an id
const longestPacket = 1 << 20;

/** The reading half of SFTP version 3 over an ssh connection. Requests may run concurrently. */
export class SftpClient {
  private readonly output: Writable;
  private readonly waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>();
  private readonly ready: Promise<void>;
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private serial = 0;
  private failure: Error | null = null;

  constructor(input: Readable, output: Writable) {
    this.output = output;
    this.ready = new Promise((resolve, reject) => {
      // The reply to init has no id: it is awaited as 0.
      this.waiting.set(0, { resolve: () => resolve(), reject });
    });
    this.ready.catch(() => {});
    output.on("error", () => {}); // ssh ends right after, with the reason
    input.on("data", (chunk: Buffer) => this.take(chunk));
    this.send(type.init, [uint32(3)]);
  }

  /** The number of requests without a reply. */
  get open(): number {
    return this.waiting.size;
  }

  /** Rejects every pending request, and every later one, with this error. */
  fail(error: Error): void {
    this.failure ??= error;
    for (const { reject } of this.waiting.values()) reject(this.failure);
    this.waiting.clear();
  }

  async stat(path: string): Promise<Omit<TreeEntry, "name">> {
    return attributes((await this.ask(type.stat, [text(path)], type.attrs)).body);
  }

  async readFolder(path: string): Promise<TreeEntry[]> {
    const handle = (await this.ask(type.opendir, [text(path)], type.handle)).body.bytes();
    const entries: TreeEntry[] = [];
    const links: TreeEntry[] = [];
    try {
      for (;;) {
        const { body } = await this.ask(type.readdir, [bytes(handle)], type.name);
        for (let left = body.uint32(); left > 0; left--) {
          const name = body.bytes().toString();
          body.bytes(); // the line of `ls -l`
          const entry = { name, ...attributes(body) };
          if (name !== "." && name !== "..") (entry.isLink ? links : entries).push(entry);
        }
      }
    } catch (error) {
      if (!(error instanceof SftpStatus && error.code === endOfFile)) throw error;
    } finally {
      this.close(handle);
    }
    for (const { name } of links) {
      const target = await this.stat(`${path}/${name}`).catch(() => null);
      if (target !== null) entries.push({ name, ...target });
    }
    return entries;
  }

  async openFile(path: string): Promise<Buffer> {
    return (await this.ask(type.open, [text(path), uint32(readOnly), uint32(0)], type.handle)).body.bytes();
  }

  /** Reads up to `length` bytes; none at the end of the file. */
  async read(handle: Buffer, offset: number, length: number): Promise<Buffer> {
    try {
      return (await this.ask(type.read, [bytes(handle), uint64(offset), uint32(length)], type.data)).body.bytes();
    } catch (error) {
      if (error instanceof SftpStatus && error.code === endOfFile) return Buffer.alloc(0);
      throw error;
    }
  }

  close(handle: Buffer): void {
    this.ask(type.close, [bytes(handle)], type.status).catch(() => {});
  }

  private async ask(kind: number, fields: Buffer[], expected: number): Promise<Reply> {
    await this.ready;
    if (this.failure) throw this.failure;
    this.serial = (this.serial % 0x7fffffff) + 1;
    const id = this.serial;
    const reply = await new Promise<Reply>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.send(kind, [uint32(id), ...fields]);
    });
    if (reply.type === expected) return reply;
    if (reply.type !== type.status) throw new Error(`SFTP answer of type ${reply.type} instead of ${expected}`);
    const code = reply.body.uint32();
    throw new SftpStatus(code, reply.body.left > 0 ? reply.body.bytes().toString() : "");
  }

  private send(kind: number, fields: Buffer[]): void {
    const body = Buffer.concat(fields);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(body.length + 1, 0);
    head[4] = kind;
    this.output.write(Buffer.concat([head, body]));
  }

  private take(chunk: Buffer): void {
    this.pending.push(chunk);
    this.pendingBytes += chunk.length;
    while (this.pendingBytes >= 4) {
      let [first = Buffer.alloc(0)] = this.pending;
      if (first.length < 4) {
        first = Buffer.concat(this.pending);
        this.pending = [first];
      }
      const length = first.readUInt32BE(0);
      if (length < shortestPacket || length > longestPacket) {
        this.fail(new Error("the answer is not SFTP"));
        return;
      }
      if (this.pendingBytes < length + 4) return;
      const all = this.pending.length === 1 ? first : Buffer.concat(this.pending);
      const rest = all.subarray(length + 4);
      this.pending = rest.length > 0 ? [rest] : [];
      this.pendingBytes = rest.length;
      this.dispatch(all.subarray(4, length + 4));
    }
  }

  private dispatch(packet: Buffer): void {
    const body = new Reader(packet, 1);
    const kind = packet.readUInt8(0);
    const id = kind === type.version ? 0 : body.uint32();
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    waiting?.resolve({ type: kind, body });
  }
}

class Reader {
  private readonly packet: Buffer;
  private at: number;

  constructor(packet: Buffer, at: number) {
    this.packet = packet;
    this.at = at;
  }

  get left(): number {
    return this.packet.length - this.at;
  }

  uint32(): number {
    this.at += 4;
    return this.packet.readUInt32BE(this.at - 4);
  }

  uint64(): number {
    return this.uint32() * 2 ** 32 + this.uint32();
  }

  bytes(): Buffer {
    const length = this.uint32();
    this.at += length;
    return this.packet.subarray(this.at - length, this.at);
  }
}

function attributes(body: Reader): Omit<TreeEntry, "name"> & { isLink: boolean } {
  const flags = body.uint32();
  const size = flags & 1 ? body.uint64() : 0;
  if (flags & 2) body.uint64(); // uid and gid
  const mode = flags & 4 ? body.uint32() & modeBits : 0;
  let modifiedMs = 0;
  if (flags & 8) {
    body.uint32(); // atime
    modifiedMs = body.uint32() * 1000;
  }
  if (flags & 0x80000000) for (let left = body.uint32(); left > 0; left--) body.bytes() && body.bytes();
  return { isFolder: mode === folderMode, isLink: mode === linkMode, size, modifiedMs };
}

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}

function uint64(value: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64BE(BigInt(value));
  return buffer;
}

function bytes(value: Buffer): Buffer {
  return Buffer.concat([uint32(value.length), value]);
}

function text(value: string): Buffer {
  return bytes(Buffer.from(value));
}
