import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CliError } from "../errors.ts";
import { diskError } from "./files.ts";
import { prune } from "./raw.ts";

export interface Holder {
  pid: number;
  host: string;
  since: string; // ISO, UTC
  started: string | null; // when the process started, as the system counts it: a pid may be given again
}

export interface LockOptions {
  held?: boolean; // the caller holds it already: granted at once
  wait?: boolean; // wait for the holder; default: fail with "locked"
  signal?: AbortSignal | undefined;
  onWait?: (holder: Holder) => void; // once for every holder waited for
  pollMs?: number;
}

const guardMs = 10_000;
const unreadableMs = 2_000;
const noLinks = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"];

/**
 * Runs `work` as the only writer of the data folder: no other process, and nothing else in this one. A lock left by a
 * dead process is taken over.
 * Throws CliError("locked") with pid and time when somebody holds it and `wait` is not set.
 */
export async function withLock<T>(
  project: { data: string },
  options: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  if (options.held) return work();
  const file = join(project.data, "lock");
  const made = await acquire(file, project.data, options);
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
    if (made !== undefined) prune(project.data, dirname(made));
  }
}

/** Returns the topmost folder that had to be made. */
async function acquire(file: string, folder: string, options: LockOptions): Promise<string | undefined> {
  let made: string | undefined;
  try {
    made = mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw diskError(error, folder);
  }
  let told = "";
  for (;;) {
    options.signal?.throwIfAborted();
    if (create(file, folder)) return made;
    const holder = read(file);
    if (holder === null && (ageOf(file) ?? 0) < unreadableMs) {
      await delay(50); // gone by now, or being written on a file system without links
      continue;
    }
    if (holder === null || !isAlive(holder)) {
      takeAway(file, holder);
      continue;
    }
    if (!options.wait) throw locked(holder, file);
    if (told !== `${holder.pid} ${holder.since}`) options.onWait?.(holder);
    told = `${holder.pid} ${holder.since}`;
    await delay(options.pollMs ?? 250, undefined, options.signal ? { signal: options.signal } : undefined);
  }
}

// A link is made or refused in one step, and what it shows is complete from the start.
function create(file: string, folder: string): boolean {
  const beside = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  const holder = thisProcess();
  try {
    writeFileSync(beside, `${JSON.stringify(holder)}\n`);
    try {
      linkSync(beside, file);
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (code === "EEXIST") return false;
      if (!noLinks.includes(code)) throw error;
      writeFileSync(file, `${JSON.stringify(holder)}\n`, { flag: "wx" });
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST" && existsSync(file)) return false;
    throw diskError(error, folder);
  } finally {
    rmSync(beside, { force: true });
  }
}

// Of two that find the same stale lock, the later must not remove the new lock of the earlier: so only the one that
// holds the guard looks again and removes.
function takeAway(file: string, stale: Holder | null): void {
  const guard = `${file}.guard`;
  try {
    writeFileSync(guard, "", { flag: "wx" });
  } catch {
    const age = ageOf(guard);
    if (age !== null && age > guardMs) rmSync(guard, { force: true }); // killed in the middle of this
    return;
  }
  try {
    const now = read(file);
    if (now?.pid === stale?.pid && now?.since === stale?.since) rmSync(file, { force: true });
  } finally {
    rmSync(guard, { force: true });
  }
}

function read(file: string): Holder | null {
  try {
    const holder = JSON.parse(readFileSync(file, "utf8")) as Holder;
    return typeof holder.pid === "number" ? holder : null;
  } catch {
    return null;
  }
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
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
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

function ageOf(file: string): number | null {
  try {
    return Date.now() - statSync(file).mtimeMs;
  } catch {
    return null;
  }
}

function locked({ pid, host, since }: Holder, file: string): CliError {
  const other = host === hostname() ? "" : ` on ${host}`;
  return new CliError(
    "locked",
    `another sync holds the data folder: process ${pid}${other}, since ${since.slice(0, 19).replace("T", " ")} UTC`,
    host === hostname()
      ? "wait for it (--wait does), or stop that process"
      : `wait for it (--wait does); if no sync runs on ${host} any more, remove ${file}`,
  );
}
