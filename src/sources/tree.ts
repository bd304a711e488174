import type { RemoteObject } from "../export/remote-partition.ts";
import type { Folder, ListOptions } from "./source.ts";

/** What a source of files and folders says of one. */
export interface TreeEntry {
  name: string;
  isFolder: boolean;
  size: number;
  modifiedMs: number;
}

/** Reads one folder, named with a slash at its end; "" is the root. An empty list for a folder that is not there. */
export type ReadFolder = (folder: string) => Promise<TreeEntry[]>;

const pageSize = 1000;

/**
 * The objects below a prefix as S3 lists them, sorted by key: folders beside each other are read at the same time, and
 * those outside the bounds not at all.
 */
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

/** What lies directly in a folder. */
export async function listFolder(read: ReadFolder, prefix: string): Promise<Folder> {
  const entries = await read(prefix);
  const named = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    folders: named.filter(({ isFolder }) => isFolder).map(({ name }) => name),
    objects: named.filter(({ isFolder }) => !isFolder).map((entry) => objectOf(prefix, entry)),
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
  const found: RemoteObject[] = [];
  const inside: Promise<RemoteObject[]>[] = [];
  for (const entry of await read(folder)) {
    const key = folder + entry.name;
    if (!entry.isFolder) {
      const wanted = key.startsWith(prefix) && key > startAfter && (before === null || key < before);
      if (wanted) found.push(objectOf(folder, entry));
      continue;
    }
    const path = `${key}/`;
    const wanted = path.startsWith(prefix) || prefix.startsWith(path);
    const late = path > startAfter || startAfter.startsWith(path);
    if (wanted && late && (before === null || path < before)) inside.push(collect(read, path, prefix, options));
  }
  for (const objects of await Promise.all(inside)) for (const object of objects) found.push(object);
  return found;
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
