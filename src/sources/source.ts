import type { RemoteObject } from "../export/remote-partition.ts";
import type { Take } from "../http/http.ts";

/** A source of exports: S3, SFTP, or a folder in the same layout. Every method may throw SourceError or CliError. */
export interface Source {
  /** Lists the objects below a prefix, page by page. A page may be unsorted. */
  list(prefix: string, options?: ListOptions): AsyncIterable<RemoteObject[]>;
  /** Lists the folders and objects directly below a prefix, which is empty or ends in "/". */
  folder(prefix: string, options?: FolderOptions): Promise<Folder>;
  /**
   * Reads the bytes from `offset` on: calls `begin` before the first, passes each piece to the function that it returns, and
   * resolves after the last. Throws SourceError("changed") when the object is no longer the listed one.
   */
  get(object: RemoteObject, begin: (body: Body) => Take, options?: GetOptions): Promise<void>;
  /** The name of the source in messages; holds no secret. */
  describe(): string;
  close(): Promise<void>;
}

export interface ListOptions extends FolderOptions {
  startAfter?: string; // list only keys that sort after it
  before?: string | null; // keys from here on are not needed; a source may list them anyway
}

export interface FolderOptions {
  signal?: AbortSignal;
  /** Runs each request for a page, with the caller's retries. */
  request?: <T>(page: () => Promise<T>) => Promise<T>;
}

export interface GetOptions {
  offset?: number;
  signal?: AbortSignal;
}

export interface Folder {
  folders: string[]; // names, without slashes
  objects: RemoteObject[];
}

export type { Take };

/** What a source knows of an object's bytes before it reads them. */
export interface Body {
  offset: number; // of the first byte; 0 when the store ignores ranges
  md5: string | null; // hex, of the whole object
  checksum: Checksum | null; // of the whole object
}

export interface Checksum {
  algorithm: "crc32" | "crc32c" | "crc64nvme" | "sha1" | "sha256";
  value: string; // base64
}

/**
 * transient: worth a retry. throttled: worth a retry with fewer requests at once. changed: no longer the listed object, left
 * to the next sync. denied, broken: this object cannot be read.
 */
export type Trouble = "transient" | "throttled" | "changed" | "denied" | "broken";

export class SourceError extends Error {
  readonly trouble: Trouble;
  readonly retryAfterMs: number;
  progressed = false; // bytes arrived before the failure, so the attempt does not count
  constructor(trouble: Trouble, message: string, options?: ErrorOptions & { retryAfterMs?: number }) {
    super(message, options);
    this.name = "SourceError";
    this.trouble = trouble;
    this.retryAfterMs = options?.retryAfterMs ?? 0;
  }
}

export interface SourceTuning {
  concurrency?: number; // requests at once
  idleMs?: number; // a connection is given up after this time without a byte
  maxListed?: number; // a listing with more names counts as endless
}
