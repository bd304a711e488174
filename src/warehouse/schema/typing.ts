import { own } from "../../base/names.ts";
import { bind } from "./instants.ts";
import { differsFromCast, finerThanMicroseconds, timestampSql } from "./timestamps.ts";

/** The type in which DuckDB's JSON reader returns a value: numbers as DOUBLE, nested values as JSON, all else as text. */
export type ReadAs = "DOUBLE" | "VARCHAR" | "JSON";

/** The kind of a value, by its text. */
export type Kind = "integer" | "wide" | "huge" | "decimal" | "date" | "timestamp" | "other";

/**
 * A kind of value found in a column. Documented columns record only kinds that the declared type cannot hold; `wide` is then
 * an integer that a DOUBLE would round. Other columns record all: numbers by kind, texts as `date`, `timestamp` or `text`.
 */
export type Found = "nested" | "boolean" | "integer" | "wide" | "huge" | "decimal" | "date" | "timestamp" | "text";

/** The type of integers beyond 2^63. Not HUGEINT, which DuckDB would write to Parquet as DOUBLE. */
export const hugeType = "DECIMAL(38,0)";

const maxSafeInteger = "9007199254740992"; // 2^53: beyond it a DOUBLE cannot hold every integer

/** The typed path reads numbers as DOUBLE, which is fast; the text path reads everything as text, which is exact. */
export function readAs(type: string, path: "typed" | "text"): ReadAs {
  if (type === "JSON") return "JSON";
  return path === "typed" && (type === "BIGINT" || type === "DOUBLE") ? "DOUBLE" : "VARCHAR";
}

/**
 * SQL for the typed value of `raw`, null where it does not fit. The typed path must stop at a value that `unfitSql` finds.
 * Times are read in every spelling if `spelled` is set.
 */
export function valueSql(
  type: string,
  raw: string,
  path: "typed" | "text",
  { spelled = false, flag = false, identifier = false }: Reading = {},
): string {
  if (identifier && type === "VARCHAR") return identifierSql(raw);
  if (flag && type === "BIGINT" && path === "text")
    return `case ${truthCases(raw, "1", "0")} else ${valueSql(type, raw, path)} end`;
  if (readAs(type, path) === "DOUBLE") return type === "DOUBLE" ? raw : `${raw}::bigint`;
  if (type === "TIMESTAMP" && path === "typed") return `try_cast(${raw} as timestamp)`;
  if (type === "DATE" && path === "typed") return midnight(`try_cast(${raw} as timestamp)`);
  // Booleans become numbers, as DuckDB's JSON reader does on the typed path.
  const number = `case ${raw} when 'true' then 1 when 'false' then 0 else try_cast(${raw} as double) end`;
  switch (type) {
    case "VARCHAR":
    case "JSON":
      return raw;
    case "DOUBLE":
      return `case when isfinite(${number}) then ${number} end`;
    case "BIGINT":
    case hugeType: {
      const whole = `case when ${number} = trunc(${number}) and abs(${number}) <= ${maxSafeInteger} then ${number}::${type} end`;
      return `case when regexp_matches(${raw}, '[^0-9-]') then ${whole} else try_cast(${raw} as ${type}) end`;
    }
    case "BOOLEAN":
      return `case ${truthCases(raw, "true", "false")} end`;
    case "TIMESTAMP":
      return spelled ? timestampSql(raw) : timestampSql(raw, null);
    case "DATE":
      return bind("moment", valueSql("TIMESTAMP", raw, path, { spelled }), midnight("moment"));
    default:
      return `try_cast(${raw} as ${type})`;
  }
}

/**
 * SQL that is true for a value that does not fit its type exactly: the text path keeps its text in `_rescued`, the typed path
 * hands the day over to the text path. On the typed path a time beyond DuckDB's cast is unfit as well.
 */
export function unfitSql(type: string, raw: string, value: string, path: "typed" | "text"): string | null {
  if (type === "VARCHAR" || type === "JSON") return null;
  if (path === "typed") {
    if (type === "DOUBLE") return `not isfinite(${raw})`;
    if (type === "BIGINT") return `${raw} <> trunc(${raw})`;
    if (type === "TIMESTAMP") return differsFromCast(raw, value);
    if (type === "DATE")
      return `${differsFromCast(raw, `try_cast(${raw} as timestamp)`)} or ${value} is null and ${raw} is not null`;
  }
  const isLost = `(${value} is null and ${raw} is not null)`;
  if (type === "TIMESTAMP") return `${isLost} or ${finerThanMicroseconds(raw)}`;
  if (type === "DOUBLE") {
    const same = `regexp_replace(${value}::varchar, '\\.0$', '') = ${raw} or try_cast(${value} as hugeint) = try_cast(${raw} as hugeint) and not contains(${raw}, '.')`;
    return `${isLost} or case when strlen(${raw}) > 15 then coalesce(not (${same}), false) else false end`;
  }
  return isLost;
}

/** How values of a column are read, in addition to its type. */
export interface Reading {
  spelled?: boolean | undefined; // a time column with spellings beyond DuckDB's cast
  flag?: boolean | undefined; // an integer documented as 1 or 0, which yes and no stand for
  identifier?: boolean | undefined; // a text column of ids: 24790001.0 is 24790001
}

