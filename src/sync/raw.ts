import { existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { entriesOf } from "../base/files.ts";
import { isRunning } from "../base/process.ts";
import { markerName, partitionPath } from "../export/layout.ts";
import type { PartitionId } from "../export/partition.ts";
import { hasFiles, type ManifestDay, type ManifestPartition, partitionOf } from "./manifest.ts";
import type { LocalPartition } from "./plan.ts";

/** The partition's folder: `raw/` has the bucket's own layout. */
export function rawFolder(project: { data: string }, id: PartitionId): string {
  return join(project.data, "raw", partitionPath(id));
}

/** True when the folder has the marker and every file of the manifest in its size. Reads no content. */
export function isIntact(folder: string, partition: ManifestPartition): boolean {
  if (!hasFiles(partition)) return true;
  const files = [...partition.objects, { name: markerName, size: partition.marker.size }];
  return files.every(({ name, size }) => statSync(join(folder, name), { throwIfNoEntry: false })?.size === size);
}

/** The partitions of a day's manifest in one version and format, and whether their files exist in their sizes. */
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

// target                                  how the fresh files get there           a reader sees
// not there                               rename the folder                       nothing, then the new
// one data file of the same name          rename file over file                   the old, or the new
// folders of other runs inside it         the marker goes first and comes last    old, unfinished, new
// else                                    swap the folders by two renames         old, (for microseconds) none, new
/**
 * Puts a complete partition from `fresh` in the place of `target`; what was there ends up in `aside`, or nowhere.
 * Killed in between, `restore` or the next sync brings a whole partition back.
 */
export function install(fresh: string, target: string, aside: string): void {
  clearAway(target, "file");
  if (!existsSync(target)) {
    mkdirSync(dirname(target), { recursive: true });
    renameSync(fresh, target);
    return;
  }
  const there = entries(target);
  const { files } = entries(fresh);
  const marker = files.includes(markerName);
  const data = files.filter((name) => name !== markerName);
  if (there.folders.length > 0) {
    for (const name of [markerName, ...there.files])
      if (there.files.includes(name)) rmSync(join(target, name), { force: true });
    for (const name of files) clearAway(join(target, name), "folder");
    for (const name of data) renameSync(join(fresh, name), join(target, name));
    if (marker) renameSync(join(fresh, markerName), join(target, markerName));
  } else if (data.length === 1 && files.length === there.files.length && files.every((f) => there.files.includes(f))) {
    renameSync(join(fresh, data[0]!), join(target, data[0]!));
    if (marker) renameSync(join(fresh, markerName), join(target, markerName));
  } else {
    mkdirSync(dirname(aside), { recursive: true });
    renameSync(target, aside);
    renameSync(fresh, target);
  }
}

/** Removes a file where a folder must be, or the reverse: the kit did not write it. */
function clearAway(path: string, kind: "file" | "folder"): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined && found.isDirectory() === (kind === "folder")) rmSync(path, { recursive: true });
}

/** Temporary files of unfinished work, by run: `tmp/<run>/new/<partition>` and `tmp/<run>/old/<partition>`. */
export function tmpFolder(project: { data: string }): string {
  return join(project.data, "tmp");
}

/**
 * Clears the temporary files of a killed sync, under the lock. A partition that had been moved aside without a successor is
 * put back. Returns the number of these.
 */
export function restore(project: { data: string }): number {
  const tmp = tmpFolder(project);
  let restored = 0;
  for (const run of entries(tmp).folders) {
    const old = join(tmp, run, "old");
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
