// Spellings of an instant beyond those that DuckDB casts (timestamps.ts). Ambiguous spellings are left out: day and month in
// either order, two-digit years, local times of a named zone.
//
// delivered                                             written by
// 2026-11-30T01:15Z, …T01:15+00:00, …T01Z               ISO 8601 without seconds: java.time.Instant, OffsetDateTime
// 2026-11-30T01:15:00,123Z                              ISO 8601 with a comma: log4j, Python's logging
// 20261130T011500Z, 20261130 01:15:00, 20261130011500   ISO 8601 basic; SQL Server; log files
// 2026-W49-1T01:15:00Z, 2026-334T01:15:00Z              ISO 8601 week and ordinal dates
// 2026-11-30t01:15:00z                                  RFC 3339 in lower case
// 2026-11-30 01:15:00.1234567 +00:00                    .NET, SQL Server's datetimeoffset: digits below a microsecond are rescued
// 2026-11-30 01:15:00 +0000 UTC m=+0.1                  Go's time.Time
// 2026-11-30T01:15:00Z[UTC], …+01:00[Europe/Paris]      java.time.ZonedDateTime
// 2026-11-30-01.15.00.123456                            DB2
// 2026:11:30 01:15:00, 2026.11.30 01:15:00              EXIF; Korean and Hungarian dates
// 2026-11-30 01:15:00 AM, Nov 30 2026  1:15AM           SQL Server's default style; Intl.DateTimeFormat
// Mon, 30 Nov 2026 01:15:00 GMT, … +0000                RFC 2822, HTTP
// Mon Nov 30 01:15:00 2026, … 01:15:00 UTC 2026         asctime, date(1), java.util.Date
// Mon Nov 30 2026 01:15:00 GMT+0000 (…)                 JavaScript's Date.toString()
// 30/Nov/2026:01:15:00 +0000, 30NOV2026:01:15:00        Apache and nginx logs; SAS
// 1796001300, 1796001300000, …000000, …000000000        Unix seconds, milliseconds, microseconds, nanoseconds, also 1.7960013E9
// {"$date": …}, /Date(1796001300000)/                   MongoDB's extended JSON; .NET's JavaScriptSerializer
// "\"2026-11-30T01:15:00Z\"", blanks around or within   JSON encoded twice; fixed-width columns

/**
 * SQL for the microseconds since 1970 of a text in one of these spellings, else null. A number counts only if exactly one
 * unit places it between 1990 and 2100. A time without a zone is UTC.
 */
export function instantSql(text: string): string {
  const spelled = `regexp_replace(replace(${text}, '−', '-'), '${space}+', ' ', 'g')`;
  const bare = `regexp_replace(trim(${spelled}), '^(["''])(.*)["'']$', '\\2')`;
  return bind("spelled", unwrapped(bare), epochSql("spelled", bind("written", rearranged("spelled"), partsSql())));
}

// Any kind of space: Node 20 and later write U+202F before AM and PM.
const space = "[\\s\\x{a0}\\x{2000}-\\x{200b}\\x{202f}\\x{205f}\\x{3000}\\x{feff}]";

/** An expression in which `name` stands for a value computed once; DuckDB needs a list comprehension for that. */
export function bind(name: string, value: string, body: string): string {
  return `[${body} for ${name} in [${value}]][1]`;
}

// {"$date": {"$numberLong": "1"}}, {"$date": 1} and /Date(1+0100)/ become "1ms"; {"$date": "…"} becomes the text.
function unwrapped(text: string): string {
  const number = `regexp_replace(${text}, '(?i)^(?:\\{ ?"\\$date" ?: ?(?:\\{ ?"\\$numberLong" ?: ?"?)?|/date\\()(-?\\d{1,17})(?:[+-]\\d{4})?["} ]*(?:\\)/)?$', '\\1ms')`;
  return `regexp_replace(${number}, '^\\{ ?"\\$date" ?: ?"([^"]*)" ?\\}$', '\\1')`;
}

