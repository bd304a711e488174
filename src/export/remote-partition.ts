import { createHash } from "node:crypto";
import { docsName, markerName, objectKey, parseKey } from "./layout.ts";
import { type PartitionId, partitionKey } from "./partition.ts";

/** An object as listed by the source. */
export interface RemoteObject {
  key: string; // full key in the bucket, with the configured prefix
  size: number;
  etag: string; // version token: the ETag without quotes; for a source without ETags, size and mtime
  modified: string; // ISO, UTC
}

/** A partition's objects, as listed. */
export interface RemotePartition {
  id: PartitionId;
  marker: RemoteObject | null; // _SUCCESS
  objects: RemoteObject[]; // data files, sorted by key
  stray?: string; // in a partition without data files: a file whose name is not a data file's
}

/** The keys that are not read. The counts cover all, the lists hold the first 20. */
export interface Oddities {
  foreign: number; // keys that are not exports; ignored
  hostile: number; // keys refused as dangerous to a file system
  hostileKeys: { key: string; reason: string }[];
  strays: number; // files and folders of feeds that do not fit the layout; ignored
  strayKeys: string[];
}

/** A listing grouped by partition. */
export interface Listing {
  partitions: Map<string, RemotePartition>; // by partitionKey, in the order of first appearance
  docs: RemoteObject[]; // export_docs.yaml, sorted by key
  objects: number;
  oddities: Oddities;
}

const keysShown = 20;
const noObjects: RemoteObject[] = []; // until the first data file; an array grown by push reserves 17 slots

export function noOddities(foreign = 0): Oddities {
  return { foreign, hostile: 0, hostileKeys: [], strays: 0, strayKeys: [] };
}

/** Adds the counts of `more` to `sum`, and its keys until the list is full. */
export function addOddities(sum: Oddities, more: Oddities): void {
  sum.foreign += more.foreign;
  sum.hostile += more.hostile;
  sum.strays += more.strays;
  sum.hostileKeys.push(...more.hostileKeys.slice(0, keysShown - sum.hostileKeys.length));
  sum.strayKeys.push(...more.strayKeys.slice(0, keysShown - sum.strayKeys.length));
}

/**
 * Groups a listing into partitions, page by page, and keeps nothing else. Of a key listed twice the last entry counts.
 * No key makes it throw.
 */
export async function groupPartitions(
  listing: AsyncIterable<RemoteObject | RemoteObject[]> | Iterable<RemoteObject | RemoteObject[]>,
  prefix = "",
): Promise<Listing> {
  const grouper = new Grouper(prefix);
  for await (const page of listing) {
    if (Array.isArray(page)) for (const object of page) grouper.add(object);
    else grouper.add(page);
  }
  return grouper.finish();
}

/** A hash that changes when a file or the marker is added, removed or rewritten. The order of the listing does not matter. */
export function fingerprint(partition: RemotePartition): string {
  const lines = partition.objects.map(describe).sort();
  lines.push(partition.marker === null ? "no marker" : describe(partition.marker));
  return createHash("sha256").update(lines.join("\n")).digest("hex");
}

function describe(object: RemoteObject): string {
  return JSON.stringify([object.key.slice(object.key.lastIndexOf("/") + 1), object.size, object.etag]);
}

// A listed object in half the memory: its key is assembled from parts that it shares with others, its time is a number.
class ListedObject implements RemoteObject {
  readonly size: number;
  readonly etag: string;
  private readonly prefix: string;
  private readonly id: PartitionId;
  private readonly name: string;
  private readonly time: number;

  constructor(object: RemoteObject, prefix: string, id: PartitionId, name: string) {
    this.size = object.size;
    this.etag = object.etag;
    this.prefix = prefix;
    this.id = id;
    this.name = name;
    this.time = Date.parse(object.modified);
  }

  get key(): string {
    return objectKey(this.prefix, this.id, this.name);
  }

  get modified(): string {
    return Number.isNaN(this.time) ? "" : new Date(this.time).toISOString();
  }

  toJSON(): RemoteObject {
    return { key: this.key, size: this.size, etag: this.etag, modified: this.modified };
  }
}

class Grouper {
  private readonly prefix: string;
  private readonly texts = new Map<string, string>();
  private readonly listing: Listing = {
    partitions: new Map(),
    docs: [],
    objects: 0,
    oddities: noOddities(),
  };
  private readonly strays = new Map<string, string>(); // one per partition

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  add(object: RemoteObject): void {
    const { listing } = this;
    const { oddities } = listing;
    listing.objects += 1;
    const parsed = parseKey(object.key, this.prefix);
    if (parsed.kind === "foreign") oddities.foreign += 1;
    else if (parsed.kind === "hostile") {
      oddities.hostile += 1;
      if (oddities.hostileKeys.length < keysShown)
        oddities.hostileKeys.push({ key: object.key, reason: parsed.reason });
    } else if (parsed.kind === "stray") {
      oddities.strays += 1;
      if (oddities.strayKeys.length < keysShown) oddities.strayKeys.push(object.key);
      if (parsed.id !== null) this.strays.set(partitionKey(parsed.id), parsed.file);
    } else if (parsed.kind === "docs") {
      if (parsed.file.startsWith(docsName)) listing.docs.push(object);
    } else {
      const partition = this.partition(parsed.id);
      const name = parsed.kind === "marker" ? markerName : this.text(parsed.file);
      const listed = new ListedObject(object, this.prefix, partition.id, name);
      if (parsed.kind === "marker") partition.marker = listed;
      else partition.objects = partition.objects === noObjects ? [listed] : [...partition.objects, listed];
    }
  }

  finish(): Listing {
    this.listing.docs = lastOfEach(this.listing.docs);
    for (const [key, stray] of this.strays) {
      const partition = this.listing.partitions.get(key);
      if (partition?.objects === noObjects) partition.stray = stray;
    }
    for (const partition of this.listing.partitions.values()) {
      if (partition.objects === noObjects) partition.objects = [];
      else if (partition.objects.length > 1) partition.objects = lastOfEach(partition.objects);
    }
    return this.listing;
  }

  private partition(id: PartitionId): RemotePartition {
    const key = partitionKey(id);
    const existing = this.listing.partitions.get(key);
    if (existing !== undefined) return existing;
    const partition: RemotePartition = {
      id: {
        feed: this.text(id.feed),
        version: this.text(id.version),
        format: this.text(id.format),
        dt: this.text(id.dt),
        hr: id.hr === null ? null : this.text(id.hr),
        mi: id.mi === null ? null : this.text(id.mi),
      },
      marker: null,
      objects: noObjects,
    };
    this.listing.partitions.set(key, partition);
    return partition;
  }

  // A million partitions have a few hundred feeds, days and hours: each string is kept once.
  private text(text: string): string {
    const existing = this.texts.get(text);
    if (existing !== undefined) return existing;
    this.texts.set(text, text);
    return text;
  }
}

function lastOfEach(objects: RemoteObject[]): RemoteObject[] {
  const last = new Map(objects.map((object) => [object.key, object]));
  return [...last].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
}
