import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { CliError } from "../base/errors.ts";
import { diskError, onDisk } from "../base/faults.ts";
import { makeFolder } from "../base/files.ts";
import { markerName, partitionPath } from "../export/layout.ts";
import { fingerprint, type RemoteObject, type RemotePartition } from "../export/remote-partition.ts";
import { type Body, type Source, SourceError, type Take } from "../sources/source.ts";
import { decryptFile } from "./decrypt.ts";
import type { ManifestObject, ManifestPartition } from "./manifest.ts";
import { install, rawFolder, tmpFolder } from "./raw.ts";
import type { Retry, RetryLimits } from "./retry.ts";
import { Bomb, etagDiffers, type Verified, WrongBytes } from "./verifier.ts";
import { batchBytes, keepSmall, returnBatch, ThreadVerifier, takeBatch } from "./verify-thread.ts";

export interface Download {
  data: string; // the project's data folder
  source: Source;
  retry: Retry;
  limits: Pick<RetryLimits, "refetches" | "slowest" | "grace">;
  decrypt: string[] | null;
  maxRatio?: number; // see Expected
  tmp: string; // name of the sync's folder below tmp/
  signal: AbortSignal;
  onBytes: (bytes: number) => void;
}

const smallBytes = 64 * 1024; // up to this size an object is verified and written in one step
const etagAdvice = "; if this store's ETags are not MD5s, set `etag_is_md5: false` in kit.yaml";
let serial = 0;

/**
 * Fetches the files of a partition with a marker into a temporary folder, verifies them, and installs them together. Returns
 * the manifest entry, in state `complete` or `empty`. Throws, and leaves raw/ unchanged, when a file cannot be fetched as
 * listed.
 */