// unit           1990-01-01           2100-01-01
// seconds        631152000            4102444800
// milliseconds   631152000000         4102444800000
// microseconds   631152000000000      4102444800000000
// nanoseconds    631152000000000000   4102444800000000000; up to 662380416000000000 also possible as .NET ticks
function epochSql(text: string, otherwise: string): string {
  const units: [digits: string, factor: number, least?: string][] = [
    ["", 1_000_000],
    ["000", 1000],
    ["000000", 1],
    ["000000000", 0.001, "662380416000000000"],
  ];
  const within = (n: string, by: (factor: number) => string) =>
    units.map(
      ([zeros, factor, least = `631152000${zeros}`]) =>
        `when ${n} >= ${least} and ${n} < 4102444800${zeros} then ${by(factor)}`,
    );
  const whole = `try_cast(split_part(${text}, '.', 1) as bigint)`;
  const fraction = (digits: number) =>
    `coalesce(try_cast(rpad(left(split_part(${text}, '.', 2), ${digits}), ${digits}, '0') as bigint), 0)`;
  const exact = (factor: number) =>
    factor < 1 ? `${whole} // 1000` : factor === 1 ? whole : `${whole} * ${factor} + ${fraction(Math.log10(factor))}`;
  const float = `try_cast(${text} as double)`;
  return `case
    when regexp_full_match(${text}, '\\d+(\\.\\d*)?') then case
      ${within(whole, exact).join("\n      ")}
      when regexp_full_match(${text}, '(199|20\\d)\\d(\\d{4}|\\d{8}|\\d{10}|\\d{13})') then ${otherwise}
    end
    when regexp_full_match(${text}, '\\d+(\\.\\d*)?[eE]\\+?\\d+') then case
      ${within(float, (factor) => `round(${float} * ${factor})::bigint`).join("\n      ")}
    end
    when regexp_full_match(${text}, '-?\\d{1,17}ms') then try_cast(replace(${text}, 'ms', '000') as bigint)
    else ${otherwise}
  end`;
}

const months = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec";
const month = `(${months})[a-z]*\\.?`;
const weekday = "(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\\.?,? )?";

// 20261130011500123 becomes 20261130T011500.123, DB2's hyphen a T, and the year of asctime goes before its clock.
function rearranged(text: string): string {
  const steps: [pattern: string, by: string][] = [
    ["^(\\d{8})(\\d{4,6})$", "\\1T\\2"],
    ["^(\\d{8})(\\d{6})(\\d{3})$", "\\1T\\2.\\3"],
    ["^(\\d{4}-\\d\\d-\\d\\d)-(\\d\\d\\.\\d\\d\\.\\d\\d)", "\\1T\\2"],
    [
      `^${weekday}${month} (\\d{1,2}) (\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?)( (?:utc|gmt|z))? (\\d{4})$`,
      "\\1 \\2 \\5 \\3\\4",
    ],
  ];
  return steps.reduce((sql, [pattern, by]) => `regexp_replace(${sql}, '(?i)${pattern}', '${by}')`, text);
}

const dates: [pattern: string, names: string[]][] = [
  ["(\\d{4})-(\\d{1,2})-(\\d{1,2})", ["y1", "m1", "d1"]],
  ["(\\d{4})/(\\d{1,2})/(\\d{1,2})", ["y2", "m2", "d2"]],
  ["(\\d{4})[.:](\\d\\d)[.:](\\d\\d)", ["y3", "m3", "d3"]],
  ["(\\d{4})(\\d\\d)(\\d\\d)", ["y4", "m4", "d4"]],
  ["(\\d{4})-?w(\\d\\d)-?([1-7])", ["y5", "week", "weekday"]],
  ["(\\d{4})-?(\\d{3})", ["y6", "ordinal"]],
  [`${weekday}(\\d{1,2})(?:st|nd|rd|th)?[-/. ]?${month}[-/, ]?(\\d{4})`, ["d7", "name7", "y7"]],
  [`${weekday}${month} (\\d{1,2})(?:st|nd|rd|th)?,? (\\d{4})`, ["name8", "d8", "y8"]],
];

// h:m, h:m:s and h:m:s.f; hh.mm.ss.f; hh, hhmm, hhmmss and hhmmss.f, of which the first two need a T before them.
const clocks: [pattern: string, names: string[]][] = [
  ["(?:[t_:]|,? (?:at )?)(\\d{1,2}):(\\d\\d)(?::(\\d\\d)(?:[.,:](\\d+))?)?", ["h1", "i1", "s1", "f1"]],
  ["(?:[t_:]|,? )(\\d\\d)\\.(\\d\\d)\\.(\\d\\d)(?:[.,](\\d+))?", ["h2", "i2", "s2", "f2"]],
  ["[t_](\\d\\d)(?:(\\d\\d)(?:(\\d\\d)(?:[.,](\\d+))?)?)?", ["h3", "i3", "s3", "f3"]],
  [" (\\d\\d)(\\d\\d)(\\d\\d)(?:[.,](\\d+))?", ["h4", "i4", "s4", "f4"]],
];

