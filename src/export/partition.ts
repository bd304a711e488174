/** One run of one feed: the folder that a `_SUCCESS` closes. `hr` and `mi` are two digits, or null where the feed has none. */
export interface PartitionId {
  feed: string;
  version: string;
  format: string;
  dt: string; // YYYY-MM-DD
  hr: string | null;
  mi: string | null;
}

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
}
