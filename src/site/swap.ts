import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isRunning } from "../base/process.ts";
import { siteSidecar } from "./site-owner.ts";

/** Where this process builds a site before it is swapped in. */
export function draftOf(site: string): string {
  return `${siteSidecar(site)}.next-${process.pid}`;
}

/** Puts the draft in the place of the site, by two renames. */
export function swapSite(draft: string, site: string): void {
  const old = `${siteSidecar(site)}.old-${process.pid}`;
  mkdirSync(dirname(site), { recursive: true });
  if (existsSync(site)) renameSync(site, old);
  renameSync(draft, site);
  rmSync(old, { recursive: true, force: true });
}

/** Restores the former site when a build was killed between the two renames, and removes drafts of killed builds. */
export function restoreSite(site: string): void {
  const sidecar = siteSidecar(site);
  const former = abandoned(sidecar).find(({ kind }) => kind === "old-");
  if (former !== undefined && !existsSync(site)) renameSync(former.file, site);
  removeAbandoned(sidecar);
}

/**
 * Removes what killed builds left: entries named like `path` with the id of a dead process at the end, such as
 * site.next-4711 or data.4711.
 */
export function removeAbandoned(path: string): void {
  for (const { file } of abandoned(path)) rmSync(file, { recursive: true, force: true });
}

function abandoned(path: string): { file: string; kind: string }[] {
  const folder = dirname(path);
  const name = `${basename(path)}.`;
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((entry) => {
    const [, kind, pid] = (entry.startsWith(name) && /^(next-|old-|)(\d+)$/.exec(entry.slice(name.length))) || [];
    if (kind === undefined || isRunning(Number(pid))) return [];
    return [{ file: join(folder, entry), kind }];
  });
}
