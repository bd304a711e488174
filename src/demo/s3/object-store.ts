import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { crc32 } from "./crc32.ts";

/** An object's metadata. `modified` has whole seconds, as in S3. */
export interface StoredObject {
  key: string;
  size: number;
  etag: string; // without quotes: the MD5 of the bytes, as of an upload in one part
  modified: Date;
  crc32: string | null; // base64, if the upload sent or requested one
  storageClass: string; // GLACIER and DEEP_ARCHIVE refuse GET
  encryption: "aws:kms" | "customer" | null; // if set, the ETag is not an MD5
}

export interface PutOptions {
  modified?: Date; // default: now
  crc32?: boolean; // keep a CRC32, so that a GET can answer x-amz-checksum-crc32
  etag?: string; // imitates a multipart upload, whose ETag is not an MD5
  storageClass?: string; // default: STANDARD
  encryption?: StoredObject["encryption"];
}

export interface ObjectStore {
  buckets(): string[];
  createBucket(bucket: string): void;
  deleteBucket(bucket: string): void;
  /** Keys in the order of their UTF-8 bytes. The array is the store's own: do not change it. */
  keys(bucket: string): readonly string[];
  head(bucket: string, key: string): StoredObject | undefined;
  read(bucket: string, key: string): Buffer;
  put(bucket: string, key: string, body: Buffer, options?: PutOptions): StoredObject;
  delete(bucket: string, key: string): void;
}

/** The storage of bytes: in memory or in a folder. */
interface Shelf {
  write(path: string, body: Buffer, modified: Date): void;
  read(path: string): Buffer;
  remove(path: string): void;
  add(bucket: string): void;
}

/** Keeps everything in memory. */
export function memoryStore(): ObjectStore {
  const bodies = new Map<string, Buffer>();
  return store(
    {
      write: (path, body) => bodies.set(path, body),
      read(path) {
        const body = bodies.get(path);
        if (body === undefined) throw new Error(`no such object: ${path}`);
        return body;
      },
      remove: (path) => bodies.delete(path),
      add: () => {},
    },
    new Map(),
  );
}

/**
 * Stores each bucket as a folder in `root` and each object as a file below it, for inspection. Opens existing buckets.
 * Refuses keys that are not valid file paths.
 */
export function folderStore(root: string): ObjectStore {
  const fileOf = (path: string) => {
    if (path.split("/").some((part) => part === "" || part === "." || part === "..") || /[\\\0]/.test(path)) {
      throw new Error(`no file can have this key: ${path}`);
    }
    return join(root, path);
  };
  mkdirSync(root, { recursive: true });
  const folders = new Set<string>();
  return store(
    {
      write(path, body, modified) {
        const file = fileOf(path);
        const folder = dirname(file);
        if (!folders.has(folder)) mkdirSync(folder, { recursive: true });
        folders.add(folder);
        writeFileSync(file, body);
        utimesSync(file, modified, modified);
      },
      read: (path) => readFileSync(fileOf(path)),
      remove: (path) => rmSync(fileOf(path), { force: true, recursive: true }),
      add: (bucket) => mkdirSync(fileOf(bucket), { recursive: true }),
    },
    readBuckets(root),
  );
}

/** Compares two keys by their UTF-8 bytes, which differs from UTF-16 order where surrogates meet U+E000 to U+FFFF. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

interface Bucket {
  objects: Map<string, StoredObject>;
  keys: string[] | null; // sorted; null after a change
}

function store(shelf: Shelf, buckets: Map<string, Bucket>): ObjectStore {
  const bucketOf = (name: string): Bucket => {
    const bucket = buckets.get(name);
    if (!bucket) throw new Error(`no such bucket: ${name}`);
    return bucket;
  };
  return {
    buckets: () => [...buckets.keys()].sort(compareKeys),
    createBucket(name) {
      if (buckets.has(name)) return;
      shelf.add(name);
      buckets.set(name, { objects: new Map(), keys: [] });
    },
    deleteBucket(name) {
      for (const key of bucketOf(name).objects.keys()) shelf.remove(`${name}/${key}`);
      buckets.delete(name);
    },
    keys(name) {
      const bucket = bucketOf(name);
      bucket.keys ??= [...bucket.objects.keys()].sort(compareKeys);
      return bucket.keys;
    },
    head: (name, key) => buckets.get(name)?.objects.get(key),
    read: (name, key) => shelf.read(`${name}/${key}`),
    put(name, key, body, options = {}) {
      const bucket = bucketOf(name);
      const modified = wholeSeconds(options.modified ?? new Date());
      const object = {
        key,
        size: body.length,
        etag: options.etag ?? md5(options.encryption ? Buffer.concat([body, randomBytes(8)]) : body),
        modified,
        crc32: options.crc32 ? crc32(body) : null,
        storageClass: options.storageClass ?? "STANDARD",
        encryption: options.encryption ?? null,
      };
      shelf.write(`${name}/${key}`, body, modified);
      if (!bucket.objects.has(key)) bucket.keys = null;
      bucket.objects.set(key, object);
      return object;
    },
    delete(name, key) {
      const bucket = bucketOf(name);
      if (!bucket.objects.delete(key)) return;
      shelf.remove(`${name}/${key}`);
      bucket.keys = null;
    },
  };
}

function readBuckets(root: string): Map<string, Bucket> {
  const buckets = new Map<string, Bucket>();
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const folder = join(root, entry.name);
    const objects = new Map<string, StoredObject>();
    for (const file of readdirSync(folder, { withFileTypes: true, recursive: true })) {
      if (!file.isFile()) continue;
      const path = join(file.parentPath, file.name);
      const key = relative(folder, path).split(sep).join("/");
      const body = readFileSync(path);
      const modified = wholeSeconds(statSync(path).mtime);
      const plain = { storageClass: "STANDARD", crc32: null, encryption: null };
      objects.set(key, { key, size: body.length, etag: md5(body), modified, ...plain });
    }
    buckets.set(entry.name, { objects, keys: null });
  }
  return buckets;
}

function wholeSeconds(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1000) * 1000);
}

function md5(body: Buffer): string {
  return createHash("md5").update(body).digest("hex");
}
