import { CliError } from "../errors.ts";

/** What of one feed could not be taken in: its earlier state stays, and the others go on. */
export interface Trouble {
  feed: string;
  dt: string; // "": not of one day
  reason: string;
}

// what was thrown                                        concerns
// CliError, but of a damaged file                        everything
// DuckDB: INTERRUPT; FATAL, after which it answers none  everything
// no space, quota, read-only, too many open files        everything
// anything else, be it a fault of the kit                the feed, day or document at hand
/** True for what no other feed would be spared: then there is no point in going on. */
export function concernsAll(error: unknown): boolean {
  if (error instanceof CliError) return error.exit !== "verifyFailed";
  const { message = String(error), code = "", name = "" } = error as NodeJS.ErrnoException;
  return (
    name === "AbortError" ||
    /^(INTERRUPT|FATAL) Error/.test(message) ||
    noSpace.test(message) ||
    ["ENOSPC", "EDQUOT", "EROFS", "EMFILE", "ENFILE"].includes(code)
  );
}

const noSpace = /no space left on device|disk quota exceeded|read-only file system|too many open files/i;

/** The first line of what was thrown. */
export function reasonOf(error: unknown): string {
  const { message } = error instanceof Error ? error : { message: String(error) };
  return message.split("\n", 1)[0]!;
}
