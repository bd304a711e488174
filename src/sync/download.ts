import * as fs from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { CliError } from "../errors.ts";
import { markerName, partitionPath } from "../export/layout.ts";
import { fingerprint, type RemoteObject, type RemotePartition } from "../export/partition.ts";
import { decryptFile } from "./decrypt.ts";
import { diskError } from "./files.ts";
import type { ManifestObject, ManifestPartition } from "./manifest.ts";
import { install, rawFolder, tmpFolder } from "./raw.ts";
import type { Patience, Retry } from "./retry.ts";
import { type Body, type Source, SourceError } from "./source.ts";
import { type Verified, Verifier, verifyBuffer, WrongBytes } from "./verify.ts";

export interface Download {
  data: string; // the project's data folder
  source: Source;
  retry: Retry;
  patience: Pick<Patience, "refetches" | "slowest" | "grace">;
  decrypt: string[] | null;
  run: string; // names this run's folder below tmp/
  signal: AbortSignal;
  onBytes: (bytes: number) => void;
}

// By way of callbacks: node:fs/promises takes three times the CPU time, and synchronous calls wait for the file system one
// by one.
const mkdir = promisify(fs.mkdir);
const open = promisify(fs.open);
const rm = promisify(fs.rm);
const writeFile = promisify(fs.writeFile);

const batchBytes = 512 * 1024; // a large object goes to disk and through gunzip in pieces of this size
const smallBytes = 256 * 1024; // up to here an object is checked in one go, in memory
let serial = 0;

/**
 * Fetches all files of one partition beside, checks them, and puts them in their place together. Returns what the manifest
 * says of it; its state is `complete` or `empty`. Throws without a trace in raw/ when any file cannot be had as listed.
 */
export async function fetchPartition(
  partition: RemotePartition,
  download: Download,
): Promise<ManifestPartition> {
  const folder = join(tmpFolder(download), download.run, "new", String(++serial));
  let installed = false;
  try {
    await onDisk(download, () => mkdir(folder, { recursive: true }));
    const objects = await all(partition.objects.map((object) => fetchFile(object, folder, download)));
    const marker = partition.marker!;
    if (marker.size > 0) await fetchObject(marker, join(folder, markerName), false, download);
    else await onDisk(download, () => writeFile(join(folder, markerName), ""));
    download.signal.throwIfAborted();
    const aside = join(tmpFolder(download), download.run, "old", partitionPath(partition.id));
    await onDisk(download, async () => install(folder, rawFolder(download, partition.id), aside));
    installed = true;
    return describe(partition, objects, objects.every(({ lines }) => lines === 0) ? "empty" : "complete");
  } finally {
    if (!installed) await rm(folder, { recursive: true, force: true });
  }
}

/** The manifest's words for a partition of which nothing is fetched. */
export function describe(
  partition: RemotePartition,
  objects: ManifestObject[],
  state: ManifestPartition["state"],
): ManifestPartition {
  const { version, format, hr, mi } = partition.id;
  const { size, etag, modified } = partition.marker!;
  const marker = { size, etag, modified };
  return { version, format, hr, mi, state, fingerprint: fingerprint(partition), marker, objects };
}

