// delivered                                  read as, in UTC
// 2026-09-01T05:15:00                        05:15:00
// 2026-09-01 05:15:00.626                    05:15:00.626
// 2026-09-01T05:15:00.626000+00:00           05:15:00.626
// 2026-09-01 05:15:00Z, … UTC, … GMT         05:15:00
// 2026-09-01T05:15:00+05:30, +0530, +05      2026-08-31 23:45:00
// 2026-09-01                                 00:00:00
// 1693526400, "", "n/a", infinity, epoch     null
// 2026-09-01T05:15:00+25:00                  null
/**
 * SQL that reads a text as TIMESTAMP in UTC, null where it is none. DuckDB's own cast to TIMESTAMP drops an offset in
 * silence, so a text with a sign after the date goes through TIMESTAMPTZ. Needs TimeZone = 'UTC'.
 */
export function timestampSql(text: string): string {
  const plain = `case when ends_with(${text}, '+00:00') or not (contains(substr(${text}, 11), '+') or contains(substr(${text}, 11), '-')) then try_cast(${text} as timestamp) end`;
  const normal = `regexp_replace(${text}, '(?i)\\s*(z|utc|gmt)?\\s*([+-]\\d\\d(:?\\d\\d)?)?\\s*$', '\\2Z')`;
  const instant = `make_timestamp(epoch_us(try_cast(regexp_replace(${normal}, '([+-][0-9:]+)Z$', '\\1') as timestamptz)))`;
  const zoned = `case when not regexp_matches(${text}, ':.*[+-](1[5-9]|[2-9])\\d?(:?\\d\\d)?\\s*$') then ${instant} end`;
  const value = `coalesce(${plain}, ${zoned})`;
  const word = `${value} = timestamp '1970-01-01' and not regexp_matches(${text}, '\\d')`;
  return `case when ${value} between ${earliest} and ${latest} and not (${word}) then ${value} end`;
}

/** SQL that is true where the text is finer than a microsecond, which TIMESTAMP cannot hold. */
export function finerThanMicroseconds(text: string): string {
  return `case when ${long(text)} then regexp_matches(${text}, '\\.\\d{6}\\d*[1-9]') else false end`;
}

/** SQL that is true unless `cast`, DuckDB's own cast of the text to TIMESTAMP, is what `timestampSql` makes of it. Cheap. */
export function unlikeItsCast(text: string, cast: string): string {
  const rest = `substr(${text}, 11)`;
  const offset = `not ends_with(${text}, '+00:00') and (contains(${rest}, '+') or contains(${rest}, '-'))`;
  const word = `${cast} = timestamp '1970-01-01' and not starts_with(${text}, '1970')`;
  return `coalesce(not (${cast} between ${earliest} and ${latest}) or ${offset} or ${long(text)} or ${word}, ${text} is not null)`;
}

const earliest = "timestamp '0001-01-01'";
const latest = "timestamp '9999-12-31 23:59:59.999999'";

// Six digits of a fraction are 26 characters: with …Z 27, with …+00:00 32.
function long(text: string): string {
  return `strlen(${text}) > 26 and not (strlen(${text}) = 32 and ends_with(${text}, '+00:00') or strlen(${text}) = 27 and ends_with(${text}, 'Z'))`;
}
