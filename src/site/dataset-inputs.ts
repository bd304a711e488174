import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { daysLater, timeZone } from "../../notebooks/components/metrics/time-zone.ts";
import { type Names, namesOf, noNames } from "../base/names.ts";
import type { Project } from "../config/project.ts";
import type { Database } from "../duckdb/database.ts";
import { catalogDefinitions, catalogSetup, definitionsIn, withNeeds } from "../warehouse/catalog/catalog.ts";
import { contentByDay, keptRelations } from "../warehouse/catalog/derived.ts";
import type { Snapshot } from "../warehouse/snapshot/snapshot.ts";
import { historyThrough } from "../warehouse/wfm/completeness.ts";
import type { Dataset } from "./dataset-list.ts";
import { workspaceOf } from "./workspace.ts";

/** The inputs of the cached answers. */
export interface DatasetState {
  answers: Names<{ inputs: string; file: string }>; // by dataset: hash of its inputs, size and time of its file
  contents: Names<{ of: string; days: Record<string, string> }>; // by kept relation: hashes of its inputs and of its rows by day
}

/** The present inputs of datasets. */
export interface DatasetInputs {
  inputs: Map<string, string>; // by dataset: their hash
  reads: Map<string, Set<string>>; // by dataset: the catalog definitions it reads
  contents: DatasetState["contents"];
}

export const noState = (): DatasetState => ({ answers: noNames(), contents: noNames() });

export function readState(project: Project): DatasetState {
  try {
    const { answers, contents } = JSON.parse(readFileSync(stateFile(project), "utf8")) as DatasetState;
    return { answers: namesOf(Object.entries(answers)), contents: namesOf(Object.entries(contents)) };
  } catch {
    return noState();
  }
}

export function writeState(project: Project, state: DatasetState): void {
  const file = stateFile(project);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(state));
}

function stateFile(project: Project): string {
  return join(workspaceOf(project).cache, "data.state.json");
}

/** Size and time of a dataset's file, "" without one. A change reveals another writer of the cache. */
export function fileStamp(file: string): string {
  if (!existsSync(file)) return "";
  const { size, mtimeMs } = statSync(file);
  return `${size} ${mtimeMs}`;
}

/**
 * A hash of all inputs for each dataset, and the definitions it reads. An answer changes with its query or with what the
 * query reads: the definitions it names and, through them, files whose names change with their content. Where a query has a
 * line "-- Reach: …", a relation kept by day counts only with the days in reach, so that a new window of today leaves the
 * files of other days alone. `open` opens the catalog with the kept relations among `reads` computed; it is called only when
 * their rows are needed.
 */
export async function datasetInputs(
  project: Project,
  snapshot: Snapshot,
  datasets: Dataset[],
  { contents: cachedContents }: DatasetState,
  open: (reads: Set<string>) => Promise<Database>,
): Promise<DatasetInputs> {
  const definitions = catalogDefinitions(project, snapshot);
  const setup = catalogSetup(project, snapshot);
  const hashes = new Map<string, string>();
  const hashOf = (key: string): string => {
    const computed = hashes.get(key);
    if (computed !== undefined) return computed;
    const { create, needs, state } = definitions.get(key)!;
    const value = hash(create(), state?.() ?? "", ...needs.map(hashOf));
    hashes.set(key, value);
    return value;
  };
  const contents: DatasetState["contents"] = noNames();
  const contentOf = async (key: string): Promise<Record<string, string>> => {
    const of = hash(setup, hashOf(key));
    const cached = contents[key] ?? cachedContents[key];
    if (cached?.of === of) contents[key] = cached;
    else contents[key] = { of, days: await contentByDay(await open(withNeeds([key], definitions)), key) };
    return contents[key].days;
  };
  const { queues } = historyThrough(snapshot);
  const today = queues === null ? "" : timeZone(project.config.timezone).date(Date.parse(queues));
  const inputs = new Map<string, string>();
  const reads = new Map<string, Set<string>>();
  for (const { name, sql, parameters } of datasets) {
    const reach = reachOf(sql, { ...parameters, today });
    const parts: string[] = [setup, sql, JSON.stringify(parameters)];
    const definitionsRead = definitionsIn(sql, definitions);
    reads.set(name, withNeeds(definitionsRead, definitions));
    for (const key of definitionsRead) {
      if (reach === null || !keptRelations.includes(key)) {
        parts.push(hashOf(key));
        continue;
      }
      const days = Object.entries(await contentOf(key));
      parts.push(JSON.stringify(days.filter(([day]) => day >= reach.first && day <= reach.last)));
    }
    inputs.set(name, hash(...parts));
  }
  return { inputs, reads, contents };
}

/**
 * The first and last day of kept relations that a query depends on, by its line "-- Reach: …"; null without that line.
 * `today` is the unfinished day of the queue feeds in the site's zone, "" when they have no data.
 */
export function reachOf(
  sql: string,
  { day, today }: { day?: string; today: string },
): { first: string; last: string } | null {
  const [, reach, daysBack] = /^-- Reach: (days before today|(\d+) days before \$days?)$/m.exec(sql) ?? [];
  if (reach === undefined) return null;
  if (daysBack === undefined) return { first: "", last: today && daysLater(today, -1) };
  return day === undefined ? null : { first: daysLater(day, -Number(daysBack)), last: day };
}

function hash(...parts: string[]): string {
  const sum = createHash("sha256");
  for (const part of parts) sum.update(`${part.length}:${part}`);
  return sum.digest("hex");
}
