import { readFileSync } from "node:fs";
import { CliError } from "../../base/errors.ts";
import { own } from "../../base/names.ts";
import { count } from "../../base/words.ts";
import { quoteText } from "../../duckdb/quote.ts";
import { cutStatements } from "../../duckdb/statements.ts";
import { didYouMean, oneOf, whole, zone } from "../arguments.ts";
import { formatOf, formats, isText } from "../formats.ts";
import { table } from "../table.ts";
import { type Completion, completeFile, type Names } from "./complete.ts";
import type { Settings } from "./results.ts";
import type { Session } from "./session.ts";

/** The shell, as a command sees it. */
export interface Shell {
  session: Session;
  settings: Settings & { timer: boolean; pager: boolean };
  say(text: string): void;
  show(text: string): Promise<void>; // a long text through the pager
  execute(statements: string[]): Promise<void>;
  quit(): void;
}

interface DotCommand {
  argument: string; // in .help
  doc: string;
  words?: (names: Names) => readonly string[]; // the possible arguments
  file?: true; // the argument is a file
  run(argument: string, shell: Shell): Promise<void> | void;
}

const textFormats = formats.filter(isText);
const onOff = ["on", "off"] as const;

/** The commands by name, without the dot. */
const commands = {
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
    run: (argument, shell) => setOutput(argument, shell, false),
  },
  once: {
    argument: "FILE",
    doc: "the same for the next result alone",
    file: true,
    run: (argument, shell) => setOutput(argument, shell, true),
  },
  read: {
    argument: "FILE",
    doc: "run the statements of a file",
    file: true,
    run: readFile,
  },
  refresh: {
    argument: "",
    doc: "reopen the catalog on the newest data; drops what you created",
    async run(_argument, { session, say }) {
      await session.open();
      say("the catalog shows the newest data");
    },
  },
  help: { argument: "[COMMAND]", doc: "this", words: () => Object.keys(dotCommands), run: help },
  quit: { argument: "", doc: "leave, as Ctrl-D does", run: (_argument, shell) => shell.quit() },
} satisfies Record<string, DotCommand>;

export const dotCommands: Readonly<Record<string, DotCommand>> = commands;

// The commands of psql and of the DuckDB shell.
const aliases: Record<string, string> = {
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

/** The command in a line, or null for SQL. Throws CliError("usage") for an unknown command. */
export function readDotCommand(line: string): { command: DotCommand; argument: string } | null {
  const text = line.trim().replace(/;$/, "").trim();
  const [, word = "", argument = ""] = /^(\S+)\s*([\s\S]*)$/.exec(text) ?? [];
  const bare = !/^[.\\]/.test(word);
  if (bare && (argument !== "" || !Object.hasOwn(aliases, word.toLowerCase()))) return null;
  if (word === "\\d" && argument === "") return { command: commands.tables, argument };
  if (word === "\\x") return { command: commands.mode, argument: "line" };
  const name = own(aliases, word.toLowerCase()) ?? word.slice(1);
  // The beginning of a name is enough, as in the DuckDB shell.
  const abbreviated = Object.entries(dotCommands).find(([full]) => name !== "" && full.startsWith(name));
  const command = own(dotCommands, name) ?? abbreviated?.[1];
  if (command !== undefined) return { command, argument: unquoted(argument) };
  const suggestion = didYouMean(name, Object.keys(dotCommands));
  throw new CliError("usage", `no command ${word}${suggestion}`, ".help lists the commands");
}

/** Completes a command or its argument. */
export function completeDotCommand(line: string, names: Names): Completion {
  const [, name, argument] = /^\s*\.(\w*)(?:\s+(.*))?$/s.exec(line) ?? [];
  if (name === undefined) return [[], ""];
  if (argument === undefined)
    return [
      Object.keys(dotCommands)
        .filter((command) => command.startsWith(name))
        .map((command) => `.${command}`),
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

// All tables and views, with the rows and times of feeds.
const relationsSql = `select schema, name, if(schema = 'main', name, schema || '.' || name) as spelled,
    case schema when 'main' then feeds.rows when 'raw' then feeds.rows_delivered end as rows, data_through,
    schema in ('main', 'raw') and feeds.feed is not null as fed
  from (
    select schema_name as schema, table_name as name from duckdb_tables() where not internal
    union all select schema_name, view_name from duckdb_views() where not internal
  ) as relations left join kit.feeds on feed = name and schema in ('main', 'raw')
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

async function listColumns(relation: string, { session, show }: Shell): Promise<void> {
  const { rows } = await session.helper.rows(
    `select spelled, name, column_name, data_type, coalesce(kit.columns.doc, ''), not fed or rows > 0
      from (${relationsSql}) as relations
      join duckdb_columns() as columns on schema_name = schema and table_name = name
      left join kit.columns on feed = name and kit.columns."column" = column_name and fed
      order by schema <> 'main', schema, name, column_index`,
  );
  const lower = relation.toLowerCase();
  const matching = (column: 0 | 1) => rows.filter((row) => String(row[column]).toLowerCase() === lower);
  const chosen = relation === "" ? rows.filter((row) => row[5]) : matching(0).length > 0 ? matching(0) : matching(1);
  if (chosen.length === 0) throw noTable(relation, await session.names());
  const cells = chosen.map(([spelled, _name, ...rest]) => [spelled, ...rest.slice(0, 3)].map(String));
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

function setOutput(argument: string, { settings, say }: Shell, once: boolean): void {
  if (argument === "") {
    if (once) throw new CliError("usage", "which file?", ".once FILE");
    settings.output = null;
    say("results go to the screen");
    return;
  }
  const format = formatOf(argument) ?? settings.format;
  // A JSON document, a Parquet file and a workbook hold a single result.
  const single = once || format === "json" || !isText(format);
  settings.output = { file: argument, format, once: single, appending: false };
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
  const command = argument.replace(/^\./, "");
  if (command !== "" && !Object.hasOwn(dotCommands, command))
    throw new CliError(
      "usage",
      `no command .${command}${didYouMean(command, Object.keys(dotCommands))}`,
      ".help lists them",
    );
  const listed = Object.entries(dotCommands).filter(([name]) => command === "" || name === command);
  const rows = listed.map(([name, { argument, doc }]) => ({ usage: `.${name} ${argument}`.trimEnd(), doc }));
  const width = Math.max(...rows.map(({ usage }) => usage.length));
  const keys = [
    "",
    "A statement ends with ; and may have several lines. Tab completes, the arrow keys recall what was typed before.",
    "Ctrl-C stops a running query, or drops what was typed; Ctrl-D leaves. A line that begins with a space is not kept.",
  ];
  const text = [...rows.map(({ usage, doc }) => `${usage.padEnd(width)}  ${doc}`), ...(command === "" ? keys : [])];
  await show(`${text.join("\n")}\n`);
}

function relations({ columns }: Names): string[] {
  return [...columns].flatMap(([schema, relations]) =>
    [...relations.keys()].map((name) => (schema === "main" ? name : `${schema}.${name}`)),
  );
}

function noTable(name: string, names: Names): CliError {
  return new CliError(
    "usage",
    name === "" ? "there are no tables" : `no table ${name}${didYouMean(name, relations(names))}`,
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
