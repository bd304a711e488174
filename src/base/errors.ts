/** What the process ends with. Documented in the README; a test compares the two. */
export const exitCodes = {
  ok: 0,
  internal: 1,
  usage: 2,
  config: 3,
  unknownFeed: 4,
  someFailed: 5,
  locked: 6,
  query: 7,
  verifyFailed: 8,
  nothingNew: 9, // only with --error-on-no-transfer, as in rclone
  noCredentials: 10,
  credentialsRefused: 11,
  clockSkew: 12,
  noSuchBucket: 13,
  unreachable: 14,
  noFeeds: 15,
  onlyWaiting: 16,
  notWritable: 17,
  diskFull: 18,
  schemaChanged: 19, // only with --fail-on schema
  countsDiffer: 20, // only with --fail-on counts
  accessDenied: 21,
  credentialsExpired: 22,
  build: 23,
  portTaken: 24,
  noWfmData: 25,
  postFailed: 26,
  interrupted: 130,
} as const;

export type ExitName = keyof typeof exitCodes;

/** A problem of the user's: what and where, then what to try next. Printed without a stack trace unless --debug. */
export class CliError extends Error {
  readonly exit: ExitName;
  readonly next: string | undefined;
  constructor(exit: ExitName, message: string, next?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CliError";
    this.exit = exit;
    this.next = next;
  }
}

/** Any thrown thing as a CliError: what the operating system refuses gets its own exit code, the rest is `internal`. */
export function toCliError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  const options = { cause: error };
  const { code, name, message, path, port } = asSystemError(error);
  const place = path === undefined ? "" : `: ${path}`;
  if (name === "AbortError" || code === "ABORT_ERR")
    return new CliError(
      "interrupted",
      "interrupted",
      "run the same command again, it goes on from here",
      options,
    );
  switch (code) {
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new CliError(
        "notWritable",
        `no permission${place} (${code})`,
        "check who owns that path, or point `data` in kit.yaml at a folder you may write to",
        options,
      );
    case "ENOSPC":
    case "EDQUOT":
      return new CliError(
        "diskFull",
        `no space left on the disk${place}`,
        "free some space, or move `data` in kit.yaml to a larger disk; then run again, nothing is lost",
        options,
      );
    case "EADDRINUSE":
      return new CliError(
        "portTaken",
        `port ${port ?? ""} is in use`.replace("  ", " "),
        "choose another with --port N, or leave --port out to take the next free one",
        options,
      );
    default:
      return new CliError(
        "internal",
        message,
        "run again with --debug for the stack trace; if it looks like a fault of the kit, report it with that trace",
        options,
      );
  }
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

interface SystemError {
  code?: string;
  name?: string;
  message: string;
  path?: string;
  port?: number;
}

function asSystemError(error: unknown): SystemError {
  if (typeof error === "object" && error !== null && "message" in error) return error as SystemError;
  return { message: String(error) };
}
