import { type CsvFile, csvHeader, readCsvSql } from "../../duckdb/csv-file.ts";
import { quoteName, quoteText } from "../../duckdb/quote.ts";

/** The columns of the customer's CSV files and of the tables made of them. */
const plannedColumns = {
  forecast: {
    queue: "VARCHAR",
    window_start: "TIMESTAMP",
    contacts: "DOUBLE",
    aht_seconds: "DOUBLE",
    issued_at: "TIMESTAMP",
  },
  schedule: { queue: "VARCHAR", window_start: "TIMESTAMP", scheduled_fte: "DOUBLE" },
} as const;

export type Planned = keyof typeof plannedColumns;

export const plannedTables = Object.keys(plannedColumns) as Planned[];

const optionalColumns = ["aht_seconds", "issued_at"];
const timeFormat = "a time like 2026-09-01T08:15:00-04:00, or 2026-09-01 08:15 in the site's zone";

/** The columns of a table, with their types. */
export function columnTypes(table: Planned): string {
  const types = Object.entries(plannedColumns[table]).map(([name, type]) => `${name} ${type}`);
  return types.join(", ");
}

/** The columns of a table in order; those that hold numbers; the numbers that divide where a window is split. */
export function columnNames(table: Planned): { all: string[]; numbers: string[]; divided: string[] } {
  const all = Object.keys(plannedColumns[table]);
  const numbers = Object.entries(plannedColumns[table]).flatMap(([name, type]) => (type === "DOUBLE" ? [name] : []));
  return { all, numbers, divided: numbers.filter((name) => name === "contacts") };
}

/** A file of this table. */
export function plannedCsv(table: Planned, file: string): CsvFile {
  const columns = Object.keys(plannedColumns[table]);
  return { file, option: `site.${table}`, docs: "docs/config.md", columns, optional: optionalColumns };
}

/**
 * Common table expressions over a file: `grid`, the length of its windows, and `validated`, one row per record with its values
 * and its mistake, or null; `earlier` is the record that it repeats.
 *
 * A time without an offset is in the site's zone. In the hour that the clock repeats it names two moments: of two such rows
 * the first is the earlier one; a single such row is ambiguous, which is a mistake. A time of issue is written in many rows,
 * so there it always is one.
 */
