import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isRunning } from "../base/process.ts";

/**
 * Removes the stale files of killed builds: entries named like `path` with the id of a dead process at the end, such as
 * site.next-4711 or data.4711.
 */
export function removeStale(path: string): void {
  for (const { file } of staleEntries(path)) rmSync(file, { recursive: true, force: true });
}

/** Restores the former site, `path`.old-4711, when a build was killed between the two renames of its swap. */
export function restoreSite(folder: string, path: string): void {
  if (existsSync(folder)) return;
  const former = staleEntries(path).find(({ kind }) => kind === "old-");
  if (former !== undefined) renameSync(former.file, folder);
}

function staleEntries(path: string): { file: string; kind: string }[] {
  const folder = dirname(path);
  const name = `${basename(path)}.`;
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((entry) => {
    const [, kind, pid] = (entry.startsWith(name) && /^(next-|old-|)(\d+)$/.exec(entry.slice(name.length))) || [];
    if (kind === undefined || isRunning(Number(pid))) return [];
    return [{ file: join(folder, entry), kind }];
  });
}
