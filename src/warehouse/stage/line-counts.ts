import { createReadStream, readFileSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createGunzip, gunzip, gunzipSync } from "node:zlib";
import { bombText, declaredSize } from "../../base/gzip.ts";

/** Counts that DuckDB does not give: it does not verify a gzip to its end, and rounds long numbers silently. */
export interface LineCounts {
  lines: number; // physical lines; a last one without newline counts
  odd: number; // lines that do not begin with "{": blank, a byte order mark, `null`, arrays, malformed
  long: number; // numbers of 16 characters and more, quoted or not, that a DOUBLE may not hold
  lossy: number; // unquoted decimals among them that a DOUBLE does not hold
  first: string; // the first line
}

/** The file is missing, or no valid gzip. */
export class UnreadableFile extends Error {
  override name = "UnreadableFile";
}

const smallBelow = 32 * 1024; // bytes on disk
const wholeBelow = 4 * 1024 * 1024;
const unpackedBelow = 64 * 1024 * 1024;
const chunkSize = 256 * 1024;
const inflate = promisify(gunzip);

/**
 * Reads the file to its end, which verifies the length and checksum of a gzip. `keep` gets the bytes of a gzip that is
 * unpacked at once. Throws UnreadableFile, also for a gzip that unpacks to more than 64 MB and `maxRatio` times its size, and
 * errors of `keep`.
 */
export async function countFile(path: string, maxRatio: number, keep?: (bytes: Buffer) => void): Promise<LineCounts> {
  const counter = new FileCounter();
  let bomb: Error | null = null; // the pipeline reports only that it was aborted
  try {
    const { size } = statSync(path);
    if (size === 0) return counter.finish();
    if (size < wholeBelow && (await countWhole(path, size, counter, keep))) return counter.finish();
    const most = path.endsWith(".gz") ? Math.max(unpackedBelow, size * maxRatio) : size;
    let unpacked = 0;
    await readChunks(path, (chunk) => {
      unpacked += chunk.length;
      if (unpacked > most) bomb = new Error(bombText(unpacked, size, maxRatio));
      if (bomb !== null) throw bomb;
      counter.add(chunk);
    });
  } catch (error) {
    throw unreadable(path, bomb ?? error);
  }
  return counter.finish();
}

/** Calls `take` with the unpacked bytes of a file, chunk by chunk. Concatenated gzip members read as one. */
export async function readChunks(path: string, take: (chunk: Buffer) => void): Promise<void> {
  if (statSync(path).size === 0) return; // no gzip: an exporter without rows may write an empty file
  const source = createReadStream(path, { highWaterMark: chunkSize });
  const consume = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) take(chunk);
  };
  if (path.endsWith(".gz")) await pipeline(source, createGunzip({ chunkSize }), consume);
  else await pipeline(source, consume);
}

export function unreadable(path: string, error: unknown): UnreadableFile {
  const { code, message } = error as NodeJS.ErrnoException;
  const why =
    code === "Z_BUF_ERROR" || message === "unexpected end of file"
      ? "the gzip is cut short"
      : code === "ENOENT"
        ? "it does not exist"
        : message;
  return new UnreadableFile(`cannot read ${path}: ${why}`, { cause: error });
}

// The thread pool pays off for larger files only: a day may have a hundred files of a few hundred bytes.
async function countWhole(
  path: string,
  size: number,
  counter: FileCounter,
  keep?: (bytes: Buffer) => void,
): Promise<boolean> {
  const small = size < smallBelow;
  const bytes = small ? readFileSync(path) : await readFile(path);
  if (!path.endsWith(".gz")) {
    counter.add(bytes);
    return true;
  }
  const options = {
    maxOutputLength: unpackedBelow,
    chunkSize: Math.min(Math.max(1024, declaredSize(bytes) + 1), size * mostPacked, unpackedBelow),
  };
  try {
    const unpacked = small ? gunzipSync(bytes, options) : await inflate(bytes, options);
    counter.add(unpacked);
    keep?.(unpacked);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return false;
    throw error;
  }
}

const mostPacked = 1032; // the highest compression ratio of deflate
const newline = 10;
const brace = 123;
const quote = 34;
const stride = 16;
const longestCarry = 1024 * 1024;
const numeric = new Uint8Array(256);
for (const character of "0123456789.+-eE") numeric[character.charCodeAt(0)] = 1;

class FileCounter {
  private readonly counts: LineCounts = { lines: 0, odd: 0, long: 0, lossy: 0, first: "" };
  private carry: Buffer | null = null; // the last line, as long as it has no newline

  add(chunk: Buffer): void {
    let bytes = chunk;
    if (this.carry) {
      bytes = Buffer.concat([this.carry, chunk]);
      this.carry = null;
    }
    let start = 0;
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
      this.line(bytes, start, end);
      start = end + 1;
    }
    if (start > 0) this.numbers(bytes, start);
    if (start === bytes.length) return;
    // A line too long for DuckDB is left to the careful path, and need not be kept.
    if (bytes.length - start > longestCarry) {
      this.counts.odd += 1;
      this.carry = bytes.subarray(bytes.length - 1);
    } else this.carry = bytes.subarray(start);
  }

  finish(): LineCounts {
    if (this.carry) {
      this.line(this.carry, 0, this.carry.length);
      this.numbers(this.carry, this.carry.length);
    }
    return this.counts;
  }

  private line(bytes: Buffer, start: number, end: number): void {
    if (this.counts.lines === 0) this.counts.first = bytes.toString("utf8", start, end);
    this.counts.lines += 1;
    if (bytes[start] !== brace) this.counts.odd += 1;
  }

  // A run of 16 numeric bytes covers one in every 16: looking at those alone is enough.
  private numbers(bytes: Buffer, length: number): void {
    for (let at = stride - 1; at < length; at += stride) {
      if (numeric[bytes[at]!] === 0) continue;
      let start = at;
      while (start > 0 && numeric[bytes[start - 1]!] === 1) start -= 1;
      let end = at + 1;
      while (end < length && numeric[bytes[end]!] === 1) end += 1;
      if (end - start >= stride) this.number(bytes, start, end);
      at = Math.max(at, end - 1);
    }
  }

  private number(bytes: Buffer, start: number, end: number): void {
    const text = bytes.toString("latin1", start, end);
    if (!isNumber(text) || isExactDouble(text)) return;
    this.counts.long += 1;
    const quoted = bytes[start - 1] === quote && bytes[end] === quote;
    if (!quoted && /[.eE]/.test(text)) this.counts.lossy += 1;
  }
}

const numberPattern = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function isNumber(text: string): boolean {
  return numberPattern.test(text);
}

/** True when the nearest DOUBLE, written as short as it can be, is this very number. */
export function isExactDouble(text: string): boolean {
  return plain(text) === plain(String(Number(text)));
}

// "-12.50e3" and "-12500" are both "-125e2": digits without zeros at either end, and a power of ten.
function plain(text: string): string {
  const match = /^(-?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (!match) return text;
  const [, sign, whole, fraction = "", exponent = "0"] = match;
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  const short = digits.replace(/0+$/, "");
  if (short === "") return "0";
  return `${sign}${short}e${Number(exponent) - fraction.length + digits.length - short.length}`;
}
