import { CliError } from "../base/errors.ts";
import { type DuckDBConnection, type DuckDBPreparedStatement, StatementType } from "./duckdb-package.ts";

/** DuckDB's parser and functions. */
export interface Parser {
  /** The parse tree of one query, from json_serialize_sql; null for any other statement. Throws DuckDB's parser error. */
  tree(sql: string): Promise<unknown>;
  /** The names of DuckDB's own table functions and pragmas. */
  builtIns(): Promise<Set<string>>;
}

export interface CheckedStatement {
  query: boolean; // one SELECT, whose rows can be streamed
}

// first word                     may run when
//
// select, from, show, …          every table function of its parse tree is on the list
// pivot (no parse tree)          every function that its text calls is on the list
// explain                        the explained query may run
// create, drop, alter            it is about a table, view, macro, … in memory; text as for pivot
// insert, update, delete, …      text as for pivot
// set, reset                     it is about a variable (text as for pivot), schema or search_path
// pragma                         its name is on the list, and it assigns nothing
// use, begin, commit, rollback   always
// any other                      never: call, copy, attach, export, install, load, prepare, vacuum, checkpoint, …
const queries = words("select from values with table show describe desc summarize pivot unpivot");
const changes = words("insert update delete merge truncate");
const transactions = words("begin start commit end rollback abort");
const objects =
  /^\w+\s+(or\s+replace\s+)?((temp|temporary|unique|recursive)\s+)*(table|view|macro|function|schema|sequence|type|index)\b/i;
const setting = /^(set\s+((session|global)\s+)?|reset\s+((session|global)\s+)?)(schema|search_path)\b/i;
const variable = /^(set|reset)\s+variable\b/i;

const tableFunctions = words(`
  duckdb_approx_database_count duckdb_columns duckdb_connection_count duckdb_constraints duckdb_coordinate_systems
  duckdb_databases duckdb_dependencies duckdb_extensions duckdb_external_file_cache duckdb_functions duckdb_indexes
  duckdb_keywords duckdb_log_contexts duckdb_logs duckdb_logs_parsed duckdb_memory duckdb_optimizers
  duckdb_prepared_statements duckdb_profiling_settings duckdb_schemas duckdb_secret_types duckdb_secrets
  duckdb_sequences duckdb_settings duckdb_tables duckdb_table_sample duckdb_temporary_files duckdb_types duckdb_variables
  duckdb_views generate_series glob histogram histogram_values icu_calendar_names json_each json_tree parquet_bloom_probe
  parquet_file_metadata parquet_full_metadata parquet_kv_metadata parquet_metadata parquet_scan parquet_schema
  pg_timezone_names pragma_collations pragma_database_size pragma_metadata_info pragma_platform pragma_show
  pragma_storage_info pragma_table_info pragma_user_agent pragma_version query_table range read_blob read_csv read_csv_auto
  read_duckdb read_json read_json_auto read_json_objects read_json_objects_auto read_ndjson read_ndjson_auto
  read_ndjson_objects read_parquet read_text repeat repeat_row sniff_csv sql_auto_complete summary unnest`);

const pragmas = words(`
  collations database_list database_size extension_versions functions metadata_info platform show show_databases
  show_tables show_tables_expanded storage_info table_info user_agent version`);

const writingScalars = words("write_log");

// The statement types that may run, whatever their text.
const kinds = new Set([
  StatementType.SELECT,
  StatementType.EXPLAIN,
  StatementType.CREATE,
  StatementType.CREATE_FUNC,
  StatementType.DROP,
  StatementType.ALTER,
  StatementType.INSERT,
  StatementType.UPDATE,
  StatementType.DELETE,
  StatementType.MERGE_INTO,
  StatementType.SET,
  StatementType.VARIABLE_SET,
  StatementType.PRAGMA,
  StatementType.TRANSACTION,
]);

let builtIns: Set<string> | null = null; // equal in every database
const builtInsSql = `select distinct lower(function_name) from duckdb_functions()
  where internal and function_type in ('table', 'table_macro', 'pragma')`;

/** Throws CliError("query") unless this one statement only reads, or changes only the database in memory. */
export async function checkReads(sql: string, parser: Parser): Promise<CheckedStatement> {
  if (sql.includes("\0")) throw new CliError("query", "a query holds no NUL character");
  const text = withoutLead(sql);
  const word = firstWord(sql);
  if (word === "" || queries.has(word)) {
    const tree = await parser.tree(sql);
    if (tree !== null) await checkTree(tree, parser);
    else if (word === "") throw refused("this statement");
    else await checkText(sql, parser);
    return { query: tree !== null };
  }
  if (word === "explain") await checkExplained(text, parser);
  else if (["create", "drop", "alter"].includes(word)) {
    if (!objects.test(text)) throw refused(headOf(text));
    await checkCreated(text, parser);
  } else if (changes.has(word) || variable.test(text)) await checkText(sql, parser);
  else if (word === "pragma") checkPragma(text);
  else if (!(word === "use" || transactions.has(word) || setting.test(text))) throw refused(headOf(text));
  return { query: false };
}

/** Throws CliError("query") unless a prepared statement is of a type that may run. */
export function checkKind({ statementType }: DuckDBPreparedStatement): void {
  if (!kinds.has(statementType)) throw refused(StatementType[statementType]);
}

