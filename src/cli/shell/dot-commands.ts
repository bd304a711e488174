import { readFileSync } from "node:fs";
import { CliError } from "../../base/errors.ts";
import { own } from "../../base/names.ts";
import { suggest } from "../../base/suggest.ts";
import { count } from "../../base/words.ts";
import { quoteText } from "../../duckdb/quote.ts";
import { cutStatements } from "../../duckdb/statements.ts";
import { didYouMean, oneOf, whole, zone } from "../arguments.ts";
import { formatOf, formats } from "../formats.ts";
import { table } from "../table.ts";
import { type Completion, completeFile, type Names } from "./complete.ts";
import type { Settings, TextFormat } from "./results.ts";
import type { Session } from "./session.ts";

/** What a command may do to the shell. */
export interface Shell {
  session: Session;
  settings: Settings & { timer: boolean; pager: boolean };
  say(text: string): void;
  show(text: string): Promise<void>; // through the pager when it is long
  execute(statements: string[]): Promise<void>;
  quit(): void;
}

interface DotCommand {
  argument: string; // as .help shows it
  doc: string;
  words?: (names: Names) => readonly string[]; // what its argument may be
  file?: true; // its argument is a file
  run(argument: string, shell: Shell): Promise<void> | void;
}

const textFormats = formats.filter((format): format is TextFormat => format !== "parquet");
const onOff = ["on", "off"] as const;

/** All commands by name, without their dot. */
export const dotCommands: Record<string, DotCommand> = {
  tables: {
    argument: "[PATTERN]",
    doc: "tables; with a pattern such as rep* or raw.* all that match",
    words: relations,
    run: listTables,
  },
  schema: {
    argument: "[TABLE]",
    doc: "columns of a table, or of every table with rows",
    words: relations,
    run: listColumns,
  },
  columns: { argument: "[TABLE]", doc: "the same", words: relations, run: listColumns },
  macros: {
    argument: "[PATTERN]",
    doc: "the metric macros",
    words: ({ macros }) => macros,
    run: listMacros,
  },
  mode: {
    argument: "[FORMAT]",
    doc: `how rows are shown: ${textFormats.join(", ")}`,
    words: () => textFormats,
    run(argument, { settings, say }) {
      if (argument === "") say(`mode is ${settings.format}`);
      else settings.format = value(oneOf(textFormats), argument);
    },
  },
  maxrows: {
    argument: "[N]",
    doc: "how many rows a result shows at most",
    run(argument, { settings, say }) {
      if (argument === "") say(`maxrows is ${count(settings.maxRows)}`);
      else settings.maxRows = value(whole(1, 1_000_000), argument.replaceAll(",", ""));
    },
  },
  timer: toggle("timer", "how long a statement took"),
  pager: toggle("pager", "$PAGER or less, for what is larger than the screen"),
  timezone: {
    argument: "[ZONE]",
    doc: "show times in this IANA zone; .timezone UTC goes back",
    words: () => ["UTC", ...Intl.supportedValuesOf("timeZone")],
    run(argument, { settings, say }) {
      if (argument === "") say(`times are shown in ${settings.timezone ?? "UTC"}`);
      else settings.timezone = value(zone, argument);
    },
  },
  output: {
    argument: "[FILE]",
    doc: "write results there, in the format of its extension; without a file to the screen again",
    file: true,
    run: (argument, shell) => direct(argument, shell, false),
  },
  once: {
    argument: "FILE",
    doc: "the same for the next result alone",
    file: true,
    run: (argument, shell) => direct(argument, shell, true),
  },
  read: {
    argument: "FILE",
    doc: "run the statements of a file",
    file: true,
    run: readFile,
  },
  refresh: {
    argument: "",
    doc: "reopen the catalog on the data of now; what you created is gone",
    async run(_argument, { session, say }) {
      await session.open();
      say("the catalog shows the data of now");
    },
  },
  help: { argument: "[COMMAND]", doc: "this", words: () => Object.keys(dotCommands), run: help },
  quit: { argument: "", doc: "leave, as Ctrl-D does", run: (_argument, shell) => shell.quit() },
};

// What people type who come from psql or the DuckDB shell.
const others: Record<string, string> = {
  ".exit": "quit",
  ".q": "quit",
  ".h": "help",
  ".maxrow": "maxrows",
  ".import": "read",
  "\\q": "quit",
  "\\?": "help",
  "\\h": "help",
  "\\d": "schema",
  "\\d+": "schema",
  "\\dt": "tables",
  "\\dv": "tables",
  "\\df": "macros",
  "\\o": "output",
  "\\i": "read",
  "\\timing": "timer",
  help: "help",
  quit: "quit",
  exit: "quit",
};

