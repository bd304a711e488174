import type { QueueDay } from "../../../notebooks/components/metrics/day-file.ts";
import { dayName } from "../../../notebooks/components/metrics/format.ts";
import type { IntradayDay } from "../../../notebooks/components/metrics/interval.ts";
import type { CloseLoad } from "../../../notebooks/components/metrics/queues/at-close.ts";
import type { Site } from "../../../notebooks/components/metrics/site.ts";
import { daysLater, timeZone } from "../../../notebooks/components/metrics/time-zone.ts";
import type { Comparison } from "../../../notebooks/components/metrics/today.ts";
import { CliError } from "../../base/errors.ts";
import { hint, suggest } from "../../base/suggest.ts";
import type { Project } from "../../config/project.ts";
import type { Database } from "../../duckdb/database.ts";
import { openCatalog, type PastOptions } from "../../warehouse/catalog/catalog.ts";
import { computeDataset } from "../dataset.ts";
import { listDatasets } from "../dataset-list.ts";
import { openTracing } from "../privacy/personal.ts";

/** One day's data, computed by the queries of the pages. */
export interface DayData {
  site: Site;
  queues: string[]; // busiest first, after "All queues"
  days: IntradayDay[];
  day: string;
  series: QueueDay[]; // of all queues, as in the day's file
  weekBefore: QueueDay[]; // a week earlier; empty unless compared with it
  comparison: Comparison;
  loads: CloseLoad[]; // of all queues
  missing: MissingColumn[];
  knownAt: Date | null; // the past moment whose state of knowledge this is; null: now
}

/** A metric of the card without a column in the export. */
export interface MissingColumn {
  metric: string;
  column: string | null; // mapped in kit.yaml
}

/**
 * The datasets of the Today page for `date`, by default the newest day with data.
 * With `past` as they were known at that moment.
 * Throws CliError("noWfmData") without any WFM data, and CliError("usage") for a day without data.
 */
export async function loadDay(
  project: Project,
  date: string | undefined,
  now: Date,
  comparison: Comparison = "usual",
  past?: Pick<PastOptions, "moment" | "onPast">,
): Promise<DayData> {
  const database = await openCatalog(project, {
    past: past && { ...past, since: reachOf(date, past.moment, project.config.timezone) },
  });
  const tracing = openTracing(project);
  const datasets = listDatasets(project);
  const rows = async <T>(name: string): Promise<T[]> => {
    const dataset = datasets.find((dataset) => dataset.name === name);
    return dataset ? JSON.parse((await computeDataset(database, dataset, project, { tracing })).text) : [];
  };
  try {
    const days = await rows<IntradayDay>("intraday-days.json");
    const newest = days.at(-1)?.day;
    if (newest === undefined)
      throw new CliError(
        "noWfmData",
        "no intraday data: queue_wfm has no rows here",
        "run `asapp-kit sync`; ASAPP delivers the WFM feeds on request, and `asapp-kit status` shows what has arrived",
      );
    const missing = await missingColumns(database);
    if (["assignments", "abandons"].every((metric) => missing.some((column) => column.metric === metric)))
      throw new CliError(
        "noWfmData",
        `no column of queue_wfm counts contacts: ${missing.map(columnText).join(", ")}`,
        "`asapp-kit wfm columns` lists the delivered columns and writes the mapping into kit.yaml",
      );
    const day = date ?? newest;
    if (!days.some((entry) => entry.day === day)) throw noSuchDay(day, days, project.config.timezone, now);
    const [site, queues, loads, series, weekBefore] = await Promise.all([
      rows<Site>("site.json"),
      rows<{ queue: string }>("queues.json"),
      rows<CloseLoad>("queue-load.json"),
      rows<QueueDay>(`intraday/${day}.json`),
      comparison === "last" ? rows<QueueDay>(`intraday/${daysLater(day, -7)}.json`) : [],
    ]);
    const [settings] = site;
    if (settings === undefined)
      throw new CliError("build", "site.json has no row", "restore data-loaders/site.json.sql");
    return {
      site: settings,
      queues: queues.map(({ queue }) => queue),
      days,
      day,
      series,
      weekBefore,
      comparison,
      loads,
      missing,
      knownAt: past?.moment ?? null,
    };
  } finally {
    await tracing.close();
    database.close();
  }
}

/** From when on the Today page reads: of `date`, or of the moment's local day if that is earlier. */
function reachOf(date: string | undefined, moment: Date, timezone: string): Date {
  const today = timeZone(timezone).date(moment.getTime());
  return new Date(`${daysLater(date !== undefined && date < today ? date : today, -reachDays)}T00:00:00Z`);
}

const reachDays = 72; // before the day: as far back as the queries of the Today page read, and a day for the time zone

/** "wait_seconds (avg_wait)": a metric and the column that kit.yaml names for it. */
export function columnText({ metric, column }: MissingColumn): string {
  return `${metric} (${column ?? "not mapped"})`;
}

/** The queue of that name, spelled as in the data. Throws CliError("usage") that suggests the nearest name. */
export function queueOf(name: string, { queues }: Pick<DayData, "queues">): string {
  const plain = (text: string) => text.normalize("NFC").trim().toLowerCase();
  const word = plain(name);
  const queue = queues.find((queue) => queue === name) ?? queues.find((queue) => plain(queue) === word);
  if (queue !== undefined) return queue;
  const suggestion =
    queues.find((queue) => word.length > 2 && plain(queue).includes(word)) ??
    queues.find((queue) => suggest(word, queue.split(/[\s/_-]+/)) !== null);
  const next = suggestion === undefined ? hint(name, queues) : `did you mean "${suggestion}"?`;
  throw new CliError("usage", `no queue is called ${shortened(name)}`, next);
}

/** The queues with data on the day, busiest first. */
export function queuesOfDay({ queues, series }: DayData): string[] {
  const active = new Set(
    series.filter(({ assigned }) => assigned.some((count) => count !== null)).map(({ queue }) => queue),
  );
  return queues.filter((queue) => active.has(queue));
}

/** Whether the queue, or any, has a forecast of the day. */
export function hasForecast({ series }: DayData, queue?: string): boolean {
  return series.some((of) => (queue ?? of.queue) === of.queue && of.forecast.some((contacts) => contacts !== null));
}

async function missingColumns(database: Database): Promise<MissingColumn[]> {
  const { rows } = await database.rows(
    `select metric, "column" from kit.wfm_columns where not delivered
     and metric in ('assignments', 'abandons', 'within_threshold', 'wait_seconds')`,
  );
  return rows.map(([metric, column]) => ({
    metric: String(metric),
    column: column === null ? null : String(column),
  }));
}

function noSuchDay(day: string, days: readonly IntradayDay[], timezone: string, now: Date): CliError {
  const today = timeZone(timezone).date(now.getTime());
  const dates = days.map((entry) => entry.day);
  const [oldest = day, newest = day] = [dates.at(0), dates.at(-1)];
  const nearest = dates.reduce((near, date) => (distance(date, day) < distance(near, day) ? date : near), oldest);
  const reason = day > today ? `${day} is in the future` : `no intraday data for ${day}`;
  return new CliError(
    "usage",
    reason,
    `days with data: ${oldest} to ${newest}${nearest === newest ? "" : `; the nearest is ${nearest}, ${dayName(nearest)}`}`,
  );
}

function distance(a: string, b: string): number {
  return Math.abs(Date.parse(a) - Date.parse(b));
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
