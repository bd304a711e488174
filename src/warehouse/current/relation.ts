import { join } from "node:path";
import { quoteFiles, quoteName, quoteText } from "../../duckdb/quote.ts";
import { type RelationColumn, spellingsOf } from "../dedupe/dedupe.ts";
import { type FeedSnapshot, provenance } from "../snapshot/snapshot.ts";
import { goneColumns } from "../stage/keyless.ts";
import { rescuedName } from "../stage/stage-sql.ts";

/** The columns of a feed's relation without provenance: documented columns in registry order, then others by name. */
export function relationColumns(feed: Pick<FeedSnapshot, "columns" | "days">): RelationColumn[] {
  const delivered = feed.days.some(({ rows }) => rows > 0);
  const rescued = new Set(feed.days.flatMap((day) => Object.keys(day.rescued ?? {})));
  const keylessDays = feed.days.flatMap(({ keyless }) => keyless ?? []);
  const goneNamesOf = goneColumns(feed);
  const keyless = keylessDays.flatMap(({ rows, columns }) => (rows > 0 ? columns.flatMap(({ names }) => names) : []));
  const goneNames = keylessDays.flatMap(({ columns }) =>
    columns.flatMap(({ column, names }) => (goneNamesOf.has(column) ? names : [])),
  );
  const matcher = (names: readonly string[]) => {
    const nameSet = new Set(names);
    return (column: RelationColumn) => [...nameSet].some((name) => spellingsOf([column], name).length > 0);
  };
  const isKeyless = matcher(keyless);
  const isGone = matcher(goneNames);
  const documented = feed.columns.filter((column) => column.documented);
  const others = feed.columns.filter((column) => !column.documented);
  others.sort((a, b) => (a.name < b.name ? -1 : 1));
  return [...documented, ...others].map(({ name, type, firstSeen, key }) => ({
    name,
    type,
    seen: delivered ? firstSeen !== null : null,
    ...(key === name ? {} : { key }),
    ...(rescued.has(name) ? { rescued: rescuedName({ key, name }) } : {}),
    ...(isKeyless({ name, type, key }) ? { keyless: true as const } : {}),
    ...(isGone({ name, type, key }) ? { gone: true as const } : {}),
  }));
}

/** The columns, followed by the provenance. */
export function withProvenance(columns: readonly RelationColumn[]): RelationColumn[] {
  return [...columns, ...provenance];
}

/**
 * Parquet files as one relation of exactly these columns, under `names`: a column that a file lacks reads as null, a narrower
 * type is cast. Every file is listed, and only the first is opened at bind. Without files, an empty relation.
 */
export function parquetRelation(
  data: string,
  files: readonly string[],
  columns: readonly RelationColumn[],
  names: readonly string[] = columns.map(({ name }) => name),
): string {
  if (files.length === 0) return emptyRelation(columns, names);
  const schema = columns.map(
    ({ name, type }, i) =>
      `${quoteText(name)}: {name: ${quoteText(names[i] ?? name)}, type: ${quoteText(type)}, default_value: NULL}`,
  );
  return `read_parquet(${quoteFiles(files.map((file) => join(data, file)))}, schema = MAP {${schema.join(", ")}})`;
}

/**
 * The same with each row's position: the index of its file in the list and its row number in the file, both from 0, under
 * the names of `positionNames`. DuckDB's own names for them would clash with columns of those names in the files.
 */
export function placedRelation(
  data: string,
  files: readonly string[],
  columns: readonly RelationColumn[],
  positionNames: { file: string; row: string },
): string {
  const names = columns.map((_, i) => `c${i}`);
  const outputs = [
    ...columns.map(({ name }, i) => `${names[i]} as ${quoteName(name)}`),
    `file_index as ${quoteName(positionNames.file)}`,
    `file_row_number as ${quoteName(positionNames.row)}`,
  ];
  return `(select ${outputs.join(", ")} from ${parquetRelation(data, files, columns, names)})`;
}

/** A relation with these columns and no row. */
export function emptyRelation(
  columns: readonly RelationColumn[],
  names: readonly string[] = columns.map(({ name }) => name),
): string {
  const nulls = columns.map(({ name, type }, i) => `cast(null as ${type}) as ${quoteName(names[i] ?? name)}`);
  return `(select ${nulls.join(", ")} where false)`;
}

/** Rows as a subquery. */
export function rowsSql(types: Record<string, string>, rows: object[]): string {
  const shape = quoteText(JSON.stringify([types]));
  return `(select unnest(from_json(${quoteText(JSON.stringify(rows))}, ${shape}), recursive := true))`;
}
