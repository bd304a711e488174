import type { Project } from "../../config/project.ts";
import type { Feed } from "../../export/feed.ts";
import type { LastSync } from "../../sync/last-sync.ts";
import type { RelationColumn } from "../dedupe/dedupe.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";

/** What the tables about the data are made from. */
export interface KitSource {
  project: Pick<Project, "config" | "data">;
  snapshot: Snapshot;
  lastSync: LastSync | null;
  feeds: Map<string, Feed>; // all of the registry, and all that are here
  columnsOf: (feed: string) => RelationColumn[];
}

type Cell = string | number | boolean | null;

/** A table as its columns' types and its rows; a view as a select. */
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
