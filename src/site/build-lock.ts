import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CliError } from "../errors.ts";
import { cacheFolder } from "./folders.ts";

/**
 * One build at a time in a clone: they share Framework's cache. The lock of a process that is gone is taken over.
 * Throws CliError("locked") while another one is building.
 */
export async function withBuildLock<T>(
  work: () => Promise<T>,
  file = join(cacheFolder, "..", "lock"),
): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const holder = readHolder(file);
      if (attempt > 3 || (holder !== null && running(holder)))
        throw new CliError(
          "locked",
          `another build is running (process ${holder ?? "unknown"})`,
          `wait for it to end, or remove ${file} if there is none`,
        );
      rmSync(file, { force: true });
    }
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function readHolder(file: string): number | null {
  try {
    return Number(readFileSync(file, "utf8")) || null;
  } catch {
    return null;
  }
}

function running(pid: number): boolean {
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
