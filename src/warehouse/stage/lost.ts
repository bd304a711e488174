import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";

/** Those of the files, paths below the data folder, that are not there, be it that a folder has their name. */
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
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}
