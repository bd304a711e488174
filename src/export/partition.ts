/** One run of one feed: the folder that a `_SUCCESS` completes. `hr` and `mi` are two digits, or null for a feed without them. */
export interface PartitionId {
  feed: string;
  version: string;
  format: string;
  dt: string; // YYYY-MM-DD
  hr: string | null;
  mi: string | null;
}

/** ASAPP was founded in 2014: an earlier time comes from an unset clock or a missing value. */
export const firstTime = "2010-01-01";

/** The key of a partition in a Map: its folder. */
export function partitionKey(id: PartitionId): string {
  return [id.feed, id.version, id.format, runOf(id)].join("/"); // join: a Map holds a string built by + twice
}

/**
 * The run, as text that sorts in the order of runs: "2026-09-01", "2026-09-01 05", "2026-09-01 05:15". Of a record exported
 * twice the later run wins.
 */
export function runOf(id: Pick<PartitionId, "dt" | "hr" | "mi">): string {
  if (id.hr === null) return id.dt;
  return id.mi === null ? `${id.dt} ${id.hr}` : `${id.dt} ${id.hr}:${id.mi}`;
}

/** A partition in messages: `convos_metrics 2026-09-01 05:15`. */
export function partitionName(id: PartitionId): string {
  return `${id.feed} ${runOf(id)}`;
}

/** The minutes that a partition covers: a day, an hour or a quarter of an hour. */
export function coveredMinutes({ hr, mi }: Pick<PartitionId, "hr" | "mi">): number {
  return hr === null ? 24 * 60 : mi === null ? 60 : 15;
}

/** The instant in a partition's name, UTC. A missing hour or minute counts as zero. */
export function partitionStart(id: Pick<PartitionId, "dt" | "hr" | "mi">): Date {
  return new Date(`${id.dt}T${id.hr ?? "00"}:${id.mi ?? "00"}:00Z`);
}
