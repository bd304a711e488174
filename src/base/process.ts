import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** The process that holds a lock or a note. */
export interface Holder {
  pid: number;
  host: string;
  since: string; // ISO, UTC
  started: string | null; // start time as the system counts it: tells a reused pid from the first
}

/** The process that a value read from disk names; null when it names none. */
export function parseHolder(value: unknown): Holder | null {
  if (typeof value !== "object" || value === null) return null;
  const { pid, host, since, started = null } = value as Partial<Holder>;
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid < 1) return null; // 0 and below are process groups
  if (typeof host !== "string" || typeof since !== "string" || Number.isNaN(Date.parse(since))) return null;
  return { pid, host, since, started: typeof started === "string" ? started : null };
}

/** This process, as a holder since now. */
export function thisProcess(): Holder {
  return {
    pid: process.pid,
    host: hostname(),
    since: new Date().toISOString(),
    started: startOf(process.pid),
  };
}

/** Whether that process still runs. True for a process of another host, which cannot be known. */
export function isAlive(holder: Holder): boolean {
  if (holder.host !== hostname()) return true;
  if (!isRunning(holder.pid)) return false;
  const started = startOf(holder.pid);
  return started === null || holder.started === null || started === holder.started;
}

/** Field 22 of /proc/<pid>/stat; null on a system without it. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

/** Whether a process of this host is running, also another user's. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
