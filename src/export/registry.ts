import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { replaceFile } from "../base/files.ts";
import { own } from "../base/names.ts";
import { flag, listOf, mapOf, mapOr, oneOf, orNull, type Reader, record, text, YamlFile } from "../base/yaml.ts";
import type { Column, Feed, OrderTerm } from "./feed.ts";
import { isDate } from "./layout.ts";

const root = new URL("../../../", import.meta.url); // this file runs from dist/src/export
const feedsFile = fileURLToPath(new URL("feeds.yaml", root));
const cacheFile = fileURLToPath(new URL("dist/feeds.json", root));

export const feedName = /^[a-z0-9_]+$/;
const columnName = /^(?!_(?:file|line|run|rescued)$)[^\p{Cc}]+$/iu; // the kit adds these four
export const columnTypes = ["VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "TIMESTAMP", "DATE", "JSON"] as const;

const column = record({
  type: oneOf(...columnTypes),
  published: orNull(text("the published type")),
  personal: oneOf("none", "id", "text", "name"),
  doc: text("a sentence"),
  added: orNull(text("a date", date)),
  deprecated: orNull(text("a date", date)),
  end_of_life: orNull(text("a date", date)),
  assumed: flag(),
});

const columnType: Reader<WrittenColumn> = (value) => {
  const type = oneOf(...columnTypes)(value);
  return type === undefined ? undefined : { type };
};

/** The options of a feed, in feeds.yaml and under `feeds` in kit.yaml. */
export const feedOptions = {
  kind: oneOf("conversation", "queue", "rep", "wfm", "other"),
  doc: text("a sentence"),
  cadence: orNull(text("a duration such as 15m, 1h or 1d", minutes)),
  key: listOf(text("a column name")),
  order: listOf(text("an order such as instance_ts desc", orderTerm), true),
  renamed: mapOf("column", text("a column name")),
  columns: mapOf("column", mapOr(column, columnType), columnName),
  latest_only: flag(),
  end_of_life: orNull(text("a date", date)),
  note: orNull(text("a sentence")),
};

const registryOptions = record({
  ...feedOptions,
  documented: flag(),
  deprecated: flag(),
  added: orNull(text("a date", date)),
  warnings: listOf(text("a warning")),
});

interface Cache {
  hash: string; // of feeds.yaml and of this code
  feeds: Feed[];
}

type WrittenColumn = NonNullable<ReturnType<typeof column>>;
type Written = NonNullable<ReturnType<typeof registryOptions>>;
export type FeedOverride = Pick<Written, keyof typeof feedOptions>;

/** The feeds of feeds.yaml, in its order. Throws CliError("config") with every mistake, its line and column. */
export function loadRegistry(): Map<string, Feed> {
  const source = readFileSync(feedsFile);
  const code = readFileSync(fileURLToPath(import.meta.url));
  const hash = createHash("sha256").update(source).update(code).digest("hex");
  if (cached?.hash !== hash) cached = readCache(hash) ?? writeCache(hash, source.toString("utf8"));
  return new Map(cached.feeds.map((feed) => [feed.name, feed]));
}

let cached: Cache | null = null; // of this process

/** Parses the text of a registry file. Throws CliError("config") with every mistake. */
export function parseRegistry(name: string, source: string): Map<string, Feed> {
  const file = new YamlFile(name, source);
  const written = mapOf("feed", registryOptions, feedName)(file.top);
  const feeds = new Map<string, Feed>();
  for (const [feed, options] of written ?? []) feeds.set(feed, mergeFeed(feed, options, null));
  file.throwProblems();
  return feeds;
}

/** A feed's written options over its registry entry, which is null for a custom feed. */
export function mergeFeed(name: string, written: Written, base: Feed | null): Feed {
  return {
    name,
    kind: written.kind ?? base?.kind ?? "other",
    doc: written.doc ?? base?.doc ?? "",
    documented: written.documented ?? base?.documented ?? false,
    cadenceMinutes: written.cadence !== undefined ? written.cadence : (base?.cadenceMinutes ?? null),
    key: written.key ?? base?.key ?? [],
    order: written.order ?? base?.order ?? [],
    renamed: written.renamed === undefined ? (base?.renamed ?? {}) : Object.fromEntries(written.renamed),
    columns: mergeColumns(base?.columns ?? [], written.columns ?? new Map()),
    added: written.added ?? base?.added ?? null,
    deprecated: written.deprecated ?? base?.deprecated ?? false,
    endOfLife: written.end_of_life !== undefined ? written.end_of_life : (base?.endOfLife ?? null),
    latestOnly: written.latest_only ?? base?.latestOnly ?? false,
    warnings: written.warnings ?? base?.warnings ?? [],
    note: written.note !== undefined ? written.note : (base?.note ?? null),
  };
}

/** A feed that neither the registry nor kit.yaml describes. Its key is the whole row. */
export function unknownFeed(name: string): Feed {
  return mergeFeed(name, { doc: "Not in the registry: found in the bucket." }, null);
}

function mergeColumns(base: Column[], written: Map<string, WrittenColumn>): Column[] {
  const columns = new Map(base.map((column) => [column.name, column]));
  for (const [name, options] of written) {
    const registered = columns.get(name);
    columns.set(name, {
      name,
      type: options.type ?? registered?.type ?? "VARCHAR",
      published: options.published ?? registered?.published ?? null,
      doc: options.doc ?? registered?.doc ?? "",
      personal: options.personal ?? registered?.personal ?? "text", // an unmarked column is never published
      added: options.added ?? registered?.added ?? null,
      deprecated: options.deprecated ?? registered?.deprecated ?? null,
      endOfLife: options.end_of_life ?? registered?.endOfLife ?? null,
      assumed: options.assumed ?? false,
    });
  }
  return [...columns.values()];
}

/** Reads `instance_ts desc` or `coalesce(success_event_ts, negation_event_ts) desc`. */
export function orderTerm(written: string): OrderTerm {
  const match = /^(?:coalesce\(\s*([^()]+?)\s*\)|([^\s(),]+))\s+(asc|desc)$/i.exec(written.trim());
  const [, coalesced, single = "", direction] = match ?? [];
  const columns = (coalesced ?? single).split(",").map((name) => name.trim());
  if (direction === undefined || columns.includes("")) {
    throw new Error(`invalid order: ${written} (as in "instance_ts desc" or "coalesce(a, b) desc")`);
  }
  return { columns, direction: direction.toLowerCase() === "asc" ? "asc" : "desc" };
}

/** Minutes of a duration such as 15m, 2h, 1d or 12w; a bare number counts minutes. */
export function minutes(written: string): number {
  const match = /^(\d{1,6})\s*(m|min|h|d|w)?$/.exec(written.trim());
  if (match === null) throw new Error(`invalid duration: ${written} (as in 15m, 2h, 1d)`);
  const unit = own({ m: 1, min: 1, h: 60, d: 1440, w: 10080 }, match[2] ?? "m") ?? 1;
  return Number(match[1]) * unit;
}

/** Returns a calendar date as it is; throws for any other text. */
export function date(written: string): string {
  if (!isDate(written)) throw new Error(`invalid date: ${written} (as in 2026-09-01)`);
  return written;
}

// Parsing 1,000 columns as YAML takes half a second, as JSON two milliseconds.
function readCache(hash: string): Cache | null {
  try {
    const cache = JSON.parse(readFileSync(cacheFile, "utf8")) as Cache;
    return cache.hash === hash ? cache : null;
  } catch {
    return null;
  }
}

function writeCache(hash: string, source: string): Cache {
  const cache: Cache = { hash, feeds: [...parseRegistry("feeds.yaml", source).values()] };
  try {
    mkdirSync(dirname(cacheFile), { recursive: true });
    replaceFile(cacheFile, (draft) => writeFileSync(draft, JSON.stringify(cache)));
  } catch {
    // a read-only installation starts more slowly, no more
  }
  return cache;
}
