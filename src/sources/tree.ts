import type { RemoteObject } from "../export/remote-partition.ts";
import type { Folder, ListOptions } from "./source.ts";

/** A file or folder of a source. */
export interface TreeEntry {
  name: string;
  isFolder: boolean;
  size: number;
  modifiedMs: number;
}

/** Reads a folder, whose name ends in a slash; "" is the root. A missing folder gives an empty list. */
export type ReadFolder = (folder: string) => Promise<TreeEntry[]>;

const pageSize = 1000;

/** The objects below a prefix, sorted by key, as S3 lists them. Reads sibling folders in parallel, and none out of bounds. */
export async function* listTree(
  read: ReadFolder,
  prefix: string,
  options: ListOptions,
): AsyncGenerator<RemoteObject[]> {
  const start = prefix.slice(0, prefix.lastIndexOf("/") + 1);
  const objects = await collect(read, start, prefix, options);
  objects.sort((a, b) => (a.key < b.key ? -1 : 1));
  for (let at = 0; at < objects.length; at += pageSize) yield objects.slice(at, at + pageSize);
}

/** The folders and objects directly in a folder. */
export async function listFolder(read: ReadFolder, prefix: string): Promise<Folder> {
  const entries = await read(prefix);
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    folders: sorted.filter(({ isFolder }) => isFolder).map(({ name }) => name),
    objects: sorted.filter(({ isFolder }) => !isFolder).map((entry) => objectOf(prefix, entry)),
  };
}

/** The version token of a file, for a source without ETags. */
export function versionOf({ size, modifiedMs }: Pick<TreeEntry, "size" | "modifiedMs">): string {
  return `${size}-${Math.round(modifiedMs)}`;
}

async function collect(
  read: ReadFolder,
  folder: string,
  prefix: string,
  options: ListOptions,
): Promise<RemoteObject[]> {
  const { startAfter = "", before = null, signal } = options;
  signal?.throwIfAborted();
  const result: RemoteObject[] = [];
  const subfolders: Promise<RemoteObject[]>[] = [];
  for (const entry of await read(folder)) {
    const key = folder + entry.name;
    if (!entry.isFolder) {
      const isInBounds = key.startsWith(prefix) && key > startAfter && (before === null || key < before);
      if (isInBounds) result.push(objectOf(folder, entry));
      continue;
    }
    const path = `${key}/`;
    const isOnPath = path.startsWith(prefix) || prefix.startsWith(path);
    const isAfter = path > startAfter || startAfter.startsWith(path);
    if (isOnPath && isAfter && (before === null || path < before))
      subfolders.push(collect(read, path, prefix, options));
  }
  for (const objects of await Promise.all(subfolders)) for (const object of objects) result.push(object);
  return result;
}

function objectOf(folder: string, entry: TreeEntry): RemoteObject {
  const { size, modifiedMs } = entry;
  return {
    key: folder + entry.name,
    size,
    etag: versionOf(entry),
    modified: new Date(modifiedMs).toISOString(),
  };
}