export function readSql(table: Planned, file: string): string {
  const csv = plannedCsv(table, file);
  const { columns } = csvHeader(csv);
  const { all, numbers } = columnNames(table);
  const isDelivered = (column: string) => columns.includes(column);
  const versioned = isDelivered("issued_at");
  const number = (column: string) => `case when regexp_full_match(${column}, '\\d+(\\.\\d*)?([eE][+-]?\\d+)?|\\.\\d+')
      and isfinite(try_cast(${column} as double)) then try_cast(${column} as double) end`;
  const value = (column: string) => {
    if (column === "queue") return column;
    if (column === "window_start") return "start as window_start";
    if (column === "issued_at") return "issued as issued_at";
    return isDelivered(column) ? `${number(column)} as ${column}` : `null::double as ${column}`;
  };
  const when = (condition: string, column: string, problem: string) =>
    `when ${condition} then {'column': ${quoteText(column)}, 'problem': ${problem}}`;
  const notATime = (column: string) => `${quoteText(`not ${timeFormat}: `)} || ${quotedValue(column)}`;
  const skipped = (column: string) => `${column} || ' did not exist in ' || local_zone() || ': the clock skipped it'`;
  const twice = (column: string, moments: string) => ({
    occurred: `${column} || ' occurred twice in ' || local_zone()`,
    write: `': write ' || strftime(${moments}[1], '%Y-%m-%dT%H:%MZ') || ' or ' || strftime(${moments}[2], '%Y-%m-%dT%H:%MZ')`,
  });
  const start = twice("window_start", "start_time.moments");
  const issue = twice("issued_at", "issue_time.moments");
  const mistakes = [
    when("queue is null", "queue", "'is empty'"),
    when("start_time.bucket is null", "window_start", notATime("window_start")),
    when(
      "len(start_time.moments) = 0 and start_time.rest = interval 0 seconds",
      "window_start",
      skipped("window_start"),
    ),
    when(
      "start_time.rest <> interval 0 seconds",
      "window_start",
      "'not the start of a 15-minute window: ' || window_start",
    ),
    when(
      "len(start_time.moments) = 2 and turns <> 2",
      "window_start",
      `${start.occurred} || ' and is listed ' || case turns when 1 then 'once' else turns || ' times' end || ${start.write}`,
    ),
    ...(versioned
      ? [
          when("issue_time.bucket is null", "issued_at", notATime("issued_at")),
          when("len(issue_time.moments) = 0", "issued_at", skipped("issued_at")),
          when("len(issue_time.moments) = 2", "issued_at", `${issue.occurred} || ${issue.write}`),
        ]
      : []),
    ...numbers
      .filter(isDelivered)
      .map((column) =>
        when(
          `${optionalColumns.includes(column) ? `${column} is not null and ` : ""}${number(column)} is null`,
          column,
          `'not a number from 0 up: ' || ${quotedValue(column)}`,
        ),
      ),
    when(
      "earlier < record",
      "window_start",
      `'the same queue${versioned ? ", window and time of issue" : " and window"} as'`,
    ),
    when(
      "coarse.minutes > grid.minutes",
      "window_start",
      "'its windows of this queue have ' || coarse.minutes || ' minutes, others of the file ' || grid.minutes || ': split them'",
    ),
  ];
  return `with written as (
    select row_number() over () as record, ${columns.map((column) => `nullif(trim(${quoteName(column)}), '') as ${column}`).join(", ")}
    from ${readCsvSql(csv)}
  ),
  -- each time once: its quarter-hour, the rest, and the moments that it may mean
  texts as (
    select window_start as text from written where window_start is not null
    ${versioned ? "union select issued_at from written where issued_at is not null" : ""}
  ),
  instants as (
    select text,
      regexp_full_match(text, '\\d{4}-\\d\\d-\\d\\d[T ]([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d+)?)?( ?([Zz]|[+-]\\d\\d:?\\d\\d))?') as fits,
      regexp_matches(text, '([Zz]|[+-]\\d\\d:?\\d\\d)$') and length(text) > 16 as exact,
      case when fits and exact
        then timezone('UTC', try_cast(regexp_replace(
          regexp_replace(upper(text), '^(.{16}) ?([Z+-])', '\\1:00\\2'), ' ?([+-]\\d\\d):?(\\d\\d)$', '\\1:\\2') as timestamptz))
        when fits then try_cast(text as timestamp) end as written_time,
      time_bucket(interval 15 minutes, written_time) as bucket,
      written_time - bucket as rest,
      case when exact then [written_time] else list_transform(list_filter(
        range(timezone('UTC', timezone(local_zone(), bucket)) - interval 3 hours,
          timezone('UTC', timezone(local_zone(), bucket)) + interval 195 minutes, interval 15 minutes),
        lambda t: local(t) = bucket), lambda t: t + rest) end as moments
    from (select distinct text from texts)
  ),
  -- rows of one queue and version that share a local time of the repeated hour
  twins as (
    select unnest(records) as record, unnest(range(1, len(records) + 1)) as turn, len(records) as turns
    from (
      select list(record order by record) as records
      from written join instants on text = window_start
      where len(moments) = 2
      group by queue, window_start${versioned ? ", issued_at" : ""}
    )
  ),
  placed as (
    select written.*, start_time, turns, ${versioned ? "issue_time" : "null as issue_time"},
      ${versioned ? "issue_time.moments[1]" : "null::timestamp"} as issued,
      start_time.moments[case when len(start_time.moments) = 2 then turn else 1 end] as start
    from written
    left join (select text, instants as start_time from instants) as start_times on start_times.text = window_start
    ${versioned ? "left join (select text, instants as issue_time from instants) as issue_times on issue_times.text = issued_at" : ""}
    left join twins using (record)
  ),
  grid as (
    select case
      when bool_and(extract(minute from local(start)) = 0) then 60
      when bool_and(extract(minute from local(start)) in (0, 30)) then 30
      else 15 end as minutes
    from placed where start is not null
  ),
  -- windows that are longer than others of the file: so many on the hour are not chance
  coarse as (
    select min(record) as first_record, case when bool_and(extract(minute from local(start)) = 0) then 60 else 30 end as minutes
    from placed where start is not null
    group by queue, issued
    having count(*) >= 8 and bool_and(extract(minute from local(start)) = 0)
      or count(*) >= 16 and bool_and(extract(minute from local(start)) in (0, 30))
  ),
  doubled as (
    select queue as doubled_queue, start as doubled_start, issued as doubled_issue, min(record) as earlier from placed
    where queue is not null and start is not null group by all having count(*) > 1
  ),
  validated as (
    select record, ${all.map(value).join(", ")}, case
        ${mistakes.join("\n        ")}
      end as mistake, earlier
    from placed cross join grid
    left join doubled on doubled_queue = queue and doubled_start = start and doubled_issue is not distinct from issued
    left join coarse on first_record = record
  )`;
}

function quotedValue(column: string): string {
  return `coalesce('"' || left(${column}, 60) || '"', 'empty')`;
}
