import { createReadStream, statSync } from "node:fs";
import { join } from "node:path";
import { entriesOf } from "../base/files.ts";
import { isDate, markerName, parseKey } from "../export/layout.ts";
import { partitionKey } from "../export/partition.ts";
import type { ManifestObject, ManifestPartition } from "./manifest.ts";
import { Verifier, WrongBytes } from "./verifier.ts";

/** The days of a feed with a folder below raw/, in any version and format. */
export function rawDays({ data }: { data: string }, feed: string): string[] {
  const days = new Set<string>();
  for (const { path } of exportsOf(data, feed))
    for (const name of foldersIn(path)) if (name.startsWith("dt=") && isDate(name.slice(3))) days.add(name.slice(3));
  return [...days].sort();
}

/**
 * Manifest entries for a day whose manifest is missing or unreadable: of the partitions below raw/ that have their marker and
 * only sound files. Their fingerprint matches no listing, so a sync that lists them fetches them again, while partitions
 * that are gone from the bucket stay.
 */
export async function adoptRaw(project: { data: string }, feed: string, dt: string): Promise<ManifestPartition[]> {
  const adopted = new Map<string, ManifestPartition>();
  for (const { path, key } of exportsOf(project.data, feed)) {
    for (const folder of foldersBelow(join(path, `dt=${dt}`), `${key}/dt=${dt}`)) {
      const parsed = parseKey(`${folder.key}/${markerName}`);
      if (parsed.kind !== "marker" || !folder.files.includes(markerName)) continue;
      const objects = await objectsIn(folder.path, folder.files);
      if (objects === null) continue;
      const { id } = parsed;
      const { size, mtime } = statSync(join(folder.path, markerName));
      adopted.set(partitionKey(id), {
        version: id.version,
        format: id.format,
        hr: id.hr,
        mi: id.mi,
        state: objects.every(({ lines }) => lines === 0) ? "empty" : "complete",
        fingerprint: "",
        marker: { size, etag: "", modified: mtime.toISOString() },
        objects,
      });
    }
  }
  return [...adopted.values()];
}

/** Null when a file is damaged. */
async function objectsIn(folder: string, files: readonly string[]): Promise<ManifestObject[] | null> {
  const objects: ManifestObject[] = [];
  for (const name of files) {
    if (name === markerName) continue;
    const path = join(folder, name);
    const { size, mtime } = statSync(path);
    const verifier = new Verifier({ size, md5: null, checksum: null, gzip: name.endsWith(".gz") });
    try {
      for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }))
        await verifier.write(chunk as Buffer);
      const { md5, lines } = await verifier.finish();
      objects.push({ name, size, md5, lines, etag: md5, modified: mtime.toISOString() });
    } catch (error) {
      if (!(error instanceof WrongBytes)) throw error;
      return null;
    } finally {
      verifier.close();
    }
  }
  return objects;
}

interface Folder {
  path: string; // absolute
  key: string; // below raw/
  files: string[];
}

function* foldersBelow(path: string, key: string): Generator<Folder> {
  const entries = entriesOf(path);
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  if (files.length > 0) yield { path, key, files };
  for (const entry of entries)
    if (entry.isDirectory()) yield* foldersBelow(join(path, entry.name), `${key}/${entry.name}`);
}

/** The folders of a feed below raw/, one for each version and format. */
function* exportsOf(data: string, feed: string): Generator<{ path: string; key: string }> {
  const root = join(data, "raw", feed);
  for (const version of foldersIn(root))
    for (const format of foldersIn(join(root, version)))
      yield { path: join(root, version, format), key: `${feed}/${version}/${format}` };
}

function foldersIn(folder: string): string[] {
  return entriesOf(folder)
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}