// true    PostgreSQL, MySQL, Oracle, YAML and spreadsheets: true, t, yes, y, on, 1, 1.0
// false   false, f, no, n, off, 0, 0.0
// An IN of so many words would become a hash join per column, which takes longer than reading a day.
function truthCases(raw: string, yes: string, no: string): string {
  const among = (words: string) =>
    `list_contains([${words
      .split(" ")
      .map((word) => `'${word}'`)
      .join(", ")}], lower(${raw}))`;
  return `when ${among("true t yes y on 1 1.0")} then ${yes} when ${among("false f no n off 0 0.0")} then ${no}`;
}

/** True if a column of this name holds identifiers. */
export function isIdentifier(key: string): boolean {
  return /(^|_)(id|ids|key)$/i.test(key) || /[a-z](Id|Ids|ID|Key)$/.test(key);
}

// 24790001.0, 2.4790001E7     24790001, digit by digit
// 007, 1e7, 1.5, A.0          unchanged
function identifierSql(raw: string): string {
  const mantissa = `split_part(lower(${raw}), 'e', 1)`;
  const exponent = `try_cast(split_part(lower(${raw}), 'e', 2) as integer)`;
  const whole = `split_part(${mantissa}, '.', 1)`;
  const fraction = `rtrim(split_part(${mantissa}, '.', 2), '0')`;
  return `case
    when not (contains(${raw}, '.') or contains(${raw}, 'e+')) then ${raw}
    when regexp_full_match(${raw}, '-?(0|[1-9]\\d*)\\.0+') then split_part(${raw}, '.', 1)
    when regexp_full_match(${raw}, '-?[1-9](\\.\\d+[eE]\\+?|e\\+)\\d{1,2}') and strlen(${fraction}) <= ${exponent}
      then rpad(${whole} || ${fraction}, strlen(${whole})::integer + ${exponent}, '0')
    else ${raw}
  end`;
}

/** True for types of times, which come in many spellings. */
export function isTime(type: string): boolean {
  return type === "TIMESTAMP" || type === "DATE";
}

function midnight(time: string): string {
  return `case when ${time} = date_trunc('day', ${time}) then ${time}::date end`;
}

/** The kind of a value by its text. */
export function kindOf(text: string): Kind {
  if (/^-?\d+$/.test(text)) {
    const digits = text.replace(/^-?0*/, "").length;
    if (digits <= 15) return "integer";
    const value = BigInt(text);
    if (value >= -(2n ** 53n) && value <= 2n ** 53n) return "integer";
    if (value >= -(2n ** 63n) && value < 2n ** 63n) return "wide";
    return value > -(10n ** 38n) && value < 10n ** 38n ? "huge" : "other";
  }
  if (/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return Number.isFinite(Number(text)) ? "decimal" : "other";
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return "date";
  if (/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text)) return "timestamp";
  return "other";
}

// declared    values                     type
// BIGINT      huge                       DECIMAL(38,0)
// BIGINT      decimal                    DOUBLE
// BIGINT      decimal and wide           BIGINT, exact for wide values; DECIMAL(38,0) with huge ones
// DATE        timestamp                  TIMESTAMP
// any         anything else              as declared; unfit values are rescued
/** The type of a documented column by the kinds found in it, independent of the order in which they came. */
export function documentedType(declared: string, found: ReadonlySet<Found>): string {
  if (declared === "DATE") return found.has("timestamp") ? "TIMESTAMP" : declared;
  if (declared !== "BIGINT") return declared;
  if (found.has("decimal") && !found.has("wide")) return "DOUBLE";
  return found.has("huge") ? hugeType : declared;
}

// values                                      type
// only nulls                                  null
// lists or objects, alone or mixed            JSON
// identifiers, by the column's name           VARCHAR, since ids are numbers in some feeds and texts in others
// true and false                              BOOLEAN
// only times, only dates                      TIMESTAMP, DATE
// other texts, or a mixture                   VARCHAR
// integers                                    BIGINT; DECIMAL(38,0) beyond 2^63; VARCHAR beyond 38 digits
// numbers                                     DOUBLE; VARCHAR with integers beyond 2^53 among them
/** The type of an undocumented column by the kinds found in it, independent of the order in which they came. */
export function foundType(key: string, found: ReadonlySet<Found>): string | null {
  const only = (...allowed: Found[]) => [...found].every((kind) => allowed.includes(kind));
  if (found.size === 0) return null;
  if (found.has("nested")) return "JSON";
  if (isIdentifier(key) || /(^|_)(code|token|number|phone)$/i.test(key)) return "VARCHAR";
  if (only("boolean")) return "BOOLEAN";
  if (only("date")) return "DATE";
  if (only("date", "timestamp")) return "TIMESTAMP";
  if (!only("integer", "wide", "huge", "decimal")) return "VARCHAR";
  if (found.has("decimal")) return only("integer", "decimal") ? "DOUBLE" : "VARCHAR";
  return found.has("huge") ? hugeType : "BIGINT";
}

/** True if a reader's cast from one type to the other keeps every value. */
export function castsExactly(from: string, to: string): boolean {
  const wider: Record<string, string[]> = {
    BIGINT: [hugeType, "DOUBLE"],
    [hugeType]: ["BIGINT", "DOUBLE"],
    DATE: ["TIMESTAMP"],
  };
  return from === to || (own(wider, from)?.includes(to) ?? false);
}
