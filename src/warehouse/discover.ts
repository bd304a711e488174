import { type Database, quoteList } from "./database.ts";
import type { FoundKey } from "./schema.ts";
import { hugeType, kindOf } from "./typing.ts";

/** Every top-level key of every line. The lines must be objects. */
export async function keysOf(db: Database, files: string[], longest: number): Promise<string[]> {
  const { rows } = await db.rows(
    `select distinct unnest(json_keys(json)) as key from ${objects(files, longest)}`,
  );
  return rows.map(([key]) => String(key)).sort();
}

// values                                      type
// none but nulls                              null
// identifiers by their name                   VARCHAR: here a number, there a text
// true and false                              BOOLEAN
// whole numbers                               BIGINT, DECIMAL(38,0) beyond 2^63, VARCHAR beyond 38 digits
// numbers                                     DOUBLE; VARCHAR when whole ones beyond 2^53 are among them
// texts that are all times, all dates         TIMESTAMP, DATE
// lists and objects, with or without others   JSON
// other texts, or a mixture                   VARCHAR
/** The types that hold every value of these keys, from all lines. */
export async function typesOf(
  db: Database,
  files: string[],
  keys: string[],
  longest: number,
): Promise<FoundKey[]> {
  const paths = quoteList(keys.map((key) => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`));
  // Texts of one shape and length have one kind; of whole numbers the largest decides.
  const { rows } = await db.rows(`
    with pairs as (
      select unnest(range(${keys.length})) as i, unnest(json_type(json, ${paths})) as type,
        unnest(json_extract_string(json, ${paths})) as text
      from ${objects(files, longest)}
    )
    select i, type, max(left(text, 80)) as text from pairs where type <> 'NULL'
    group by i, type, left(regexp_replace(text, '[0-9]', '9', 'g'), 80), strlen(text)`);
  const seen = keys.map(() => [] as { type: string; text: string }[]);
  for (const [i, type, text] of rows) seen[Number(i)]!.push({ type: String(type), text: String(text) });
  return keys.map((key, i) => ({ key, ...typeOf(key, seen[i]!) }));
}

function typeOf(key: string, values: { type: string; text: string }[]): Omit<FoundKey, "key"> {
  const types = new Set(values.map(({ type }) => type));
  const narrow = { wide: false };
  if (types.size === 0) return { type: null, ...narrow };
  if (types.has("OBJECT") || types.has("ARRAY")) return { type: "JSON", ...narrow };
  if (/(^|_)(id|ids|key|code|token|number|phone)$/i.test(key)) return { type: "VARCHAR", ...narrow };
  if (types.size === 1 && types.has("BOOLEAN")) return { type: "BOOLEAN", ...narrow };
  const kinds = new Set(values.map(({ text }) => kindOf(text)));
  const only = (...allowed: string[]) => [...kinds].every((kind) => allowed.includes(kind));
  if (types.has("VARCHAR")) {
    if (types.size > 1) return { type: "VARCHAR", ...narrow };
    if (only("date")) return { type: "DATE", ...narrow };
    return { type: only("date", "timestamp") ? "TIMESTAMP" : "VARCHAR", ...narrow };
  }
  if (types.has("BOOLEAN") || kinds.has("other")) return { type: "VARCHAR", ...narrow };
  const wide = kinds.has("wide") || kinds.has("huge");
  if (kinds.has("decimal")) return { type: wide ? "VARCHAR" : "DOUBLE", wide };
  return { type: kinds.has("huge") ? hugeType : "BIGINT", wide };
}

function objects(files: string[], longest: number): string {
  const most = Math.max(16 * 1024 * 1024, longest + 1024);
  return `read_ndjson_objects(${quoteList(files)}, maximum_object_size = ${most})`;
}
