import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { join, relative } from "node:path";
import { entriesOf } from "../base/files.ts";
import { slashes } from "../base/kit-folders.ts";
import { withLock } from "../base/lock.ts";
import { selectFeed } from "../config/config.ts";
import type { Project } from "../config/project.ts";
import { markerName, partitionPath, partitionPrefix } from "../export/layout.ts";
import { type PartitionId, partitionKey } from "../export/partition.ts";
import { groupPartitions } from "../export/remote-partition.ts";
import { SourceError } from "../sources/source.ts";
import { type Download, fetchPartition } from "./download.ts";
import { DayRecord, daysOf, hasFiles, type ManifestPartition, partitionOf, readDay } from "./manifest.ts";
import type { PlanEntry } from "./plan.ts";
import type { SyncEvent } from "./progress.ts";
import { rawFolder, restore } from "./raw.ts";
import { defaultRetryLimits, type RetryLimits } from "./retry.ts";
import { Stores } from "./stores.ts";
import { sync } from "./sync.ts";

/** short, long: by the manifest's size. changed: another MD5. added: not in the manifest. */
export type DamageKind = "missing" | "short" | "long" | "changed" | "added" | "unreadable manifest";

export interface Damage {
  path: string; // below the data folder, with slashes
  problem: DamageKind;
  id: PartitionId | null; // null: in no partition of the manifest
}

export interface RawReport {
  partitions: number;
  files: number; // read and compared
  bytes: number;
  damaged: Damage[]; // before any repair, sorted by path
  remote: PlanEntry[] | null; // differences between bucket and manifest; null without `remote`
  repaired: PartitionId[];
  unrepaired: { path: string; reason: string }[];
}

export interface VerifyRawOptions {
  remote?: boolean; // also compare the manifest with a full listing
  repair?: boolean; // fetch damaged partitions again
  feeds?: string[] | undefined;
  signal?: AbortSignal | undefined;
  wait?: boolean;
  held?: boolean; // the caller holds the lock
  onProgress?: (event: SyncEvent) => void;
  onFile?: (done: { files: number; bytes: number }) => void;
  limits?: Partial<RetryLimits>;
  now?: Date;
}

/**
 * Reads every file below raw/ and compares it with the manifest, byte for byte. Holds the lock, so that no sync runs at the
 * same time. Writes nothing unless `repair`.
 */
export function verifyRaw(project: Project, options: VerifyRawOptions = {}): Promise<RawReport> {
  const { held = false, wait = false, signal } = options;
  return withLock(project, { held, wait, signal }, () => verify(project, options));
}

async function verify(project: Project, options: VerifyRawOptions): Promise<RawReport> {
  const report: RawReport = {
    partitions: 0,
    files: 0,
    bytes: 0,
    damaged: [],
    remote: null,
    repaired: [],
    unrepaired: [],
  };
  const recorded = new Set<string>(); // folders of the manifest's partitions
  const chosen = new Set(options.feeds ?? []); // none: every feed
  const feeds = entriesOf(join(project.data, "manifest"))
    .filter((entry) => entry.isDirectory() && (chosen.size === 0 || chosen.has(entry.name)))
    .map((entry) => entry.name)
    .sort();
  for (const feed of feeds) {
    for (const dt of daysOf(project, feed)) {
      const day = readDay(project, feed, dt);
      if (day === null) {
        report.damaged.push({ path: `manifest/${feed}/${dt}.json`, problem: "unreadable manifest", id: null });
        continue;
      }
      for (const partition of day.partitions) {
        options.signal?.throwIfAborted();
        const id = partitionOf(day, partition);
        recorded.add(partitionPath(id));
        if (hasFiles(partition)) await verifyPartition(project, id, partition, report, options);
      }
    }
  }
  for (const path of unrecordedFiles(join(project.data, "raw"), recorded, chosen)) {
    report.damaged.push({ path: `raw/${path}`, problem: "added", id: null });
  }
  report.damaged.sort((a, b) => (a.path < b.path ? -1 : 1));
  if (options.repair) await repair(project, report, options);
  if (options.remote) {
    const { signal, onProgress, limits, now } = options;
    const plan = await sync(project, {
      dryRun: true,
      full: true,
      feeds: options.feeds,
      signal,
      ...(onProgress && { onProgress }),
      ...(limits && { limits }),
      ...(now && { now }),
    });
    report.remote = plan.plan;
  }
  return report;
}

