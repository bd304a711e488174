import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Project } from "../config/project.ts";
import { syncDue } from "../sync/last-sync.ts";
import { snapshotName } from "../warehouse/snapshot/snapshot.ts";
import { plannedFiles } from "../warehouse/wfm/forecast.ts";
import { loaderFiles } from "./dataset-list.ts";
import { mirroredLoaders, workspaceOf } from "./workspace.ts";

// Framework's build takes any cached answer of a loader, however old, and its preview compares with the .sql file
// alone. Neither knows of the data. So the cache carries a stamp of what it was computed from, and is emptied when
// that has changed: other data, other settings, another query.
/** What datasets computed now would be computed from, as a hash: the data, the settings, the queries. */
export function stampOf(project: Project): string {
  const hash = createHash("sha256").update(project.data);
  hash.update(fingerprint(join(project.data, snapshotName)));
  if (project.configFile) hash.update(readFileSync(project.configFile));
  for (const file of plannedFiles(project.config)) hash.update(fingerprint(file));
  for (const file of loaderFiles()) hash.update(file).update(readFileSync(file));
  return hash.digest("hex");
}

/** Notes what the cached datasets were computed from. */
export function writeStamp(project: Project, stamp: string): void {
  mkdirSync(workspaceOf(project).cache, { recursive: true });
  writeFileSync(stampFile(project), stamp);
}

/** Empties the cache of datasets if it is not of this project's present data and queries, or if a sync is due. */
export function dropStaleDatasets(project: Project, now = new Date()): void {
  const current = stampOf(project);
  const file = stampFile(project);
  const same = existsSync(file) && readFileSync(file, "utf8") === current;
  if (same && !syncDue(project, now)) return;
  rmSync(workspaceOf(project).datasets, { recursive: true, force: true });
  writeStamp(project, current);
}

/**
 * Framework's preview runs a loader again when its file is touched. This touches them all when the data has changed,
 * so that an open page shows a sync within about a second. Never keeps the process alive.
 */
export function watchSnapshot(project: Project): void {
  if (!existsSync(project.data)) return;
  let timer: NodeJS.Timeout | undefined;
  let seen = fingerprint(join(project.data, snapshotName));
  const changed = () => {
    const found = fingerprint(join(project.data, snapshotName));
    if (found === seen) return;
    seen = found;
    const now = new Date();
    for (const file of mirroredLoaders(project)) utimesSync(file, now, now);
  };
  watch(project.data, { persistent: false }, (_, name) => {
    if (name !== snapshotName) return;
    clearTimeout(timer);
    timer = setTimeout(changed, 200).unref();
  });
}

function stampFile(project: Project): string {
  return join(workspaceOf(project).cache, "data.stamp");
}

function fingerprint(file: string): string {
  return existsSync(file) ? createHash("sha256").update(readFileSync(file)).digest("hex") : "none";
}
