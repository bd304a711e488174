import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CliError } from "./errors.ts";
import { diskError } from "./faults.ts";
import { prune } from "./files.ts";
import { type Holder, isAlive, parseHolder, thisProcess } from "./process.ts";

export interface LockOptions {
  wait?: boolean; // wait for the holder; default: throw the error of `busy`
  signal?: AbortSignal | undefined;
  onWait?: ((holder: Holder) => void) | undefined; // called once per holder waited for
  busy?: (holder: Holder, file: string) => CliError; // default: another sync holds the data folder
  pollMs?: number;
}

const settledMs = 2_000; // a lock file without content that is older was abandoned; a younger one may be being written
const briefMs = 50;
const noLinks = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"];

/**
 * Runs `work` as the only writer of the data folder, in this process and any other. Throws CliError("locked") with pid and
 * time when the lock is held and `wait` is not set. `held`: the caller holds it already.
 */
export async function withLock<T>(
  project: { data: string },
  { held = false, ...options }: LockOptions & { held?: boolean },
  work: () => Promise<T>,
): Promise<T> {
  return held ? work() : withLockFile(join(project.data, "lock"), options, work);
}

/**
 * Runs `work` while this process alone holds the lock `file`. Makes the file's folder, and removes it again if it made it and
 * it is empty. Takes over a damaged lock, and that of a dead process, even if its pid was reused. Not reentrant: taking the
 * lock again inside `work` never returns. Throws the CliError of `busy`, or notWritable, diskFull; the signal's reason on
 * abort.
 */
export async function withLockFile<T>(file: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const folder = dirname(file);
  const { made, holder } = await acquire(file, folder, options);
  try {
    return await work();
  } finally {
    if (same(read(file), holder)) rmSync(file, { force: true });
    if (made !== undefined) prune(folder, dirname(made));
  }
}

// the lock file                              is
// does not exist                             created
// names a running process                    waited for, or refused
// names a process of another host            the same: this host cannot know whether it runs
// names a dead process                       taken over
// has no content, for less than 2 s          waited for: without hard links it may be being written
// has no content, for longer; is a folder    taken over
/** Returns the topmost folder that it made. Every turn of the loop waits, so that the signal is noticed. */
async function acquire(
  file: string,
  folder: string,
  options: LockOptions,
): Promise<{ made: string | undefined; holder: Holder }> {
  let made: string | undefined;
  try {
    made = mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw diskError(error, folder);
  }
  const { signal } = options;
  const pause = (ms: number) => delay(ms, undefined, signal ? { signal } : undefined);
  const emptyLock = new FileAge();
  const guard = new FileAge();
  let waitedFor: Holder | null = null;
  for (;;) {
    signal?.throwIfAborted();
    const mine = thisProcess();
    if (create(file, folder, mine)) return { made, holder: mine };
    const holder = read(file);
    if (holder === null ? emptyLock.isOld(file) : !isAlive(holder)) {
      removeStale(file, holder, folder, guard);
      await pause(Math.random() * briefMs);
    } else if (holder === null) await pause(briefMs);
    else {
      emptyLock.forget();
      if (!options.wait) throw (options.busy ?? locked)(holder, file);
      if (!same(waitedFor, holder)) options.onWait?.(holder);
      waitedFor = holder;
      await pause(options.pollMs ?? 250);
    }
  }
}

/** Whether a file is old, by its mtime, or by having watched it, since its mtime may be in the future. */
class FileAge {
  private since: number | null = null;

  isOld(file: string): boolean {
    const time = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    if (time === undefined) {
      this.since = null;
      return false;
    }
    this.since ??= performance.now();
    return Date.now() - time > settledMs || performance.now() - this.since > settledMs;
  }

  forget(): void {
    this.since = null;
  }
}

// A hard link is atomic, and its content is complete from the start.
function create(file: string, folder: string, holder: Holder): boolean {
  const draft = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    writeFileSync(draft, `${JSON.stringify(holder)}\n`);
    try {
      linkSync(draft, file);
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
    rmSync(draft, { force: true });
  }
}

// Of two processes that find the same stale lock, the later must not remove the new lock of the earlier: only the one that
// holds the guard reads the lock again and removes it.
function removeStale(file: string, stale: Holder | null, folder: string, age: FileAge): void {
  const guard = `${file}.guard`;
  try {
    writeFileSync(guard, "", { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw diskError(error, folder);
    if (age.isOld(guard)) rmSync(guard, { recursive: true, force: true }); // of a process killed in this function
    return;
  }
  try {
    if (same(read(file), stale)) rmSync(file, { recursive: true, force: true });
  } catch (error) {
    throw diskError(error, folder);
  } finally {
    age.forget();
    rmSync(guard, { force: true });
  }
}

function same(a: Holder | null, b: Holder | null): boolean {
  return a?.pid === b?.pid && a?.since === b?.since && a?.host === b?.host;
}

// null: missing, a folder, or names no process
function read(file: string): Holder | null {
  try {
    return parseHolder(JSON.parse(readFileSync(file, "utf8")));
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
