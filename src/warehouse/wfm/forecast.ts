import { basename } from "node:path";
import { CliError } from "../../base/errors.ts";
import { plural } from "../../base/words.ts";
import type { Config } from "../../config/config.ts";
import { displayPath, nextStep, readOrFail, recordLines } from "../../duckdb/csv-file.ts";
import type { Database } from "../../duckdb/database.ts";
import { quoteText } from "../../duckdb/quote.ts";
import { knownQueues, listQueues, type UnknownQueue, unknownOf, unknownText } from "./named-queues.ts";
import { columnNames, columnTypes, type Planned, plannedCsv, plannedTables, readSql } from "./planned-csv.ts";

/** The summary of a file. Times are UTC. */
export interface PlannedFile {
  table: Planned;
  file: string;
  queues: number;
  windows: number; // of queues, of 15 minutes each
  minutes: 15 | 30 | 60; // length of a row in the file; longer ones are split evenly
  first: string | null;
  last: string | null; // start of the last window
  versions: number; // times of issue; 0 without such a column
  late: number; // windows of which every version was issued after they began
  unknownQueues: UnknownQueue[]; // in no feed; empty without any data
}

/**
 * The statement that creates wfm.forecast_versions or wfm.schedule, one row per 15-minute window, empty without a file. Throws
 * CliError("config") if the file is missing or has no valid header; `checkPlanned` checks its rows.
 */
export function createPlanned(table: Planned, file: string | null): string {
  if (file === null) return `create table wfm.${relationOf(table)} (${columnTypes(table)})`;
  const { all, divided } = columnNames(table);
  const values = all.map((column) => {
    if (column === "window_start") return "window_start + to_minutes(part) as window_start";
    return divided.includes(column) ? `${column} * 15 / minutes as ${column}` : column;
  });
  return `create table wfm.${relationOf(table)} as ${readSql(table, file)}
    select ${values.join(", ")}
    from validated, grid, range(0, minutes, 15) as parts(part)
    where mistake is null`;
}

/** The relation with the rows of a file. */
export function relationOf(table: Planned): string {
  return table === "forecast" ? "forecast_versions" : table;
}

// version of a window     used
// without time of issue   always
// issued before, or as it begins; of several, the newest   yes
// issued after it began   no: nobody knew it
/** The statement that creates wfm.forecast: of each window the version in force when it began. */
export const createForecast = `create table wfm.forecast as
  select queue, window_start, contacts, aht_seconds
  from wfm.forecast_versions
  where issued_at is null or issued_at <= window_start
  qualify row_number() over (partition by queue, window_start order by issued_at desc) = 1`;

/** The statement that drops versions of a forecast that were issued after a moment. */
export function dropIssuedAfter(moment: Date): string {
  return `delete from wfm.forecast_versions where issued_at > ${quoteText(moment.toISOString())}::timestamptz::timestamp`;
}

/** Reads a whole file. Throws CliError("config") that names file, line and column of the first few mistakes. */
export async function checkPlanned(database: Database, table: Planned, file: string): Promise<void> {
  const query = `${readSql(table, file)}
    select record, mistake."column" as "column", mistake.problem as problem, count(*) over () as problems,
      case when mistake.problem like 'the same queue% as' then earlier end as other
    from validated where mistake is not null order by record limit 5`;
  const csv = plannedCsv(table, file);
  const mistakes = await readOrFail(csv, () => database.objects<Mistake>(query));
  const [first] = mistakes;
  if (first === undefined) return;
  const lines = recordLines(csv);
  const texts = mistakes.map(
    ({ record, column, problem, other }) =>
      `${displayPath(file)}:${lines[record]} ${column}: ${problem}${other === null ? "" : ` line ${lines[other]}`}`,
  );
  const more = first.problems - mistakes.length;
  if (more > 0) texts.push(`and ${more} more`);
  throw new CliError("config", texts.join("\n"), nextStep(csv));
}

/** The CSV files that kit.yaml names: forecast, schedule and annotations. */
export function siteFiles({ site }: Pick<Config, "site">): string[] {
  return [site.forecast, site.schedule, site.annotations].filter((file) => file !== null);
}

/** Summaries of the configured files. Throws as `checkPlanned` does. */
export async function readPlanned(database: Database, { site }: Pick<Config, "site">): Promise<PlannedFile[]> {
  const files: PlannedFile[] = [];
  for (const table of plannedTables) {
    const file = site[table];
    if (file === null) continue;
    const issued = table === "forecast" ? "issued_at" : "null::timestamp";
    const facts = await database.objects<Omit<PlannedFile, "table" | "file" | "unknownQueues">>(
      `with windows as (
        select queue, window_start, min(${issued}) as first_issue from wfm.${relationOf(table)} group by all
      )
      select count(distinct queue) as queues, count(*) as windows, min(window_start) as first, max(window_start) as last,
        (select count(distinct ${issued}) from wfm.${relationOf(table)}) as versions,
        count(*) filter (first_issue > window_start) as late,
        (${readSql(table, file)} select minutes from grid) as minutes
      from windows`,
    );
    const { rows: queues } = await database.rows(`select distinct queue from wfm.${relationOf(table)} order by all`);
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

/** The contents of a file in one line. */
export function plannedText(planned: PlannedFile): string {
  const { table, file, queues, windows, minutes, first, last, versions, late, unknownQueues } = planned;
  const size = [
    plural(queues, "queue"),
    plural(windows, "window"),
    versions > 0 ? plural(versions, "version") : null,
    first === null || last === null ? null : `${first.slice(0, 10)} to ${last.slice(0, 10)}`,
    minutes === 15 ? null : `split from ${minutes} minutes`,
  ];
  const notes = [
    late > 0 ? `not used, as issued only after the window began: ${plural(late, "window")}` : null,
    unknownQueues.length === 0 ? null : `in no feed: ${unknownText(unknownQueues)}`,
  ];
  return (
    [`${table}: ${basename(file)}`, ...size].filter(Boolean).join(", ") +
    notes
      .filter(Boolean)
      .map((note) => `; ${note}`)
      .join("")
  );
}

/** The next step. */
export function plannedNext({ table, late, unknownQueues }: PlannedFile): string {
  if (unknownQueues.length > 0) return `name the queues in the file of site.${table} as in the exports: ${listQueues}`;
  return late > 0
    ? `add the versions that were known before, with their issued_at, to the file of site.${table}`
    : "nothing to do";
}
