import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CliError } from "./errors.ts";
import { diskError } from "./faults.ts";
import { prune } from "./files.ts";
import { type Holder, holderIn, isAlive, thisProcess } from "./process.ts";

export interface LockOptions {
  wait?: boolean; // wait for the holder; default: fail with what `busy` makes of it
  signal?: AbortSignal | undefined;
  onWait?: ((holder: Holder) => void) | undefined; // once for every holder waited for
  busy?: (holder: Holder, file: string) => CliError; // default: that another sync holds the data folder
  pollMs?: number;
}

const settledMs = 2_000; // so long at most a file that says nothing may be one that is being written
const briefMs = 50;
const noLinks = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"];

/**
 * Runs `work` as the only writer of the data folder: no other process, and nothing else in this one.
 * Throws CliError("locked") with pid and time when somebody holds it and `wait` is not set. `held`: the caller holds it
 * already, and it is granted at once.
 */
export async function withLock<T>(
  project: { data: string },
  { held = false, ...options }: LockOptions & { held?: boolean },
  work: () => Promise<T>,
): Promise<T> {
  return held ? work() : withLockFile(join(project.data, "lock"), options, work);
}

/**
 * Runs `work` while this process holds the lock `file`: nobody else, here or elsewhere, holds it meanwhile. Makes the
 * folder it lies in, and takes away again what it made and left empty. A lock is taken over from a process that is dead,
 * from one whose number was given to another since, and where it is damaged. Not to be asked for again inside `work`.
 * Throws CliError as `busy` makes it, or notWritable, diskFull; on the signal its reason.
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

// the lock                                   here
// is not there                               taken
// names a process that runs                  waited for, or refused
// names one of another host                  the same: whether it runs cannot be told from here
// names a dead process                       taken over
// says nothing, since less than 2 s          waited for: on a file system without links it is being written
// says nothing, for longer; is a folder      taken over
/** Returns the topmost folder that had to be made. Every turn of the loop waits, so that a signal is heard. */
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
  const unsettled = new Watched();
  const guarded = new Watched();
  let told: Holder | null = null;
  for (;;) {
    signal?.throwIfAborted();
    const mine = thisProcess();
    if (create(file, folder, mine)) return { made, holder: mine };
    const holder = read(file);
    if (holder === null ? unsettled.lasts(file) : !isAlive(holder)) {
      takeAway(file, holder, folder, guarded);
      await pause(Math.random() * briefMs);
    } else if (holder === null) await pause(briefMs);
    else {
      unsettled.forget();
      if (!options.wait) throw (options.busy ?? locked)(holder, file);
      if (!same(told, holder)) options.onWait?.(holder);
      told = holder;
      await pause(options.pollMs ?? 250);
    }
  }
}

/** How long a file has been there: by its time, or by watching it, as its time may be one to come. */
class Watched {
  private since: number | null = null;

  lasts(file: string): boolean {
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

// A link is made or refused in one step, and what it shows is complete from the start.
function create(file: string, folder: string, holder: Holder): boolean {
  const beside = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
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
function takeAway(file: string, stale: Holder | null, folder: string, guarded: Watched): void {
  const guard = `${file}.guard`;
  try {
    writeFileSync(guard, "", { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw diskError(error, folder);
    if (guarded.lasts(guard)) rmSync(guard, { recursive: true, force: true }); // killed in the middle of this
    return;
  }
  try {
    if (same(read(file), stale)) rmSync(file, { recursive: true, force: true });
  } catch (error) {
    throw diskError(error, folder);
  } finally {
    guarded.forget();
    rmSync(guard, { force: true });
  }
}

function same(a: Holder | null, b: Holder | null): boolean {
  return a?.pid === b?.pid && a?.since === b?.since && a?.host === b?.host;
}

// null: gone, a folder, or nothing that names a process
function read(file: string): Holder | null {
  try {
    return holderIn(JSON.parse(readFileSync(file, "utf8")));
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
