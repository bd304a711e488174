import { readFileSync } from "node:fs";
import { text as readAll } from "node:stream/consumers";
import { timeZone } from "../../notebooks/components/metrics/time-zone.ts";
import { CliError } from "../base/errors.ts";
import { oneOf } from "../cli/arguments.ts";
import { command, shared } from "../cli/command.ts";
import { type Format, formatOf, formats, isText, type TextFormat, writeRows } from "../cli/formats.ts";
import type { Output } from "../cli/output.ts";
import { writeOutput, writeOutputPieces } from "../cli/output-file.ts";
import { dayStart } from "../config/local-times.ts";
import { openProject, type Project } from "../config/project.ts";
import { date } from "../export/registry.ts";
import type { PastOptions } from "../warehouse/catalog/catalog.ts";
import { asOfMoment, asOfOption, tellPast } from "./steps/as-of.ts";

const format = oneOf(formats);

export default command({
  summary: "ask the warehouse in SQL",
  about: [
    "<feed> is one row per key, raw.<feed> every row delivered, kit.* is about the data itself, wfm.* has the two",
    "WFM feeds under metric names. Queries only read, and only the data folder. Times are UTC unless --timezone.",
    "Without a query, on a terminal: a shell with completion and history; .help there lists its commands.",
    "Without --format: a table on a terminal, csv elsewhere, or what the name of the output file says.",
  ].join("\n"),
  positionals: { name: "QUERY", least: 0, most: 1 },
  options: {
    file: {
      type: "string",
      short: "f",
      value: "FILE",
      doc: "read the query from there (- for standard input)",
    },
    format: { type: "string", value: "FORMAT", doc: `one of ${formats.join(", ")}`, parse: format },
    output: { type: "string", short: "o", value: "FILE", doc: "write the rows there instead of to stdout" },
    "as-of": asOfOption,
    since: {
      type: "string",
      value: "DAY",
      doc: "with --as-of: of the WFM feeds only windows from this day on, which is faster for a long past moment",
      parse: date,
    },
    timezone: shared.timezone,
  },
  examples: [
    ['asapp-kit sql "select feed, rows, data_through from kit.feeds where rows > 0"', "what is here"],
    ["asapp-kit sql", "a shell"],
    ["asapp-kit sql -f report.sql -o report.csv", "a query kept in a file"],
    ['asapp-kit sql --as-of "2026-09-01 14:00" "from wfm.intraday"', "what was known at that moment"],
    ['asapp-kit sql "from convos_metrics" -o convos.parquet', "one row per conversation, for another tool"],
    ['asapp-kit sql "from kit.feeds" -o feeds.xlsx', "an Excel workbook: numbers, times, and where they are from"],
  ],
  async run(options, [argument], context) {
    const { config, output, signal } = context;
    const chosen = chooseFormat(options, output);
    if (options.since !== undefined && options["as-of"] === undefined)
      throw new CliError("usage", "--since goes with --as-of", "add --as-of TIME, or a condition to the query");
    const pastIn = (project: Project) => pastOptions(project, options, context.now);
    if (argument === undefined && options.file === undefined && process.stdin.isTTY && output.terminal) {
      const { runShell } = await import("../cli/shell/shell.ts");
      const project = openProject(config);
      return await runShell(project, {
        past: pastIn(project),
        format: forShell(chosen, options.output),
        timezone: options.timezone,
        output,
        signal,
      });
    }
    const sql = await readQuery(argument, options.file);
    const project = openProject(config);
    const past = pastIn(project);
    if (past !== undefined) {
      const { feedsIn } = await import("../warehouse/catalog/catalog.ts");
      past.onPast = (known) => tellPast(known, feedsIn(sql, project, known.snapshot), project, output);
    }
    try {
      const { output: file, timezone } = options;
      const said = await runQuery(project, sql, {
        format: chosen,
        file,
        timezone,
        past,
        write: whileRead(output),
        signal,
      });
      for (const [what, next] of said) output.warn(what, next);
    } catch (error) {
      if (!output.closed) throw error;
    }
    if (options.output !== undefined) output.say(`wrote ${options.output}`);
    return undefined;
  },
});

interface QueryRun {
  format: Format;
  file?: string | undefined; // written atomically; required for parquet and xlsx
  timezone?: string | undefined;
  past?: PastOptions | undefined;
  write: (text: string) => Promise<void>; // used without a file
  signal: AbortSignal;
}

/**
 * Runs a query over the catalog, which it can only read. Returns what the file does not show, each with what to do about it.
 * Throws CliError("query") with DuckDB's message.
 */
