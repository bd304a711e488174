import { readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { CliError } from "../../base/errors.ts";
import { filesBelow } from "../../base/kit-folders.ts";
import type { Database } from "../../duckdb/database.ts";
import { quoteName, quoteText } from "../../duckdb/quote.ts";
import type { Feed } from "../../export/feed.ts";

export interface FoundIdentifier {
  file: string; // below the site
  value: string;
  feed: string;
  column: string;
}

/** What of a site could be an id or a name, each with the first file that holds it. */
export interface SiteWords {
  exact: Map<string, string>; // of pages, as it is spelled
  folded: Map<string, string>; // of datasets, in lower case
}

export interface Shown {
  labels?: ReadonlySet<string>; // texts for all to see, such as the names of queues: no part of one is looked up
  declared?: (dataset: string) => ReadonlySet<string>; // columns that its loader declares as personal
}

/** Every text of a site's pages and datasets that could be an id or a name, and what stands inside such a text. */
export function siteWords(site: string, { labels = new Set(), declared }: Shown = {}): SiteWords {
  const words: SiteWords = { exact: new Map(), folded: new Map() };
  for (const path of filesBelow(site)) {
    if (path.startsWith("_npm/") || path.startsWith("_node/") || path.startsWith("_observablehq/")) continue;
    const json = extname(path) === ".json";
    const text = json || pageKinds.has(extname(path)) ? readFileSync(join(site, path), "utf8") : "";
    const found = json ? jsonWords(text, labels, declared?.(datasetOf(path)) ?? new Set()) : pageWords(text);
    const into = json ? words.folded : words.exact;
    for (const word of found) if (!into.has(word)) into.set(word, path);
  }
  return words;
}

/** Names of queues and of their groups: labels for all to see, even where a rep's attribute repeats one. */
export async function queueLabels(database: Database): Promise<Set<string>> {
  const { rows } =
    await database.rows(`select queue_name from issue_queues union select queue_name from queue_wfm
    union select queue_name from dim_queues union select queue_group from kit.queue_groups`);
  return new Set(rows.flatMap(([name]) => (name === null ? [] : [String(name)])));
}

/**
 * Looks what stands in the built site's pages and datasets up among the ids and names of the data. An empty list is what a
 * site should give.
 */
export async function findIdentifiers(
  database: Database,
  feeds: Map<string, Feed>,
  words: SiteWords,
  labels: ReadonlySet<string> = new Set(),
): Promise<FoundIdentifier[]> {
  const lower = new Set([...labels].map((label) => label.toLowerCase()));
  const all = [
    ...[...words.exact.keys()].filter((word) => !labels.has(word)).map((word) => [word, false] as const),
    ...[...words.folded.keys()].filter((word) => !lower.has(word)).map((word) => [word, true] as const),
  ];
  if (all.length === 0) return [];
  await database.run("create or replace temp table site_words (word varchar, folded boolean)");
  for (let at = 0; at < all.length; at += 2000) {
    const values = all.slice(at, at + 2000).map(([word, folded]) => `(${quoteText(word)}, ${folded})`);
    await database.run(`insert into site_words values ${values.join(", ")}`);
  }
  const found: FoundIdentifier[] = [];
  for (const { feed, column } of await identifierColumns(database, feeds)) {
    const { rows } = await database.rows(
      `select distinct word from (select cast(${quoteName(column)} as varchar) as word from ${quoteName(feed)})
        where word in (select word from site_words where not folded)
          or lower(word) in (select word from site_words where folded) limit 3`,
    );
    for (const [value] of rows) {
      const word = String(value);
      const file = words.exact.get(word) ?? words.folded.get(word.toLowerCase())!;
      found.push({ file, value: word, feed, column });
    }
  }
  await database.run("drop table site_words");
  return found;
}

/** `findIdentifiers` as a condition: throws CliError("build") that names the places, and shows no value whole. */
export async function checkIdentifiers(
  database: Database,
  feeds: Map<string, Feed>,
  words: SiteWords,
  labels: ReadonlySet<string> = new Set(),
): Promise<void> {
  const found = await findIdentifiers(database, feeds, words, labels);
  if (found.length === 0) return;
  const places = found
    .slice(0, 5)
    .map(({ file, value, feed, column }) => `${file} holds ${value.slice(0, 2)}… of ${feed}.${column}`);
  throw new CliError(
    "build",
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

// _file/data/intraday/2026-11-21.0123abcd.json is the dataset intraday/2026-11-21.json
function datasetOf(path: string): string {
  return path.replace(/^_file\/data\//, "").replace(/\.[0-9a-f]{8}(?=\.json$)/, "");
}

// A dataset's texts, however deep in lists and objects, and the numbers of columns whose values are all large whole
// numbers: of few rows only very large ones, for a total may be as large as an id.
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
    const least = numbers.length < 3 ? 1_000_000 : 100_000;
    const large = numbers.every((value) => Number.isInteger(value) && value >= least);
    if (large && numbers.length === values.length) for (const value of numbers) words.add(String(value));
  }
  return words;
}

// The values that are no lists or objects; names of an object's entries may be those of a map.
function leaves(value: unknown, into: unknown[]): void {
  if (Array.isArray(value)) for (const item of value) leaves(item, into);
  else if (typeof value === "object" && value !== null)
    for (const [key, item] of Object.entries(value)) {
      into.push(key);
      leaves(item, into);
    }
  else if (value !== null) into.push(value);
}

const most = 5; // words of a name, or parts of an id, that are looked for inside a longer text

// A text as a whole; and inside it, between word boundaries, what can be an id or the name of somebody: a word with a
// digit in it, or several words. One word alone is too often an ordinary one. Short numbers are counts.
function addText(words: Set<string>, text: string): void {
  const whole = text.trim().toLowerCase();
  if (isTime(whole)) return;
  if (whole.split(/\s+/).length <= 7) addWord(words, whole);
  const parts = [...whole.matchAll(/[\p{L}\p{N}]+/gu)];
  for (const [i, first] of parts.entries())
    for (const last of parts.slice(i, i + most)) {
      const part = whole.slice(first.index, last.index + last[0].length);
      if (first === last && !/\d/.test(part)) continue;
      if (!/^\d{1,5}$/.test(part) && !/^[\d\s.,:-]*$/.test(part.replace(/\d{6,}/g, "x")))
        addWord(words, part);
    }
}

// Of an attachment a page says its hash, time and size.
const ownFacts = /\.[0-9a-f]{8}(?=\.json")|"lastModified":\d+,"size":\d+/g;
const pageKinds = new Set([".html", ".js", ".csv", ".txt", ".svg"]);

function pageWords(source: string): Set<string> {
  const words = new Set<string>();
  const text = source.replace(ownFacts, "");
  for (const [word] of text.matchAll(/[\w.:@+-]{3,}\w/g)) if (!/^\d{1,6}$/.test(word)) addWord(words, word); // short numbers are sizes and constants
  return words;
}

// Days and times are in every dataset and are nobody's id. What is short is an ordinary word or number.
function addWord(words: Set<string>, text: string): void {
  if (text.length >= 4 && !isTime(text) && text.split(" ").length <= 7) words.add(text);
}

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\d/.test(text);
}
