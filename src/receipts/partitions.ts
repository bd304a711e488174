import { createHash } from "node:crypto";
import { daysLater } from "../../notebooks/components/metrics/time-zone.ts";
import type { Project } from "../config/project.ts";
import { type PartitionId, runOf } from "../export/partition.ts";
import { daysOf, hasFiles, type ManifestDay, type ManifestPartition, partitionOf, readDay } from "../sync/manifest.ts";
import { figureFeeds, figureReach } from "../warehouse/wfm/figure-inputs.ts";

/** A partition that a day's figures may rest on. */
export interface Held {
  feed: string;
  dt: string;
  run: string;
  version: string;
  format: string;
  fingerprint: string;
}

/** A partition of the manifest, with its files. */
export interface HeldHere extends Held {
  id: PartitionId;
  manifest: ManifestPartition;
}

/** The partitions of the manifest that the figures of a day rest on, as in kit.figure_inputs. */
export function heldPartitions(project: Pick<Project, "data">, day: string): HeldHere[] {
  const first = daysLater(day, -figureReach);
  return figureFeeds.flatMap((feed) =>
    daysOf(project, feed)
      .filter((dt) => dt >= first)
      .flatMap((dt) => {
        const manifest = readDay(project, feed, dt);
        return manifest?.partitions.filter(hasFiles).map((partition) => heldOf(manifest, partition)) ?? [];
      }),
  );
}

function heldOf(day: ManifestDay, manifest: ManifestPartition): HeldHere {
  const id = partitionOf(day, manifest);
  const { version, format, fingerprint } = manifest;
  return {
    feed: day.feed,
    dt: day.dt,
    run: runOf(id),
    version,
    format,
    fingerprint,
    id,
    manifest,
  };
}

const modulus = 1n << 48n;

/** A number modulo 2^48 for each partition by its name alone, and by its name and content. */
export interface Weight {
  name: bigint;
  content: bigint;
}

export function weightOf(held: Held): Weight {
  const name = nameOf(held);
  return { name: head(name), content: head(`${name} ${held.fingerprint}`) };
}

/** A partition without its content: feed, run, version and format. */
export function nameOf({ feed, run, version, format }: Held): string {
  return `${feed} ${run} ${version} ${format}`;
}

export function sumOf(weights: readonly bigint[]): bigint {
  return weights.reduce((sum, weight) => sum + weight, 0n) % modulus;
}

/** What is to be added to `sum` for the digest of a receipt. */
export function difference(digest: string, sum: bigint): bigint {
  return (BigInt(`0x${digest}`) - sum + modulus) % modulus;
}

function head(text: string): bigint {
  return BigInt(`0x${createHash("sha256").update(text).digest("hex").slice(0, 12)}`);
}

/**
 * The items whose weights add up to `wanted`: none, all, one, two, or neighbours in the given order. Null where no such choice
 * fits. An accident of 48 bits is left aside.
 */
export function chosenBy<T>(items: readonly T[], weight: (item: T) => bigint, wanted: bigint): T[] | null {
  if (wanted === 0n) return [];
  const weights = items.map(weight);
  const before = new Map<bigint, number>([[0n, 0]]); // sum of the items before a place
  let sum = 0n;
  for (const [i, each] of weights.entries()) {
    sum = (sum + each) % modulus;
    const from = before.get((sum - wanted + modulus) % modulus);
    if (from !== undefined) return items.slice(from, i + 1);
    before.set(sum, i + 1);
  }
  const seen = new Map<bigint, number>();
  for (const [i, each] of weights.entries()) {
    const other = seen.get((wanted - each + modulus) % modulus);
    if (other !== undefined) return [items[other], items[i]] as T[];
    seen.set(each, i);
  }
  return null;
}

/** The runs that a feed should have had by then and that are not here: in the steps of its other runs. */
export function gaps(held: readonly Held[], day: string, until: number): Held[] {
  const first = daysLater(day, -figureReach);
  const last = new Date(until).toISOString().slice(0, 10);
  return figureFeeds.flatMap((feed) => {
    const ofFeed = held.filter((one) => one.feed === feed);
    const runs = new Set(ofFeed.map(({ run }) => run));
    const version = ofFeed[0]?.version ?? "1";
    const format = ofFeed[0]?.format ?? "jsonl";
    const clocks = clocksOf(ofFeed);
    const missing: Held[] = [];
    for (let dt = first; dt <= last; dt = daysLater(dt, 1))
      for (const clock of clocks) {
        const run = clock === "" ? dt : `${dt} ${clock}`;
        if (!runs.has(run)) missing.push({ feed, dt, run, version, format, fingerprint: "" });
      }
    return missing;
  });
}

// "", "05", "05:15" of all runs of the feed
function clocksOf(held: readonly Held[]): string[] {
  return [...new Set(held.map(({ run }) => run.slice(11)))].sort();
}
