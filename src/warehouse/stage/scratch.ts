import { closeSync, constants, ftruncateSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

const mostOfADay = 512 * 1024 * 1024; // bytes; what is beyond, DuckDB unpacks by itself

/**
 * The unpacked files of the day under way, for DuckDB to read: it unpacks gzip at a third of zlib's speed, and they have to
 * be unpacked to be checked anyway. The next day is written over them, as fresh pages cost more than what goes into them.
 */
export class Scratch {
  private readonly folder: string;
  private readonly mostBytes: number;
  private readonly lengths: number[] = []; // of the files that are there, the day before's too
  private next = 0;
  private bytes = 0;
  private full = false;

  constructor(folder: string, mostBytes = mostOfADay) {
    this.folder = folder;
    this.mostBytes = mostBytes;
    mkdirSync(folder, { recursive: true });
  }

  /** Gives the files of the day before up. */
  clear(): void {
    this.next = 0;
    this.bytes = 0;
  }

  /** The path of a file of these bytes, good until `clear`; null when there is no room for them. */
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
      this.full = true; // the disk, most likely; whatever it is, the day can do without
      return null;
    }
    this.lengths[this.next] = bytes.length;
    this.next += 1;
    this.bytes += bytes.length;
    return path;
  }
}
