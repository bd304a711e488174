import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The kit's own folder: the one that holds package.json, whether this file runs from src/ or from dist/. */
export const kitRoot = findKitRoot(dirname(fileURLToPath(import.meta.url)));

export const pagesFolder = join(kitRoot, "notebooks");
export const loadersFolder = join(kitRoot, "data-loaders");
export const cacheFolder = join(pagesFolder, ".observablehq", "cache");
export const datasetsFolder = join(cacheFolder, "data");

/**
 * Framework only sees loaders below the page root, so notebooks/data is a link to data-loaders/. It is made here
 * and not kept in git, where links do badly on Windows (a junction needs no rights there).
 */
export function linkLoaders(link = join(pagesFolder, "data"), target = loadersFolder): void {
  const wanted = process.platform === "win32" ? target : join("..", "data-loaders");
  const found = lstatSync(link, { throwIfNoEntry: false });
  if (found?.isSymbolicLink()) {
    if (readlinkSync(link) === wanted || existsSync(link)) return;
    unlinkSync(link);
  } else if (found) {
    throw new Error(`${link} is in the way: it must be a link to ${target}`);
  }
  mkdirSync(dirname(link), { recursive: true });
  try {
    symlinkSync(wanted, link, process.platform === "win32" ? "junction" : "dir");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error; // another process was quicker
  }
}

/** Files as paths below a folder, sorted. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => slashes(relative(folder, join(entry.parentPath, entry.name))))
    .sort();
}

/** A path as addresses have it. */
export function slashes(path: string): string {
  return path.split(sep).join("/");
}

function findKitRoot(folder: string): string {
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error("package.json of the kit not found");
    folder = parent;
  }
  return folder;
}
