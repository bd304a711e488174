// What keeps a sync of a million objects within 256 MiB.
import { setFlagsFromString } from "node:v8";
import { partitionPath } from "../export/layout.ts";
import type { RemoteObject, RemotePartition } from "../export/remote-partition.ts";

type PackedObject = [name: string, size: number, etag: string, modified: string | number];

const emptyMd5 = "d41d8cd98f00b204e9800998ecf8427e"; // the ETag of every marker

/** Listed objects as one text: a million of them, waiting for their download, take 50 MB, a sixth of what objects take. */
export function pack(partitions: RemotePartition[]): string {
  return JSON.stringify(
    partitions.map(({ id, marker, objects }) => [
      marker && packObject(id.feed, marker),
      objects.map((object) => packObject(id.feed, object)),
    ]),
  );
}

/** Reverses `pack`. `ids` are those of the packed partitions, in their order. */
export function unpack(text: string, ids: RemotePartition["id"][], prefix: string): RemotePartition[] {
  const packed = JSON.parse(text) as [PackedObject | null, PackedObject[]][];
  if (packed.length !== ids.length) throw new Error(`${packed.length} packed partitions for ${ids.length} ids`);
  return ids.map((id, i) => {
    const [marker, objects] = packed[i]!;
    const folder = `${prefix}${partitionPath(id)}/`;
    return {
      id,
      marker: marker && unpackObject(folder, id.feed, marker),
      objects: objects.map((object) => unpackObject(folder, id.feed, object)),
    };
  });
}

/**
 * Lets the heap grow by `percent` of the live data between collections; 0 restores V8's default, under which a listing of a
 * million keys takes three times what it needs on a machine with much memory.
 */
export function growHeapBy(percent: number): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}

// Shortened: a name that begins with its feed, the ETag of an empty object, a time in whole seconds, as S3 gives them.
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
