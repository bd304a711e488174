import { createHash } from "node:crypto";
import { docsName, markerName, objectKey, parseKey } from "./layout.ts";
import { type PartitionId, partitionKey } from "./partition.ts";

/** An object as the source listed it. */
export interface RemoteObject {
  key: string; // whole key in the bucket, with the configured prefix
  size: number;
  etag: string; // version token: the ETag without quotes; for a source without ETags, size and mtime
  modified: string; // ISO, UTC
}

/** What the bucket holds of one partition at the time of the listing. */
export interface RemotePartition {
  id: PartitionId;
  marker: RemoteObject | null; // _SUCCESS
  objects: RemoteObject[]; // data files, sorted by key
  stray?: string; // a file of a partition without data files that is none by its name
}

/** A listing, sorted out. `hostile` and `strays` hold the first few such keys, their counts count them all. */
export interface Listing {
  partitions: Map<string, RemotePartition>; // by partitionKey, in the order of first appearance
  docs: RemoteObject[]; // export_docs.yaml, sorted by key
  objects: number;
  foreign: number;
  hostileCount: number;
  hostile: { key: string; reason: string }[];
  strayCount: number;
  strays: string[];
}

export const keysShown = 20;
const none: RemoteObject[] = []; // until the first data file; an array that grew by push holds 17 places

/**
 * Sorts a listing into partitions, page by page; nothing but the partitions is kept. A key listed twice counts once,
 * as it was listed last. Never throws for what a key looks like.
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

/** Changes when a file of the partition is added, removed or rewritten, or when its marker is; not with the order of listing. */
export function fingerprint(partition: RemotePartition): string {
  const lines = partition.objects.map(describe).sort();
  lines.push(partition.marker === null ? "no marker" : describe(partition.marker));
  return createHash("sha256").update(lines.join("\n")).digest("hex");
}

function describe(object: RemoteObject): string {
  return JSON.stringify([object.key.slice(object.key.lastIndexOf("/") + 1), object.size, object.etag]);
}

// A listed object in half the memory: its key is put together from what its neighbours share, its time is a number.
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
    foreign: 0,
    hostileCount: 0,
    hostile: [],
    strayCount: 0,
    strays: [],
  };
  private readonly strays = new Map<string, string>(); // one of each partition

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  add(given: RemoteObject): void {
    const { listing } = this;
    listing.objects += 1;
    const parsed = parseKey(given.key, this.prefix);
    if (parsed.kind === "foreign") listing.foreign += 1;
    else if (parsed.kind === "hostile") {
      listing.hostileCount += 1;
      if (listing.hostile.length < keysShown) listing.hostile.push({ key: given.key, reason: parsed.reason });
    } else if (parsed.kind === "stray") {
      listing.strayCount += 1;
      if (listing.strays.length < keysShown) listing.strays.push(given.key);
      if (parsed.id !== null) this.strays.set(partitionKey(parsed.id), parsed.file);
    } else if (parsed.kind === "docs") {
      if (parsed.file.startsWith(docsName)) listing.docs.push(given);
    } else {
      const partition = this.partition(parsed.id);
      const name = parsed.kind === "marker" ? markerName : this.text(parsed.file);
      const object = new ListedObject(given, this.prefix, partition.id, name);
      if (parsed.kind === "marker") partition.marker = object;
      else partition.objects = partition.objects === none ? [object] : [...partition.objects, object];
    }
  }

  finish(): Listing {
    this.listing.docs = lastOfEach(this.listing.docs);
    for (const [key, stray] of this.strays) {
      const partition = this.listing.partitions.get(key);
      if (partition?.objects === none) partition.stray = stray;
    }
    for (const partition of this.listing.partitions.values()) {
      if (partition.objects === none) partition.objects = [];
      else if (partition.objects.length > 1) partition.objects = lastOfEach(partition.objects);
    }
    return this.listing;
  }

  private partition(id: PartitionId): RemotePartition {
    const key = partitionKey(id);
    const known = this.listing.partitions.get(key);
    if (known !== undefined) return known;
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
      objects: none,
    };
    this.listing.partitions.set(key, partition);
    return partition;
  }

  // A million partitions name a few hundred feeds, days and hours: each text is kept once.
  private text(text: string): string {
    const known = this.texts.get(text);
    if (known !== undefined) return known;
    this.texts.set(text, text);
    return text;
  }
}

function lastOfEach(objects: RemoteObject[]): RemoteObject[] {
  const last = new Map(objects.map((object) => [object.key, object]));
  return [...last].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
}
