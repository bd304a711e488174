import {
  copyFileSync,
  type FSWatcher,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  watch,
} from "node:fs";
import { dirname, join } from "node:path";
import { filesBelow, loadersFolder, pagesFolder } from "../base/kit-folders.ts";

/** Folders of sources by what they are called in Framework's root. */
export type Sources = ReadonlyMap<string, string>;

const kitSources: Sources = new Map([
  ["", pagesFolder],
  ["data", loadersFolder],
]);
const notPages = ["data", ".observablehq"]; // of notebooks/: what older versions of the kit made there

/**
 * Makes `root` a copy of notebooks/ and data-loaders/: Framework keeps its cache below the pages that it reads, and each
 * project needs one of its own. A file that is the same and no older stays as it is.
 */
export function mirrorPages(root: string, sources: Sources = kitSources): void {
  const { files } = contentsOf(sources);
  for (const [path, source] of files) copyChanged(source, join(root, path), join(dirname(root), "copy"));
  for (const path of filesBelow(root))
    if (!path.startsWith(".observablehq/") && !files.has(path)) rmSync(join(root, path), { force: true });
}

/** Keeps the copy up to date while sources are edited. Never keeps the process alive. Returns how to end it. */
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
      const watcher = watch(folder, { persistent: false }, () => after(50));
      watchers.set(
        folder,
        watcher.on("error", () => watchers.delete(folder)),
      );
    }
  };
  const after = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      try {
        watchFolders();
        mirrorPages(root, sources);
      } catch {
        after(1000); // a file went while it was looked at
      }
    }, ms).unref();
  };
  watchFolders();
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers.values()) watcher.close();
  };
}

// Links are followed, a folder once.
function contentsOf(sources: Sources): { files: Map<string, string>; folders: Set<string> } {
  const files = new Map<string, string>();
  const folders = new Set<string>();
  const seen = new Set<string>();
  const visit = (folder: string, path: string) => {
    const { dev, ino } = statSync(folder);
    if (seen.has(`${dev} ${ino}`)) return;
    seen.add(`${dev} ${ino}`);
    folders.add(folder);
    for (const name of readdirSync(folder)) {
      if (path === "" && notPages.includes(name)) continue;
      const source = join(folder, name);
      const stats = statSync(source, { throwIfNoEntry: false });
      const below = path === "" ? name : `${path}/${name}`;
      if (stats?.isDirectory()) visit(source, below);
      else if (stats?.isFile()) files.set(below, source);
    }
  };
  for (const [path, folder] of sources) visit(folder, path);
  return { files, folders };
}

// Renamed into place: Framework reads a file of before or the new one. It takes no change that is older than what it has.
function copyChanged(source: string, target: string, beside: string): void {
  const { mtimeMs, size } = statSync(source);
  const former = statSync(target, { throwIfNoEntry: false });
  const asOld = former?.size === size && former.mtimeMs >= Math.floor(mtimeMs);
  if (asOld && readFileSync(target).equals(readFileSync(source))) return;
  mkdirSync(dirname(target), { recursive: true });
  const copy = `${beside}.${process.pid}`;
  try {
    copyFileSync(source, copy);
    const time = Math.max(mtimeMs, (former?.mtimeMs ?? 0) + 1) / 1000;
    utimesSync(copy, time, time);
    renameSync(copy, target);
  } finally {
    rmSync(copy, { force: true });
  }
}