export async function fetchPartition(partition: RemotePartition, download: Download): Promise<ManifestPartition> {
  const marker = markerOf(partition);
  const folder = join(tmpFolder(download), download.tmp, "new", String(++serial));
  let installed = false;
  try {
    onDisk(download, () => fs.mkdirSync(folder, { recursive: true }));
    const objects = await allSettled(partition.objects.map((object) => fetchFile(object, folder, download)));
    if (marker.size > 0) await fetchObject(marker, join(folder, markerName), false, download);
    else onDisk(download, () => fs.writeFileSync(join(folder, markerName), ""));
    download.signal.throwIfAborted();
    const aside = join(tmpFolder(download), download.tmp, "old", partitionPath(partition.id));
    onDisk(download, () => {
      makeFolder(download.data, join("raw", dirname(partitionPath(partition.id))));
      install(folder, rawFolder(download, partition.id), aside);
    });
    installed = true;
    return describe(partition, objects, objects.every(({ lines }) => lines === 0) ? "empty" : "complete");
  } finally {
    if (!installed) fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** The manifest entry of a partition with a marker. `objects` are its local files. */
export function describe(
  partition: RemotePartition,
  objects: ManifestObject[],
  state: ManifestPartition["state"],
): ManifestPartition {
  const { version, format, hr, mi } = partition.id;
  const { size, etag, modified } = markerOf(partition);
  const marker = { size, etag, modified };
  return { version, format, hr, mi, state, fingerprint: fingerprint(partition), marker, objects };
}

function markerOf({ id, marker }: RemotePartition): RemoteObject {
  if (marker === null) throw new Error(`${partitionPath(id)} has no marker`);
  return marker;
}

/** Fetches one object into `path` and verifies it. Transient errors are retried, wrong bytes fetched again. */
export async function fetchObject(
  object: RemoteObject,
  path: string,
  gzip: boolean,
  download: Download,
): Promise<Verified> {
  for (let fetches = 1; ; fetches++) {
    const attempt = new Attempt(object, path, gzip, download);
    try {
      return await attempt.run();
    } catch (error) {
      attempt.forget();
      if (!(error instanceof WrongBytes)) throw error;
      if (fetches >= download.limits.refetches || error instanceof Bomb) {
        const times = fetches === 1 ? "" : ` (fetched ${fetches} times)`;
        const next = error.message === etagDiffers ? etagAdvice : "";
        throw new SourceError("broken", `${basename(object.key)}: ${error.message}${times}${next}`, {
          cause: error,
        });
      }
    }
  }
}

async function fetchFile(object: RemoteObject, folder: string, download: Download): Promise<ManifestObject> {
  const name = basename(object.key);
  const { etag, modified } = object;
  if (!name.endsWith(".enc")) {
    const { size, md5, lines } = await fetchObject(object, join(folder, name), name.endsWith(".gz"), download);
    return { name, size, md5, lines, etag, modified };
  }
  const { decrypt } = download;
  if (decrypt === null) throw new SourceError("broken", `${name}: no decrypt command configured`);
  const plain = name.slice(0, -".enc".length);
  await fetchObject(object, join(folder, name), false, download);
  const { size, md5, lines } = await decryptFile(decrypt, join(folder, name), join(folder, plain), download);
  onDisk(download, () => fs.rmSync(join(folder, name)));
  return { name: plain, size, md5, lines, etag, modified, delivered: { name, size: object.size } };
}

/** One fetch of an object, over as many connections as it takes: an interrupted body resumes after its last byte. */
class Attempt {
  private readonly object: RemoteObject;
  private readonly path: string;
  private readonly gzip: boolean;
  private readonly download: Download;
  private body: Body | null = null;
  private verifier: ThreadVerifier | null = null;
  private file: number | null = null;
  private received = 0;
  private batch: Buffer<ArrayBuffer> | null = null; // received, not yet verified or written
  private filled = 0;
  private begun = 0; // time of the first response
  private consumerError: unknown = null; // of the disk or the verifier, not of the source

  constructor(object: RemoteObject, path: string, gzip: boolean, download: Download) {
    this.object = object;
    this.path = path;
    this.gzip = gzip;
    this.download = download;
  }

  run(): Promise<Verified> {
    const { source, retry, signal } = this.download;
    return retry.run(
      this.object.key,
      async () => {
        const before = this.received;
        this.body = null;
        try {
          const begin = (body: Body) => this.begin(body);
          await source.get(this.object, begin, { offset: this.received, signal });
          if (this.received < this.object.size) throw new Error("the body ended early");
        } catch (error) {
          const failure = this.body === null ? error : this.brokenOff(error);
          if (failure instanceof SourceError) failure.progressed = this.received > before;
          throw failure;
        }
        return this.finish();
      },
      signal,
    );
  }

  /** Drops all received bytes. */
  forget(): void {
    this.download.onBytes(-this.received);
    this.received = 0;
    this.batch = null;
    this.filled = 0;
    this.verifier?.close();
    this.verifier = null;
    this.close();
  }

  private begin(body: Body): Take {
    this.begun ||= performance.now();
    if (body.offset !== this.received) this.forget();
    this.body = body;
    return (bytes) => {
      try {
        return this.add(bytes)?.catch((error) => this.refuse(error));
      } catch (error) {
        this.refuse(error);
      }
    };
  }

  private refuse(error: unknown): never {
    this.consumerError = error;
    throw error;
  }

  private add(bytes: Buffer): Promise<unknown> | undefined {
    const { size } = this.object;
    this.received += bytes.length;
    this.download.onBytes(bytes.length);
    this.download.retry.alive();
    if (this.received > size) throw new WrongBytes(`longer than the ${size} bytes listed`);
    this.refuseSlow();
    let verified: Promise<unknown> | undefined;
    for (let at = 0; at < bytes.length; ) {
      if (this.filled === batchBytes) {
        const batch = this.filledBatch();
        verified = verified ? verified.then(() => this.passOn(batch, false)) : this.passOn(batch, false);
      }
      this.batch ??= takeBatch();
      const copied = bytes.copy(this.batch, this.filled, at);
      this.filled += copied;
      at += copied;
    }
    return verified;
  }

  /** Writes the collected bytes to disk and passes them to the verifier, whose verdict follows the last. */
  private passOn(bytes: Buffer<ArrayBuffer>, last: boolean): Promise<Verified | null> {
    onDisk(this.download, () => {
      this.file ??= fs.openSync(this.path, "w");
      for (let at = 0; at < bytes.length; ) at += fs.writeSync(this.file, bytes, at);
    });
    this.verifier ??= new ThreadVerifier(this.expected());
    return this.verifier.write(bytes, last);
  }

  private filledBatch(): Buffer<ArrayBuffer> {
    const bytes = (this.batch ?? takeBatch()).subarray(0, this.filled);
    this.batch = null;
    this.filled = 0;
    return bytes;
  }

  private async finish(): Promise<Verified> {
    if (this.object.size > smallBytes) {
      const verified = await this.passOn(this.filledBatch(), true);
      this.verifier = null;
      this.close();
      if (verified === null) throw new Error(`no verdict on ${this.object.key}`);
      return verified;
    }
    const bytes = this.filledBatch();
    const kept = keepSmall(bytes, this.path, this.expected());
    returnBatch(bytes.buffer);
    return kept.catch((error) => {
      throw diskError(error, this.download.data);
    });
  }

  private close(): void {
    const { file } = this;
    this.file = null;
    if (file !== null) onDisk(this.download, () => fs.closeSync(file));
  }

  private expected() {
    if (this.body === null) throw new Error(`no response for ${this.object.key}`);
    const { md5, checksum } = this.body;
    const { maxRatio } = this.download;
    return { size: this.object.size, md5, checksum, gzip: this.gzip, ...(maxRatio && { maxRatio }) };
  }

  // A trickling connection looks alive and would delay the sync for days.
  private refuseSlow(): void {
    const { slowest, grace } = this.download.limits;
    const seconds = (performance.now() - this.begun - grace) / 1000;
    if (seconds <= 0 || this.received >= seconds * slowest) return;
    const after = Math.round((performance.now() - this.begun) / 1000);
    throw new SourceError("broken", `too slow: ${this.received} of ${this.object.size} bytes after ${after} s`);
  }

  // A new error for each request: those of one broken connection share theirs.
  private brokenOff(cause: unknown): unknown {
    if (cause === this.consumerError || cause instanceof CliError) return cause;
    if (cause instanceof Error && cause.name === "AbortError") return cause;
    this.download.signal.throwIfAborted();
    if (cause instanceof SourceError) {
      const { trouble, message, retryAfterMs } = cause;
      return new SourceError(trouble, message, { cause, retryAfterMs });
    }
    const message = `broken off after ${this.received} of ${this.object.size} bytes`;
    return new SourceError("transient", message, { cause });
  }
}

/** Like Promise.all, but rejects only once every promise has settled, so that none works on in a removed folder. */
async function allSettled<T>(promises: Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(promises);
  return settled.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}
