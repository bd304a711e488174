import type { Database } from "../../duckdb/database.ts";
import { quoteList } from "../../duckdb/quote.ts";
import { finerThanMicroseconds } from "../schema/timestamps.ts";
import { type Found, kindOf, valueSql } from "../schema/typing.ts";

/** Every top-level key of every line. The lines must be objects. */
export async function keysOf(db: Database, files: string[], longest: number): Promise<string[]> {
  const { rows } = await db.rows(
    `select distinct unnest(json_keys(json)) as key from ${objects(files, longest)}`,
  );
  return rows.map(([key]) => String(key)).sort();
}

/** What all lines hold of these keys. */
export async function foundIn(
  db: Database,
  files: string[],
  keys: string[],
  longest: number,
  spelled = false,
): Promise<Map<string, Set<Found>>> {
  const paths = quoteList(keys.map((key) => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`));
  // Texts of one shape and length have one kind; of whole numbers the largest decides.
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
  const unread = rows.some(
    ([, type, text, time]) => type === "VARCHAR" && time !== true && isDated(String(text)),
  );
  if (unread && !spelled) return foundIn(db, files, keys, longest, true);
  const found = new Map(keys.map((key) => [key, new Set<Found>()]));
  for (const [i, type, text, time] of rows)
    found.get(keys[Number(i)]!)!.add(kindFound(String(type), String(text), time === true));
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
