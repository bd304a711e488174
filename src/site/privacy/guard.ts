import { extname } from "node:path";
import { CliError } from "../../base/errors.ts";
import { filesBelow } from "../../base/kit-folders.ts";
import { quoteName } from "../../duckdb/quote.ts";
import type { ColumnType } from "../../duckdb/values.ts";
import type { Feed } from "../../export/feed.ts";
import { declarationsOf } from "./personal.ts";

// Everything in a site can be read by whoever has the link. Four nets, each with its own mesh:
//
// checkColumns      before a dataset is written   only columns on the loader's own "Ships:" list, none of them named
//                                                 like a column that the registry marks id, text or name
// checkMadeOf       before a dataset is written   no column made of such a one, whatever it is called (personal.ts)
// checkFiles        over the built folder         no file that holds rows or sources: Parquet, DuckDB, gzip, maps
// findIdentifiers   over the built folder         no id or name of the data in any text, list or number (identifiers.ts)

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
