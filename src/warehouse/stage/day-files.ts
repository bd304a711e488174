import { join } from "node:path";
import type { DaySnapshot } from "../snapshot/snapshot.ts";
import { countFile, type LineCounts } from "./line-counts.ts";
import type { Scratch } from "./scratch.ts";

/** A file of the day, as its manifest has it. */
export interface ListedFile {
  path: string; // below raw/
  run: string;
  lines: number | null;
  md5: string; // hex, of the bytes on disk
}

/** A day of a feed, by what its manifest has of it. */
export interface DayFiles {
  feed: string;
  dt: string;
  source: string; // fingerprint, see DaySnapshot
  files: readonly ListedFile[]; // in the order of run and path
  before?: DaySnapshot | null; // what is staged of it under the same rules
}

/** The day cannot be staged as things are: the message says why. Its earlier state stays. */
export class DayRefused extends Error {
  override name = "DayRefused";
}

/** What a file of the day holds, and where to read it. */
export interface CountedFile extends LineCounts {
  readAt: string; // absolute; of a gzip its unpacked bytes where there is room for them
}

/** Unpacks and counts each file once. Throws DayRefused where it has not the lines it was fetched with, UnreadableFile. */
export async function countFiles(
  { data, maxRatio, scratch }: { data: string; maxRatio: number; scratch?: Pick<Scratch, "clear" | "write"> },
  files: readonly ListedFile[],
): Promise<CountedFile[]> {
  const counted: CountedFile[] = [];
  scratch?.clear();
  for (const { path, lines } of files) {
    const raw = join(data, "raw", path);
    let unpacked: string | null = null;
    const counts = await countFile(raw, maxRatio, scratch && ((bytes) => (unpacked = scratch.write(bytes))));
    if (lines !== null && lines !== counts.lines) {
      throw new DayRefused(`raw/${path} has ${counts.lines} lines, and had ${lines} when it was fetched`);
    }
    counted.push({ ...counts, readAt: unpacked ?? raw });
  }
  return counted;
}
