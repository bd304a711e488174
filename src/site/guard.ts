import { readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { CliError } from "../errors.ts";
import type { Feed } from "../export/feed.ts";
import { type ColumnType, type Database, quoteName, quoteText } from "../warehouse/database.ts";
import { filesBelow } from "./folders.ts";
import { declarationsOf } from "./personal.ts";

// Everything in a site can be read by whoever has the link. Four nets, each with its own mesh:
//
// checkColumns      before a dataset is written   only columns on the loader's own "Ships:" list, none of them named
//                                                 like a column that the registry marks id, text or name
// checkMadeOf       before a dataset is written   no column made of such a one, whatever it is called (personal.ts)
// checkFiles        over the built folder         no file that holds rows or sources: Parquet, DuckDB, gzip, maps
// findIdentifiers   over the built folder         no text that equals an id or a name in the data, whatever the
//                                                 column that carried it is called; no column of numbers that are ids

const forbidden = new Set([
  ".parquet",
  ".duckdb",
  ".db",
  ".wal",
  ".jsonl",
  ".gz",
  ".zip",
  ".map",
  ".log",
  ".sql",
]);

/** Throws CliError("build") unless the answer's columns are those that the loader says it ships, and none is personal. */
export function checkColumns(
  place: string,
  source: string,
  columns: readonly Pick<ColumnType, "name">[],
  feeds: Map<string, Feed>,
): void {
  const listed = new Set(shippedColumns(source));
  if (listed.size === 0)
    throw refused(
      `${place} does not say what it ships`,
      'list its columns in a comment: "-- Ships: day, rows"',
    );
  const personal = personalColumns(feeds);
  const declared = new Set(declarationsOf(place, source).flatMap((declaration) => declaration.columns));
  for (const { name } of columns) {
    if (!listed.has(name))
      throw refused(
        `${place} returns ${quoteName(name)}, which its "Ships:" comment does not list`,
        "list the column if everybody with the link may read it, or leave it out of the query",
      );
    const known = personal.get(name);
    if (known && !declared.has(name))
      throw refused(
        `${place} ships ${quoteName(name)}, which in feed ${known.feed} holds ${known.kind}`,
        "ship an aggregate instead, under a name of its own",
      );
  }
}

/** The names in the loader's "-- Ships: a, b, c" comment, which may go on over further comment lines. */
export function shippedColumns(source: string): string[] {
  const lines = source.split("\n");
  const first = lines.findIndex((line) => line.startsWith("-- Ships:"));
  if (first < 0) return [];
  const list: string[] = [];
  for (const line of lines.slice(first)) {
    if (!line.startsWith("--")) break;
    list.push(...line.replace(/^--( Ships:)?/, "").split(","));
  }
  return list.map((name) => name.trim()).filter(Boolean);
}

/** Throws CliError("build") if the built site holds a file of a kind that could carry rows or sources. */
export function checkFiles(site: string): void {
  for (const path of filesBelow(site)) {
    if (forbidden.has(extname(path)))
      throw refused(`${path} must not be in a site`, "attach an aggregate as JSON instead");
  }
}

export interface FoundIdentifier {
  file: string; // below the site
  value: string;
  feed: string;
  column: string;
}

/** Every text of a site's pages and datasets that could be an id or a name, with the first file that holds it. */
export function siteWords(site: string): Map<string, string> {
  const words = new Map<string, string>();
  for (const path of filesBelow(site)) {
    if (path.startsWith("_npm/") || path.startsWith("_node/") || path.startsWith("_observablehq/")) continue;
    const file = join(site, path);
    const found = extname(file) === ".json" ? jsonWords(readFileSync(file, "utf8")) : pageWords(file);
    for (const word of found) if (!words.has(word)) words.set(word, path);
  }
  return words;
}

/**
 * Looks every text of the built site's pages and datasets up among the ids and names of the data, and every column of
 * whole numbers among the numeric ids. An empty list is what a site should give.
 */
export async function findIdentifiers(
  database: Database,
  feeds: Map<string, Feed>,
  words: Map<string, string>,
): Promise<FoundIdentifier[]> {
  if (words.size === 0) return [];
  await database.run("create or replace temp table site_words (word varchar)");
  const all = [...words.keys()];
  for (let at = 0; at < all.length; at += 2000) {
    const values = all.slice(at, at + 2000).map((word) => `(${quoteText(word)})`);
    await database.run(`insert into site_words values ${values.join(", ")}`);
  }
  // A queue's name is a label for all to see, even where a rep's attribute repeats it.
  await database.run(`delete from site_words where word in (
    select queue_name from issue_queues union select queue_name from queue_wfm)`);
  const found: FoundIdentifier[] = [];
  for (const { feed, column } of await identifierColumns(database, feeds)) {
    const { rows } = await database.rows(
      `select distinct cast(${quoteName(column)} as varchar) as word from ${quoteName(feed)}
        where word in (from site_words) limit 3`,
    );
    for (const [word] of rows)
      found.push({ file: words.get(String(word))!, value: String(word), feed, column });
  }
  await database.run("drop table site_words");
  return found;
}

/** `findIdentifiers` as a condition: throws CliError("build") that names the places, and shows no value whole. */
export async function checkIdentifiers(
  database: Database,
  feeds: Map<string, Feed>,
  words: Map<string, string>,
): Promise<void> {
  const found = await findIdentifiers(database, feeds, words);
  if (found.length === 0) return;
  const places = found
    .slice(0, 5)
    .map(({ file, value, feed, column }) => `${file} holds ${value.slice(0, 2)}… of ${feed}.${column}`);
  throw refused(
    `the site would publish ids or names: ${places.join("; ")}`,
    "aggregate them away in the loader, or rename what only looks like one",
  );
}

// Columns that hold ids or names, of feeds that have rows. Texts are left out: a short one can equal any label.
async function identifierColumns(
  database: Database,
  feeds: Map<string, Feed>,
): Promise<{ feed: string; column: string }[]> {
  const { rows } = await database.rows("select feed from kit.feeds where rows > 0 order by feed");
  return rows.flatMap(([name]) => {
    const feed = feeds.get(String(name));
    const personal = feed?.columns.filter((column) => column.personal === "id" || column.personal === "name");
    return (personal ?? []).map((column) => ({ feed: feed!.name, column: column.name }));
  });
}

// A dataset's texts, and the numbers of columns whose values are all large whole numbers.
function jsonWords(text: string): Set<string> {
  const words = new Set<string>();
  const rows: unknown = JSON.parse(text);
  if (!Array.isArray(rows)) return words;
  const columns = new Map<string, unknown[]>();
  for (const row of rows as Record<string, unknown>[])
    for (const [name, value] of Object.entries(row)) {
      const values = columns.get(name);
      if (values) values.push(value);
      else columns.set(name, [value]);
    }
  for (const values of columns.values()) {
    const given = values.filter((value) => value !== null);
    for (const value of given) if (typeof value === "string") addWord(words, value);
    const large = (value: unknown) => Number.isInteger(value) && (value as number) >= 100_000;
    if (given.length >= 3 && given.every(large)) for (const value of given) words.add(String(value));
  }
  return words;
}

// Of an attachment a page says its hash, time and size.
const ownFacts = /\.[0-9a-f]{8}(?=\.json")|"lastModified":\d+,"size":\d+/g;

function pageWords(file: string): Set<string> {
  const words = new Set<string>();
  if (![".html", ".js", ".csv", ".txt", ".svg"].includes(extname(file))) return words;
  const text = readFileSync(file, "utf8").replace(ownFacts, "");
  for (const [word] of text.matchAll(/[\w.:@+-]{3,}\w/g)) if (!/^\d{1,6}$/.test(word)) addWord(words, word); // short numbers are sizes and constants
  return words;
}

// Days and times are in every dataset and are nobody's id. What is short is an ordinary word or number, and eight words
// are a sentence: such as those with a count in them, which are new in every round of a watcher.
function addWord(words: Set<string>, text: string): void {
  if (text.length < 4 || /^\d{4}-\d\d-\d\d/.test(text) || text.split(" ").length > 7) return;
  words.add(text);
}

function personalColumns(feeds: Map<string, Feed>): Map<string, { feed: string; kind: string }> {
  const kinds = { id: "ids", text: "what people wrote", name: "names" };
  const found = new Map<string, { feed: string; kind: string }>();
  for (const feed of feeds.values())
    for (const { name, personal } of feed.columns)
      if (personal !== "none" && !found.has(name))
        found.set(name, { feed: feed.name, kind: kinds[personal] });
  return found;
}

function refused(message: string, next: string): CliError {
  return new CliError("build", message, next);
}
