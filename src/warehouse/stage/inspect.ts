import { join } from "node:path";
import { own } from "../../base/names.ts";
import type { Database, QueryOptions } from "../../duckdb/database.ts";
import { quoteFiles, quoteName, quoteText } from "../../duckdb/quote.ts";
import type { Value } from "../../duckdb/values.ts";
import { type Found, type Kind, kindOf } from "../schema/typing.ts";

/** The values of a column in `_rescued`. */
export interface RescuedValues {
  count: number;
  kinds: Set<Kind>;
  example: string; // cut
}

/** The statistics of a written Parquet file. */
export interface Written {
  rows: number;
  filled(column: string): boolean; // has a value other than null
  nulls(column: string): number; // rows without a value
  range(column: string): [least: string, most: string] | null; // as text; null if unknown
}

const longestBound = 100;

/** Writes the rows of these queries, in turn, to a Parquet file. */
export async function writeParquet(
  db: Database,
  selects: readonly string[],
  target: string,
  options?: QueryOptions,
): Promise<Written> {
  const [statistics] = await db.objects(
    `copy (${selects.join("\nunion all\n")}) to ${quoteText(target)} (${parquetOptions})`,
    options,
  );
  return writtenOf(statistics ?? {});
}

/**
 * Writes the rows of a query, in order, to one Parquet file for each value of its column `part`, a number; returned by that
 * value. COPY with partition_by loses the order when a part has few rows in one chunk and many in the next.
 */
export async function writeParquets(
  db: Database,
  select: string,
  part: string,
  folder: string,
  options?: QueryOptions,
): Promise<Map<number, Written & { path: string }>> {
  const column = quoteName(part);
  await db.run(`create or replace temp table parts as ${select}`, options);
  const { rows } = await db.rows(`select distinct ${column} from parts`, options);
  const written = new Map<number, Written & { path: string }>();
  for (const [value] of rows) {
    const path = join(folder, `${value}.parquet`);
    const only = `select * exclude (${column}) from parts where ${column} = ${value}`;
    written.set(Number(value), { ...(await writeParquet(db, [only], path, options)), path });
  }
  await db.run("drop table parts", options);
  return written;
}

const parquetOptions = "format parquet, compression zstd, return_stats true";

function writtenOf(row: Record<string, Value>): Written {
  const statistics = row.column_statistics as Record<string, Record<string, string>>;
  const statisticsOf = (column: string) => own(statistics, quoteName(column)) ?? {};
  return {
    rows: Number(row.count),
    filled(column) {
      const { num_values, null_count } = statisticsOf(column);
      return Number(num_values) > Number(null_count);
    },
    nulls: (column) => Number(statisticsOf(column).null_count),
    range(column) {
      const { min, max } = statisticsOf(column);
      const isShort = min !== undefined && max !== undefined && Math.max(min.length, max.length) <= longestBound;
      return isShort ? [min, max] : null;
    },
  };
}

/** Rows of a Parquet file by source file, with their first and last line. */
export async function rowsByFile(
  db: Database,
  parquet: string,
): Promise<Map<string, { rows: number; first: number; last: number }>> {
  const { rows } = await db.rows(
    `select _file, count(*), min(_line), max(_line) from ${relation(parquet)} group by all`,
  );
  return new Map(
    rows.map(([file, count, first, last]) => [
      String(file),
      { rows: Number(count), first: Number(first), last: Number(last) },
    ]),
  );
}

/** By name in `_rescued`. Texts of one shape and length are of one kind; of whole numbers the largest decides. */
export async function rescuedValues(db: Database, parquet: string): Promise<Map<string, RescuedValues>> {
  const { rows } = await db.rows(`
    with pairs as (
      select unnest(json_keys(_rescued)) as name, unnest(json_extract_string(_rescued, '$.*')) as text
      from ${relation(parquet)} where _rescued is not null
    )
    select name, max(left(text, 80)) as text, count(*) from pairs
    group by name, left(regexp_replace(text, '[0-9]', '9', 'g'), 80), strlen(text)`);
  const found = new Map<string, RescuedValues>();
  for (const [name, text, count] of rows) {
    const entry = found.get(String(name)) ?? { count: 0, kinds: new Set<Kind>(), example: String(text) };
    entry.count += Number(count);
    entry.kinds.add(kindOf(String(text)));
    if (String(text) < entry.example) entry.example = String(text);
    found.set(String(name), entry);
  }
  return found;
}

/**
 * Kinds of values in these columns that the declared type cannot hold but the present one can; with `long`, also those that
 * a DOUBLE would round. For a DOUBLE, `huge` means that the text decides: 1e20 counts as a decimal, and
 * 100000000000000000000 as a whole number.
 */
export async function foundBeyond(
  db: Database,
  parquet: string,
  columns: readonly { name: string; type: string; declared: string }[],
  long: boolean,
): Promise<Map<string, Set<Found>>> {
  const tests = columns.flatMap(({ name, type, declared }) =>
    beyond(quoteName(name), type, declared, long).map(([found, sql]) => ({ name, found, sql })),
  );
  if (tests.length === 0) return new Map();
  const { rows } = await db.rows(
    `select ${tests.map(({ sql }) => `bool_or(${sql})`).join(", ")} from ${relation(parquet)}`,
  );
  const found = new Map<string, Set<Found>>();
  const [results] = rows;
  for (const [i, { name, found: kind }] of tests.entries())
    if (results?.[i] === true) found.set(name, (found.get(name) ?? new Set()).add(kind));
  return found;
}

function beyond(value: string, type: string, declared: string, long: boolean): [Found, string][] {
  if (declared === "DATE")
    return type === "TIMESTAMP" ? [["timestamp", `${value} <> date_trunc('day', ${value})`]] : [];
  if (declared !== "BIGINT") return [];
  if (type === "DOUBLE") {
    const exact = long ? "9007199254740992" : "9223372036854775807";
    return [
      ["decimal", `${value} <> trunc(${value})`],
      ["huge", `abs(${value}) > ${exact}`],
    ];
  }
  const huge: [Found, string] = ["huge", `not ${value} between -9223372036854775808 and 9223372036854775807`];
  const wide: [Found, string][] = long ? [["wide", `${value}::double::hugeint <> ${value}::hugeint`]] : [];
  return type === "BIGINT" ? wide : [...wide, huge];
}

function relation(parquet: string): string {
  return `read_parquet(${quoteFiles([parquet])})`;
}
