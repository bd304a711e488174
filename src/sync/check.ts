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
import { DayRecord } from "./day-work.ts";
import { type Download, fetchPartition } from "./download.ts";
import { daysOf, hasFiles, type ManifestPartition, partitionOf, readDay } from "./manifest.ts";
import { Places } from "./places.ts";
import type { PlanEntry } from "./plan.ts";
import type { SyncEvent } from "./progress.ts";
import { rawFolder, restore } from "./raw.ts";
import { defaultPatience, type Patience } from "./retry.ts";
import { sync } from "./sync.ts";

/** missing, short, long: by the manifest's size. changed: another MD5. added: the manifest does not know the file. */
export type Problem = "missing" | "short" | "long" | "changed" | "added" | "unreadable manifest";

export interface Damage {
  path: string; // below the data folder, with slashes
  problem: Problem;
  id: PartitionId | null; // null: in no partition of the manifest
}

export interface CheckReport {
  partitions: number;
  files: number; // read and compared
  bytes: number;
  damaged: Damage[]; // sorted by path; the state before any repair
  remote: PlanEntry[] | null; // differences between bucket and manifest; null without `remote`
  repaired: PartitionId[];
  unrepaired: { path: string; reason: string }[];
}

export interface CheckOptions {
  remote?: boolean; // also compare the manifest with a full listing
  repair?: boolean; // fetch damaged partitions again
  feeds?: string[] | undefined;
  signal?: AbortSignal | undefined;
  wait?: boolean;
  held?: boolean; // the caller holds the lock
  onProgress?: (event: SyncEvent) => void;
  onFile?: (done: { files: number; bytes: number }) => void;
  patience?: Partial<Patience>;
  now?: Date;
}

/**
 * Reads every file below raw/ and compares it with the manifest, down to a flipped bit. Holds the lock, so that no sync runs
 * meanwhile. Writes nothing unless `repair`.
 */
export function checkRaw(project: Project, options: CheckOptions = {}): Promise<CheckReport> {
  const { held = false, wait = false, signal } = options;
  return withLock(project, { held, wait, signal }, () => check(project, options));
}

async function check(project: Project, options: CheckOptions): Promise<CheckReport> {
  const report: CheckReport = {
    partitions: 0,
    files: 0,
    bytes: 0,
    damaged: [],
    remote: null,
    repaired: [],
    unrepaired: [],
  };
  const known = new Set<string>(); // folders of partitions
  const wanted = new Set(options.feeds ?? []);
  const feeds = entriesOf(join(project.data, "manifest"))
    .filter((entry) => entry.isDirectory() && (wanted.size === 0 || wanted.has(entry.name)))
    .map((entry) => entry.name)
    .sort();
  for (const feed of feeds) {
    for (const dt of daysOf(project, feed)) {
      const day = readDay(project, feed, dt);
      if (day === null) {
        report.damaged.push({
          path: `manifest/${feed}/${dt}.json`,
          problem: "unreadable manifest",
          id: null,
        });
        continue;
      }
      for (const partition of day.partitions) {
        options.signal?.throwIfAborted();
        const id = partitionOf(day, partition);
        known.add(partitionPath(id));
        if (hasFiles(partition)) await checkPartition(project, id, partition, report, options);
      }
    }
  }
  for (const path of strangers(join(project.data, "raw"), known, wanted)) {
    report.damaged.push({ path: `raw/${path}`, problem: "added", id: null });
  }
  report.damaged.sort((a, b) => (a.path < b.path ? -1 : 1));
  if (options.repair) await repair(project, report, options);
  if (options.remote) {
    const { signal, onProgress, patience, now } = options;
    const plan = await sync(project, {
      dryRun: true,
      full: true,
      feeds: options.feeds,
      signal,
      ...(onProgress && { onProgress }),
      ...(patience && { patience }),
      ...(now && { now }),
    });
    report.remote = plan.plan;
  }
  return report;
}

