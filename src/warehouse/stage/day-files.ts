import { join } from "node:path";
import type { DaySnapshot } from "../snapshot/snapshot.ts";
import { countFile, type LineCounts } from "./line-counts.ts";
import type { Scratch } from "./scratch.ts";

/** A file of a day, from the manifest. */
export interface ListedFile {
  path: string; // below raw/
  run: string;
  lines: number | null;
  md5: string; // hex, of the bytes on disk
}

/** A day of a feed, from the manifest. */
export interface DayFiles {
  feed: string;
  dt: string;
  source: string; // fingerprint, see DaySnapshot
  files: readonly ListedFile[]; // in the order of run and path
  before?: DaySnapshot | null; // the day as staged under the same rules
}

/** The day cannot be staged; the message says why. Its former state stays. */
export class DayRefused extends Error {
  override name = "DayRefused";
}

/** A file with its line counts, and where to read it. */
export interface CountedFile extends LineCounts {
  file: ListedFile;
  readAt: string; // absolute; the unpacked copy of a gzip, if there was room for it
}

/** Unpacks and counts each file once. Throws UnreadableFile, and DayRefused if the number of lines is not that at fetching. */
export async function countFiles(
  { data, maxRatio, scratch }: { data: string; maxRatio: number; scratch?: Pick<Scratch, "clear" | "write"> },
  files: readonly ListedFile[],
): Promise<CountedFile[]> {
  const counted: CountedFile[] = [];
  scratch?.clear();
  for (const file of files) {
    const { path, lines } = file;
    const raw = join(data, "raw", path);
    let unpacked: string | null = null;
    const counts = await countFile(raw, maxRatio, scratch && ((bytes) => (unpacked = scratch.write(bytes))));
    if (lines !== null && lines !== counts.lines) {
      throw new DayRefused(`raw/${path} has ${counts.lines} lines, and had ${lines} when it was fetched`);
    }
    counted.push({ ...counts, file, readAt: unpacked ?? raw });
  }
  return counted;
}
