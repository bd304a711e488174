import { own } from "../../base/names.ts";
import type { Database } from "../../duckdb/database.ts";
import { quoteList } from "../../duckdb/quote.ts";
import { finerThanMicroseconds } from "../schema/timestamps.ts";
import { type Found, type Kind, kindOf, valueSql } from "../schema/typing.ts";
import type { StagedColumn } from "../snapshot/snapshot.ts";
import { foundBeyond, type RescuedValues } from "./inspect.ts";
import { rescuedName, type StageQuery } from "./stage-sql.ts";

/** The kinds of a day's values, by key. */
export interface DayTypes {
  /** For documented columns, kinds beyond the declared type; for others, all. `long`: numbers may be too long for a DOUBLE. */
  all(
    columns: readonly StagedColumn[],
    rescued: ReadonlyMap<string, RescuedValues>,
    long: boolean,
  ): Promise<Map<string, Set<Found>>>;
  undocumented(columns: readonly StagedColumn[]): Promise<Map<string, Set<Found>>>;
}

const beyondDeclared: [declared: string, kind: Found][] = [
  ["BIGINT", "decimal"],
  ["BIGINT", "huge"],
  ["DATE", "timestamp"],
];

/** Reads the day's Parquet file and, once per key, its source files. `before`: kinds in rows taken over, by column name. */
export function dayTypes(
  db: Database,
  parquet: string,
  { files, longest }: Pick<StageQuery, "files" | "longest">,
  before: Readonly<Record<string, Found[]>>,
): DayTypes {
  const read = new Map<string, Set<Found>>();
  const inFiles = async (keys: string[]): Promise<Map<string, Set<Found>>> => {
    const unread = keys.filter((key) => !read.has(key));
    if (unread.length > 0 && files.length > 0) {
      const paths = files.map(({ path }) => path);
      for (const [key, found] of await foundIn(db, paths, unread, longest)) read.set(key, found);
    }
    return new Map(keys.map((key) => [key, new Set(read.get(key))]));
  };
  const undocumented: DayTypes["undocumented"] = async (columns) => {
    const others = columns.filter(({ documented }) => !documented);
    const all = await inFiles(others.map(({ key }) => key));
    for (const { key, name } of others) addKinds(all, key, own(before, name) ?? []);
    return all;
  };
  return {
    undocumented,
    async all(columns, rescued, long) {
      const all = await undocumented(columns);
      const beyond = await foundBeyond(
        db,
        parquet,
        columns
          .filter(({ documented }) => documented)
          .map(({ name, type, declared }) => ({ name, type, declared: declared ?? type })),
        long,
      );
      const large = columns.flatMap(({ key, name, type }) => {
        const found = beyond.get(name);
        return type === "DOUBLE" && found?.has("huge") ? [{ key, found }] : [];
      });
      const texts = await inFiles(large.map(({ key }) => key));
      for (const { key, found } of large) {
        found.delete("huge");
        for (const kind of texts.get(key) ?? []) if (kind === "huge" || kind === "decimal") found.add(kind);
      }
      for (const column of columns) {
        const { key, name, type, declared = type, documented } = column;
        const kinds: ReadonlySet<Kind | Found> = rescued.get(rescuedName(column))?.kinds ?? new Set();
        if (documented) {
          const found = beyondDeclared.filter(([of, kind]) => of === declared && kinds.has(kind));
          const earlier = own(before, name) ?? [];
          addKinds(all, key, [...(beyond.get(name) ?? []), ...found.map(([, kind]) => kind), ...earlier]);
          // A DOUBLE's values in _rescued are those it would have rounded.
          if (type === "DOUBLE" && (kinds.has("wide") || kinds.has("huge"))) addKinds(all, key, ["wide"]);
          // A text with half a surrogate pair: the cleaned line has null for it.
        } else if (kinds.size > 0 && (!column.untyped || !all.get(key)?.size)) addKinds(all, key, ["text"]);
      }
      return all;
    },
  };
}

function addKinds(kinds: Map<string, Set<Found>>, key: string, found: Iterable<Found>): void {
  kinds.set(key, new Set([...(kinds.get(key) ?? []), ...found]));
}

/** Every top-level key of every line. The lines must be objects. */
export async function keysOf(db: Database, files: string[], longest: number): Promise<string[]> {
  const { rows } = await db.rows(`select distinct unnest(json_keys(json)) as key from ${objects(files, longest)}`);
  return rows.map(([key]) => String(key)).sort();
}

/** The kinds of these keys' values over all lines. */
export async function foundIn(
  db: Database,
  files: string[],
  keys: string[],
  longest: number,
  spelled = false,
): Promise<Map<string, Set<Found>>> {
  const paths = quoteList(keys.map((key) => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`));
  // Texts of one shape and length are of one kind; of whole numbers the largest decides.
  const { rows } = await db.rows(`
    with pairs as (
      select unnest(range(${keys.length})) as i, unnest(json_type(json, ${paths})) as type,
        unnest(json_extract_string(json, ${paths})) as text
      from ${objects(files, longest)}
    )
    select i, type, max(left(text, 80)) as text,
      case when type = 'VARCHAR' and regexp_matches(text, '^\\d{4}-\\d\\d-\\d\\d')
        then coalesce(not ${finerThanMicroseconds("text")} and ${valueSql("TIMESTAMP", "text", "text", { spelled })} is not null, false)
        else false end as time
    from pairs where type <> 'NULL'
    group by i, type, time, left(regexp_replace(text, '[0-9]', '9', 'g'), 80), strlen(text)`);
  const uncast = rows.some(([, type, text, time]) => type === "VARCHAR" && time !== true && isDated(String(text)));
  if (uncast && !spelled) return foundIn(db, files, keys, longest, true);
  const found = new Map(keys.map((key) => [key, new Set<Found>()]));
  for (const [i, type, text, time] of rows)
    found.get(keys[Number(i)] ?? "")?.add(kindFound(String(type), String(text), time === true));
  return found;
}

function isDated(text: string): boolean {
  return ["date", "timestamp"].includes(kindOf(text));
}

function kindFound(type: string, text: string, time: boolean): Found {
  if (type === "OBJECT" || type === "ARRAY") return "nested";
  if (type === "BOOLEAN") return "boolean";
  const kind = kindOf(text);
  if (kind === "date" || kind === "timestamp") return time ? kind : "text";
  return type === "VARCHAR" || kind === "other" ? "text" : kind;
}

function objects(files: string[], longest: number): string {
  const most = Math.max(16 * 1024 * 1024, longest + 1024);
  return `read_ndjson_objects(${quoteList(files)}, maximum_object_size = ${most})`;
}