async function checkPartition(
  project: Project,
  id: PartitionId,
  partition: ManifestPartition,
  report: CheckReport,
  { onFile }: CheckOptions,
): Promise<void> {
  report.partitions += 1;
  const folder = rawFolder(project, id);
  const note = (name: string, problem: Problem) =>
    report.damaged.push({ path: `raw/${partitionPath(id)}/${name}`, problem, id });
  const files = new Set(entriesOf(folder).flatMap((entry) => (entry.isDirectory() ? [] : [entry.name])));
  const expected = [...partition.objects, { name: markerName, size: partition.marker.size, md5: null }];
  for (const { name, size, md5 } of expected) {
    if (!files.delete(name)) {
      note(name, "missing");
      continue;
    }
    const path = join(folder, name);
    const found = statSync(path).size;
    if (found !== size) note(name, found < size ? "short" : "long");
    else if (md5 !== null && (await md5Of(path)) !== md5) note(name, "changed");
    report.files += 1;
    report.bytes += found;
    onFile?.({ files: report.files, bytes: report.bytes });
  }
  for (const name of files) note(name, "added");
}

// A damaged partition is fetched again as a whole; one that the bucket no longer has cannot be repaired.
async function repair(project: Project, report: CheckReport, options: CheckOptions): Promise<void> {
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
  const patience = { ...defaultPatience, ...options.patience };
  const stop = new AbortController();
  const abort = () => stop.abort(options.signal?.reason);
  options.signal?.addEventListener("abort", abort, { once: true });
  const places = new Places(project, patience, stop.signal, options.onProgress ?? (() => {}));
  try {
    for (const id of damaged.values()) {
      try {
        await repairPartition(project, id, places, { signal: stop.signal, patience });
        report.repaired.push(id);
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        report.unrepaired.push({ path: `raw/${partitionPath(id)}`, reason: error.message });
      }
    }
  } finally {
    options.signal?.removeEventListener("abort", abort);
    restore(project);
    await places.close();
  }
}

async function repairPartition(
  project: Project,
  id: PartitionId,
  places: Places,
  limits: Pick<Download, "signal" | "patience">,
): Promise<void> {
  const place = await places.of(selectFeed(project.config, id.feed) ?? undefined);
  const pages = place.source.list(partitionPrefix(place.prefix, id), place.paging);
  const remote = (await groupPartitions(pages, place.prefix)).partitions.get(partitionKey(id));
  if (remote === undefined) throw new SourceError("broken", "gone from the bucket");
  if (remote.marker === null) throw new SourceError("broken", "the bucket has no marker for it any more");
  const { source, retry } = place;
  const fetched = await fetchPartition(remote, {
    source,
    retry,
    data: project.data,
    decrypt: project.config.decrypt,
    ...limits,
    maxRatio: project.config.sync.maxRatio,
    run: `${process.pid}-repair`,
    onBytes: () => {},
  });
  const record = new DayRecord(project, id.feed, id.dt);
  const held = readDay(project, id.feed, id.dt)?.partitions.find(
    (partition) => partitionKey(partitionOf(id, partition)) === partitionKey(id),
  );
  const replaced = held !== undefined && (held.fingerprint !== fetched.fingerprint || held.state === "replaced");
  record.put(replaced ? { ...fetched, state: "replaced" } : fetched);
  record.flush();
}

/** Files below raw/ outside every folder of the manifest. */
function* strangers(root: string, known: Set<string>, feeds: Set<string>, folder = root): Generator<string> {
  for (const entry of entriesOf(folder).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (folder === root && feeds.size > 0 && !feeds.has(entry.name)) continue;
    if (entry.isDirectory()) yield* strangers(root, known, feeds, path);
    else if (!known.has(slashes(relative(root, folder)))) yield slashes(relative(root, path));
  }
}

async function md5Of(path: string): Promise<string> {
  const hash = createHash("md5");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