// Z, UTC, an offset, or both; then the zone's name as Go, Java and JavaScript write it, and Go's monotonic clock.
const zone =
  " ?(z|utc|gmt|ut)? ?(?:([+-])(\\d\\d)(?::?(\\d\\d))?)?(?: ?(\\([^)]*\\)|\\[[^\\]]*\\])| ([a-z]{2,5}|[+-]\\d{2,4}))?(?: m=[+-][\\d.]+)?";
const names = [
  ...dates.flatMap(([, names]) => names),
  ...clocks.flatMap(([, names]) => names),
  "half",
  "utc",
  "sign",
  "hours",
  "minutes",
  "region",
  "name",
];

function partsSql(): string {
  const either = (list: [string, string[]][]) => list.map(([pattern]) => pattern).join("|");
  const pattern = `(?i)^(?:${either(dates)})(?:(?:${either(clocks)})(?: ?([ap])\\.?m\\.?)?)?${zone}$`;
  const extracted = `regexp_extract(written, '${pattern}', [${names.map((name) => `'${name}'`).join(", ")}])`;
  return bind("parts", extracted, microsSql());
}

function microsSql(): string {
  const both = (name: string, ...numbers: number[]) => numbers.map((n) => `parts.${name}${n}`).join(" || ");
  const number = (text: string) => `coalesce(try_cast(${text} as integer), 0)`;
  const monthName = both("name", 7, 8);
  const fields = {
    year: both("y", 1, 2, 3, 4, 5, 6, 7, 8),
    month: `${both("m", 1, 2, 3, 4)} || coalesce(list_position(['${months.replaceAll("|", "', '")}'], lower(${monthName}))::varchar, '')`,
    day: both("d", 1, 2, 3, 4, 7, 8),
    week: "try_cast(parts.week as integer)",
    ordinal: "try_cast(parts.ordinal as integer)",
    weekday: "try_cast(parts.weekday as integer)",
    written: both("h", 1, 2, 3, 4),
    h: number(both("h", 1, 2, 3, 4)),
    i: number(both("i", 1, 2, 3, 4)),
    s: number(both("s", 1, 2, 3, 4)),
    f: `rpad(left(${both("f", 1, 2, 3, 4)}, 6), 6, '0')::integer`,
    oh: number("parts.hours"),
    om: number("parts.minutes"),
  };
  const packed = Object.entries(fields).map(([name, sql]) => `${name} := ${sql}`);
  return bind("read", `struct_pack(${packed.join(", ")})`, sumSql());
}

function sumSql(): string {
  const first = (day: string) => `try_cast(read.year || '-01-${day}' as date)`;
  const ofWeek = `date_trunc('week', ${first("04")})::date + 7 * read.week + read.weekday - 8`;
  const ofYear = `${first("01")} + read.ordinal - 1`;
  const day = `case
      when read.week is not null then case when isoyear(${ofWeek})::varchar = read.year and read.week > 0 then ${ofWeek} end
      when read.ordinal is not null then case when year(${ofYear})::varchar = read.year then ${ofYear} end
      else try_cast(read.year || '-' || read.month || '-' || read.day as date)
    end`;
  const hour = "case lower(parts.half) when '' then read.h when 'a' then read.h % 12 else read.h % 12 + 12 end";
  const offset = "case parts.sign when '-' then -60 else 60 end * (60 * read.oh + read.om)";
  const clockFits =
    "(read.h < 24 or read.h = 24 and read.i + read.s + read.f = 0) and read.i < 60 and read.s < 60 and (parts.half = '' or read.h between 1 and 12)";
  const zoneFits =
    "read.oh < 15 and read.om < 60 and (parts.sign <> '' and read.written <> '' or parts.sign = '' and parts.name = '' and (parts.region = '' or parts.utc <> '' or lower(parts.region) in ('[z]', '[utc]', '[gmt]', '[etc/utc]', '(utc)')))";
  return `case when ${clockFits} and ${zoneFits}
    then epoch_us((${day})::timestamp) + 1000000::bigint * (3600 * (${hour}) + 60 * read.i + read.s - ${offset}) + read.f end`;
}
