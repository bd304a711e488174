import { bind, instantSql } from "./instants.ts";

// delivered                                  read as, in UTC
// 2026-09-01T05:15:00                        05:15:00
// 2026-09-01 05:15:00.626                    05:15:00.626
// 2026-09-01T05:15:00.626000+00:00           05:15:00.626
// 2026-09-01 05:15:00Z, … UTC, … GMT         05:15:00
// 2026-09-01T05:15:00+05:30, +0530, +05      2026-08-31 23:45:00
// 2026-09-01                                 00:00:00
// a spelling listed in instants.ts            that instant
// 26-09-01, 09/01/2026, "", n/a, infinity    null
// 2026-09-01T05:15:00+25:00                  null
/**
 * SQL that reads a text as TIMESTAMP in UTC, null if it is not one. DuckDB's cast to TIMESTAMP silently drops an offset, so a
 * text with a sign after the date goes through TIMESTAMPTZ. Needs TimeZone = 'UTC'. With null for `instant` it reads only
 * what DuckDB casts, which takes a tenth of the planning time.
 */
export function timestampSql(text: string, instant: string | null = instantSql(text)): string {
  const signed = `(contains(substr(${text}, 11), '+') or contains(substr(${text}, 11), '-'))`;
  const plain = `case when ends_with(${text}, '+00:00') or not ${signed} then try_cast(${text} as timestamp) end`;
  const normal = `regexp_replace(${text}, '(?i)\\s*(z|utc|gmt)?\\s*([+-]\\d\\d(:?\\d\\d)?)?\\s*$', '\\2Z')`;
  const offset = `make_timestamp(epoch_us(try_cast(regexp_replace(${normal}, '([+-][0-9:]+)Z$', '\\1') as timestamptz)))`;
  const zoned = `case when not regexp_matches(${text}, ':.*[+-](1[5-9]|[2-9])\\d?(:?\\d\\d)?\\s*$') then ${offset} end`;
  const cast = `coalesce(${plain}, ${zoned})`;
  const made = "make_timestamp(instant)";
  const other = instant === null ? "null" : bind("instant", instant, `case when ${inRange(made)} then ${made} end`);
  return `case
    when ${text} is null then null
    when ${inRange(cast)} and not ${isGuess(text, cast)} then ${cast}
    else ${other}
  end`;
}

// milliseconds with a fraction, microseconds with a fraction, nanoseconds, and any fraction of a second
const finer =
  "^\\s*(?:\\d{12,13}\\.\\d{3}(\\d*[1-9])0*|\\d{15,16}\\.(\\d*[1-9])0*|\\d{15,16}(\\d\\d[1-9]|\\d[1-9]0|[1-9]00)|.*?[.,:]\\d{6}(\\d*[1-9])0*(?:[^0-9eE].*)?)\\s*$";

/** SQL that is true for a text finer than a microsecond, which TIMESTAMP cannot hold. */
export function finerThanMicroseconds(text: string): string {
  return `case when ${long(text)} then regexp_matches(${text}, '${finer}') else false end`;
}

/** SQL for the digits of such a text below the microsecond, without trailing zeros. */
export function belowMicrosecond(text: string): string {
  return `rtrim(regexp_replace(${text}, '${finer}', '\\1\\2\\3\\4'), '0')`;
}

/** SQL that is true unless `cast`, DuckDB's cast of the text to TIMESTAMP, equals the result of `timestampSql`. Cheap. */
export function differsFromCast(text: string, cast: string): string {
  const rest = `substr(${text}, 11)`;
  const offset = `not ends_with(${text}, '+00:00') and (contains(${rest}, '+') or contains(${rest}, '-'))`;
  return `coalesce(not (${inRange(cast)}) or ${offset} or ${long(text)} or ${isGuess(text, cast)}, ${text} is not null)`;
}

function inRange(time: string): string {
  return `${time} between timestamp '0001-01-01' and timestamp '9999-12-31 23:59:59.999999'`;
}

// DuckDB reads "epoch" as 1970-01-01, and 26-11-30 as a day of the year 26.
function isGuess(text: string, cast: string): string {
  return `case
    when ${cast} = timestamp '1970-01-01' then not regexp_matches(${text}, '\\d')
    when ${cast} < timestamp '1000-01-01' then not regexp_matches(${text}, '^\\s*\\d{4}\\D')
    else false
  end`;
}

// The usual spellings have a dot, a sign or a letter at position 20, and with six digits of fraction 26 characters, 27 with
// …Z, 32 with …+00:00. A number has no hyphen at position 5.
function long(text: string): string {
  const usual = `strlen(${text}) = 32 and ends_with(${text}, '+00:00') or strlen(${text}) = 27 and ends_with(${text}, 'Z')`;
  const short = `substr(${text}, 20, 1) between '0' and '9' or substr(${text}, 5, 1) <> '-'`;
  return `case when strlen(${text}) > 26 then not (${usual}) when strlen(${text}) > 17 then ${short} else false end`;
}
