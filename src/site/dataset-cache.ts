import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  watch,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Project } from "../project.ts";
import { readLastSync } from "../sync/last-sync.ts";
import { loadSnapshot } from "../warehouse/snapshot.ts";
import { cacheFolder, datasetsFolder, loadersFolder } from "./folders.ts";

// Framework's build takes any cached answer of a loader, however old, and its preview compares with the .sql file
// alone. Neither knows of the data. So the cache carries a stamp of what it was computed from, and is emptied when
// that has changed: other data, another project, another query.
const stampFile = join(cacheFolder, "data.stamp");

/** Notes what the cached datasets were computed from. */
export function stampDatasets(project: Project): void {
  mkdirSync(cacheFolder, { recursive: true });
  writeFileSync(stampFile, stamp(project));
}

/** Empties the cache of datasets if it is not of this project's present data and queries, or if a sync is due. */
export function dropStaleDatasets(project: Project, now = new Date()): void {
  const current = stamp(project);
  const same = existsSync(stampFile) && readFileSync(stampFile, "utf8") === current;
  if (same && !syncDue(project, now)) return;
  rmSync(datasetsFolder, { recursive: true, force: true });
  mkdirSync(cacheFolder, { recursive: true });
  writeFileSync(stampFile, current);
}

/**
 * The days, in the site's zone, that the intraday pages show: those with WFM windows, newest 92. A UTC day touches
 * two local ones, so the first or last may turn out empty.
 */
export function intradayDays(project: Project, limit = 92): string[] {
  const { feeds } = loadSnapshot(project.data);
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone: project.config.timezone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  });
  const days = new Set<string>();
  for (const { dt } of feeds["queue_wfm"]?.days ?? []) {
    const start = Date.parse(`${dt}T00:00:00Z`);
    days.add(format.format(start)).add(format.format(start + 86_399_999));
  }
  return [...days].sort().slice(-limit);
}

/**
 * Framework's preview runs a loader again when its file is touched. This touches them all when the data has changed,
 * so that an open page shows a sync within about a second. Never keeps the process alive.
 */
export function watchSnapshot(project: Project): void {
  if (!existsSync(project.data)) return;
  let timer: NodeJS.Timeout | undefined;
  let seen = fingerprint(join(project.data, "catalog.json"));
  const changed = () => {
    const found = fingerprint(join(project.data, "catalog.json"));
    if (found === seen) return;
    seen = found;
    const now = new Date();
    for (const file of loaderFiles()) utimesSync(file, now, now);
  };
  watch(project.data, { persistent: false }, (_, name) => {
    if (name !== "catalog.json") return;
    clearTimeout(timer);
    timer = setTimeout(changed, 200).unref();
  });
}

/** Whether the last sync is older than `sync.max_age` of kit.yaml; never for 0, and never without a source. */
export function syncDue(project: Project, now: Date): boolean {
  const { maxAgeMinutes } = project.config.sync;
  if (project.config.source === null || maxAgeMinutes === 0) return false;
  const finished = Date.parse(readLastSync(project)?.finishedAt ?? "");
  return !(Math.abs(now.getTime() - finished) < maxAgeMinutes * 60_000);
}

function stamp(project: Project): string {
  const hash = createHash("sha256").update(project.data);
  hash.update(fingerprint(join(project.data, "catalog.json")));
  if (project.configFile) hash.update(readFileSync(project.configFile));
  for (const file of loaderFiles()) hash.update(file).update(readFileSync(file));
  return hash.digest("hex");
}

function fingerprint(file: string): string {
  return existsSync(file) ? createHash("sha256").update(readFileSync(file)).digest("hex") : "none";
}

function loaderFiles(): string[] {
  return readdirSync(loadersFolder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".sql"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
