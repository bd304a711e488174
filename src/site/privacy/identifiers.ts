import { readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { CliError } from "../../base/errors.ts";
import { filesBelow } from "../../base/kit-folders.ts";
import type { Database } from "../../duckdb/database.ts";
import { quoteName, quoteText } from "../../duckdb/quote.ts";
import type { Feed } from "../../export/feed.ts";

export interface IdentifierMatch {
  file: string; // below the site
  value: string;
  feed: string;
  column: string;
}

/** The texts of a site that could be ids or names, each with the first file that holds it. */
export interface SiteWords {
  exact: Map<string, string>; // of pages, as spelled
  folded: Map<string, string>; // of datasets, in lower case
}

export interface WordOptions {
  labels?: ReadonlySet<string>; // public texts such as queue names: their parts are not looked up
  declared?: (dataset: string) => ReadonlySet<string>; // columns that the loader declares as personal
}

/** Every text of a site's pages and datasets, and every part of one, that could be an id or a name. */
export function siteWords(site: string, { labels = new Set(), declared }: WordOptions = {}): SiteWords {
  const words: SiteWords = { exact: new Map(), folded: new Map() };
  for (const path of filesBelow(site)) {
    if (path.startsWith("_npm/") || path.startsWith("_node/") || path.startsWith("_observablehq/")) continue;
    const json = extname(path) === ".json";
    const text = json || pageKinds.has(extname(path)) ? readFileSync(join(site, path), "utf8") : "";
    const fileWords = json ? jsonWords(text, labels, declared?.(datasetOf(path)) ?? new Set()) : pageWords(text);
    const target = json ? words.folded : words.exact;
    for (const word of fileWords) if (!target.has(word)) target.set(word, path);
  }
  return words;
}

/** Names of queues and of their groups: public labels, even where an attribute of a rep repeats one. */
export async function queueLabels(database: Database): Promise<Set<string>> {
  const { rows } = await database.rows(`select queue_name from issue_queues union select queue_name from queue_wfm
    union select queue_name from dim_queues union select queue_group from kit.queue_groups`);
  return new Set(rows.flatMap(([name]) => (name === null ? [] : [String(name)])));
}

/**
 * Looks up the texts of a built site among the ids and names of the data. The list is empty for a site that may be published.
 */
export async function findIdentifiers(
  database: Database,
  feeds: Map<string, Feed>,
  words: SiteWords,
  labels: ReadonlySet<string> = new Set(),
): Promise<IdentifierMatch[]> {
  const lowerLabels = new Set([...labels].map((label) => label.toLowerCase()));
  const candidates = [
    ...[...words.exact.keys()].filter((word) => !labels.has(word)).map((word) => [word, false] as const),
    ...[...words.folded.keys()].filter((word) => !lowerLabels.has(word)).map((word) => [word, true] as const),
  ];
  if (candidates.length === 0) return [];
  await database.run("create or replace temp table site_words (word varchar, folded boolean)");
  for (let at = 0; at < candidates.length; at += 2000) {
    const values = candidates.slice(at, at + 2000).map(([word, folded]) => `(${quoteText(word)}, ${folded})`);
    await database.run(`insert into site_words values ${values.join(", ")}`);
  }
  const matches: IdentifierMatch[] = [];
  for (const { feed, column } of await identifierColumns(database, feeds)) {
    const { rows } = await database.rows(
      `select distinct word from (select cast(${quoteName(column)} as varchar) as word from ${quoteName(feed)})
        where word in (select word from site_words where not folded)
          or lower(word) in (select word from site_words where folded) limit 3`,
    );
    for (const [value] of rows) {
      const word = String(value);
      const file = words.exact.get(word) ?? words.folded.get(word.toLowerCase());
      if (file !== undefined) matches.push({ file, value: word, feed, column });
    }
  }
  await database.run("drop table site_words");
  return matches;
}

/** Throws CliError("build") if `findIdentifiers` finds any; the message names the files and shows no full value. */
export async function checkIdentifiers(
  database: Database,
  feeds: Map<string, Feed>,
  words: SiteWords,
  labels: ReadonlySet<string> = new Set(),
): Promise<void> {
  const matches = await findIdentifiers(database, feeds, words, labels);
  if (matches.length === 0) return;
  const locations = matches
    .slice(0, 5)
    .map(({ file, value, feed, column }) => `${file} holds ${value.slice(0, 2)}… of ${feed}.${column}`);
  throw new CliError(
    "build",
    `the site would publish ids or names: ${locations.join("; ")}`,
    "aggregate them in the loader, rename what only looks like an id, or change the annotation that has it",
  );
}

// Columns of ids or names, in feeds with rows. Free text is left out: a short one can equal any label.
async function identifierColumns(
  database: Database,
  feeds: Map<string, Feed>,
): Promise<{ feed: string; column: string }[]> {
  const { rows } = await database.rows("select feed from kit.feeds where rows > 0 order by feed");
  return rows.flatMap(([name]) => {
    const feed = feeds.get(String(name));
    if (feed === undefined) return [];
    return feed.columns
      .filter(({ personal }) => personal === "id" || personal === "name")
      .map((column) => ({ feed: feed.name, column: column.name }));
  });
}

// _file/data/intraday/2026-11-21.0123abcd.json is the dataset intraday/2026-11-21.json
function datasetOf(path: string): string {
  return path.replace(/^_file\/data\//, "").replace(/\.[0-9a-f]{8}(?=\.json$)/, "");
}

// A dataset's texts at any depth, and the numbers of columns whose values are all large integers. In a few rows only very
// large numbers count, because a total may be as large as an id.
function jsonWords(text: string, labels: ReadonlySet<string>, declared: ReadonlySet<string>): Set<string> {
  const words = new Set<string>();
  const rows: unknown = JSON.parse(text);
  if (!Array.isArray(rows)) return words;
  // A declared column of a feed may stand in any column of the answer.
  const names = new Set(Object.keys((rows[0] as object | undefined) ?? {}));
  if ([...declared].some((name) => !names.has(name))) return words;
  const columns = new Map<string, unknown[]>();
  for (const row of rows as Record<string, unknown>[])
    for (const [name, value] of Object.entries(row ?? {})) {
      if (declared.has(name)) continue;
      const values = columns.get(name) ?? [];
      columns.set(name, values);
      leaves(value, values);
    }
  for (const values of columns.values()) {
    for (const value of values) if (typeof value === "string" && !labels.has(value)) addText(words, value);
    const numbers = values.filter((value) => typeof value === "number");
    const minimum = numbers.length < 3 ? 1_000_000 : 100_000;
    const areLarge = numbers.every((value) => Number.isInteger(value) && value >= minimum);
    if (areLarge && numbers.length === values.length) for (const value of numbers) words.add(String(value));
  }
  return words;
}

// Scalar values, and the keys of objects, which may be the entries of a map.
function leaves(value: unknown, into: unknown[]): void {
  if (Array.isArray(value)) for (const item of value) leaves(item, into);
  else if (typeof value === "object" && value !== null)
    for (const [key, item] of Object.entries(value)) {
      into.push(key);
      leaves(item, into);
    }
  else if (value !== null) into.push(value);
}

const maxParts = 5; // words of a name or parts of an id within a longer text

// The whole text and, between word boundaries, each part that can be an id or a person's name: a word with a digit, or
// several words. A single word is too often an ordinary one, and short numbers are counts.
function addText(words: Set<string>, text: string): void {
  const whole = text.trim().toLowerCase();
  if (isTime(whole)) return;
  if (whole.split(/\s+/).length <= 7) addWord(words, whole);
  const parts = [...whole.matchAll(/[\p{L}\p{N}]+/gu)];
  for (const [i, first] of parts.entries())
    for (const last of parts.slice(i, i + maxParts)) {
      const part = whole.slice(first.index, last.index + last[0].length);
      if (first === last && !/\d/.test(part)) continue;
      if (!/^\d{1,5}$/.test(part) && !/^[\d\s.,:-]*$/.test(part.replace(/\d{6,}/g, "x"))) addWord(words, part);
    }
}

// A page states the hash, time and size of its attachments.
const attachmentFacts = /\.[0-9a-f]{8}(?=\.json")|"lastModified":\d+,"size":\d+/g;
const pageKinds = new Set([".html", ".js", ".csv", ".txt", ".svg"]);

function pageWords(source: string): Set<string> {
  const words = new Set<string>();
  const text = source.replace(attachmentFacts, "");
  for (const [word] of text.matchAll(/[\w.:@+-]{3,}\w/g)) if (!/^\d{1,6}$/.test(word)) addWord(words, word); // short numbers are sizes and constants
  return words;
}

// Dates and times occur in every dataset and identify nobody. Short texts are ordinary words or numbers.
function addWord(words: Set<string>, text: string): void {
  if (text.length >= 4 && !isTime(text) && text.split(" ").length <= 7) words.add(text);
}

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\d/.test(text);
}