/** Fetches one object into `path`, checked. Passing faults are retried, wrong bytes fetched again. */
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
      if (fetches >= download.patience.refetches) {
        const times = fetches === 1 ? "" : ` (fetched ${fetches} times)`;
        throw new SourceError("broken", `${basename(object.key)}: ${error.message}${times}`, {
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
    const { size, md5, lines } = await fetchObject(
      object,
      join(folder, name),
      name.endsWith(".gz"),
      download,
    );
    return { name, size, md5, lines, etag, modified };
  }
  if (download.decrypt === null) throw new SourceError("broken", `${name}: no decrypt command configured`);
  const plain = name.slice(0, -".enc".length);
  await fetchObject(object, join(folder, name), false, download);
  const { size, md5, lines } = await decryptFile(
    download.decrypt!,
    join(folder, name),
    join(folder, plain),
    download,
  );
  await onDisk(download, () => rm(join(folder, name)));
  return { name: plain, size, md5, lines, etag, modified, delivered: { name, size: object.size } };
}

/** One fetch of an object, over as many connections as it takes: what broke off in the middle goes on where it was. */
class Attempt {
  private readonly object: RemoteObject;
  private readonly path: string;
  private readonly gzip: boolean;
  private readonly download: Download;
  private verifier: Verifier | null = null;
  private file: number | null = null;
  private received = 0;
  private held: Buffer[] = []; // bytes that are neither checked nor written yet
  private heldBytes = 0;
  private begun = 0; // when the first answer came

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
        try {
          const body = await source.get(this.object, { offset: this.received, signal });
          if (body.offset !== this.received) this.forget();
          await this.take(body);
          return await this.finish(body);
        } catch (error) {
          if (!(error instanceof SourceError)) throw error;
          // A new one, since the end of a connection is the same error for all that went over it.
          const { trouble, message, retryAfterMs } = error;
          const own = new SourceError(trouble, message, { cause: error, retryAfterMs });
          own.progressed = this.received > before;
          throw own;
        }
      },
      signal,
    );
  }

  /** Drops what was received. */
  forget(): void {
    this.download.onBytes(-this.received);
    this.received = 0;
    this.held = [];
    this.heldBytes = 0;
    this.verifier?.close();
    this.verifier = null;
    if (this.file !== null) fs.closeSync(this.file);
    this.file = null;
  }

  private async take(body: Body): Promise<void> {
    this.begun ||= performance.now();
    const iterator = body.stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    try {
      for (;;) {
        const next = await iterator.next().catch((error) => {
          throw this.brokenOff(error);
        });
        if (next.done) break;
        this.refuseCrawling();
        await this.add(next.value, body);
      }
    } finally {
      body.stream.destroy();
    }
    if (this.received < this.object.size) throw this.brokenOff(undefined);
  }

  private async add(chunk: Buffer, body: Body): Promise<void> {
    this.received += chunk.length;
    this.download.onBytes(chunk.length);
    this.download.retry.alive();
    this.held.push(chunk);
    this.heldBytes += chunk.length;
    if (this.received > this.object.size)
      throw new WrongBytes(`longer than the ${this.object.size} bytes listed`);
    if (this.object.size > smallBytes && this.heldBytes >= batchBytes) await this.passOn(body);
  }

  /** Sends what came together to disk and through the checks. */
  private async passOn(body: Body): Promise<void> {
    const bytes = this.takeHeld();
    this.verifier ??= new Verifier(this.expected(body));
    this.file ??= await onDisk(this.download, () => open(this.path, "w"));
    const checked = this.verifier.write(bytes);
    // Into the page cache: a trip through the thread pool would take longer.
    await onDisk(this.download, async () => writeWhole(this.file!, bytes));
    await checked;
  }

  private takeHeld(): Buffer {
    const bytes = this.held.length === 1 ? this.held[0]! : Buffer.concat(this.held, this.heldBytes);
    this.held = [];
    this.heldBytes = 0;
    return bytes;
  }

  private async finish(body: Body): Promise<Verified> {
    await body.settle?.();
    if (this.object.size > smallBytes) {
      await this.passOn(body);
      const verified = await this.verifier!.finish();
      const file = this.file!;
      this.file = null;
      await onDisk(this.download, async () => fs.closeSync(file));
      return verified;
    }
    const bytes = this.takeHeld();
    const verified = verifyBuffer(bytes, this.expected(body)) ?? (await this.stream(bytes, body));
    await onDisk(this.download, () => writeFile(this.path, bytes));
    return verified;
  }

  private async stream(bytes: Buffer, body: Body): Promise<Verified> {
    const verifier = new Verifier(this.expected(body));
    for (let at = 0; at < bytes.length; at += 4096) await verifier.write(bytes.subarray(at, at + 4096));
    return verifier.finish();
  }

  private expected({ md5, checksum }: Body) {
    return { size: this.object.size, md5, checksum, gzip: this.gzip };
  }

  // A drip feed looks alive and would hold up the run for days.
  private refuseCrawling(): void {
    const { slowest, grace } = this.download.patience;
    const seconds = (performance.now() - this.begun - grace) / 1000;
    if (seconds <= 0 || this.received >= seconds * slowest) return;
    const after = Math.round((performance.now() - this.begun) / 1000);
    throw new SourceError(
      "broken",
      `too slow: ${this.received} of ${this.object.size} bytes after ${after} s`,
    );
  }

  private brokenOff(cause: unknown): Error {
    const known = cause instanceof SourceError || cause instanceof CliError;
    if (known || (cause instanceof Error && cause.name === "AbortError")) return cause;
    this.download.signal.throwIfAborted();
    return new SourceError("transient", `broken off after ${this.received} of ${this.object.size} bytes`, {
      cause,
    });
  }
}

function writeWhole(file: number, chunk: Buffer): void {
  for (let at = 0; at < chunk.length; ) at += fs.writeSync(file, chunk, at);
}

async function onDisk<T>(download: Download, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskError(error, download.data);
  }
}

/** As Promise.all, but waits for all of them before it fails, so that none goes on in a folder that is gone. */
async function all<T>(promises: Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(promises);
  return settled.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}
