import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { isAlive } from "../base/lock.ts";

/**
 * Removes what killed builds left in a folder of the kit's own: entries called like `path` and ended by the number of a
 * process that is gone, as in site.next-4711 or data.4711.
 */
export function clearLeftovers(path: string): void {
  for (const { file } of leftoversOf(path)) rmSync(file, { recursive: true, force: true });
}

/** Puts a site back whose build was killed between the two moves of a swap: the former one, moved to `path`.old-4711. */
export function restoreSite(folder: string, path: string): void {
  if (existsSync(folder)) return;
  const former = leftoversOf(path).find(({ kind }) => kind === "old-");
  if (former !== undefined) renameSync(former.file, folder);
}

function leftoversOf(path: string): { file: string; kind: string }[] {
  const folder = dirname(path);
  const name = `${basename(path)}.`;
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((entry) => {
    const [, kind, pid] =
      (entry.startsWith(name) && /^(next-|old-|)(\d+)$/.exec(entry.slice(name.length))) || [];
    if (kind === undefined || runs(Number(pid))) return [];
    return [{ file: join(folder, entry), kind }];
  });
}

function runs(pid: number): boolean {
  return pid === process.pid || isAlive({ pid, host: hostname(), since: "", started: null });
}
