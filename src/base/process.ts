import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** A process that holds something. */
export interface Holder {
  pid: number;
  host: string;
  since: string; // ISO, UTC
  started: string | null; // when the process started, as the system counts it: a pid may be given again
}

/** What was read from disk as the process it names; null when it names none. */
export function holderIn(value: unknown): Holder | null {
  if (typeof value !== "object" || value === null) return null;
  const { pid, host, since, started = null } = value as Partial<Holder>;
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid < 1) return null; // 0 and less are groups of processes
  if (typeof host !== "string" || typeof since !== "string" || Number.isNaN(Date.parse(since))) return null;
  return { pid, host, since, started: typeof started === "string" ? started : null };
}

/** This process, from now on. */
export function thisProcess(): Holder {
  return {
    pid: process.pid,
    host: hostname(),
    since: new Date().toISOString(),
    started: startOf(process.pid),
  };
}

/** Whether that process still runs; true for one of another machine, of which nothing is known here. */
export function isAlive(holder: Holder): boolean {
  if (holder.host !== hostname()) return true; // cannot be told from here
  if (!isRunning(holder.pid)) return false;
  const started = startOf(holder.pid);
  return started === null || holder.started === null || started === holder.started;
}

/** Field 22 of /proc/<pid>/stat; null where there is no such thing. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

/** Whether a process of this machine is running, be it somebody else's. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
