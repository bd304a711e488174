import { createHash, type Hash, hash } from "node:crypto";
import { createGunzip, type Gunzip, gunzipSync } from "node:zlib";
import { bombText, declaredSize } from "../base/gzip.ts";
import type { Checksum } from "../sources/source.ts";
import { createChecksum, type RunningChecksum } from "./checksum.ts";

/** The expected bytes of one object. */
export interface Expected {
  size: number | null; // null: any
  md5: string | null; // hex
  checksum: Checksum | null;
  gzip: boolean; // unpack it too
  maxRatio?: number; // of unpacked to packed bytes, above which it is a decompression bomb; default: any
}

export interface Verified {
  size: number;
  md5: string; // hex, of the bytes on disk
  lines: number; // newlines, plus one for an unterminated last line
  empty: boolean; // no byte once unpacked
}

export const etagDiffers = "MD5 differs from the ETag";

/** The bytes differ from the listing, or are no sound gzip. Worth fetching again; such a file never enters raw/. */
export class WrongBytes extends Error {
  override name = "WrongBytes";
}

/** A decompression bomb. A second fetch would bring the same bytes. */
export class Bomb extends WrongBytes {
  override name = "Bomb";
}

const newline = 10;
const maxUnpacked = 64 * 1024 * 1024;
const maxChunk = 4 * 1024 * 1024;

/** Verifies a whole small object. Throws WrongBytes. Null when it unpacks to too much and must be streamed. */
export function verifyBuffer(bytes: Buffer, expected: Expected): Verified | null {
  checkSize(bytes.length, expected.size);
  const md5 = hash("md5", bytes);
  checkMd5(md5, expected);
  const sum = checksumFor(expected);
  if (sum) checkSum(sum.update(bytes), expected);
  const counter = new LineCounter();
  if (expected.gzip && !isListedEmpty(bytes.length, expected)) {
    let unpacked: { buffer: Buffer; engine: Gunzip };
    try {
      const chunkSize = Math.min(Math.max(1024, declaredSize(bytes) + 1), maxChunk); // unpacked in one step
      // `info`, missing from the types, tells where the last gzip member ended.
      const options = { info: true, maxOutputLength: maxUnpacked, chunkSize } as object;
      unpacked = gunzipSync(bytes, options) as unknown as typeof unpacked;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return null;
      throw gzipError(error);
    }
    checkEnd(unpacked.engine.bytesWritten, bytes.length);
    counter.add(unpacked.buffer);
  } else counter.add(bytes);
  return { size: bytes.length, md5, lines: counter.lines, empty: counter.empty };
}

/** Verifies an object chunk by chunk, in constant memory. */
export class Verifier {
  private readonly expected: Expected;
  private readonly hash: Hash = createHash("md5");
  private readonly sum: RunningChecksum | null;
  private readonly counter = new LineCounter();
  private readonly gunzip: Gunzip | null;
  private readonly unpacked: Promise<void> | null;
  private failure: unknown;
  private size = 0;
  private unpackedBytes = 0;

  constructor(expected: Expected) {
    this.expected = expected;
    this.sum = checksumFor(expected);
    this.gunzip = expected.gzip ? createGunzip({ chunkSize: 262_144 }) : null;
    this.unpacked = this.gunzip && this.drain(this.gunzip);
  }

  /** Takes the next bytes, and resolves when they are no longer needed. */
  async write(chunk: Buffer): Promise<void> {
    if (this.failure) throw this.failure;
    this.size += chunk.length;
    if (this.expected.size !== null && this.size > this.expected.size)
      throw new WrongBytes(`longer than the ${this.expected.size} bytes listed`);
    this.hash.update(chunk);
    this.sum?.update(chunk);
    if (this.gunzip === null) this.counter.add(chunk);
    else await this.feed(this.gunzip, chunk);
  }