export async function runQuery(
  project: Project,
  sql: string,
  run: QueryRun,
): Promise<[what: string, next: string | undefined][]> {
  const { openCatalog } = await import("../warehouse/catalog/catalog.ts");
  const { withQueryErrors } = await import("../cli/query.ts");
  const { format, file, timezone, past, signal } = run;
  if (format === "parquet") {
    if (file === undefined) throw new Error("parquet needs a file");
    await writeOutput(file, (path) => writeParquet(project, sql, path, run));
    return [];
  }
  const database = await openCatalog(project, { past });
  try {
    const stream = () => database.stream(sql, { readOnly: true, signal });
    if (format === "xlsx") {
      if (file === undefined) throw new Error("xlsx needs a file");
      const { factsOf, notesOf, writeWorkbook } = await import("../cli/row-workbook.ts");
      const facts = factsOf(project, sql, timezone, past?.moment);
      return notesOf(await withQueryErrors(async () => writeWorkbook(await stream(), file, facts)));
    }
    const write = async (to: (text: string) => Promise<void>) => {
      await writeRows(await stream(), format, to, timezone);
    };
    await withQueryErrors(() => (file === undefined ? write(run.write) : writeOutputPieces(file, write)));
    return [];
  } finally {
    database.close();
  }
}

// The query becomes a view first: it is checked alone, and can neither end the COPY early nor be two statements.
async function writeParquet(
  project: Project,
  sql: string,
  file: string,
  { past, signal }: Pick<QueryRun, "past" | "signal">,
): Promise<void> {
  const { openCatalog } = await import("../warehouse/catalog/catalog.ts");
  const { copyToParquet } = await import("../cli/query.ts");
  const database = await openCatalog(project, { files: [file], past });
  try {
    await copyToParquet(database, sql, file, signal);
  } finally {
    database.close();
  }
}

function pastOptions(
  { config }: Project,
  options: { "as-of": string | undefined; since: string | undefined },
  now: Date,
): PastOptions | undefined {
  const text = options["as-of"];
  if (text === undefined) return undefined;
  const zone = config.timezone;
  const since = options.since === undefined ? {} : { since: new Date(dayStart(options.since, timeZone(zone))) };
  return { moment: asOfMoment(text, zone, now), ...since };
}

// Stops the query when the reader of stdout has gone (`| head`).
function whileRead(output: Output): (text: string) => Promise<void> {
  return async (text) => {
    await output.result(text);
    if (output.closed) throw new Error("stdout was closed");
  };
}

interface FormatOptions {
  format: Format | undefined;
  output: string | undefined;
  timezone: string | undefined;
}

function chooseFormat({ format: chosen, output: file, timezone }: FormatOptions, { json, terminal }: Output): Format {
  if (chosen !== undefined && json && chosen !== "json")
    throw new CliError("usage", `--json and --format ${chosen} exclude each other`, "leave one of them out");
  const format = chosen ?? (json ? "json" : file !== undefined ? formatOf(file) : terminal ? "table" : "csv");
  if (format === null)
    throw new CliError("usage", `no format has that extension: ${file}`, `add --format, one of ${formats.join(", ")}`);
  if (format === "parquet" && timezone !== undefined)
    throw new CliError("usage", "--timezone does not go with parquet: its times are UTC", "leave it out");
  if (!isText(format) && file === undefined)
    throw new CliError("usage", `${format} is written to a file only`, `add -o FILE.${format}`);
  return format;
}

function forShell(format: Format, file: string | undefined): TextFormat {
  if (file === undefined && isText(format)) return format;
  throw new CliError("usage", "no query to write the rows of", "add one, or use .output FILE in the shell");
}

async function readQuery(argument: string | undefined, file: string | undefined): Promise<string> {
  if (argument !== undefined && file !== undefined)
    throw new CliError("usage", "a query and --file exclude each other", "leave one of them out");
  if (argument !== undefined && argument !== "-") return argument;
  if (file !== undefined && file !== "-") {
    try {
      return readFileSync(file, "utf8");
    } catch (error) {
      throw new CliError("usage", `cannot read the query: ${(error as Error).message}`, "check the name after -f");
    }
  }
  if (argument === undefined && file === undefined && process.stdin.isTTY)
    throw new CliError(
      "usage",
      "no query",
      'asapp-kit sql "select feed, rows from kit.feeds", or -f FILE, or a query on standard input',
    );
  return readAll(process.stdin);
}
