import { closeSync, constants, ftruncateSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

const mostOfADay = 512 * 1024 * 1024; // bytes; DuckDB itself unpacks the rest

/**
 * The unpacked files of the current day, for DuckDB to read: it unpacks gzip at a third of zlib's speed, and verifying them
 * unpacks them anyway. The next day overwrites them, as allocating fresh pages costs more than filling them.
 */
export class Scratch {
  private readonly folder: string;
  private readonly mostBytes: number;
  private readonly lengths: number[] = []; // of existing files, those of the previous day included
  private next = 0;
  private bytes = 0;
  private full = false;

  constructor(folder: string, mostBytes = mostOfADay) {
    this.folder = folder;
    this.mostBytes = mostBytes;
    mkdirSync(folder, { recursive: true });
  }

  /** Releases the files of the previous day. */
  clear(): void {
    this.next = 0;
    this.bytes = 0;
  }

  /** Writes a file and returns its path, valid until `clear`; null if there is no room. */
  write(bytes: Buffer): string | null {
    if (this.full || this.bytes + bytes.length > this.mostBytes) return null;
    const path = join(this.folder, `${this.next}.json`);
    try {
      const file = openSync(path, constants.O_RDWR | constants.O_CREAT);
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, at);
        if ((this.lengths[this.next] ?? 0) > bytes.length) ftruncateSync(file, bytes.length);
      } finally {
        closeSync(file);
      }
    } catch {
      this.full = true; // most likely the disk is full; DuckDB then unpacks the file
      return null;
    }
    this.lengths[this.next] = bytes.length;
    this.next += 1;
    this.bytes += bytes.length;
    return path;
  }
}
