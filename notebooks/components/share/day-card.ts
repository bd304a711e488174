import { crosshair } from "../charts/crosshair.js";
import {
  comparisonText,
  type DayChart,
  type DayFacts,
  dayAnnotations,
  dayColumns,
  provenance,
  serviceLevelOf,
  volumeOf,
  waitsOf,
} from "../charts/day-charts.js";
import { type TableColumn, table } from "../charts/figure.js";
import { annotatedText } from "../metrics/annotations/annotation.js";
import { isolated } from "../metrics/bidi.js";
import { type QueueDay, windowRows } from "../metrics/day-file.js";
import { longDay, zone } from "../metrics/format.js";
import type { Interval, IntradayDay } from "../metrics/interval.js";
import { type CloseLoad, closeFigure, closeText } from "../metrics/queues/at-close.js";
import { projectionText } from "../metrics/rest-of-day.js";
import type { Site } from "../metrics/site.js";
import { type Comparison, daySentence, formula } from "../metrics/today.js";
import type { Grain } from "../metrics/windows.js";
import { dayReceipt, daySums } from "../pages/day-receipt.js";
import { chartDigest, type TodayPage, todayPage } from "../pages/today-page.js";
import type { Picture } from "../picture/picture.js";
import { valuesDigest } from "../receipt/figure-digest.js";
import type { Receipt, ReceiptOf } from "../receipt/receipt.js";

export type { DayFacts, TodayPage };
export { daySums };

/** The data files of a day. */
export interface DayFiles {
  site: Site;
  days: readonly IntradayDay[];
  day: string;
  series: readonly QueueDay[];
  weekBefore?: readonly QueueDay[]; // for the comparison with last week
  comparison?: Comparison; // default: the usual
  loads?: readonly CloseLoad[]; // for the service level at close
  basis?: Receipt["basis"]; // default: workload
  hours?: Receipt["hours"]; // default: open
  asOf?: string | null; // the past moment whose state of knowledge this is; ISO, UTC
}

/** The facts behind a shared card or page of one queue: those of the Today page. */
export function dayFacts(files: DayFiles, queue: string, grain: Grain): TodayPage {
  const { site, days, day, series, weekBefore = [], comparison = "usual", loads = [] } = files;
  const { basis = "workload", hours = "open", asOf = null } = files;
  return todayPage({
    site,
    days,
    day,
    queue,
    grain,
    comparison,
    zone: zone(site.timezone),
    basis,
    hours,
    files: { day: windowRows(series), weekBefore: windowRows(weekBefore) },
    loads,
    asOf,
    crosshair: crosshair(),
  });
}

/** The started, open intervals of a day as a table. */
export function dayTable(facts: DayFacts): HTMLElement {
  const seen = facts.rows.filter(({ state }) => state !== "pending" && state !== "closed");
  return table(dayColumns(facts), seen);
}

/** The charts of a shared card. */
export function cardCharts(facts: DayFacts): DayChart[] {
  return [volumeOf(facts), serviceLevelOf(facts), waitsOf(facts)];
}

/** The values plotted on the card, per interval. */
export function cardColumns(facts: DayFacts): TableColumn<Interval>[] {
  const all = cardCharts(facts).flatMap(({ columns }) => columns);
  return [...new Map(all.map((column) => [column.label, column])).values()];
}

/** Writes the receipt of the card. */
export function cardReceipt(facts: TodayPage): ReceiptOf {
  return dayReceipt(facts, "day", { columns: cardColumns(facts), rows: facts.rows });
}

/** The digest of the values of the card ("day") or of a chart of the page; null for another. */
export function figureDigest(page: TodayPage, figure: string): string | null {
  return figure === "day" ? valuesDigest({ columns: cardColumns(page), rows: page.rows }) : chartDigest(page, figure);
}

/** The headline and sentences of a day. */
export function dayWords(page: DayFacts): { title: string; lead: string } {
  return daySentence({
    ...page,
    projected: page.rest?.projection.projected ?? null,
    atClose: page.close ? closeFigure(page.close) : null,
  });
}

/** A queue's day as one picture: headline, volume against the usual or forecast, service level with its target, waits. */
export function dayCard(facts: DayFacts): Picture {
  const { queue, day, grain, site, rest, close, closeQueue, knownAt } = facts;
  const { title, lead } = dayWords(facts);
  const annotated = annotatedText(dayAnnotations(facts));
  const heights = { volume: 210, "service-level": 160, waits: 130 };
  return {
    kicker: [
      isolated(site.title),
      isolated(queue),
      day ? longDay(day) : null,
      `per ${grain} minutes`,
      knownAt && `as known at ${knownAt}`,
    ]
      .filter(Boolean)
      .join(" · "),
    title,
    lead,
    charts: cardCharts(facts).map((chart) => ({
      ...chart,
      subtitle: chart.measure,
      height: heights[chart.id as keyof typeof heights],
    })),
    notes: [
      ...(annotated ? [annotated] : []),
      provenance(facts, "queue_wfm", comparisonText(facts)),
      ...(rest ? [projectionText(rest)] : []),
      ...(close && closeQueue ? [closeText(close, closeQueue)] : []),
      `Service level: ${formula(site)}. Windows may still be corrected; real-time screens differ because they include contacts that have not ended yet.`,
    ],
  };
}
