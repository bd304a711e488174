import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { daysLater } from "../../notebooks/components/metrics/baseline.ts";
import { timeZone } from "../../notebooks/components/metrics/time-zone.ts";
import { type Names, namesOf, noNames } from "../base/names.ts";
import type { Project } from "../config/project.ts";
import type { Database } from "../duckdb/database.ts";
import { catalogDefinitions, catalogSetup, definitionsIn, withNeeds } from "../warehouse/catalog/catalog.ts";
import { contentByDay, keptRelations } from "../warehouse/catalog/derived.ts";
import type { Snapshot } from "../warehouse/snapshot/snapshot.ts";
import { historyThrough } from "../warehouse/wfm/completeness.ts";
import type { Dataset } from "./dataset-list.ts";
import { workspaceOf } from "./workspace.ts";

/** What the cached answers were computed from. */
export interface DatasetState {
  answers: Names<{ inputs: string; file: string }>; // by dataset: hash of its inputs, size and time of its file
  contents: Names<{ of: string; days: Record<string, string> }>; // by kept relation: its inputs, its rows by day
}

/** What datasets would be computed from now. */
export interface DatasetInputs {
  inputs: Map<string, string>; // by dataset
  reads: Map<string, Set<string>>; // definitions of the catalog that a dataset is computed from
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

/** Size and time of a dataset's file; "" when it is not there. Whoever else writes into the cache is noticed by it. */
export function fileStamp(file: string): string {
  if (!existsSync(file)) return "";
  const { size, mtimeMs } = statSync(file);
  return `${size} ${mtimeMs}`;
}

/**
 * A hash of all inputs for each dataset, and what it reads. An answer changes when its query does, or what the query
 * reads: the definitions it names and, through them, files whose names change with their content. Of a relation that is
 * kept by day, in a query with a line "-- Reach: …", only the rows of the days in reach count, so that a new window of
 * today leaves the files of other days alone. `open` gives the catalog with the kept relations among these computed, and is
 * called only when their rows must be looked at.
 */
export async function datasetInputs(
  project: Project,
  snapshot: Snapshot,
  datasets: Dataset[],
  { contents: known }: DatasetState,
  open: (reads: Set<string>) => Promise<Database>,
): Promise<DatasetInputs> {
  const definitions = catalogDefinitions(project, snapshot);
  const setup = catalogSetup(project, snapshot);
  const hashes = new Map<string, string>();
  const hashOf = (key: string): string => {
    const found = hashes.get(key);
    if (found !== undefined) return found;
    const { create, needs, state } = definitions.get(key)!;
    const made = hash(create(), state?.() ?? "", ...needs.map(hashOf));
    hashes.set(key, made);
    return made;
  };
  const contents: DatasetState["contents"] = noNames();
  const contentOf = async (key: string): Promise<Record<string, string>> => {
    const of = hash(setup, hashOf(key));
    const before = contents[key] ?? known[key];
    if (before?.of === of) contents[key] = before;
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
    const named = definitionsIn(sql, definitions);
    reads.set(name, withNeeds(named, definitions));
    for (const key of named) {
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
 * The days of kept relations that a query's line "-- Reach: …" says it depends on, first and last; null without one. Today
 * is the day, in the site's zone, that is not over in the feeds of queues; "" when they have no data.
 */
export function reachOf(
  sql: string,
  { day, today }: { day?: string; today: string },
): { first: string; last: string } | null {
  const [, reach, back] = /^-- Reach: (days before today|(\d+) days before \$days?)$/m.exec(sql) ?? [];
  if (reach === undefined) return null;
  if (back === undefined) return { first: "", last: today && daysLater(today, -1) };
  return day === undefined ? null : { first: daysLater(day, -Number(back)), last: day };
}

function hash(...parts: string[]): string {
  const sum = createHash("sha256");
  for (const part of parts) sum.update(`${part.length}:${part}`);
  return sum.digest("hex");
}
