import { own } from "../../base/names.ts";
import { bind } from "./instants.ts";

import { finerThanMicroseconds, timestampSql, unlikeItsCast } from "./timestamps.ts";

/** How DuckDB's JSON reader is to hand a value over: numbers as DOUBLE, nested values as JSON, anything as text. */
export type ReadAs = "DOUBLE" | "VARCHAR" | "JSON";

/** What a value is, judging by its text. */
export type Kind = "integer" | "wide" | "huge" | "decimal" | "date" | "timestamp" | "other";

/**
 * What was found in a column. Of a documented one only what its declared type does not hold: `wide` then is a whole number
 * that a DOUBLE would round. Of others everything: numbers by kind, texts as `date`, `timestamp` or `text`.
 */
export type Found =
  | "nested"
  | "boolean"
  | "integer"
  | "wide"
  | "huge"
  | "decimal"
  | "date"
  | "timestamp"
  | "text";

/** Whole numbers beyond 2^63. Not HUGEINT: Parquet has none, and DuckDB would write a DOUBLE. */
export const hugeType = "DECIMAL(38,0)";

const safest = "9007199254740992"; // 2^53: from here on a DOUBLE skips whole numbers

/** On the typed path numbers come as DOUBLE, which is fast; on the text path everything comes as text, which is exact. */
export function readAs(type: string, path: "typed" | "text"): ReadAs {
  if (type === "JSON") return "JSON";
  return path === "typed" && (type === "BIGINT" || type === "DOUBLE") ? "DOUBLE" : "VARCHAR";
}

/**
 * SQL for the typed value of `raw`, null where it does not fit. What `unfitSql` finds must stop the typed path. Times are
 * read in every spelling on request.
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
  // As DuckDB's JSON reader hands a boolean over where a number is wanted, so on the typed path.
  const number = `case ${raw} when 'true' then 1 when 'false' then 0 else try_cast(${raw} as double) end`;
  switch (type) {
    case "VARCHAR":
    case "JSON":
      return raw;
    case "DOUBLE":
      return `case when isfinite(${number}) then ${number} end`;
    case "BIGINT":
    case hugeType: {
      const whole = `case when ${number} = trunc(${number}) and abs(${number}) <= ${safest} then ${number}::${type} end`;
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
 * SQL that is true where the value does not fit, or not exactly: on the text path its text must be kept in `_rescued`, on
 * the typed path the day must be read as text. There a time that takes more than a cast is unfit as well.
 */
export function unfitSql(type: string, raw: string, value: string, path: "typed" | "text"): string | null {
  if (type === "VARCHAR" || type === "JSON") return null;
  if (path === "typed") {
    if (type === "DOUBLE") return `not isfinite(${raw})`;
    if (type === "BIGINT") return `${raw} <> trunc(${raw})`;
    if (type === "TIMESTAMP") return unlikeItsCast(raw, value);
    if (type === "DATE")
      return `${unlikeItsCast(raw, `try_cast(${raw} as timestamp)`)} or ${value} is null and ${raw} is not null`;
  }
  const lost = `(${value} is null and ${raw} is not null)`;
  if (type === "TIMESTAMP") return `${lost} or ${finerThanMicroseconds(raw)}`;
  if (type === "DOUBLE") {
    const same = `regexp_replace(${value}::varchar, '\\.0$', '') = ${raw} or try_cast(${value} as hugeint) = try_cast(${raw} as hugeint) and not contains(${raw}, '.')`;
    return `${lost} or case when strlen(${raw}) > 15 then coalesce(not (${same}), false) else false end`;
  }
  return lost;
}

/** How values of a column are read, beside its type. */
export interface Reading {
  spelled?: boolean | undefined; // a time of which some values take more than DuckDB's cast
  flag?: boolean | undefined; // a whole number that is documented as 1 or 0: yes and no are these
  identifier?: boolean | undefined; // a text: 24790001.0 is 24790001
}

// true    PostgreSQL, MySQL, Oracle, YAML and spreadsheets: true, t, yes, y, on, 1, 1.0
// false   false, f, no, n, off, 0, 0.0
// An IN of so many words would become a hash join for each column, which takes longer than reading a day.
function truthCases(raw: string, yes: string, no: string): string {
  const among = (words: string) =>
    `list_contains([${words
      .split(" ")
      .map((word) => `'${word}'`)
      .join(", ")}], lower(${raw}))`;
  return `when ${among("true t yes y on 1 1.0")} then ${yes} when ${among("false f no n off 0 0.0")} then ${no}`;
}

/** Whether a column of this name holds identifiers. */
export function isIdentifier(key: string): boolean {
  return /(^|_)(id|ids|key)$/i.test(key) || /[a-z](Id|Ids|ID|Key)$/.test(key);
}

// 24790001.0, 2.4790001E7     24790001, digit by digit
// 007, 1e7, 1.5, A.0          as they are
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

/** Whether values of the type are times, which come in many spellings. */
export function isTime(type: string): boolean {
  return type === "TIMESTAMP" || type === "DATE";
}

function midnight(time: string): string {
  return `case when ${time} = date_trunc('day', ${time}) then ${time}::date end`;
}

/** What the text of a value is. */
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
// BIGINT      decimal and wide           BIGINT, which keeps what is wide; DECIMAL(38,0) with huge ones
// DATE        timestamp                  TIMESTAMP
// any         anything else              as declared: what does not fit is rescued
/** The type of a documented column, given all that was found in it. Whatever came first, the type is the same. */
export function documentedType(declared: string, found: ReadonlySet<Found>): string {
  if (declared === "DATE") return found.has("timestamp") ? "TIMESTAMP" : declared;
  if (declared !== "BIGINT") return declared;
  if (found.has("decimal") && !found.has("wide")) return "DOUBLE";
  return found.has("huge") ? hugeType : declared;
}

// values                                      type
// none but nulls                              null
// lists and objects, with or without others   JSON
// identifiers by their name                   VARCHAR: here a number, there a text
// true and false                              BOOLEAN
// texts that are all times, all dates         TIMESTAMP, DATE
// other texts, or a mixture                   VARCHAR
// whole numbers                               BIGINT, DECIMAL(38,0) beyond 2^63, VARCHAR beyond 38 digits
// numbers                                     DOUBLE; VARCHAR when whole ones beyond 2^53 are among them
/** The type of a column that nothing documents, given all that was found in it. Whatever came first, the type is the same. */
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

/** Whether values of one type are the same as another, cast by whoever reads the file. */
export function castsExactly(from: string, to: string): boolean {
  const wider: Record<string, string[]> = {
    BIGINT: [hugeType, "DOUBLE"],
    [hugeType]: ["BIGINT", "DOUBLE"],
    DATE: ["TIMESTAMP"],
  };
  return from === to || (own(wider, from)?.includes(to) ?? false);
}
