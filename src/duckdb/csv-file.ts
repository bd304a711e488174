import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { CliError } from "../base/errors.ts";
import { suggest } from "../base/suggest.ts";
import { quoteFiles, quoteText } from "./quote.ts";

/** A CSV file of the customer, named by an option of kit.yaml. */
export interface CsvFile {
  file: string; // absolute path
  option: string; // "site.forecast"
  docs: string; // the page that lists its columns
  columns: readonly string[]; // that it may have
  optional: readonly string[]; // of these, those that may be missing
}

interface Header {
  delimiter: string;
  columns: string[]; // in the file's order
}

/** The header of a file. Throws CliError("config") that names every wrong column. */
export function csvHeader(csv: CsvFile): Header {
  const location = `${displayPath(csv.file)}:1`;
  const [line = ""] = content(csv).split(/\r\n|\n|\r/, 1);
  const delimiter = [",", ";", "\t"].find((mark) => line.includes(mark)) ?? ",";
  const columns = line
    .replace(/^\uFEFF/, "")
    .split(delimiter)
    .map((name) =>
      name
        .trim()
        .replace(/^"(.*)"$/, "$1")
        .toLowerCase(),
    );
  const problems: string[] = [];
  for (const [i, name] of columns.entries()) {
    if (columns.indexOf(name) < i) problems.push(`${location} duplicate column ${name}`);
    else if (!csv.columns.includes(name)) {
      const suggestion = suggest(name, csv.columns);
      problems.push(
        `${location} unknown column "${name}"${suggestion === null ? "" : ` (did you mean "${suggestion}"?)`}`,
      );
    }
  }
  for (const name of csv.columns)
    if (!columns.includes(name) && !csv.optional.includes(name)) problems.push(`${location} column ${name} is missing`);
  if (problems.length > 0) throw new CliError("config", problems.join("\n"), nextStep(csv));
  return { delimiter, columns };
}

/** A table function over a file: its columns as texts. Throws as `csvHeader` does. */
export function readCsvSql(csv: CsvFile): string {
  const { delimiter, columns } = csvHeader(csv);
  const fields = columns.map((column) => `${quoteText(column)}: 'VARCHAR'`);
  return `read_csv(${quoteFiles([csv.file])}, auto_detect = false, header = true, delim = '${delimiter}', quote = '"', escape = '"',
      strict_mode = true, compression = 'none', columns = {${fields.join(", ")}})`;
}

function content({ file, option }: CsvFile): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const missing = code === "ENOENT";
    throw new CliError(
      "config",
      missing ? `no such file: ${displayPath(file)}` : `cannot read ${displayPath(file)} (${code})`,
      `correct ${option} in kit.yaml, or remove it`,
      { cause: error },
    );
  }
  if (bytes.includes(0))
    throw new CliError(
      "config",
      `not UTF-8 text: ${displayPath(file)}`,
      `save it as CSV UTF-8, or remove ${option} from kit.yaml`,
    );
  return bytes.toString("utf8");
}

/** Runs a query over the file; a line that cannot be read is a CliError("config"). */
// DuckDB's message names a line too, but counts a record with a line break in quotes as one line.
export async function readOrFail<T>(csv: CsvFile, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const line = /CSV Error on Line: (\d+)/.exec(message)?.[1];
    if (line === undefined) throw error;
    const counts = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(message);
    const reason = counts
      ? `${counts[2]} values, where the header has ${counts[1]} columns`
      : /unterminated quote/.test(message)
        ? "a quote that is not closed"
        : /Invalid unicode/.test(message)
          ? "not UTF-8: save the file with that encoding"
          : (message.split("\n")[2] ?? message);
    const fileLine = logicalLines(content(csv))[Number(line) - 1]?.line ?? line;
    throw new CliError("config", `${displayPath(csv.file)}:${fileLine} ${reason}`, nextStep(csv), {
      cause: error,
    });
  }
}

/** The line on which each record begins; the first is the header's. */
export function recordLines(csv: CsvFile): number[] {
  return logicalLines(content(csv))
    .filter(({ blank }) => !blank)
    .map(({ line }) => line);
}

/** The text of each record as written; the first is the header. */
export function recordTexts(csv: CsvFile): string[] {
  const lines = content(csv).split(/\r\n|\n|\r/);
  const starts = logicalLines(content(csv)).map(({ line }) => line - 1);
  return starts.map((start, i) => lines.slice(start, starts[i + 1] ?? lines.length).join("\n"));
}

// The lines that begin a record: line breaks inside quotes do not.
function logicalLines(text: string): { line: number; blank: boolean }[] {
  const lines: { line: number; blank: boolean }[] = [];
  let quoted = false;
  for (const [i, part] of text.split(/\r\n|\n|\r/).entries()) {
    if (!quoted) lines.push({ line: i + 1, blank: part === "" });
    if ((part.split('"').length - 1) % 2 === 1) quoted = !quoted;
  }
  return lines;
}

export function displayPath(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith("..") ? file : path;
}

export function nextStep({ option, docs }: Pick<CsvFile, "option" | "docs">): string {
  return `correct the file, or remove ${option} from kit.yaml; ${docs} lists its columns`;
}
