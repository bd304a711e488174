import type { Project } from "../../config/project.ts";
import type { Feed } from "../../export/feed.ts";
import type { LastSync } from "../../sync/last-sync.ts";
import type { RelationColumn } from "../dedupe/dedupe.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";

/** The inputs of the kit.* tables. */
export interface KitSource {
  project: Pick<Project, "config" | "data">;
  snapshot: Snapshot;
  lastSync: LastSync | null;
  feeds: Map<string, Feed>; // of the registry and of the data
  columnsOf: (feed: string) => RelationColumn[];
  partitions: (files: readonly string[]) => string; // a select of the partitions in these files
  excludedDays: () => ReadonlyMap<string, string | null>; // the reason by day
  isPast: boolean; // the snapshot is that of a past moment
}

type Cell = string | number | boolean | null;

/** A table as column types and rows; a view as its select. */
export type KitTable = { types: Record<string, string>; rows: Record<string, Cell>[] } | { select: string };

export function texts(...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, "VARCHAR"]));
}

export function counts(...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, "BIGINT"]));
}

export function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

export function total(records: Record<string, number>[]): Record<string, number> {
  const totals = new Map<string, number>();
  for (const record of records)
    for (const [name, number] of Object.entries(record)) totals.set(name, (totals.get(name) ?? 0) + number);
  return Object.fromEntries(totals);
}
