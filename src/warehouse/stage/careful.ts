import { isUtf8 } from "node:buffer";
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { QuarantinedLine } from "../snapshot/snapshot.ts";
import { readChunks, unreadable } from "./line-counts.ts";
import { Malformed, type Member, Scanner } from "./scanner.ts";

/** Keys added to each cleaned line. */
export const lineKey = "\u0001line";
export const rescuedKey = "\u0001rescued";

export interface Cleaned {
  lines: number;
  blank: number;
  rows: number;
  quarantined: number;
  longest: number; // bytes of the longest cleaned line
}

/** An object, rewritten where DuckDB needs it, or the reason why the line is no object. */
export type ScannedLine = { text: string } | { reason: string };

const newline = 10;
const carriageReturn = 13;
const keptText = 1024 * 1024;
const longestLine = 64_000_000; // bytes; DuckDB holds a few times as much at once
const writeEvery = 4 * 1024 * 1024;

/**
 * Reads a file line by line. Writes each object to `target`, one per line, with its line number and the values that no column
 * can hold in extra keys; other lines go to `quarantine`. lines = blank + rows + quarantined. Throws UnreadableFile.
 */
export async function cleanFile(
  source: string,
  target: string,
  quarantine: (line: Omit<QuarantinedLine, "file">) => void,
): Promise<Cleaned> {
  const cleaned: Cleaned = { lines: 0, blank: 0, rows: 0, quarantined: 0, longest: 0 };
  mkdirSync(dirname(target), { recursive: true });
  const out = openSync(target, "w");
  let waiting: string[] = [];
  let held = 0;
  const flush = () => {
    if (waiting.length > 0) writeSync(out, waiting.join(""));
    waiting = [];
    held = 0;
  };
  const take = (bytes: Buffer, length: number) => {
    cleaned.lines += 1;
    if (length > bytes.length) {
      cleaned.quarantined += 1;
      const reason = `longer than ${longestLine / 1_000_000} MB`;
      quarantine({ ...quarantined(cleaned.lines, reason, bytes), bytes: length });
      return;
    }
    const line = trimmed(bytes);
    if (line.length === 0) {
      cleaned.blank += 1;
      return;
    }
    const scanned = isUtf8(line) ? scanLine(line.toString("utf8"), cleaned.lines) : { reason: "not UTF-8" };
    if ("reason" in scanned) {
      cleaned.quarantined += 1;
      quarantine(quarantined(cleaned.lines, scanned.reason, line));
      return;
    }
    cleaned.rows += 1;
    cleaned.longest = Math.max(cleaned.longest, Buffer.byteLength(scanned.text));
    waiting.push(scanned.text, "\n");
    held += scanned.text.length;
    if (held > writeEvery) flush();
  };
  try {
    const lines = new LineSplitter(take);
    await readChunks(source, (chunk) => lines.add(chunk));
    lines.finish();
    flush();
  } catch (error) {
    throw unreadable(source, error);
  } finally {
    closeSync(out);
  }
  return cleaned;
}

// the line has                               result
// no object, or malformed JSON               the reason
// a repeated key with different values       the last value; earlier ones in rescued as key#1, key#2, …
// a decimal that DOUBLE cannot hold          text, digit by digit; inside a list or object: all of it in rescued
// half a surrogate pair in a string          null; the value as written in rescued
// NaN, Infinity, a comma before } or ]       unchanged: DuckDB reads them
/** Rewrites one line for DuckDB. Values that no type holds exactly go to `rescued` as text. Pure. */
export function scanLine(line: string, number: number): ScannedLine {
  let members: Member[];
  try {
    members = new Scanner(line).object();
  } catch (error) {
    if (error instanceof Malformed) return { reason: error.message };
    throw error;
  }
  const head = `${JSON.stringify(lineKey)}:${number}`;
  if (isSimple(members)) return { text: `{${head},${line.slice(line.indexOf("{") + 1)}` };
  return rewritten(members, head);
}

function isSimple(members: Member[]): boolean {
  const keys = new Set<string>();
  for (const { key, lossy, broken } of members) {
    if (lossy || broken || key.includes("\\")) return false;
    keys.add(key);
  }
  return keys.size > 0 && keys.size === members.length;
}

function rewritten(members: Member[], head: string): ScannedLine {
  const last = new Map<string, Member>();
  const rescued = new Map<string, string>();
  for (const member of members) {
    const key = JSON.parse(member.key) as string;
    if (!isWellFormed(key)) return { reason: "a key with half a surrogate pair" };
    if (key.startsWith("\u0001")) return { reason: "a key that begins with U+0001" };
    const before = last.get(key);
    if (before && before.value !== member.value) {
      let n = 1;
      while (rescued.has(`${key}#${n}`)) n += 1;
      rescued.set(`${key}#${n}`, textOf(before.value));
    }
    last.set(key, member);
  }
  const parts = [head];
  for (const [key, member] of last) {
    let { value } = member;
    if (member.broken) {
      rescued.set(key, value);
      value = "null";
    } else if (member.lossy && /^[{[]/.test(value)) rescued.set(key, value);
    else if (member.lossy) value = `"${value}"`;
    parts.push(`${member.key}:${value}`);
  }
  if (rescued.size > 0) {
    const text = JSON.stringify(JSON.stringify(Object.fromEntries(rescued)));
    parts.push(`${JSON.stringify(rescuedKey)}:${text}`);
  }
  return { text: `{${parts.join(",")}}` };
}

export class LineSplitter {
  private readonly take: (line: Buffer, length: number) => void;
  private parts: Buffer[] = [];
  private length = 0; // of the line so far

  constructor(take: (line: Buffer, length: number) => void) {
    this.take = take;
  }

  add(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      this.part(chunk.subarray(start, end));
      this.line();
      start = end + 1;
    }
    if (start < chunk.length) this.part(chunk.subarray(start));
  }

  finish(): void {
    if (this.length > 0) this.line();
  }

  // Of a line longer than `longestLine`, only the beginning is kept.
  private part(bytes: Buffer): void {
    this.length += bytes.length;
    if (this.length <= longestLine) this.parts.push(bytes);
    else if (this.parts.length > 1) this.parts = [Buffer.concat(this.parts).subarray(0, keptText)];
  }

  private line(): void {
    const { parts, length } = this;
    this.parts = [];
    this.length = 0;
    const [first, ...others] = parts;
    this.take(first && others.length === 0 ? first : Buffer.concat(parts), length);
  }
}

// Strips white space, the carriage return of a Windows line end, and a byte order mark.
function trimmed(line: Buffer): Buffer {
  let start = 0;
  let end = line.length;
  if (line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf) start = 3;
  while (end > start && (line[end - 1] === carriageReturn || line[end - 1] === 32 || line[end - 1] === 9)) end -= 1;
  while (start < end && (line[start] === 32 || line[start] === 9)) start += 1;
  return line.subarray(start, end);
}

function quarantined(line: number, reason: string, bytes: Buffer): Omit<QuarantinedLine, "file"> {
  const kept = bytes.subarray(0, keptText);
  const base = { line, reason, text: kept.toString("utf8"), bytes: bytes.length };
  return reason === "not UTF-8" ? { ...base, base64: kept.toString("base64") } : base;
}

// A string without its quotes, anything else as written.
function textOf(value: string): string {
  if (!value.startsWith('"')) return value;
  const text = JSON.parse(value) as string;
  return isWellFormed(text) ? text : value;
}

function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
