import { createReadStream, type Stats } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { CliError } from "../errors.ts";
import type { RemoteObject } from "../export/partition.ts";
import {
  type Body,
  type Folder,
  type GetOptions,
  type ListOptions,
  type Source,
  SourceError,
} from "./source.ts";

const pageSize = 1000;

/**
 * A folder in the bucket's layout, kept by somebody else, for example by `aws s3 sync`. It has no ETags: an object's
 * version is its size and time of change, and it is looked at again after the last byte.
 */
export function openFolder(root: string): Source {
  return {
    async *list(prefix: string, { startAfter = "", signal }: ListOptions = {}) {
      const page: RemoteObject[] = [];
      const start = prefix.slice(0, prefix.lastIndexOf("/") + 1);
      for await (const object of walk(root, start, prefix, startAfter)) {
        signal?.throwIfAborted();
        page.push(object);
        if (page.length >= pageSize) yield page.splice(0);
      }
      if (page.length > 0) yield page;
    },

    async folder(prefix: string): Promise<Folder> {
      const found: Folder = { folders: [], objects: [] };
      for (const { name, isFolder } of await entries(root, prefix)) {
        if (isFolder) found.folders.push(name);
        else {
          const object = await look(root, prefix + name);
          if (object !== null) found.objects.push(object);
        }
      }
      return found;
    },

    async get(object: RemoteObject, { offset = 0, signal }: GetOptions = {}): Promise<Body> {
      const settle = async () => {
        const now = await look(root, object.key);
        if (now?.etag !== object.etag) throw new SourceError("changed", "changed since it was listed");
      };
      await settle();
      try {
        const file = await open(join(root, object.key));
        const stream = createReadStream("", { fd: file, start: offset, ...(signal && { signal }) });
        return { stream, offset, md5: null, checksum: null, settle };
      } catch (error) {
        throw unreadable(error);
      }
    },

    describe: () => root,
    close: async () => {},
  };
}

/** The version token of a file: for a source without ETags. */
export function versionOf(size: number, modifiedMs: number): string {
  return `${size}-${Math.round(modifiedMs)}`;
}

// In the order of S3: by key, so that a folder's name counts with its slash.
async function* walk(
  root: string,
  folder: string,
  prefix: string,
  startAfter: string,
): AsyncGenerator<RemoteObject> {
  for (const { name, isFolder } of await entries(root, folder)) {
    const key = folder + name;
    if (isFolder) {
      const inside = `${key}/`;
      const wanted = inside.startsWith(prefix) || prefix.startsWith(inside);
      const late = inside > startAfter || startAfter.startsWith(inside);
      if (wanted && late) yield* walk(root, inside, prefix, startAfter);
    } else if (key.startsWith(prefix) && key > startAfter) {
      const object = await look(root, key);
      if (object !== null) yield object;
    }
  }
}

async function entries(root: string, folder: string): Promise<{ name: string; isFolder: boolean }[]> {
  try {
    const found = await readdir(join(root, folder), { withFileTypes: true });
    const list = [];
    for (const entry of found) {
      const isFolder = entry.isSymbolicLink()
        ? ((await stat(join(root, folder, entry.name)).catch(() => null))?.isDirectory() ?? false)
        : entry.isDirectory();
      list.push({ name: entry.name, isFolder, sort: isFolder ? `${entry.name}/` : entry.name });
    }
    return list.sort((a, b) => (a.sort < b.sort ? -1 : 1));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") {
      if (folder !== "") return [];
      throw new CliError(
        "noSuchBucket",
        `there is no folder ${root}`,
        "check `source: {path}` in kit.yaml, and that the disk or share is mounted",
      );
    }
    if (code === "EACCES" || code === "EPERM") {
      throw new CliError(
        "accessDenied",
        `cannot read ${join(root, folder)} (${code})`,
        "let this user read the folder of exports",
      );
    }
    throw error;
  }
}

async function look(root: string, key: string): Promise<RemoteObject | null> {
  let found: Stats;
  try {
    found = await stat(join(root, key));
  } catch {
    return null; // removed meanwhile, or a link to nowhere
  }
  if (!found.isFile()) return null;
  const { size, mtimeMs, mtime } = found;
  return { key, size, etag: versionOf(size, mtimeMs), modified: mtime.toISOString() };
}

function unreadable(error: unknown): SourceError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return new SourceError("changed", "gone since it was listed", { cause: error });
  return new SourceError("denied", `cannot be read (${code})`, { cause: error });
}
