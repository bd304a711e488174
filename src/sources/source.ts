import type { RemoteObject } from "../export/remote-partition.ts";
import type { Take } from "../http/http.ts";

/** Where exports come from: S3, a folder in the same layout, or SFTP. Every method may throw SourceError or CliError. */
export interface Source {
  /** The objects under a prefix, page by page; with `startAfter` only keys that sort after it. A page may be unsorted. */
  list(prefix: string, options?: ListOptions): AsyncIterable<RemoteObject[]>;
  /** What lies directly under a prefix that ends in "/" (or is empty): names of folders, and objects. */
  folder(prefix: string, options?: FolderOptions): Promise<Folder>;
  /**
   * Brings the bytes from `offset` on: says by `begin` what comes, passes each piece to what that returns, and resolves after
   * the last. Fails as `changed` when the object is no longer the one that was listed.
   */
  get(object: RemoteObject, begin: (body: Body) => Take, options?: GetOptions): Promise<void>;
  /** For messages: what and where, never a secret. */
  describe(): string;
  close(): Promise<void>;
}

export interface ListOptions extends FolderOptions {
  startAfter?: string;
  before?: string | null; // later keys are not wanted; a source may list them all the same
}

export interface FolderOptions {
  signal?: AbortSignal;
  /** Carries out each request for a page: whoever lists brings his own way of retrying. */
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

/** What is known of an object's bytes before they come. */
export interface Body {
  offset: number; // of the first byte; 0 when the store does not do ranges
  md5: string | null; // hex of the whole object, where the store tells it
  checksum: Checksum | null; // of the whole object, where the store keeps one
}

export interface Checksum {
  algorithm: "crc32" | "crc32c" | "crc64nvme" | "sha1" | "sha256";
  value: string; // base64
}

/**
 * transient: worth another try. throttled: the same, with fewer requests at once. changed: not the listed object any
 * more, so a matter for the next run. denied, broken: this object alone cannot be had.
 */
export type Trouble = "transient" | "throttled" | "changed" | "denied" | "broken";

export class SourceError extends Error {
  readonly trouble: Trouble;
  readonly retryAfterMs: number;
  progressed = false; // bytes came before it failed: such a try does not count against the budget
  constructor(trouble: Trouble, message: string, options?: ErrorOptions & { retryAfterMs?: number }) {
    super(message, options);
    this.name = "SourceError";
    this.trouble = trouble;
    this.retryAfterMs = options?.retryAfterMs ?? 0;
  }
}

export interface SourceTuning {
  concurrency?: number; // requests at once
  idleMs?: number; // a connection without a byte for so long is given up
  maxListed?: number; // names in one listing, beyond which it is taken for endless
}
