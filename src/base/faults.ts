import { CliError } from "./errors.ts";

/** Why the operating system, or DuckDB, refused. */
export type Fault =
  | "interrupted"
  | "broken" // the database no longer answers any query
  | "full"
  | "readOnly"
  | "tooManyOpen"
  | "forbidden"
  | "missing" // also: a file stands where a folder should be
  | "inTheWay"
  | "portTaken";

// error                                                    fault         fatal
// AbortError; ABORT_ERR; DuckDB: INTERRUPT Error           interrupted   yes
// DuckDB: FATAL Error, after which every query fails       broken        yes
// ENOSPC, EDQUOT; a message that says so                   full          yes
// EROFS; a message that says so                            readOnly      yes
// EMFILE, ENFILE; a message that says so                   tooManyOpen   yes
// EACCES, EPERM                                            forbidden     no
// ENOENT, ENOTDIR                                          missing       no
// EEXIST, EISDIR                                           inTheWay      no
// EADDRINUSE                                               portTaken     no
// DuckDB, about a value, line or name, whatever it quotes  null          no
// any other                                                null          no
export function faultOf(error: unknown): Fault | null {
  const { name = "", code = "", message } = systemError(error);
  if (name === "AbortError") return "interrupted";
  if (aboutData.test(message)) return null;
  return codes.get(code) ?? texts.find(([text]) => text.test(message))?.[1] ?? null;
}

const aboutData = /^(Conversion|Invalid Input|Out of Range|Parser|Binder|Catalog) Error/;

const codes = new Map<string, Fault>([
  ["ABORT_ERR", "interrupted"],
  ["ENOSPC", "full"],
  ["EDQUOT", "full"],
  ["EROFS", "readOnly"],
  ["EMFILE", "tooManyOpen"],
  ["ENFILE", "tooManyOpen"],
  ["EACCES", "forbidden"],
  ["EPERM", "forbidden"],
  ["ENOENT", "missing"],
  ["ENOTDIR", "missing"],
  ["EEXIST", "inTheWay"],
  ["EISDIR", "inTheWay"],
  ["EADDRINUSE", "portTaken"],
]);

const texts: [RegExp, Fault][] = [
  [/^INTERRUPT Error/, "interrupted"],
  [/^FATAL Error/, "broken"],
  [/no space left on device|disk quota exceeded/i, "full"],
  [/read-only file system/i, "readOnly"],
  [/too many open files/i, "tooManyOpen"],
];

const fatal: ReadonlySet<Fault | null> = new Set(["interrupted", "broken", "full", "readOnly", "tooManyOpen"]);

/** True for an error that every other feed, day or document would meet too. Of the kit's own errors, all but a damaged file. */
export function isFatal(error: unknown): boolean {
  if (error instanceof CliError) return error.exit !== "verifyFailed";
  return fatal.has(faultOf(error));
}

/** Turns any thrown value into a CliError: a fault gets its own exit code, the rest is `internal`. */
export function toCliError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  const { code, message, path, port } = systemError(error);
  const where = path === undefined ? "" : `: ${path}`;
  const codeText = code === undefined ? "" : ` (${code})`;
  switch (faultOf(error)) {
    case "interrupted":
      return new CliError("interrupted", "interrupted", "run the same command again, it goes on from here", {
        cause: error,
      });
    case "forbidden":
    case "readOnly":
      return new CliError(
        "notWritable",
        `no permission${where}${codeText}`,
        "check who owns that path, or point `data` in kit.yaml at a folder you may write to",
        { cause: error },
      );
    case "full":
      return new CliError(
        "diskFull",
        `no space left on the disk${where}`,
        "free some space, or move `data` in kit.yaml to a larger disk; then run again, nothing is lost",
        { cause: error },
      );
    case "portTaken":
      return new CliError(
        "portTaken",
        `port ${port ?? ""} is in use`.replace("  ", " "),
        "choose another with --port N, or leave --port out to take the next free one",
        { cause: error },
      );
    default:
      return new CliError(
        "internal",
        message,
        "run again with --debug for the stack trace; if it looks like a bug in the kit, report it with that trace",
        { cause: error },
      );
  }
}

/**
 * Turns a failure to write in the data folder into a CliError, and returns any other error unchanged. On a read-only file
 * system Node reports ENOENT for a new folder.
 */
export function diskError(error: unknown, folder: string): unknown {
  const fault = faultOf(error);
  if (fault === "full")
    return new CliError(
      "diskFull",
      `no space left for ${folder}`,
      "free some space or set `data` in kit.yaml to a larger disk, then run again: what is complete is kept",
      { cause: error },
    );
  if (fault === "forbidden" || fault === "readOnly" || fault === "missing" || fault === "inTheWay") {
    const { code, path, message } = systemError(error);
    return new CliError(
      "notWritable",
      `cannot write to ${path ?? folder} (${code ?? message})`,
      "make the data folder writable for this user, or set `data` in kit.yaml to another folder",
      { cause: error },
    );
  }
  return error;
}

/** Runs work in the data folder; throws a failure to write as `diskError` returns it. */
export function onDisk<T>({ data }: { data: string }, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw diskError(error, data);
  }
}

interface SystemError {
  code?: string;
  name?: string;
  message: string;
  path?: string;
  port?: number;
}

function systemError(error: unknown): SystemError {
  if (typeof error === "object" && error !== null && "message" in error) return error as SystemError;
  return { message: String(error) };
}
