import { dirname, join } from "node:path";
import { entriesOf } from "../../base/files.ts";

/** Those of the files, paths below the data folder, that are not there, be it that a folder has their name. */
export function lostFiles(data: string, files: readonly string[]): Set<string> {
  // One listing a folder, as a stat of each file would cost more the longer the history is.
  const folders = new Map<string, Set<string>>();
  return new Set(
    files.filter((file) => {
      const folder = dirname(file);
      if (!folders.has(folder)) {
        const entries = entriesOf(join(data, folder)).filter((entry) => !entry.isDirectory());
        folders.set(folder, new Set(entries.map(({ name }) => name)));
      }
      return !folders.get(folder)!.has(file.slice(folder.length + 1));
    }),
  );
}