  async finish(): Promise<Verified> {
    try {
      checkSize(this.size, this.expected.size);
      const md5 = this.hash.digest("hex");
      checkMd5(md5, this.expected);
      if (this.sum) checkSum(this.sum, this.expected);
      if (this.gunzip) {
        if (this.failure) throw this.failure;
        if (!isListedEmpty(this.size, this.expected)) {
          this.gunzip.end();
          await this.unpacked;
          checkEnd(this.gunzip.bytesWritten, this.size);
        }
      }
      return { size: this.size, md5, lines: this.counter.lines, empty: this.counter.empty };
    } finally {
      this.close();
    }
  }

  close(): void {
    this.gunzip?.destroy();
  }

  private maxUnpacked(): number {
    const { maxRatio = Number.POSITIVE_INFINITY, size } = this.expected;
    return Math.max(maxUnpacked, (size ?? this.size) * maxRatio);
  }

  // After an error zlib does not report how much it consumed.
  private async feed(gunzip: Gunzip, chunk: Buffer): Promise<void> {
    await new Promise<void>((resolve) => {
      const fed = () => {
        gunzip.off("error", fed);
        resolve();
      };
      gunzip.on("error", fed);
      gunzip.write(chunk, fed);
    });
    if (this.failure) throw this.failure;
  }

  private drain(gunzip: Gunzip): Promise<void> {
    const done = new Promise<void>((resolve, reject) => {
      gunzip.on("data", (chunk: Buffer) => {
        this.counter.add(chunk);
        this.unpackedBytes += chunk.length;
        if (this.unpackedBytes <= this.maxUnpacked()) return;
        const { size, maxRatio = Number.POSITIVE_INFINITY } = this.expected;
        this.failure = new Bomb(bombText(this.unpackedBytes, size ?? this.size, maxRatio));
        gunzip.destroy(this.failure as Error);
      });
      gunzip.on("end", resolve);
      gunzip.on("close", resolve);
      gunzip.on("error", (error) => {
        this.failure ??= gzipError(error);
        reject(this.failure);
      });
    });
    done.catch(() => {}); // the next write or finish reports it
    return done;
  }
}

class LineCounter {
  lines = 0;
  empty = true;
  private open = false; // the last line has no newline so far

  add(chunk: Buffer): void {
    if (chunk.length === 0) return;
    if (this.open) this.lines -= 1;
    let at = chunk.indexOf(newline);
    for (; at !== -1; at = chunk.indexOf(newline, at + 1)) this.lines += 1;
    this.open = chunk[chunk.length - 1] !== newline;
    if (this.open) this.lines += 1;
    this.empty = false;
  }
}

// A checksum in plain JavaScript is worth its time only where there is no MD5.
function checksumFor({ md5, checksum }: Expected): RunningChecksum | null {
  if (checksum === null) return null;
  return createChecksum(checksum.algorithm, md5 === null);
}

function checkSize(size: number, listed: number | null): void {
  if (listed === null) return;
  if (size < listed) throw new WrongBytes(`${size} of the ${listed} bytes listed`);
  if (size > listed) throw new WrongBytes(`longer than the ${listed} bytes listed`);
}

function checkMd5(md5: string, expected: Expected): void {
  if (expected.md5 !== null && md5 !== expected.md5) throw new WrongBytes(etagDiffers);
}

function checkSum(sum: RunningChecksum, { checksum }: Expected): void {
  if (checksum !== null && sum.digest() !== checksum.value)
    throw new WrongBytes(`${checksum.algorithm} differs from the stored checksum`);
}

// An exporter without rows may write a file of 0 bytes; if it was listed with more, bytes are missing.
function isListedEmpty(size: number, expected: Expected): boolean {
  if (size > 0) return false;
  if (expected.size !== 0) throw new WrongBytes("no gzip: 0 bytes");
  return true;
}

// zlib stops silently at zeros after the last member; on other bytes it fails.
function checkEnd(consumed: number, size: number): void {
  if (consumed !== size) throw new WrongBytes(`${size - consumed} bytes after the end of the gzip`);
}

function gzipError(error: unknown): WrongBytes {
  const { code, message } = error as NodeJS.ErrnoException;
  const why = code === "Z_BUF_ERROR" ? "cut short" : message;
  return new WrongBytes(`no sound gzip: ${why}`, { cause: error });
}
