import { existsSync, rmSync, statSync, utimesSync, watch } from "node:fs";
import { join } from "node:path";
import { daysLater, timeZone } from "../../notebooks/components/metrics/time-zone.ts";
import { kitRoot } from "../base/kit-folders.ts";
import { noNames } from "../base/names.ts";
import type { Project } from "../config/project.ts";
import type { Database } from "../duckdb/database.ts";
import { syncDue } from "../sync/last-sync.ts";
import {
  catalogDefinitions,
  catalogSetup,
  definitionOf,
  definitionsIn,
  withNeeds,
} from "../warehouse/catalog/catalog.ts";
import { contentByDay, keptRelations } from "../warehouse/catalog/derived.ts";
import { type Snapshot, snapshotName } from "../warehouse/snapshot/snapshot.ts";
import { historyThrough } from "../warehouse/wfm/completeness.ts";
import { siteFiles } from "../warehouse/wfm/forecast.ts";
import { type Dataset, loaderFiles } from "./dataset-list.ts";
import { hashFile, hashInputs, isUpToDate, renew, type SiteState } from "./staleness.ts";
import { mirroredLoaders, workspaceOf } from "./workspace.ts";

/** The present inputs of datasets. */
export interface DatasetInputs {
  inputs: Map<string, string>; // by dataset: their hash
  reads: Map<string, Set<string>>; // by dataset: the catalog definitions it reads
  rows: SiteState["rows"];
}

/**
 * A hash of the present inputs of all datasets together: data, settings, queries, registry and version of the kit. Opens no
 * catalog, and so cannot tell which datasets a change concerns.
 */
export function inputsOfAllDatasets(project: Project): string {
  const ofKit = ["package.json", "feeds.yaml"].map((name) => join(kitRoot, name));
  const ofProject = [join(project.data, snapshotName), ...siteFiles(project.config)];
  if (project.configFile !== null) ofProject.push(project.configFile);
  const files = [...ofKit, ...ofProject, ...loaderFiles()];
  return hashInputs(project.data, ...files.flatMap((file) => [file, hashFile(file)]));
}

// Framework's build uses any cached output of a loader, however old; its preview compares it with the .sql file alone.
/** Empties the cache of datasets if their inputs have changed or a sync is due. */
export async function dropStaleDatasets(project: Project, now = new Date()): Promise<void> {
  const { cache, datasets } = workspaceOf(project);
  const inputs = inputsOfAllDatasets(project);
  const due = syncDue(project, now);
  await renew(
    cache,
    (state) => isUpToDate(state.datasets, inputs) && !due,
    (record) => {
      rmSync(datasets, { recursive: true, force: true });
      record({ datasets: { inputs, output: "" } });
    },
  );
}

/**
 * Touches all loaders when the data changes: Framework's preview then runs them again, and an open page shows a sync within
 * about a second. Does not keep the process alive.
 */
export function watchSnapshot(project: Project): void {
  if (!existsSync(project.data)) return;
  let timer: NodeJS.Timeout | undefined;
  let previous = hashFile(join(project.data, snapshotName));
  const touchIfChanged = () => {
    const present = hashFile(join(project.data, snapshotName));
    if (present === previous) return;
    previous = present;
    const now = new Date();
    for (const file of mirroredLoaders(project)) utimesSync(file, now, now);
  };
  watch(project.data, { persistent: false }, (_, name) => {
    if (name !== snapshotName) return;
    clearTimeout(timer);
    timer = setTimeout(touchIfChanged, 200).unref();
  });
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
  formerRows: SiteState["rows"],
  open: (reads: Set<string>) => Promise<Database>,
): Promise<DatasetInputs> {
  const definitions = catalogDefinitions(project, snapshot);
  const setup = catalogSetup(project, snapshot);
  const hashes = new Map<string, string>();
  const hashOf = (key: string): string => {
    const computed = hashes.get(key);
    if (computed !== undefined) return computed;
    const { create, needs, state } = definitionOf(definitions, key);
    const value = hashInputs(create(), state?.() ?? "", ...needs.map(hashOf));
    hashes.set(key, value);
    return value;
  };
  const rows: SiteState["rows"] = noNames();
  const rowsOf = async (key: string): Promise<Record<string, string>> => {
    const inputs = hashInputs(setup, hashOf(key));
    const former = rows[key] ?? formerRows[key];
    if (former?.inputs === inputs) rows[key] = former;
    else rows[key] = { inputs, output: await contentByDay(await open(withNeeds([key], definitions)), key) };
    return rows[key].output;
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
      const days = Object.entries(await rowsOf(key));
      parts.push(JSON.stringify(days.filter(([day]) => day >= reach.first && day <= reach.last)));
    }
    inputs.set(name, hashInputs(...parts));
  }
  return { inputs, reads, rows };
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
