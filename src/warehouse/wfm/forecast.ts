import { readFileSync } from "node:fs";
import { basename, relative } from "node:path";
import { CliError } from "../../base/errors.ts";
import { suggest } from "../../base/suggest.ts";
import { plural } from "../../base/words.ts";
import type { Config } from "../../config/config.ts";
import type { Database } from "../../duckdb/database.ts";
import { quoteFiles, quoteName, quoteText } from "../../duckdb/quote.ts";
import { knownQueues, listQueues, type UnknownQueue, unknownOf, unknownText } from "./named-queues.ts";

/** The wfm tables filled from the customer's CSV files, one row per queue and 15-minute window. */
const plannedTables = {
  forecast: { queue: "VARCHAR", window_start: "TIMESTAMP", contacts: "DOUBLE", aht_seconds: "DOUBLE" },
  schedule: { queue: "VARCHAR", window_start: "TIMESTAMP", scheduled_fte: "DOUBLE" },
} as const;

export type Planned = keyof typeof plannedTables;

/** The summary of a file. Times are UTC. */
export interface PlannedFile {
  table: Planned;
  file: string;
  queues: number;
  windows: number; // rows of the table, of 15 minutes each
  minutes: 15 | 30 | 60; // length of a row in the file; longer ones are split evenly
  first: string | null;
  last: string | null; // start of the last window
  unknownQueues: UnknownQueue[]; // in no feed; empty without any data
}

const optionalColumn = "aht_seconds";
const duplicateOf = "the same queue and window as";
const timeFormat = "a time like 2026-09-01T08:15:00-04:00, or 2026-09-01 08:15 in the site's zone";

/**
 * The statement that creates wfm.forecast or wfm.schedule, empty without a file. Throws CliError("config") if the file is
 * missing or has no valid header; `checkPlanned` checks its rows.
 */
export function createPlanned(table: Planned, file: string | null): string {
  const columns = Object.entries(plannedTables[table]).map(([name, type]) => `${name} ${type}`);
  if (file === null) return `create table wfm.${table} (${columns.join(", ")})`;
  const values = valueColumns(table).map((column) =>
    column === "contacts" ? "contacts * 15 / minutes as contacts" : column,
  );
  return `create table wfm.${table} as ${readSql(table, file)}
    select queue, window_start + to_minutes(part) as window_start, ${values.join(", ")}
    from validated, grid, range(0, minutes, 15) as parts(part)
    where mistake is null`;
}

/** Reads a whole file. Throws CliError("config") that names file, line and column of the first few mistakes. */
export async function checkPlanned(database: Database, table: Planned, file: string): Promise<void> {
  const query = `${readSql(table, file)}
    select record, mistake."column" as "column", mistake.problem as problem, count(*) over () as problems,
      case when mistake.problem = ${quoteText(duplicateOf)} then earlier end as other
    from validated where mistake is not null order by record limit 5`;
  const mistakes = await readOrFail(table, file, () => database.objects<Mistake>(query));
  const [first] = mistakes;
  if (first === undefined) return;
  const lines = recordLines(table, file);
  const texts = mistakes.map(
    ({ record, column, problem, other }) =>
      `${displayPath(file)}:${lines[record]} ${column}: ${problem}${other === null ? "" : ` line ${lines[other]}`}`,
  );
  const more = first.problems - mistakes.length;
  if (more > 0) texts.push(`and ${more} more`);
  throw new CliError("config", texts.join("\n"), nextStep(table));
}

/** The forecast and schedule files of kit.yaml. */
export function plannedFiles({ site }: Pick<Config, "site">): string[] {
  return [site.forecast, site.schedule].filter((file) => file !== null);
}

/** Summaries of the configured files. Throws as `checkPlanned` does. */
export async function readPlanned(database: Database, { site }: Pick<Config, "site">): Promise<PlannedFile[]> {
  const files: PlannedFile[] = [];
  for (const table of Object.keys(plannedTables) as Planned[]) {
    const file = site[table];
    if (file === null) continue;
    const facts = await database.objects<Omit<PlannedFile, "table" | "file" | "unknownQueues">>(
      `select count(distinct queue) as queues, count(*) as windows, min(window_start) as first, max(window_start) as last,
        (${readSql(table, file)} select minutes from grid) as minutes
       from wfm.${table}`,
    );
    const { rows: queues } = await database.rows(`select distinct queue from wfm.${table} order by all`);
    const names = queues.map(([queue]) => String(queue));
    const unknownQueues = unknownOf(names, await knownQueues(database));
    files.push(...facts.map((summary) => ({ table, file, ...summary, unknownQueues })));
  }
  return files;
}

interface Mistake {
  record: number; // 1 is the row after the header
  column: string;
  problem: string;
  other: number | null; // the earlier record of the same window
  problems: number;
}

