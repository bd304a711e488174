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

// Files in raw/ and manifest/ are not fsynced. A killed process loses nothing: what it wrote is in the page cache. After a
// power cut a file system may keep a rename and lose the bytes. An fsync per object would cost more than the rest of a sync
// and gain little, as the bucket still has everything: each sync compares the names and sizes of the files of the days that
// it lists with the manifest, fetches what is missing or short again, and treats an unreadable manifest as a missing one.
// `verify` reads every byte.

/**
 * Writes a file of the data folder by a draft and a rename, unless it holds that text already; true when it wrote. A draft
 * left below tmp/ is removed by the next sync. `flush` fsyncs before the rename. A folder in its way is removed.
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
    // missing or unreadable: written anew
  }
  const tmp = join(data, "tmp");
  const draft = join(tmp, `${process.pid}.${basename(path)}`);
  makeFolder(data, "tmp");
  try {
    writeFileSync(draft, text, { flush });
    moveFile(draft, data, path);
  } finally {
    rmSync(draft, { force: true });
    removeEmpty(tmp);
  }
  return true;
}

/**
 * Replaces a file outside the data folder atomically: `write` writes a draft, which is then renamed. A reader sees the old
 * content or the new, and a failure leaves the old.
 */
export function replaceFile(file: string, write: (draft: string) => void, draft = `${file}.${process.pid}`): void {
  try {
    write(draft);
    renameSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Moves a file to `path` below the data folder. A folder in its way is removed. */
export function moveFile(from: string, data: string, path: string): void {
  makeFolder(data, dirname(path));
  const target = join(data, path);
  if (statSync(target, { throwIfNoEntry: false })?.isDirectory()) rmSync(target, { recursive: true });
  renameSync(from, target);
}

/** Makes the folder `path` below the data folder. A file in its way, which the kit did not write, is removed. */
export function makeFolder(data: string, path: string): string {
  const folder = join(data, path);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    if (!["missing", "inTheWay"].includes(faultOf(error) ?? "")) throw error;
    const parts = path.split("/");
    const parents = parts.map((_, i) => join(data, ...parts.slice(0, i + 1)));
    const file = parents.find((parent) => statSync(parent, { throwIfNoEntry: false })?.isDirectory() === false);
    if (file === undefined) throw error;
    rmSync(file);
    mkdirSync(folder, { recursive: true });
  }
  return folder;
}

/** Removes a folder if it is empty. True when it did. */
export function removeEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

/** Removes empty folders, from `folder` upwards, and stops below `top`. */
export function prune(folder: string, top: string): void {
  for (let at = folder; at !== top && at.startsWith(top); at = dirname(at)) if (!removeEmpty(at)) return;
}

/** The entries of a folder; none when it does not exist. */
export function entriesOf(folder: string, options: { recursive?: boolean } = {}): Dirent[] {
  try {
    return readdirSync(folder, { ...options, withFileTypes: true });
  } catch (error) {
    if (faultOf(error) === "missing") return [];
    throw error;
  }
}
