import { createReadStream } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { CliError } from "../../base/errors.ts";
import type { RemoteObject } from "../../export/remote-partition.ts";
import { type Body, type GetOptions, type Source, SourceError, type Take } from "../source.ts";
import { listFolder, listTree, type TreeEntry, versionOf } from "../tree.ts";

const highWaterMark = 256 * 1024;

/**
 * Opens a folder in the bucket's layout that another program maintains, such as `aws s3 sync`. Without ETags, an object's
 * version is its size and mtime, which are read again after the last byte.
 */
export function openFolder(root: string): Source {
  const read = (folder: string) => readFolder(root, folder);
  return {
    list: (prefix, options = {}) => listTree(read, prefix, options),
    folder: (prefix) => listFolder(read, prefix),
    get: (object, begin, options) => get(root, object, begin, options),
    describe: () => root,
    close: async () => {},
  };
}

async function get(
  root: string,
  object: RemoteObject,
  begin: (body: Body) => Take,
  { offset = 0, signal }: GetOptions = {},
): Promise<void> {
  const verifyVersion = async () => {
    const now = await entryAt(root, object.key);
    if (now === null) throw new SourceError("changed", "gone since it was listed");
    if (versionOf(now) !== object.etag) throw new SourceError("changed", "changed since it was listed");
  };
  await verifyVersion();
  const file = await open(join(root, object.key)).catch((error) => {
    throw new SourceError("denied", `cannot be read (${error.code})`, { cause: error });
  });
  const take = begin({ offset, md5: null, checksum: null });
  const stream = createReadStream("", { fd: file, start: offset, highWaterMark, ...(signal && { signal }) });
  for await (const bytes of stream) await take(bytes as Buffer);
  await verifyVersion();
}

async function readFolder(root: string, folder: string): Promise<TreeEntry[]> {
  try {
    const names = await readdir(join(root, folder));
    const entries = await Promise.all(names.map((name) => entryAt(root, folder + name)));
    return entries.filter((entry) => entry !== null);
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
        "let this user read the exports",
      );
    }
    throw error;
  }
}

/** Null for a removed file, a dangling link, and anything but a file or folder. */
async function entryAt(root: string, key: string): Promise<TreeEntry | null> {
  const stats = await stat(join(root, key)).catch(() => null);
  if (stats === null || !(stats.isFile() || stats.isDirectory())) return null;
  const name = key.slice(key.lastIndexOf("/") + 1);
  return { name, isFolder: stats.isDirectory(), size: stats.size, modifiedMs: stats.mtimeMs };
}