function valueColumns(table: Planned): string[] {
  return Object.keys(plannedTables[table]).slice(2);
}

// A time without an offset is in the site's zone. In the hour that the clock repeats it names two moments: of two such rows
// the first is the earlier one; a single such row is ambiguous, which is a mistake.
function readSql(table: Planned, file: string): string {
  const { delimiter, columns } = header(table, file);
  const values = valueColumns(table).filter((column) => columns.includes(column));
  const fields = columns.map((column) => `${quoteText(column)}: 'VARCHAR'`);
  const number = (column: string) => `case when regexp_full_match(${column}, '\\d+(\\.\\d*)?([eE][+-]?\\d+)?|\\.\\d+')
      and isfinite(try_cast(${column} as double)) then try_cast(${column} as double) end`;
  const invalidValues = values.map((column) => {
    const isInvalid = `${number(column)} is null then {'column': ${quoteText(column)}, 'problem': 'not a number from 0 up: ' || ${quotedValue(column)}}`;
    return `when ${column === optionalColumn ? `${column} is not null and ` : ""}${isInvalid}`;
  });
  return `with written as (
    select row_number() over () as record, ${columns.map((column) => `nullif(trim(${quoteName(column)}), '') as ${column}`).join(", ")}
    from read_csv(${quoteFiles([file])}, auto_detect = false, header = true, delim = '${delimiter}', quote = '"', escape = '"',
      strict_mode = true, compression = 'none', columns = {${fields.join(", ")}})
  ),
  starts as (
    select window_start as text,
      regexp_full_match(text, '\\d{4}-\\d\\d-\\d\\d[T ]([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.0+)?)?( ?([Zz]|[+-]\\d\\d:?\\d\\d))?') as fits,
      regexp_matches(text, '([Zz]|[+-]\\d\\d:?\\d\\d)$') and length(text) > 16 as exact,
      case when fits and exact
        then timezone('UTC', try_cast(regexp_replace(
          regexp_replace(upper(text), '^(.{16}) ?([Z+-])', '\\1:00\\2'), ' ?([+-]\\d\\d):?(\\d\\d)$', '\\1:\\2') as timestamptz)) end as moment,
      case when fits and not exact then try_cast(text as timestamp) end as clock,
      list_filter(
        range(timezone('UTC', timezone(local_zone(), clock)) - interval 3 hours,
          timezone('UTC', timezone(local_zone(), clock)) + interval 195 minutes, interval 15 minutes),
        lambda t: local(t) = clock) as moments
    from (select distinct window_start from written where window_start is not null)
  ),
  twins as (
    select record, row_number() over (partition by queue, window_start order by record) as turn,
      count(*) over (partition by queue, window_start) as turns
    from written join starts on text = window_start
    where len(moments) = 2
  ),
  placed as (
    select written.*, fits, exact, clock, moments, turn, turns,
      coalesce(moment, case when len(moments) = 2 then moments[turn] else moments[1] end) as start
    from written left join starts on text = window_start left join twins using (record)
  ),
  grid as (
    select case
      when bool_and(extract(minute from local(start)) = 0) then 60
      when bool_and(extract(minute from local(start)) in (0, 30)) then 30
      else 15 end as minutes
    from placed where start is not null
  ),
  doubled as (
    select queue as doubled_queue, start as doubled_start, min(record) as earlier from placed
    where queue is not null and start is not null group by all having count(*) > 1
  ),
  validated as (
    select record, queue, start as window_start, ${valueColumns(table)
      .map((column) => (values.includes(column) ? `${number(column)} as ${column}` : `null::double as ${column}`))
      .join(", ")},
      case
        when queue is null then {'column': 'queue', 'problem': 'is empty'}
        when fits is null or not fits or (clock is null and start is null)
          then {'column': 'window_start', 'problem': 'not ${timeFormat.replaceAll("'", "''")}: ' || ${quotedValue("window_start")}}
        when not exact and len(moments) = 0 and extract(minute from clock)::int % 15 = 0
          then {'column': 'window_start', 'problem': window_start || ' did not exist in ' || local_zone() || ': the clock skipped it'}
        when extract(minute from coalesce(clock, start))::int % 15 <> 0 or extract(second from coalesce(clock, start)) <> 0
          then {'column': 'window_start', 'problem': 'not the start of a 15-minute window: ' || window_start}
        when len(moments) = 2 and turns <> 2
          then {'column': 'window_start', 'problem': window_start || ' occurred twice in ' || local_zone()
            || ' and is listed ' || case turns when 1 then 'once' else turns || ' times' end
            || ': write ' || strftime(moments[1], '%Y-%m-%dT%H:%MZ') || ' or ' || strftime(moments[2], '%Y-%m-%dT%H:%MZ')}
        ${invalidValues.join("\n        ")}
        when earlier < record then {'column': 'window_start', 'problem': ${quoteText(duplicateOf)}}
      end as mistake, earlier
    from placed left join doubled on doubled_queue = queue and doubled_start = start
  )`;
}

