import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Project } from "../config/project.ts";
import { syncDue } from "../sync/last-sync.ts";
import { snapshotName } from "../warehouse/snapshot/snapshot.ts";
import { plannedFiles } from "../warehouse/wfm/forecast.ts";
import { loaderFiles } from "./dataset-list.ts";
import { mirroredLoaders, workspaceOf } from "./workspace.ts";

// Framework's build uses any cached output of a loader, however old; its preview compares it with the .sql file alone.
// Neither looks at the data, so the cache carries a stamp of its inputs and is emptied when they change.
/** A hash of the datasets' present inputs: data, settings and queries. */
export function stampOf(project: Project): string {
  const hash = createHash("sha256").update(project.data);
  hash.update(fingerprint(join(project.data, snapshotName)));
  if (project.configFile) hash.update(readFileSync(project.configFile));
  for (const file of plannedFiles(project.config)) hash.update(fingerprint(file));
  for (const file of loaderFiles()) hash.update(file).update(readFileSync(file));
  return hash.digest("hex");
}

/** Records the inputs of the cached datasets. */
export function writeStamp(project: Project, stamp: string): void {
  mkdirSync(workspaceOf(project).cache, { recursive: true });
  writeFileSync(stampFile(project), stamp);
}

/** Empties the cache of datasets if their inputs have changed or a sync is due. */
export function dropStaleDatasets(project: Project, now = new Date()): void {
  const current = stampOf(project);
  const file = stampFile(project);
  const isCurrent = existsSync(file) && readFileSync(file, "utf8") === current;
  if (isCurrent && !syncDue(project, now)) return;
  rmSync(workspaceOf(project).datasets, { recursive: true, force: true });
  writeStamp(project, current);
}

/**
 * Touches all loaders when the data changes: Framework's preview then runs them again, and an open page shows a sync within
 * about a second. Does not keep the process alive.
 */
export function watchSnapshot(project: Project): void {
  if (!existsSync(project.data)) return;
  let timer: NodeJS.Timeout | undefined;
  let previous = fingerprint(join(project.data, snapshotName));
  const touchIfChanged = () => {
    const present = fingerprint(join(project.data, snapshotName));
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

function stampFile(project: Project): string {
  return join(workspaceOf(project).cache, "data.stamp");
}

function fingerprint(file: string): string {
  return existsSync(file) ? createHash("sha256").update(readFileSync(file)).digest("hex") : "none";
}
