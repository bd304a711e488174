import {
  type Dirent,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { faultOf } from "./faults.ts";

// Nothing of raw/ and manifest/ is fsynced. A killed process loses nothing by that: what it wrote is in the page cache.
// After a power cut a file system may keep a rename and lose the bytes. An fsync per object would cost more than all the
// rest of a sync, and buys little, since the bucket still has everything: every sync compares names and sizes of the files
// of the days that it lists with the manifest, fetches again what is missing or short, and treats an unreadable manifest
// as none. `verify` reads everything.

/**
 * Writes a file of the data folder beside, below tmp/ where the next sync clears up, and renames it, unless it holds that
 * text already. True when it wrote. `flush`: the bytes are on the disk before the name is. Takes the place of a folder.
 */
export function writeAtomically(
  data: string,
  path: string,
  text: string,
  { flush = false }: { flush?: boolean } = {},
): boolean {
  const target = join(data, path);
  try {
    if (readFileSync(target, "utf8") === text) return false;
  } catch {
    // not there, or not readable: then it is written
  }
  const tmp = join(data, "tmp");
  const beside = join(tmp, `${process.pid}.${basename(path)}`);
  makeFolder(data, "tmp");
  try {
    writeFileSync(beside, text, { flush });
    putFile(beside, data, path);
  } finally {
    rmSync(beside, { force: true });
    removeEmpty(tmp);
  }
  return true;
}

/**
 * Replaces a file outside the data folder atomically: `write` writes a draft, which is then renamed. A reader sees the old
 * or the new content, and a failure leaves the old.
 */
export function replaceFile(file: string, write: (draft: string) => void, draft = `${file}.${process.pid}`): void {
  try {
    write(draft);
    renameSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Moves a whole file to its place below the data folder, given by its path there; a folder in its way goes. */
export function putFile(from: string, data: string, path: string): void {
  makeFolder(data, dirname(path));
  const target = join(data, path);
  if (statSync(target, { throwIfNoEntry: false })?.isDirectory()) rmSync(target, { recursive: true });
  renameSync(from, target);
}

/** Makes a folder below the data folder, given by its path there. A file that is in its way is none of the kit's: it goes. */
export function makeFolder(data: string, path: string): string {
  const folder = join(data, path);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    if (!["missing", "inTheWay"].includes(faultOf(error) ?? "")) throw error;
    const parts = path.split("/");
    const ways = parts.map((_, i) => join(data, ...parts.slice(0, i + 1)));
    const file = ways.find((way) => statSync(way, { throwIfNoEntry: false })?.isDirectory() === false);
    if (file === undefined) throw error;
    rmSync(file);
    mkdirSync(folder, { recursive: true });
  }
  return folder;
}

/** Removes a folder if nothing is in it. True when it did. */
export function removeEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

/** Removes folders that are empty, upwards until `top`. */
export function prune(folder: string, top: string): void {
  for (let at = folder; at !== top && at.startsWith(top); at = dirname(at)) if (!removeEmpty(at)) return;
}

/** What is in a folder; nothing where there is no such folder. */
export function entriesOf(folder: string, options: { recursive?: boolean } = {}): Dirent[] {
  try {
    return readdirSync(folder, { ...options, withFileTypes: true });
  } catch (error) {
    if (faultOf(error) === "missing") return [];
    throw error;
  }
}