function quotedValue(column: string): string {
  return `coalesce('"' || left(${column}, 60) || '"', 'empty')`;
}

interface Header {
  delimiter: "," | ";";
  columns: string[]; // in the file's order
}

function header(table: Planned, file: string): Header {
  const location = `${displayPath(file)}:1`;
  const [line = ""] = content(table, file).split(/\r\n|\n|\r/, 1);
  const delimiter = line.includes(";") && !line.includes(",") ? ";" : ",";
  const expected = Object.keys(plannedTables[table]);
  const columns = line
    .replace(/^\uFEFF/, "")
    .split(delimiter)
    .map((name) =>
      name
        .trim()
        .replace(/^"(.*)"$/, "$1")
        .toLowerCase(),
    );
  const problems: string[] = [];
  for (const [i, name] of columns.entries()) {
    if (columns.indexOf(name) < i) problems.push(`${location} duplicate column ${name}`);
    else if (!expected.includes(name)) {
      const suggestion = suggest(name, expected);
      problems.push(
        `${location} unknown column "${name}"${suggestion === null ? "" : ` (did you mean "${suggestion}"?)`}`,
      );
    }
  }
  for (const name of expected)
    if (!columns.includes(name) && name !== optionalColumn) problems.push(`${location} column ${name} is missing`);
  if (problems.length > 0) throw new CliError("config", problems.join("\n"), nextStep(table));
  return { delimiter, columns };
}

function content(table: Planned, file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const missing = code === "ENOENT";
    throw new CliError(
      "config",
      missing ? `no such file: ${displayPath(file)}` : `cannot read ${displayPath(file)} (${code})`,
      `correct site.${table} in kit.yaml, or remove it`,
      { cause: error },
    );
  }
  if (bytes.includes(0)) throw new CliError("config", `not plain text: ${displayPath(file)}`, nextStep(table));
  return bytes.toString("utf8");
}

// DuckDB's message names a line too, but counts a record with a line break in quotes as one line.
async function readOrFail<T>(table: Planned, file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const line = /CSV Error on Line: (\d+)/.exec(message)?.[1];
    if (line === undefined) throw error;
    const counts = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(message);
    const reason = counts
      ? `${counts[2]} values, where the header has ${counts[1]} columns`
      : /unterminated quote/.test(message)
        ? "a quote that is not closed"
        : /Invalid unicode/.test(message)
          ? "not UTF-8: save the file with that encoding"
          : (message.split("\n")[2] ?? message);
    const fileLine = logicalLines(content(table, file))[Number(line) - 1]?.line ?? line;
    throw new CliError("config", `${displayPath(file)}:${fileLine} ${reason}`, nextStep(table), {
      cause: error,
    });
  }
}

/** The line on which each record begins; the first is the header's. */
function recordLines(table: Planned, file: string): number[] {
  return logicalLines(content(table, file))
    .filter(({ blank }) => !blank)
    .map(({ line }) => line);
}

// The lines that begin a record: line breaks inside quotes do not.
function logicalLines(text: string): { line: number; blank: boolean }[] {
  const lines: { line: number; blank: boolean }[] = [];
  let quoted = false;
  for (const [i, part] of text.split(/\r\n|\n|\r/).entries()) {
    if (!quoted) lines.push({ line: i + 1, blank: part === "" });
    if ((part.split('"').length - 1) % 2 === 1) quoted = !quoted;
  }
  return lines;
}

function displayPath(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith("..") ? file : path;
}

function nextStep(table: Planned): string {
  return `correct the file, or remove site.${table} from kit.yaml; docs/config.md lists its columns`;
}

/** The contents of a file in one line. */
export function plannedText(planned: PlannedFile): string {
  const { table, file, queues, windows, minutes, first, last, unknownQueues } = planned;
  const days = first === null || last === null ? "" : `, ${first.slice(0, 10)} to ${last.slice(0, 10)}`;
  const split = minutes === 15 ? "" : `, split from ${minutes} minutes`;
  const unknown = unknownQueues.length === 0 ? "" : `; in no feed: ${unknownText(unknownQueues)}`;
  return `${table}: ${basename(file)}, ${plural(queues, "queue")}, ${plural(windows, "window")}${days}${split}${unknown}`;
}

/** The next step. */
export function plannedNext({ table, unknownQueues }: PlannedFile): string {
  return unknownQueues.length === 0
    ? "nothing to do"
    : `name the queues in the file of site.${table} as in the exports: ${listQueues}`;
}