/** The command that a line is, or null when it is SQL. Throws CliError("usage") for one that nobody knows. */
export function readDotCommand(line: string): { command: DotCommand; argument: string } | null {
  const text = line.trim().replace(/;$/, "").trim();
  const [, word = "", argument = ""] = /^(\S+)\s*([\s\S]*)$/.exec(text) ?? [];
  const bare = !/^[.\\]/.test(word);
  if (bare && (argument !== "" || !Object.hasOwn(others, word.toLowerCase()))) return null;
  if (word === "\\d" && argument === "") return { command: dotCommands.tables!, argument };
  if (word === "\\x") return { command: dotCommands.mode!, argument: "line" };
  const name = own(others, word.toLowerCase()) ?? word.slice(1);
  // As in the DuckDB shell, the beginning of a name is enough.
  const known = Object.keys(dotCommands);
  const found = known.includes(name) ? name : known.find((known) => name !== "" && known.startsWith(name));
  if (found !== undefined) return { command: own(dotCommands, found)!, argument: unquoted(argument) };
  throw new CliError("usage", `no command ${word}${didYouMean(name, known)}`, ".help lists the commands");
}

/** Commands and their arguments that fit the line up to the cursor. */
export function completeDotCommand(line: string, names: Names): Completion {
  const [, name, argument] = /^\s*\.(\w*)(?:\s+(.*))?$/s.exec(line) ?? [];
  if (name === undefined) return [[], ""];
  if (argument === undefined)
    return [
      Object.keys(dotCommands)
        .filter((known) => known.startsWith(name))
        .map((known) => `.${known}`),
      `.${name}`,
    ];
  const command = own(dotCommands, name);
  if (command?.file) return [completeFile(argument), argument];
  const words = command?.words?.(names) ?? [];
  return [words.filter((word) => word.toLowerCase().startsWith(argument.toLowerCase())), argument];
}

function toggle(setting: "timer" | "pager", doc: string): DotCommand {
  return {
    argument: "[on|off]",
    doc,
    words: () => onOff,
    run(argument, { settings, say }) {
      settings[setting] = argument === "" ? !settings[setting] : value(oneOf(onOff), argument) === "on";
      if (argument === "") say(`${setting} is ${settings[setting] ? "on" : "off"}`);
    },
  };
}

// All tables and views, with what the kit knows of their rows.
const relationsSql = `select schema, name, if(schema = 'main', name, schema || '.' || name) as spelled,
    case schema when 'main' then feeds.rows when 'raw' then feeds.rows_delivered end as rows, data_through,
    schema in ('main', 'raw') and feeds.feed is not null as fed
  from (
    select schema_name as schema, table_name as name from duckdb_tables() where not internal
    union all select schema_name, view_name from duckdb_views() where not internal
  ) as here left join kit.feeds on feed = name and schema in ('main', 'raw')
  where name <> 'query_result'`;

async function listTables(pattern: string, { session, say, show }: Shell): Promise<void> {
  const like =
    pattern === ""
      ? ""
      : `where spelled ilike ${quoteText(likePattern(pattern))} or name ilike ${quoteText(likePattern(pattern))}`;
  const all = await session.helper.objects<{
    schema: string;
    spelled: string;
    rows: number | null;
    data_through: string | null;
    fed: boolean;
  }>(`from (${relationsSql}) ${like} order by schema <> 'main', schema, name`);
  const listed = pattern === "" ? all.filter(({ schema, rows, fed }) => schema !== "raw" && (!fed || rows)) : all;
  if (listed.length === 0) throw noTable(pattern, await session.names());
  const rows = listed.map(({ spelled, rows, data_through }) => [
    spelled,
    rows === null ? "" : count(rows),
    data_through?.replace("T", " ").replace(/:00Z$/, "") ?? "",
  ]);
  await show(table([{ name: "table" }, { name: "rows", right: true }, { name: "through (UTC)" }], rows));
  const others = all.length - listed.length;
  if (others > 0) say(`and ${others} more, raw.* and those without rows: .tables * lists all`);
}

