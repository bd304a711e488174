import { existsSync, readdirSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The kit's root folder: the one with package.json, whether this file runs from src/ or dist/. */
export const kitRoot = findKitRoot(dirname(fileURLToPath(import.meta.url)));

export const pagesFolder = join(kitRoot, "notebooks");
export const loadersFolder = join(kitRoot, "data-loaders");

/** The files below a folder, as sorted paths relative to it. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => slashes(relative(folder, join(entry.parentPath, entry.name))))
    .sort();
}

/** A path with forward slashes. */
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
