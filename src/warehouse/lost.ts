import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";

/** Those of the files, paths below the data folder, that are not there. */
export function lostFiles(data: string, files: readonly string[]): Set<string> {
  // One listing a folder, as a stat of each file would cost more the longer the history is.
  const folders = new Map<string, Set<string>>();
  return new Set(
    files.filter((file) => {
      const folder = dirname(file);
      if (!folders.has(folder)) folders.set(folder, new Set(listFolder(join(data, folder))));
      return !folders.get(folder)!.has(file.slice(folder.length + 1));
    }),
  );
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