async function listColumns(wanted: string, { session, show }: Shell): Promise<void> {
  const { rows } = await session.helper.rows(
    `select spelled, name, column_name, data_type, coalesce(kit.columns.doc, ''), not fed or rows > 0
      from (${relationsSql}) as relations
      join duckdb_columns() as columns on schema_name = schema and table_name = name
      left join kit.columns on feed = name and kit.columns."column" = column_name and fed
      order by schema <> 'main', schema, name, column_index`,
  );
  const lower = wanted.toLowerCase();
  const named = (at: 0 | 1) => rows.filter((row) => String(row[at]).toLowerCase() === lower);
  const found = wanted === "" ? rows.filter((row) => row[5]) : named(0).length > 0 ? named(0) : named(1);
  if (found.length === 0) throw noTable(wanted, await session.names());
  const cells = found.map(([spelled, _name, ...rest]) => [spelled, ...rest.slice(0, 3)].map(String));
  const heads = [{ name: "table" }, { name: "column" }, { name: "type" }, { name: "about" }];
  const from = new Set(cells.map(([table]) => table)).size === 1 ? 1 : 0;
  const to = cells.some(([, , , about]) => about !== "") ? 4 : 3;
  const cut = <T>(row: T[]) => row.slice(from, to);
  await show(table(cut(heads), cells.map(cut)));
}

async function listMacros(pattern: string, { session, show }: Shell): Promise<void> {
  const { rows } = await session.helper.rows(
    `select name || '(' || parameters || ')', doc from kit.macros where name ilike ${quoteText(likePattern(pattern || "*"))}`,
  );
  if (rows.length === 0) throw new CliError("usage", `no macro ${pattern}`, ".macros lists them all");
  await show(rows.map(([head, doc]) => `${head}\n    ${String(doc).replaceAll("\n", "\n    ")}\n`).join(""));
}

function direct(argument: string, { settings, say }: Shell, once: boolean): void {
  if (argument === "") {
    if (once) throw new CliError("usage", "which file?", ".once FILE");
    settings.output = null;
    say("results go to the screen");
    return;
  }
  const format = formatOf(argument) ?? settings.format;
  // A document of JSON and a Parquet file hold one result.
  const single = once || format === "json" || format === "parquet";
  settings.output = { file: argument, format, once: single, begun: false };
  say(
    single
      ? `the next result goes to ${argument}, as ${format}`
      : `results go to ${argument}, as ${format}, until .output`,
  );
}

async function readFile(argument: string, { execute }: Shell): Promise<void> {
  if (argument === "") throw new CliError("usage", "which file?", ".read FILE");
  let text: string;
  try {
    text = readFileSync(argument, "utf8");
  } catch (error) {
    throw new CliError("usage", `cannot read ${argument}: ${(error as Error).message}`);
  }
  const { whole, rest } = cutStatements(text);
  await execute(rest === "" ? whole : [...whole, rest]);
}

async function help(argument: string, { show }: Shell): Promise<void> {
  const wanted = argument.replace(/^\./, "");
  if (wanted !== "" && !Object.hasOwn(dotCommands, wanted))
    throw new CliError(
      "usage",
      `no command .${wanted}${didYouMean(wanted, Object.keys(dotCommands))}`,
      ".help lists them",
    );
  const listed = Object.entries(dotCommands).filter(([name]) => wanted === "" || name === wanted);
  const rows = listed.map(([name, { argument, doc }]) => [`.${name} ${argument}`.trimEnd(), doc]);
  const width = Math.max(...rows.map(([left]) => left!.length));
  const keys = [
    "",
    "A statement ends with ; and may have several lines. Tab completes, the arrow keys recall what was typed before.",
    "Ctrl-C stops a running query, or throws away what was begun; Ctrl-D leaves. What begins with a space is not kept.",
  ];
  const text = [...rows.map(([left, right]) => `${left!.padEnd(width)}  ${right}`), ...(wanted === "" ? keys : [])];
  await show(`${text.join("\n")}\n`);
}

function relations({ columns }: Names): string[] {
  return [...columns].flatMap(([schema, relations]) =>
    [...relations.keys()].map((name) => (schema === "main" ? name : `${schema}.${name}`)),
  );
}

function noTable(name: string, names: Names): CliError {
  const meant = suggest(name, relations(names));
  return new CliError(
    "usage",
    name === "" ? "nothing is here" : `no table ${name}${meant === null ? "" : ` (did you mean "${meant}"?)`}`,
    ".tables * lists them all",
  );
}

// Shell patterns, SQL's own, or part of a name.
function likePattern(pattern: string): string {
  if (/[*?]/.test(pattern)) return pattern.replaceAll("*", "%").replaceAll("?", "_");
  return pattern.includes("%") ? pattern : `%${pattern}%`;
}

function unquoted(argument: string): string {
  return /^(['"]).*\1$/s.test(argument) ? argument.slice(1, -1) : argument;
}

function value<T>(parse: (text: string) => T, text: string): T {
  try {
    return parse(text);
  } catch (error) {
    throw new CliError("usage", (error as Error).message);
  }
}
