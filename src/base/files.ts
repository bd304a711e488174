import { mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { CliError } from "./errors.ts";

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
    if (!["EEXIST", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
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

// Node tells ENOENT of a new folder on a read-only file system.
const readOnly = ["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST", "EISDIR", "ENOENT"];

/** A failure to write as a user's problem, when it is one; anything else comes back as it is. */
export function diskError(error: unknown, folder: string): unknown {
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new CliError(
      "diskFull",
      `no space left for ${folder}`,
      "free some space or set `data` in kit.yaml to a larger disk, then run again: what is complete is kept",
      { cause: error },
    );
  }
  if (code !== undefined && readOnly.includes(code)) {
    return new CliError(
      "notWritable",
      `cannot write to ${path ?? folder} (${code})`,
      "make the data folder writable for this user, or set `data` in kit.yaml to another folder",
      { cause: error },
    );
  }
  return error;
}

/** Does work in the data folder; a failure to write comes out as `diskError` has it. */
export function onDisk<T>({ data }: { data: string }, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw diskError(error, data);
  }
}
