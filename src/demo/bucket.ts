import { gunzipSync, gzipSync } from "node:zlib";
import { markerName, parseKey, partitionPrefix } from "../export/layout.ts";
import type { PartitionId } from "../export/partition.ts";
import { type ExportOptions, exportFeeds } from "./feeds/export-feeds.ts";
import type { ObjectStore } from "./s3/object-store.ts";
import type { EventStream } from "./simulator/log.ts";
import { minute } from "./simulator/zone.ts";

export interface FillSummary {
  objects: number;
  bytes: number;
  rows: number; // lines
}

/** Writes the exports of a stream of events into a bucket, which is created if missing. */
export function fillBucket(
  store: ObjectStore,
  bucket: string,
  stream: EventStream,
  options: ExportOptions = {},
): FillSummary {
  const summary: FillSummary = { objects: 0, bytes: 0, rows: 0 };
  store.createBucket(bucket);
  for (const { key, body, modified, rows } of exportFeeds(stream, options)) {
    store.put(bucket, key, body, { modified });
    summary.objects++;
    summary.bytes += body.length;
    summary.rows += rows;
  }
  return summary;
}

/**
 * Exports a corrected version of a finished partition of convos_metadata, the largest of the newest day: every
 * sentiment_valence is "Neutral", the rows are in two files instead of one, and the marker is new. Same rows, same keys.
 */
export function reexport(store: ObjectStore, bucket: string, prefix = ""): PartitionId {
  const feed = "convos_metadata";
  const partitions = store.keys(bucket).flatMap((key) => {
    const parsed = parseKey(key, prefix);
    return parsed.kind === "data" && parsed.id.feed === feed ? [{ id: parsed.id, key }] : [];
  });
  const size = ({ key }: { key: string }) => store.head(bucket, key)?.size ?? 0;
  const newest = partitions.at(-1)?.id.dt;
  const { id } = partitions.filter((one) => one.id.dt === newest).reduce((a, b) => (size(b) > size(a) ? b : a));
  const folder = partitionPrefix(prefix, id);
  const oldKeys = store.keys(bucket).filter((key) => key.startsWith(folder));
  const marker = store.head(bucket, folder + markerName);
  if (marker === undefined) throw new Error(`no marker in ${folder}`);
  const lines = oldKeys
    .filter((key) => !key.endsWith(markerName))
    .flatMap((key) => gunzipSync(store.read(bucket, key)).toString().split("\n"))
    .filter((line) => line !== "")
    .map((line) => line.replace(/"sentiment_valence":"\w+"/, '"sentiment_valence":"Neutral"'));
  const modified = new Date(marker.modified.getTime() + 90 * minute);
  for (const key of oldKeys) store.delete(bucket, key);
  const half = Math.ceil(lines.length / 2);
  for (const [number, part] of [lines.slice(0, half), lines.slice(half)].entries()) {
    const body = gzipSync(Buffer.from(part.map((line) => `${line}\n`).join("")), { level: 1 });
    store.put(bucket, `${folder}${feed}.jsonl.0${number}.gz`, body, { modified });
  }
  store.put(bucket, folder + markerName, Buffer.alloc(0), { modified });
  return id;
}
