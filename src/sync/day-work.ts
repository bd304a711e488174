import { partitionPath } from "../export/layout.ts";
import { partitionKey, type RemoteObject, type RemotePartition } from "../export/partition.ts";
import type { FeedPlace } from "./discovery.ts";
import { type ManifestDay, type ManifestPartition, partitionOf, readDay, writeDay } from "./manifest.ts";
import type { PlanEntry } from "./plan.ts";

/** What a sync has to do for one feed and day. */
export interface DayWork {
  feed: FeedPlace;
  dt: string;
  fetches: PlanEntry[]; // add and replace, sorted
  remote: string; // their listed objects, packed
  changes: PlanEntry[]; // what only the manifest has to say: expired, back again, encrypted, removed
}

type PackedObject = [name: string, size: number, etag: string, modified: string];

/**
 * Listed objects as one flat text: a million of them wait for their download in 100 MB, as objects they would take four
 * times that.
 */
export function pack(partitions: RemotePartition[]): string {
  return JSON.stringify(
    partitions.map(({ marker, objects }) => [marker && packObject(marker), objects.map(packObject)]),
  );
}

/** The partitions again, for the ids that they were packed with. */
export function unpack(text: string, ids: RemotePartition["id"][], prefix: string): RemotePartition[] {
  const packed = JSON.parse(text) as [PackedObject | null, PackedObject[]][];
  return packed.map(([marker, objects], index) => {
    const id = ids[index]!;
    const folder = `${prefix}${partitionPath(id)}/`;
    return {
      id,
      marker: marker && unpackObject(folder, marker),
      objects: objects.map((object) => unpackObject(folder, object)),
    };
  });
}

/** Collects what becomes of a day's partitions and writes it to the manifest. */
export class DayRecord {
  private readonly project: { data: string };
  readonly feed: string;
  readonly dt: string;
  private readonly results = new Map<string, ManifestPartition | null>();

  constructor(project: { data: string }, feed: string, dt: string) {
    this.project = project;
    this.feed = feed;
    this.dt = dt;
  }

  get pending(): boolean {
    return this.results.size > 0;
  }

  put(partition: ManifestPartition): void {
    this.results.set(this.key(partition), partition);
  }

  /** Applies an entry that changes nothing but the manifest. */
  apply(entry: PlanEntry): void {
    const day = readDay(this.project, this.feed, this.dt);
    const held = day?.partitions.find((partition) => this.key(partition) === partitionKey(entry.id));
    if (held === undefined) return;
    const key = partitionKey(entry.id);
    if (entry.action === "remove") this.results.set(key, null);
    else this.results.set(key, { ...held, state: entry.state as ManifestPartition["state"] });
  }

  /** Writes what came together since the last time. True when the manifest changed. */
  flush(): boolean {
    const day: ManifestDay = readDay(this.project, this.feed, this.dt) ?? {
      format: 1,
      feed: this.feed,
      dt: this.dt,
      partitions: [],
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

function packObject({ key, size, etag, modified }: RemoteObject): PackedObject {
  return [key.slice(key.lastIndexOf("/") + 1), size, etag, modified];
}

function unpackObject(folder: string, [name, size, etag, modified]: PackedObject): RemoteObject {
  return { key: folder + name, size, etag, modified };
}
