import { readdirSync } from "node:fs";
import type { Database } from "../../duckdb/database.ts";
import { quoteName, quoteText } from "../../duckdb/quote.ts";
import { cutStatements } from "../../duckdb/statements.ts";

/** The names that a query can use. */
export interface Names {
  columns: Map<string, Map<string, string[]>>; // schema -> relation -> columns
  macros: string[];
  reserved: Set<string>; // keywords that need quotes as names
}

/** The candidates, and the part of the line that they replace. */
export type Completion = [words: string[], word: string];

const introducesRelation = /\b(from|join|into|update|table|describe|desc|summarize|show)\s*$/i;
const inFromList = /\bfrom\s+[^()]*,\s*$/i;
const clauseAfterFrom = /\b(where|select|group|order|having|on|using|limit|qualify|window|set|values)\b/i;
const lastName = /((?:(?:"[^"]+"|[\p{L}_][\p{L}\p{N}_]*)\.)*)("[^"]*|[\p{L}_][\p{L}\p{N}_]*)?$/u;

/** Reads the names of the catalog and of the session. */
export async function readNames(database: Database): Promise<Names> {
  const columns: Names["columns"] = new Map();
  const { rows } = await database.rows(
    "select schema_name, table_name, column_name from duckdb_columns() where not internal order by schema_name, table_name, column_index",
  );
  for (const [schema, relation, column] of rows as [string, string, string][]) {
    const relations = columns.get(schema) ?? new Map<string, string[]>();
    columns.set(schema, relations);
    relations.set(relation, [...(relations.get(relation) ?? []), column]);
  }
  const words = async (sql: string) => (await database.rows(sql)).rows.map(([word]) => String(word));
  return {
    columns,
    macros: await words(
      "select distinct function_name from duckdb_functions() where function_type = 'macro' and not internal order by all",
    ),
    reserved: new Set(
      await words("select keyword_name from duckdb_keywords() where keyword_category in ('reserved', 'type_function')"),
    ),
  };
}

/**
 * The names of the catalog that can follow the text: after FROM relations, after a relation or alias and a dot its columns,
 * elsewhere the columns of the relations that the statement reads. `after` is the text after the cursor. `nothingElse`: no
 * other kind of word can follow.
 */
function completeName(before: string, after: string, names: Names): [...Completion, nothingElse: boolean] {
  const { rest, inside } = cutStatements(before);
  if (inside !== "" && inside !== "(" && inside !== '"') return [[], "", true];
  const [typed = "", path = "", last = ""] = lastName.exec(rest) ?? [];
  const lead = rest.slice(0, rest.length - typed.length);
  const qualifiers = path.split(".").slice(0, -1).map(plain);
  const spell = (name: string) =>
    last.startsWith('"') || !/^[a-z_][a-z0-9_]*$/i.test(name) || names.reserved.has(name.toLowerCase())
      ? quoteName(name)
      : name;
  const fitting = (all: Iterable<string>) => {
    const start = plain(last).toLowerCase();
    return [...new Set(all)].filter((name) => name.toLowerCase().startsWith(start)).map(spell);
  };
  if (qualifiers.length > 0) return [fitting(membersOf(qualifiers, rest + after, names)), last, true];
  const main = [...(names.columns.get("main")?.keys() ?? [])];
  if (introducesRelation.test(lead) || (inFromList.test(lead) && !clauseAfterFrom.test(fromList(lead)))) {
    const schemas = [...names.columns.keys()].filter((schema) => schema !== "main");
    const fittingSchemas = schemas.filter((schema) => schema.startsWith(last.toLowerCase()));
    const words = [...fitting([...withNames(rest + after), ...main]), ...fittingSchemas.map((schema) => `${schema}.`)];
    return [words, last, words.length > 0];
  }
  if (lead.trim() === "") return [[], last, last === ""];
  const read = [...relationsIn(rest + after, names).values()].flat();
  if (last === "") return [fitting(read), "", true];
  const anywhere = [...names.columns.values()].flatMap((relations) => [...relations.values()].flat());
  const columns = fitting(read.length > 0 ? read : anywhere);
  return [[...columns, ...fitting(names.macros)], last, last.startsWith('"')];
}

/** Completes a name of the catalog, or DuckDB's keywords, functions and settings. */
export async function completeQuery(
  before: string,
  after: string,
  names: Names,
  database: Database,
): Promise<Completion> {
  const [words, word, nothingElse] = completeName(before, after, names);
  if (nothingElse) return [words, word];
  const { rows } = await database.rows(
    `select suggestion from sql_auto_complete(${quoteText(cutStatements(before).rest)})
      where suggestion_type not in ('table', 'column', 'schema', 'database', 'file_name', 'directory')`,
  );
  const suggestions = rows
    .map(([suggestion]) => String(suggestion).trim())
    .filter((suggestion) => suggestion.toLowerCase().startsWith(word.toLowerCase()))
    .map((suggestion) => (word === word.toLowerCase() ? suggestion.toLowerCase() : suggestion));
  return [[...new Set([...words, ...suggestions])], word];
}

/** The files and folders whose paths begin with the word. */
export function completeFile(word: string): string[] {
  const at = word.lastIndexOf("/") + 1;
  const folder = word.slice(0, at);
  const start = word.slice(at);
  try {
    return readdirSync(folder || ".", { withFileTypes: true })
      .filter(({ name }) => name.startsWith(start) && (start !== "" || !name.startsWith(".")))
      .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? "/" : ""}`);
  } catch {
    return [];
  }
}

function membersOf(qualifiers: string[], statement: string, names: Names): string[] {
  const [first = "", second] = qualifiers.map((name) => name.toLowerCase());
  if (second !== undefined) return columnsOf(names, first, second);
  const schema = names.columns.get(first);
  if (schema !== undefined) return [...schema.keys()];
  return relationsIn(statement, names).get(first) ?? columnsOf(names, "main", first);
}

// The columns of the relations that a statement reads, by their names and aliases. Unknown names are skipped.
function relationsIn(statement: string, names: Names): Map<string, string[]> {
  const relations = new Map<string, string[]>();
  const name = `(?:"[^"]+"|[\\p{L}_][\\p{L}\\p{N}_]*)`;
  const reference = new RegExp(
    `(?:\\b(?:from|join|into|update|describe|summarize)\\s|,)\\s*(?:(${name})\\s*\\.\\s*)?(${name})(?:\\s+(?:as\\s+)?(${name}))?`,
    "giu",
  );
  for (const [, schema = "main", relation = "", alias] of statement.matchAll(reference)) {
    const columns = columnsOf(names, plain(schema), plain(relation));
    if (columns.length === 0) continue;
    relations.set(plain(relation).toLowerCase(), columns);
    if (alias !== undefined) relations.set(plain(alias).toLowerCase(), columns);
  }
  return relations;
}

function columnsOf({ columns }: Names, schema: string, relation: string): string[] {
  const relations = columns.get(schema.toLowerCase());
  const exact = relations?.get(relation);
  if (exact !== undefined) return exact;
  const lower = relation.toLowerCase();
  return [...(relations ?? [])].find(([name]) => name.toLowerCase() === lower)?.[1] ?? [];
}

// The names that WITH defines.
function withNames(statement: string): string[] {
  if (!/^\s*with\b/i.test(statement)) return [];
  return [...statement.matchAll(/(?:\bwith\s+(?:recursive\s+)?|,\s*)([\p{L}_][\p{L}\p{N}_]*)\s+as\s*\(/giu)].map(
    ([, name = ""]) => name,
  );
}

function fromList(lead: string): string {
  return lead.slice(lead.toLowerCase().lastIndexOf("from"));
}

function plain(name: string): string {
  return name.startsWith('"') ? name.slice(1).replace(/"$/, "") : name;
}
