import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isDate } from "../export/layout.ts";
import { type ManifestDay, partitionOf } from "./manifest.ts";
import type { LocalPartition } from "./plan.ts";
import { isIntact, rawFolder } from "./raw.ts";

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
        ...{ id, state, fingerprint },
        objects: objects.length,
        bytes: objects.reduce((sum, { size }) => sum + size, 0),
        lines: objects.reduce((sum, { lines }) => sum + lines, 0),
        intact: isIntact(rawFolder(project, id), partition),
      };
    });
}

/** The days of a feed that have a manifest, sorted. */
export function localDays(project: { data: string }, feed: string): string[] {
  try {
    return readdirSync(join(project.data, "manifest", feed))
      .filter((file) => file.endsWith(".json") && isDate(file.slice(0, -5)))
      .map((file) => file.slice(0, -5))
      .sort();
  } catch {
    return [];
  }
}