/** Compares the files of a partition with the manifest, and adds to the report. */
export async function verifyPartition(
  project: Pick<Project, "data">,
  id: PartitionId,
  partition: ManifestPartition,
  report: Pick<RawReport, "partitions" | "files" | "bytes" | "damaged">,
  { onFile }: Pick<VerifyRawOptions, "onFile"> = {},
): Promise<void> {
  report.partitions += 1;
  const folder = rawFolder(project, id);
  const addDamage = (name: string, problem: DamageKind) =>
    report.damaged.push({ path: `raw/${partitionPath(id)}/${name}`, problem, id });
  const files = new Set(entriesOf(folder).flatMap((entry) => (entry.isDirectory() ? [] : [entry.name])));
  const expected = [...partition.objects, { name: markerName, size: partition.marker.size, md5: null }];
  for (const { name, size, md5 } of expected) {
    if (!files.delete(name)) {
      addDamage(name, "missing");
      continue;
    }
    const path = join(folder, name);
    const { size: actual } = statSync(path);
    if (actual !== size) addDamage(name, actual < size ? "short" : "long");
    else if (md5 !== null && (await md5Of(path)) !== md5) addDamage(name, "changed");
    report.files += 1;
    report.bytes += actual;
    onFile?.({ files: report.files, bytes: report.bytes });
  }
  for (const name of files) addDamage(name, "added");
}

// A damaged partition is fetched again as a whole; one that the bucket no longer has cannot be repaired.
async function repair(project: Project, report: RawReport, options: VerifyRawOptions): Promise<void> {
  const damaged = new Map(report.damaged.flatMap(({ id }) => (id === null ? [] : [[partitionKey(id), id] as const])));
  for (const { path, problem, id } of report.damaged) {
    if (id !== null) continue;
    const reason =
      problem === "added"
        ? "belongs to no partition of the manifest: remove it if it is not yours"
        : "the next full sync writes it anew";
    report.unrepaired.push({ path, reason });
  }
  if (damaged.size === 0) return;
  const limits = { ...defaultRetryLimits, ...options.limits };
  const stop = new AbortController();
  const abort = () => stop.abort(options.signal?.reason);
  options.signal?.addEventListener("abort", abort, { once: true });
  const stores = new Stores(project, limits, stop.signal, options.onProgress ?? (() => {}));
  try {
    for (const id of damaged.values()) {
      try {
        await repairPartition(project, id, stores, { signal: stop.signal, limits });
        report.repaired.push(id);
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        report.unrepaired.push({ path: `raw/${partitionPath(id)}`, reason: error.message });
      }
    }
  } finally {
    options.signal?.removeEventListener("abort", abort);
    restore(project);
    await stores.close();
  }
}

async function repairPartition(
  project: Project,
  id: PartitionId,
  stores: Stores,
  download: Pick<Download, "signal" | "limits">,
): Promise<void> {
  const { source, retry, prefix, paging } = await stores.of(selectFeed(project.config, id.feed) ?? undefined);
  const pages = source.list(partitionPrefix(prefix, id), paging);
  const remote = (await groupPartitions(pages, prefix)).partitions.get(partitionKey(id));
  if (remote === undefined) throw new SourceError("broken", "gone from the bucket");
  if (remote.marker === null) throw new SourceError("broken", "the bucket has no marker for it any more");
  const fetched = await fetchPartition(remote, {
    source,
    retry,
    data: project.data,
    decrypt: project.config.decrypt,
    ...download,
    maxRatio: project.config.sync.maxRatio,
    tmp: `${process.pid}-repair`,
    onBytes: () => {},
  });
  const record = new DayRecord(project, id.feed, id.dt);
  const recorded = readDay(project, id.feed, id.dt)?.partitions.find(
    (partition) => partitionKey(partitionOf(id, partition)) === partitionKey(id),
  );
  const isReplaced =
    recorded !== undefined && (recorded.fingerprint !== fetched.fingerprint || recorded.state === "replaced");
  record.put(isReplaced ? { ...fetched, state: "replaced" } : fetched);
  record.flush();
}

/** The files below raw/ outside the folders of the manifest's partitions. */
function* unrecordedFiles(root: string, recorded: Set<string>, feeds: Set<string>, folder = root): Generator<string> {
  for (const entry of entriesOf(folder).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (folder === root && feeds.size > 0 && !feeds.has(entry.name)) continue;
    if (entry.isDirectory()) yield* unrecordedFiles(root, recorded, feeds, path);
    else if (!recorded.has(slashes(relative(root, folder)))) yield slashes(relative(root, path));
  }
}

async function md5Of(path: string): Promise<string> {
  const hash = createHash("md5");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