/** The parser of a connection. */
export function parserOf(link: DuckDBConnection): Parser {
  return {
    async tree(sql) {
      const reader = await link.runAndReadAll("select json_serialize_sql($1::varchar)", [sql]);
      const tree = JSON.parse(String(reader.getRows().flat()[0]));
      if (tree.error_type === "parser") await link.extractStatements(sql);
      return tree.error || tree.statements.length !== 1 ? null : tree;
    },
    async builtIns() {
      builtIns ??= new Set((await link.runAndReadAll(builtInsSql)).getRows().map(([name]) => String(name)));
      return builtIns;
    },
  };
}

/** Whether a statement only reads, and does not make or change a table in memory. */
export function isQuery(sql: string): boolean {
  const word = firstWord(sql);
  return queries.has(word) || word === "explain";
}

function firstWord(sql: string): string {
  let text = withoutLead(sql);
  while (text.startsWith("(")) text = withoutLead(text.slice(1));
  return (/^\w+/.exec(text)?.[0] ?? "").toLowerCase();
}

// A carriage return also ends a comment, and /* comments */ nest.
function withoutLead(sql: string): string {
  let rest = sql;
  for (;;) {
    rest = rest.replace(/^(?:\s|--[^\r\n]*(?:[\r\n]|$))+/, "");
    if (!rest.startsWith("/*")) return rest;
    let depth = 0;
    let end = rest.length;
    for (const { 0: mark, index } of rest.matchAll(/\/\*|\*\//g)) {
      depth += mark === "/*" ? 1 : -1;
      if (depth > 0) continue;
      end = index + 2;
      break;
    }
    rest = rest.slice(end);
  }
}

// EXPLAIN ANALYZE runs the statement.
async function checkExplained(text: string, parser: Parser): Promise<void> {
  let rest = withoutLead(text.slice("explain".length));
  for (;;) {
    const options = /^(?:analyze|verbose)\b/i.exec(rest)?.[0] ?? /^\((?:[\w\s,']*)\)/.exec(rest)?.[0];
    if (options === undefined || queries.has(firstWord(options))) break;
    rest = withoutLead(rest.slice(options.length));
  }
  if (!queries.has(firstWord(rest))) throw refused(`EXPLAIN of ${headOf(rest)}`);
  await checkReads(rest, parser);
}

// The query of a view or table has a parse tree, which is exact; any other definition has none.
const definition =
  /^create\s+(?:or\s+replace\s+)?(?:(?:temp|temporary)\s+)?(?:table|view)\s+(?:if\s+not\s+exists\s+)?(?:\w+|"[^"]*")(?:\.(?:\w+|"[^"]*"))*\s+as\s+/i;

async function checkCreated(text: string, parser: Parser): Promise<void> {
  const query = definition.test(text) ? text.replace(definition, "") : "";
  const tree = queries.has(firstWord(query)) ? await parser.tree(query) : null;
  if (tree === null) await checkText(text, parser);
  else await checkTree(tree, parser);
}

function checkPragma(text: string): void {
  const name = /^pragma\s+(\w+)/i.exec(text)?.[1]?.toLowerCase() ?? "";
  if (!pragmas.has(name) || text.includes("=")) throw refused(`PRAGMA ${name}`);
}

async function checkTree(tree: unknown, parser: Parser): Promise<void> {
  const called = { tables: new Set<string>(), scalars: new Set<string>() };
  collectCalls(tree, called);
  for (const name of called.scalars) if (writingScalars.has(name)) throw refused(`${name}()`);
  const others = [...called.tables].filter((name) => !tableFunctions.has(name));
  if (others.length === 0) return;
  const builtIns = await parser.builtIns();
  for (const name of others) if (builtIns.has(name)) throw refused(`${name}()`);
}

interface Calls {
  tables: Set<string>;
  scalars: Set<string>;
}

function collectCalls(node: unknown, calls: Calls, ofTable = false): void {
  if (Array.isArray(node)) for (const item of node) collectCalls(item, calls);
  else if (typeof node === "object" && node !== null) {
    const { type, function_name: name } = node as { type?: unknown; function_name?: unknown };
    if (typeof name === "string") calls[ofTable ? "tables" : "scalars"].add(name.toLowerCase());
    for (const [key, value] of Object.entries(node))
      collectCalls(value, calls, type === "TABLE_FUNCTION" && key === "function");
  }
}

// Without a parse tree, every name before a bracket counts as a call, also in strings and comments: this may refuse too much,
// but quoting cannot evade it.
async function checkText(text: string, parser: Parser): Promise<void> {
  const builtIns = await parser.builtIns();
  for (const [, word = ""] of text.matchAll(/(?<!\w)(\w+)(?="?[^!-~]*(?:\(|--|\/\*))/g)) {
    const name = word.toLowerCase();
    if ((builtIns.has(name) && !tableFunctions.has(name)) || writingScalars.has(name)) throw refused(`${name}()`);
  }
}

function headOf(text: string): string {
  const [head = ""] = /^[\w\s]{0,40}/.exec(text) ?? [];
  return head.trim().split(/\s+/).slice(0, 2).join(" ").toUpperCase() || "this statement";
}

function words(text: string): Set<string> {
  return new Set(text.trim().split(/\s+/));
}

function refused(what: string): CliError {
  return new CliError(
    "query",
    `${what} is not allowed: queries only read`,
    "Use --output to write a result to a file.",
  );
}
