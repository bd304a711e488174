import {
  copyFileSync,
  type FSWatcher,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  watch,
} from "node:fs";
import { dirname, join } from "node:path";
import { replaceFile } from "../base/files.ts";
import { filesBelow, loadersFolder, pagesFolder } from "../base/kit-folders.ts";

/** Source folders by their name in Framework's root. */
export type Sources = ReadonlyMap<string, string>;

const kitSources: Sources = new Map([
  ["", pagesFolder],
  ["data", loadersFolder],
]);
const notPages = ["data", ".observablehq"]; // made in notebooks/ by older versions of the kit

/**
 * Makes `root` a copy of notebooks/ and data-loaders/: Framework keeps its cache below the pages it reads, and each project
 * needs its own cache. A copy that is equal and no older than its source is not written again.
 */
export function mirrorPages(root: string, sources: Sources = kitSources): void {
  const { files } = contentsOf(sources);
  for (const [path, source] of files) copyChanged(source, join(root, path), join(dirname(root), "copy"));
  for (const path of filesBelow(root))
    if (!path.startsWith(".observablehq/") && !files.has(path)) rmSync(join(root, path), { force: true });
}

/** Keeps the copy up to date while sources are edited, without keeping the process alive. Returns a function that stops it. */
export function watchSources(root: string, sources: Sources = kitSources): () => void {
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;
  const watchFolders = () => {
    const { folders } = contentsOf(sources);
    for (const [folder, watcher] of watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      watchers.delete(folder);
    }
    for (const folder of folders) {
      if (watchers.has(folder)) continue;
      const watcher = watch(folder, { persistent: false }, () => schedule(50));
      watchers.set(
        folder,
        watcher.on("error", () => watchers.delete(folder)),
      );
    }
  };
  const schedule = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      try {
        watchFolders();
        mirrorPages(root, sources);
      } catch {
        schedule(1000); // a file vanished during the scan
      }
    }, ms).unref();
  };
  watchFolders();
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers.values()) watcher.close();
  };
}

// Follows links, and visits each folder once.
function contentsOf(sources: Sources): { files: Map<string, string>; folders: Set<string> } {
  const files = new Map<string, string>();
  const folders = new Set<string>();
  const visited = new Set<string>();
  const visit = (folder: string, path: string) => {
    const { dev, ino } = statSync(folder);
    if (visited.has(`${dev} ${ino}`)) return;
    visited.add(`${dev} ${ino}`);
    folders.add(folder);
    for (const name of readdirSync(folder)) {
      if (path === "" && notPages.includes(name)) continue;
      const source = join(folder, name);
      const stats = statSync(source, { throwIfNoEntry: false });
      const relativePath = path === "" ? name : `${path}/${name}`;
      if (stats?.isDirectory()) visit(source, relativePath);
      else if (stats?.isFile()) files.set(relativePath, source);
    }
  };
  for (const [path, folder] of sources) visit(folder, path);
  return { files, folders };
}

// Renames the copy into place, so that Framework reads the old file or the new one, and dates it later than the old one,
// because Framework ignores older changes.
function copyChanged(source: string, target: string, draftPrefix: string): void {
  const { mtimeMs, size } = statSync(source);
  const former = statSync(target, { throwIfNoEntry: false });
  const isUpToDate = former?.size === size && former.mtimeMs >= Math.floor(mtimeMs);
  if (isUpToDate && readFileSync(target).equals(readFileSync(source))) return;
  mkdirSync(dirname(target), { recursive: true });
  const copy = (draft: string) => {
    copyFileSync(source, draft);
    const time = Math.max(mtimeMs, (former?.mtimeMs ?? 0) + 1) / 1000;
    utimesSync(draft, time, time);
  };
  replaceFile(target, copy, `${draftPrefix}.${process.pid}`);
}
