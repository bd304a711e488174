import { CliError } from "./errors.ts";

/** What the operating system, or DuckDB in its words, refused. */
export type Fault =
  | "interrupted"
  | "broken" // a database that answers no query any more
  | "full"
  | "readOnly"
  | "tooManyOpen"
  | "forbidden"
  | "missing" // or a file where a folder should be
  | "inTheWay"
  | "portTaken";

// what was thrown                                          fault         spares others
// AbortError; ABORT_ERR; DuckDB: INTERRUPT Error           interrupted   no
// DuckDB: FATAL Error, after which it answers none         broken        no
// ENOSPC, EDQUOT; a text that says so                      full          no
// EROFS; a text that says so                               readOnly      no
// EMFILE, ENFILE; a text that says so                      tooManyOpen   no
// EACCES, EPERM                                            forbidden     yes
// ENOENT, ENOTDIR                                          missing       yes
// EEXIST, EISDIR                                           inTheWay      yes
// EADDRINUSE                                               portTaken     yes
// DuckDB, of a value, line or name, whatever it quotes     null          yes
// anything else                                            null          yes
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

const sparing = ["forbidden", "missing", "inTheWay", "portTaken", null];

/**
 * True for what no other feed, day or document would be spared: then there is no point in going on. Of the kit's own
 * errors all but a damaged file.
 */
export function concernsAll(error: unknown): boolean {
  if (error instanceof CliError) return error.exit !== "verifyFailed";
  return !sparing.includes(faultOf(error));
}

/** Any thrown thing as a CliError: what the operating system refuses gets its own exit code, the rest is `internal`. */
export function toCliError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  const { code, message, path, port } = systemError(error);
  const place = path === undefined ? "" : `: ${path}`;
  const said = code === undefined ? "" : ` (${code})`;
  switch (faultOf(error)) {
    case "interrupted":
      return new CliError("interrupted", "interrupted", "run the same command again, it goes on from here", {
        cause: error,
      });
    case "forbidden":
    case "readOnly":
      return new CliError(
        "notWritable",
        `no permission${place}${said}`,
        "check who owns that path, or point `data` in kit.yaml at a folder you may write to",
        { cause: error },
      );
    case "full":
      return new CliError(
        "diskFull",
        `no space left on the disk${place}`,
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
        "run again with --debug for the stack trace; if it looks like a fault of the kit, report it with that trace",
        { cause: error },
      );
  }
}

/**
 * A failure to write in the data folder as a user's problem, when it is one; anything else comes back as it is. Node tells
 * ENOENT of a new folder on a read-only file system.
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

/** Does work in the data folder; a failure to write comes out as `diskError` has it. */
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
