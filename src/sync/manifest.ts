import { statSync } from "node:fs";
import { join } from "node:path";
import { entriesOf, writeAtomically } from "../base/files.ts";
import { allOfKind, type Fields, isFields, isText, readStored } from "../base/stored.ts";
import { isDate } from "../export/layout.ts";
import { type PartitionId, partitionKey } from "../export/partition.ts";

/**
 * complete: as in the bucket. empty: a marker and no rows. replaced: exported again after it was first fetched. encrypted:
 * not fetched for want of a decrypt command; has no local file. expired: gone from the bucket, kept locally.
 */
export type LocalState = "complete" | "empty" | "replaced" | "encrypted" | "expired";

export interface ManifestObject {
  name: string; // file in the partition's folder under raw/
  size: number; // bytes on disk
  md5: string; // hex, of the bytes on disk
  lines: number; // of the unpacked text
  etag: string; // as listed
  modified: string; // as listed, ISO, UTC
  delivered?: { name: string; size: number }; // the encrypted file it was decrypted from
}

export interface ManifestPartition {
  version: string;
  format: string;
  hr: string | null;
  mi: string | null;
  state: LocalState;
  fingerprint: string;
  marker: { size: number; etag: string; modified: string };
  objects: ManifestObject[];
}

/** The local partitions of one feed and day: `manifest/<feed>/<dt>.json`. Equal content gives equal bytes. */
export interface ManifestDay {
  format: 1;
  feed: string;
  dt: string;
  partitions: ManifestPartition[];
}

export interface DayFile {
  feed: string;
  dt: string;
  mtimeMs: number;
  size: number;
}

/** The part of a Project that the manifest needs. */
interface DataFolder {
  data: string;
}

/** The day's manifest. Null when it is missing or unreadable: the next sync then fetches the day again. */
export function readDay(project: DataFolder, feed: string, dt: string): ManifestDay | null {
  const { value } = readStored(project.data, dayPath(feed, dt), 1, dayIn);
  return value?.feed === feed && value.dt === dt ? value : null;
}

function dayIn(fields: Fields): ManifestDay | null {
  return allOfKind(fields.partitions, isPartition) && (fields as object as ManifestDay);
}

function isPartition(value: unknown): value is ManifestPartition {
  if (!isFields(value)) return false;
  const { version, format, hr, mi, state, fingerprint, marker, objects } = value;
  return (
    [version, format, state, fingerprint].every(isText) &&
    [hr, mi].every((part) => part === null || isText(part)) &&
    isFields(marker) &&
    allOfKind(objects, isObject) !== null
  );
}

function isObject(value: unknown): value is ManifestObject {
  return isFields(value) && [value.name, value.md5, value.etag].every(isText) && Number.isInteger(value.size);
}

/** Writes the day's manifest, sorted, unless it is unchanged. Call it only once all files it lists are in place. */
export function writeDay(project: DataFolder, day: ManifestDay): boolean {
  const sorted = [...day.partitions].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  const head = JSON.stringify({ format: day.format, feed: day.feed, dt: day.dt }).slice(0, -1);
  // One line per partition: readable, and easy to diff.
  const lines = sorted.map((partition) => `\n  ${JSON.stringify(ordered(partition))}`);
  return writeAtomically(project.data, dayPath(day.feed, day.dt), `${head},"partitions":[${lines.join(",")}\n]}\n`);
}

/** The days that have a manifest, sorted by feed and day. */
export function listDays(project: DataFolder, feed?: string): DayFile[] {
  const manifests = join(project.data, "manifest");
  const feeds =
    feed === undefined
      ? entriesOf(manifests)
          .map(({ name }) => name)
          .sort()
      : [feed];
  return feeds.flatMap((name) =>
    daysOf(project, name).map((dt) => {
      const { mtimeMs, size } = statSync(join(manifests, name, `${dt}.json`));
      return { feed: name, dt, mtimeMs, size };
    }),
  );
}

/** The days of a feed that have a manifest, sorted. */
export function daysOf({ data }: DataFolder, feed: string): string[] {
  return entriesOf(join(data, "manifest", feed))
    .map(({ name }) => name)
    .filter((name) => name.endsWith(".json") && isDate(name.slice(0, -5)))
    .map((name) => name.slice(0, -5))
    .sort();
}

/** The days with a readable manifest, read one by one. */
export function* readAll(project: DataFolder, feed?: string): Generator<ManifestDay> {
  for (const { feed: name, dt } of listDays(project, feed)) {
    const day = readDay(project, name, dt);
    if (day !== null) yield day;
  }
}

export function partitionOf(day: { feed: string; dt: string }, partition: ManifestPartition): PartitionId {
  const { version, format, hr, mi } = partition;
  return { feed: day.feed, version, format, dt: day.dt, hr, mi };
}

/** True when the partition's files lie under raw/. */
export function hasFiles(partition: ManifestPartition): boolean {
  return partition.state !== "encrypted";
}

/** Collects the outcomes of a day's partitions and writes them to its manifest. */
export class DayRecord {
  private readonly project: DataFolder;
  private readonly adopted: ManifestPartition[];
  readonly feed: string;
  readonly dt: string;
  private readonly results = new Map<string, ManifestPartition | null>();

  /** `adopted`: the partitions that a day without a manifest starts with. */
  constructor(project: DataFolder, feed: string, dt: string, adopted: ManifestPartition[] = []) {
    this.project = project;
    this.adopted = adopted;
    this.feed = feed;
    this.dt = dt;
  }

  get pending(): boolean {
    return this.results.size > 0;
  }

  put(partition: ManifestPartition): void {
    this.results.set(this.key(partition), partition);
  }

  /** Gives a recorded partition another state, or removes it (null). */
  set(id: PartitionId, state: LocalState | null): void {
    const key = partitionKey(id);
    const day = readDay(this.project, this.feed, this.dt);
    const recorded = day?.partitions.find((partition) => this.key(partition) === key);
    if (recorded !== undefined) this.results.set(key, state && { ...recorded, state });
  }

  /** Writes the outcomes collected since the last call. True when the manifest changed. */
  flush(): boolean {
    const day: ManifestDay = readDay(this.project, this.feed, this.dt) ?? {
      format: 1,
      feed: this.feed,
      dt: this.dt,
      partitions: this.adopted,
    };
    const partitions = new Map(day.partitions.map((partition) => [this.key(partition), partition]));
    for (const [key, partition] of this.results) {
      if (partition === null) partitions.delete(key);
      else partitions.set(key, partition);
    }
    const changed = writeDay(this.project, { ...day, partitions: [...partitions.values()] });
    this.results.clear();
    return changed;
  }

  private key(partition: ManifestPartition): string {
    return partitionKey(partitionOf({ feed: this.feed, dt: this.dt }, partition));
  }
}

function dayPath(feed: string, dt: string): string {
  return join("manifest", feed, `${dt}.json`);
}

function sortKey({ hr, mi, version, format }: ManifestPartition): string {
  return JSON.stringify([hr ?? "", mi ?? "", version, format]);
}

// The order of the properties is the order of the bytes on disk.
function ordered(partition: ManifestPartition): ManifestPartition {
  const { version, format, hr, mi, state, fingerprint, marker, objects } = partition;
  return {
    version,
    format,
    hr,
    mi,
    state,
    fingerprint,
    marker: { size: marker.size, etag: marker.etag, modified: marker.modified },
    objects: objects
      .map(({ name, size, md5, lines, etag, modified, delivered }) => ({
        name,
        size,
        md5,
        lines,
        etag,
        modified,
        ...(delivered && { delivered: { name: delivered.name, size: delivered.size } }),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}
