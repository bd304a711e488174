import { partitionPath } from "../export/layout.ts";
import { partitionKey } from "../export/partition.ts";
import type { RemoteObject, RemotePartition } from "../export/remote-partition.ts";
import type { FeedPlace } from "./discovery.ts";
import { type ManifestDay, type ManifestPartition, partitionOf, readDay, writeDay } from "./manifest.ts";
import type { PlanEntry } from "./plan.ts";

/** The work of a sync for one feed and day. */
export interface DayWork {
  feed: FeedPlace;
  dt: string;
  fetches: PlanEntry[]; // add and replace, sorted
  remote: string; // their listed objects, packed
  changes: PlanEntry[]; // manifest changes without a fetch: expired, back again, encrypted, removed
  mend: boolean; // its manifest was lost
  adopted?: ManifestPartition[]; // the partitions below raw/ of such a day
}

type PackedObject = [name: string, size: number, etag: string, modified: string | number];

const emptyMd5 = "d41d8cd98f00b204e9800998ecf8427e"; // the ETag of every marker

/**
 * Listed objects as one flat text: a million of them waiting for their download take 50 MB, a sixth of their size as
 * objects.
 */
export function pack(partitions: RemotePartition[]): string {
  return JSON.stringify(
    partitions.map(({ id, marker, objects }) => [
      marker && packObject(id.feed, marker),
      objects.map((object) => packObject(id.feed, object)),
    ]),
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
      marker: marker && unpackObject(folder, id.feed, marker),
      objects: objects.map((object) => unpackObject(folder, id.feed, object)),
    };
  });
}

/** Collects the outcome for a day's partitions and writes it to the manifest. */
export class DayRecord {
  private readonly project: { data: string };
  private readonly adopted: ManifestPartition[];
  readonly feed: string;
  readonly dt: string;
  private readonly results = new Map<string, ManifestPartition | null>();

  /** `adopted`: its partitions where it has no manifest. */
  constructor(project: { data: string }, feed: string, dt: string, adopted: ManifestPartition[] = []) {
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

  /** Applies an entry that changes nothing but the manifest. */
  apply(entry: PlanEntry): void {
    const day = readDay(this.project, this.feed, this.dt);
    const held = day?.partitions.find((partition) => this.key(partition) === partitionKey(entry.id));
    if (held === undefined) return;
    const key = partitionKey(entry.id);
    if (entry.action === "remove") this.results.set(key, null);
    else this.results.set(key, { ...held, state: entry.state as ManifestPartition["state"] });
  }

  /** Writes the outcome collected since the last call. True when the manifest changed. */
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

// Names that begin with the feed's, ETags of nothing and times to the second, as S3 has them, are shortened.
function packObject(feed: string, { key, size, etag, modified }: RemoteObject): PackedObject {
  const name = key.slice(key.lastIndexOf("/") + 1);
  const seconds = Date.parse(modified) / 1000;
  return [
    name.startsWith(feed) ? `/${name.slice(feed.length)}` : name,
    size,
    etag === emptyMd5 ? "/" : etag,
    Number.isInteger(seconds) ? seconds : modified,
  ];
}

function unpackObject(folder: string, feed: string, [name, size, etag, modified]: PackedObject): RemoteObject {
  return {
    key: folder + (name.startsWith("/") ? feed + name.slice(1) : name),
    size,
    etag: etag === "/" ? emptyMd5 : etag,
    modified: typeof modified === "number" ? new Date(modified * 1000).toISOString() : modified,
  };
}
