import { statSync } from "node:fs";
import { join } from "node:path";
import { entriesOf, writeAtomically } from "../base/files.ts";
import { everyOne, type Fields, isFields, isText, readStored } from "../base/stored.ts";
import { isDate } from "../export/layout.ts";
import type { PartitionId } from "../export/partition.ts";

/**
 * complete: as in the bucket. empty: marker, no rows. replaced: exported again since it was first fetched. encrypted: not
 * fetched, no decrypt command is configured; has no local file. expired: no longer in the bucket, kept locally.
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

/** The local partitions of one feed and day: `manifest/<feed>/<dt>.json`, the same bytes for the same content. */
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
interface Place {
  data: string;
}

/** The day's manifest; null when it is missing or unreadable: the next sync then fetches the day again. */
export function readDay(project: Place, feed: string, dt: string): ManifestDay | null {
  const { value } = readStored(project.data, dayPath(feed, dt), 1, dayIn);
  return value?.feed === feed && value.dt === dt ? value : null;
}

function dayIn(fields: Fields): ManifestDay | null {
  return everyOne(fields.partitions, isPartition) && (fields as object as ManifestDay);
}

function isPartition(value: unknown): value is ManifestPartition {
  if (!isFields(value)) return false;
  const { version, format, hr, mi, state, fingerprint, marker, objects } = value;
  return (
    [version, format, state, fingerprint].every(isText) &&
    [hr, mi].every((part) => part === null || isText(part)) &&
    isFields(marker) &&
    everyOne(objects, isObject) !== null
  );
}

function isObject(value: unknown): value is ManifestObject {
  return isFields(value) && [value.name, value.md5, value.etag].every(isText) && Number.isInteger(value.size);
}

/** Writes the day, sorted, unless nothing changed. Call it only when all files it names are in place. */
export function writeDay(project: Place, day: ManifestDay): boolean {
  const sorted = [...day.partitions].sort((a, b) => (order(a) < order(b) ? -1 : 1));
  const head = JSON.stringify({ format: day.format, feed: day.feed, dt: day.dt }).slice(0, -1);
  // One line per partition: readable, and easy to diff.
  const lines = sorted.map((partition) => `\n  ${JSON.stringify(tidy(partition))}`);
  return writeAtomically(project.data, dayPath(day.feed, day.dt), `${head},"partitions":[${lines.join(",")}\n]}\n`);
}

/** The days that have a manifest, sorted by feed and day. */
export function listDays(project: Place, feed?: string): DayFile[] {
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
export function daysOf({ data }: Place, feed: string): string[] {
  return entriesOf(join(data, "manifest", feed))
    .map(({ name }) => name)
    .filter((name) => name.endsWith(".json") && isDate(name.slice(0, -5)))
    .map((name) => name.slice(0, -5))
    .sort();
}

/** Every day with a manifest, one after the other. */
export function* readAll(project: Place, feed?: string): Generator<ManifestDay> {
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

function dayPath(feed: string, dt: string): string {
  return join("manifest", feed, `${dt}.json`);
}

function order({ hr, mi, version, format }: ManifestPartition): string {
  return JSON.stringify([hr ?? "", mi ?? "", version, format]);
}

// The order of the properties decides the bytes.
function tidy(partition: ManifestPartition): ManifestPartition {
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
