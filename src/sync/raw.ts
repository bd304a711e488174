import { existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { entriesOf } from "../base/files.ts";
import { isRunning } from "../base/process.ts";
import { markerName, partitionPath } from "../export/layout.ts";
import type { PartitionId } from "../export/partition.ts";
import { hasFiles, type ManifestDay, type ManifestPartition, partitionOf } from "./manifest.ts";
import type { LocalPartition } from "./plan.ts";

/** The partition's folder. `raw/` has the bucket's layout. */
export function rawFolder(project: { data: string }, id: PartitionId): string {
  return join(project.data, "raw", partitionPath(id));
}

/** True when the folder has the marker and every file of the manifest, each of its size. Reads no content. */
export function isIntact(folder: string, partition: ManifestPartition): boolean {
  if (!hasFiles(partition)) return true;
  const files = [...partition.objects, { name: markerName, size: partition.marker.size }];
  return files.every(({ name, size }) => statSync(join(folder, name), { throwIfNoEntry: false })?.size === size);
}

/** The partitions of a day's manifest in one version and format. */
export function localPartitions(
  project: { data: string },
  day: ManifestDay | null,
  version: string,
  format: string,
): LocalPartition[] {
  if (day === null) return [];
  return day.partitions
    .filter((partition) => partition.version === version && partition.format === format)
    .map((partition) => {
      const id = partitionOf(day, partition);
      const { state, fingerprint, objects } = partition;
      return {
        id,
        state,
        fingerprint,
        objects: objects.length,
        bytes: objects.reduce((sum, { size }) => sum + size, 0),
        lines: objects.reduce((sum, { lines }) => sum + lines, 0),
        intact: isIntact(rawFolder(project, id), partition),
      };
    });
}

// target                            installed by                                    a reader sees
// missing                           renaming the folder                             none, then new
// one data file of the same name    renaming file over file                         old, or new
// folders of other runs inside it   removing the marker first, adding it last       old, unfinished, new
// any other                         swapping the folders by two renames             old, none (for microseconds), new
/**
 * Moves a complete partition from `fresh` to `target`. Its former files are moved to `aside`, or overwritten. If the process
 * is killed meanwhile, `restore` or the next sync makes the partition whole again.
 */
export function install(fresh: string, target: string, aside: string): void {
  removeIf(target, "file");
  if (!existsSync(target)) {
    mkdirSync(dirname(target), { recursive: true });
    renameSync(fresh, target);
    return;
  }
  const old = entries(target);
  const { files } = entries(fresh);
  const marker = files.includes(markerName);
  const data = files.filter((name) => name !== markerName);
  const [only] = data;
  if (old.folders.length > 0) {
    for (const name of [markerName, ...old.files])
      if (old.files.includes(name)) rmSync(join(target, name), { force: true });
    for (const name of files) removeIf(join(target, name), "folder");
    for (const name of data) renameSync(join(fresh, name), join(target, name));
    if (marker) renameSync(join(fresh, markerName), join(target, markerName));
  } else if (only && data.length === 1 && isDeepStrictEqual(files.toSorted(), old.files.toSorted())) {
    renameSync(join(fresh, only), join(target, only));
    if (marker) renameSync(join(fresh, markerName), join(target, markerName));
  } else {
    mkdirSync(dirname(aside), { recursive: true });
    renameSync(target, aside);
    renameSync(fresh, target);
  }
}

/** Removes `path` if it is of this kind: what the kit did not write is in the way. */
function removeIf(path: string, kind: "file" | "folder"): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat !== undefined && stat.isDirectory() === (kind === "folder")) rmSync(path, { recursive: true });
}

/** The folder of unfinished work, by sync: `tmp/<sync>/new/<partition>` and `tmp/<sync>/old/<partition>`. */
export function tmpFolder(project: { data: string }): string {
  return join(project.data, "tmp");
}

/**
 * Removes the temporary files of a killed sync, and puts back partitions that it had moved aside and not replaced. Returns
 * the number of those. Call it under the lock.
 */
export function restore(project: { data: string }): number {
  const tmp = tmpFolder(project);
  let restored = 0;
  for (const name of entries(tmp).folders) {
    const old = join(tmp, name, "old");
    for (const partition of partitionsIn(old)) {
      const target = join(project.data, "raw", relative(old, partition));
      if (existsSync(target)) continue;
      mkdirSync(dirname(target), { recursive: true });
      renameSync(partition, target);
      restored += 1;
    }
  }
  rmSync(tmp, { recursive: true, force: true });
  for (const name of entries(project.data).files) {
    const pid = /^lock\.(\d+)\./.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(project.data, name), { force: true });
  }
  return restored;
}

function partitionsIn(folder: string): string[] {
  const { files, folders } = entries(folder);
  const inside = folders.flatMap((name) => partitionsIn(join(folder, name)));
  return files.length > 0 ? [folder, ...inside] : inside;
}

function entries(folder: string): { files: string[]; folders: string[] } {
  const all = entriesOf(folder);
  return {
    files: all.filter((entry) => !entry.isDirectory()).map((entry) => entry.name),
    folders: all.filter((entry) => entry.isDirectory()).map((entry) => entry.name),
  };
}
