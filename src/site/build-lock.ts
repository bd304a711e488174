import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CliError } from "../errors.ts";
import { cacheFolder } from "./folders.ts";

export interface BuildLockOptions {
  signal?: AbortSignal | undefined;
  onWait?: ((pid: number) => void) | undefined; // once, when another process is building
  file?: string;
}

/**
 * One build at a time in a clone, as they share Framework's cache: a second one waits. The lock of a process that is
 * gone is taken over. Not to be asked for again inside `work`.
 */
export async function withBuildLock<T>(
  { signal, onWait, file = join(cacheFolder, "..", "lock") }: BuildLockOptions,
  work: () => Promise<T>,
): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  let told = false;
  for (let unreadable = 0; !take(file); ) {
    const holder = readHolder(file);
    unreadable = holder === null ? unreadable + 1 : 0;
    if (unreadable > 20 || (holder !== null && !running(holder))) {
      rmSync(file, { force: true });
      continue;
    }
    if (holder !== null && !told) onWait?.(holder);
    told ||= holder !== null;
    if (signal?.aborted) throw new CliError("interrupted", "interrupted while another build was running");
    await delay(200);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

// null: gone, or not written to the end yet
function readHolder(file: string): number | null {
  try {
    return Number(readFileSync(file, "utf8")) || null;
  } catch {
    return null;
  }
}

function running(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
