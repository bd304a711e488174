import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { CliError } from "../errors.ts";

// Nothing is fsynced. A killed process loses nothing by that: what it wrote is in the page cache. After a power cut a
// file system may keep a rename and lose the bytes. An fsync per object would cost more than all the rest of a sync, and
// buys little, since the bucket still has everything: every sync compares names and sizes of the files of the days that
// it lists with the manifest, fetches again what is missing or short, and treats an unreadable manifest as none. `verify`
// reads everything.

/** Writes the file beside and renames it, unless it holds that text already. True when it wrote. */
export function writeAtomically(path: string, text: string): boolean {
  try {
    if (readFileSync(path, "utf8") === text) return false;
  } catch {
    // not there, or not readable: then it is written
  }
  const beside = `${path}.${process.pid}.tmp`;
  mkdirSync(dirname(path), { recursive: true });
  try {
    writeFileSync(beside, text);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
  return true;
}

const readOnly = ["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST", "EISDIR"];

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
