import { extname } from "node:path";
import { CliError } from "../../base/errors.ts";
import { filesBelow } from "../../base/kit-folders.ts";
import { quoteName } from "../../duckdb/quote.ts";
import type { ColumnType } from "../../duckdb/values.ts";
import type { Feed } from "../../export/feed.ts";
import { declarationsOf } from "./personal.ts";

// Anybody with the link can read everything in a site. Four checks, each for what the others miss:
//
// checkColumns      before a dataset is written   only columns on the loader's "Ships:" list, none named like a column
//                                                 that the registry marks as id, text or name
// checkLineage      before a dataset is written   no column derived from such a column, under any name (personal.ts)
// checkFiles        in the built folder           no file that holds rows or sources: Parquet, DuckDB, gzip, maps
// findIdentifiers   in the built folder           no id or name of the data in any text, list or number (identifiers.ts)

const forbidden = new Set([".parquet", ".duckdb", ".db", ".wal", ".jsonl", ".gz", ".zip", ".map", ".log", ".sql"]);

/** Throws CliError("build") unless the answer's columns are on the loader's "Ships:" list and none is personal. */
export function checkColumns(
  path: string,
  source: string,
  columns: readonly Pick<ColumnType, "name">[],
  feeds: Map<string, Feed>,
): void {
  const listed = new Set(shippedColumns(source));
  if (listed.size === 0)
    throw refused(`${path} does not say what it ships`, 'list its columns in a comment: "-- Ships: day, rows"');
  const personal = personalColumns(feeds);
  const declared = new Set(declarationsOf(path, source).flatMap((declaration) => declaration.columns));
  for (const { name } of columns) {
    if (!listed.has(name))
      throw refused(
        `${path} returns ${quoteName(name)}, which its "Ships:" comment does not list`,
        "list the column if everybody with the link may read it, or leave it out of the query",
      );
    const personalColumn = personal.get(name);
    if (personalColumn && !declared.has(name))
      throw refused(
        `${path} ships ${quoteName(name)}, which holds ${personalColumn.kind} in feed ${personalColumn.feed}`,
        "ship an aggregate instead, under a name of its own",
      );
  }
}

/** The names in the loader's comment "-- Ships: a, b, c", which may continue on further comment lines. */
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

/** Throws CliError("build") if the built site holds a file of a type that can carry rows or sources. */
export function checkFiles(site: string): void {
  for (const path of filesBelow(site)) {
    if (forbidden.has(extname(path)))
      throw refused(`${path} must not be in a site`, "attach an aggregate as JSON instead");
  }
}

function personalColumns(feeds: Map<string, Feed>): Map<string, { feed: string; kind: string }> {
  const kinds = { id: "ids", text: "what people wrote", name: "names" };
  const columns = new Map<string, { feed: string; kind: string }>();
  for (const feed of feeds.values())
    for (const { name, personal } of feed.columns)
      if (personal !== "none" && !columns.has(name)) columns.set(name, { feed: feed.name, kind: kinds[personal] });
  return columns;
}

function refused(message: string, next: string): CliError {
  return new CliError("build", message, next);
}
