import {
  annotationsFor,
  annotationsWithin,
  onIntervals,
  type SlotAnnotation,
  slotText,
} from "../metrics/annotations/annotation.js";
import { noiseBand } from "../metrics/baseline.js";
import { isolated } from "../metrics/bidi.js";
import {
  change,
  clock,
  count,
  decimal,
  longDay,
  percent,
  plural,
  roundTo,
  signed,
  weekdayName,
  type Zone,
} from "../metrics/format.js";
import { pageThrough } from "../metrics/freshness.js";
import { hasCounts, type Interval, offered } from "../metrics/interval.js";
import type { AtClose, CloseQueue } from "../metrics/queues/at-close.js";
import { issuedText } from "../metrics/queues/forecast-age.js";
import type { RestOfDay } from "../metrics/rest-of-day.js";
import { excludedDay, excludedDays, lacks, missingText, type Site } from "../metrics/site.js";
import { daysLater, timeZone } from "../metrics/time-zone.js";
import * as today from "../metrics/today.js";
import type { LegendEntry } from "../picture/picture.js";
import type { Crosshair } from "./crosshair.js";
import { sharedColumn, type TableColumn } from "./figure.js";
import {
  beforeWrap,
  handleChart,
  type SlotRow,
  serviceChart,
  staffChart,
  staffStatesOf,
  volumeChart,
  volumeLines,
  waitChart,
} from "./intraday.js";

/** One queue on one day: the inputs of its charts and words. */
export interface DayFacts {
  rows: readonly Interval[]; // of the day in order
  hidden?: string; // what they leave out, in words
  queue: string;
  day: string; // "" without any day
  grain: number; // minutes
  zone: Zone;
  site: Site;
  crosshair?: Crosshair;
  windows?: readonly Interval[]; // the same day in quarter-hours, for figures that must not depend on the grain
  comparison?: today.Comparison; // default: the usual
  compared?: today.Compared | null;
  rest?: RestOfDay | null; // of a running day
  before?: readonly Interval[]; // the rows a week before, for the comparison with it
  required?: readonly (number | null)[]; // reps that the rows still to come require, FTE
  close?: AtClose | null; // the service level to be expected of a running day
  closeQueue?: CloseQueue; // behind it
  expected?: readonly (number | null)[]; // service levels expected of the rows still to come
  knownAt?: string; // the moment, in words, whose counts of contacts are shown; default: now
}

/** A chart with its texts, for a figure on a page or for a shared picture. */
export interface DayChart {
  id: string;
  title: string;
  measure: string; // measure and unit
  subtitle: string; // measure, queue, day and interval
  legend?: LegendEntry[];
  columns: TableColumn<Interval>[]; // the plotted values
  draw: (width: number, height?: number) => SVGSVGElement;
}

/** The annotations of a queue's day, over its rows. */
export function dayAnnotations({
  rows,
  queue,
  site,
}: Pick<DayFacts, "queue" | "site"> & { rows: readonly Pick<SlotRow, "start" | "end">[] }): SlotAnnotation[] {
  return onIntervals(annotationsFor(site.annotations, queue), rows, site.timezone);
}

/** A column of what happened, if anything did on the day; for rows of it, drawn or not. */
export function annotatedIntervals<Row extends Pick<SlotRow, "start" | "end"> = Interval>({
  queue,
  day,
  site: { annotations, timezone },
}: Pick<DayFacts, "queue" | "day" | "site">): TableColumn<Row>[] {
  const ofDay = day ? annotationsWithin(annotationsFor(annotations, queue), day, day, timezone) : [];
  if (ofDay.length === 0) return [];
  const text = (row: Row) => slotText(onIntervals(ofDay, [row], timezone), 0);
  return [{ label: "Annotations", value: (row) => text(row) || null, text }];
}

export function volumeOf(facts: DayFacts): DayChart {
  const { rows, windows = rows, day, zone, crosshair, comparison = "usual" } = facts;
  const usual = `Usual ${weekdayName(day)} (median and middle half of ${usualWeeks(rows)})`;
  const has = (of: (row: Interval) => number | null) => rows.some((row) => of(row) !== null);
  const banded = comparison === "usual" && has((row) => row.usual);
  const lined = (comparison === "usual" || comparison === "last") && has((row) => row.lastWeek);
  const forecast = comparison === "forecast" && has((row) => row.forecast);
  const projected = projectedRows(facts);
  const restated = has((row) => row.firstOffered);
  const all = measures(facts);
  const annotations = dayAnnotations(facts);
  return {
    id: "volume",
    title: lacks(facts.site, "assignments", "abandons")
      ? "No contacts to show"
      : today.volumeTitle(windows, zone, facts.compared),
    ...subtitles("Contacts offered: assigned to a rep, or abandoned before that.", facts),
    legend: [
      { text: "Assigned", mark: "blue" },
      { text: "Abandoned", mark: "orange" },
      ...(banded ? [{ text: usual, mark: "usual-band" }] : []),
      ...(lined
        ? [
            {
              text: `A week before${excludedDays(facts.site).has(daysLater(day, -7)) ? " (excluded day)" : ""}`,
              mark: "last-week",
            },
          ]
        : []),
      ...(forecast ? [{ text: "Forecast", mark: "forecast" }] : []),
      ...(banded || forecast
        ? [
            {
              text: `What chance alone makes of the ${forecast ? "forecast" : "usual"}, 19 times out of 20`,
              mark: "noise-band",
            },
          ]
        : []),
      ...(banded || forecast || (comparison === "last" && lined)
        ? [
            {
              text: `Outside of chance: more or fewer than ${banded ? "usual" : forecast ? "forecast" : "a week before"}`,
              mark: "difference",
            },
          ]
        : []),
      ...(projected ? [{ text: "Projection, not data", mark: "projected" }] : []),
      ...(restated ? [{ text: "Restated later", mark: "revised" }] : []),
    ],
    columns: [
      ...intervalColumns(facts),
      all.offered,
      all.assigned,
      all.abandoned,
      ...(banded ? [all.usual, all.usualLow, all.usualHigh] : []),
      ...(lined ? [all.lastWeek] : []),
      ...(forecast ? [all.forecast] : []),
      ...(banded || forecast ? [all.chanceLow, all.chanceHigh] : []),
      ...(projected ? [all.projected] : []),
      ...(restated ? [all.firstOffered] : []),
      ...annotatedIntervals(facts),
    ],
    draw: (width, height) =>
      volumeChart(rows, { zone, width, annotations, comparison, ...given({ crosshair, height, projected }) }),
  };
}

export function serviceLevelOf(facts: DayFacts): DayChart {
  const { rows, windows = rows, zone, site, crosshair, expected } = facts;
  const level = today.serviceLevelOf(site);
  const ahead = expected?.some((value) => value !== null);
  const service = level(today.summarize(windows).served);
  const all = measures(facts);
  const { target, min_contacts: minContacts } = site;
  const annotations = dayAnnotations(facts);
  return {
    id: "service-level",
    title:
      service === null
        ? windows.some((row) => today.contradictory(row, site))
          ? "No service level: inconsistent counts"
          : today.uncountedText(site)
            ? `No service level: ${today.uncountedText(site)}`
            : "No service level to show"
        : `Service level ${percent(service)}, ${today.gap(service, target)}`,
    ...subtitles(`${today.formula(site)}.`, facts, faint(site)),
    legend: [
      { text: "Target met", mark: "blue" },
      { text: "Missed", mark: "missed" },
      { text: "Gap to the target", mark: "shortfall" },
      ...(ahead ? [{ text: "Expected, not data", mark: "expected" }] : []),
    ],
    columns: [
      ...intervalColumns(facts),
      all.service,
      ...(ahead ? [all.expected] : []),
      all.target,
      all.offered,
      ...annotatedIntervals(facts),
    ],
    draw: (width, height) =>
      serviceChart(rows, {
        zone,
        width,
        annotations,
        target,
        level,
        minContacts,
        contradicts: (row) => today.contradictory(row, site),
        ...given({ crosshair, height, expected }),
      }),
  };
}

export function waitsOf(facts: DayFacts): DayChart {
  const { rows, zone, site, crosshair } = facts;
  const { seconds, min_contacts: minContacts } = site;
  const all = measures(facts);
  const annotations = dayAnnotations(facts);
  return {
    id: "waits",
    title: today.waitTitle(rows, !lacks(site, "wait_seconds")),
    ...subtitles(
      "Mean wait of assigned and abandoned contacts, including zero waits, in minutes and seconds.",
      facts,
      pooled(site),
    ),
    columns: [...intervalColumns(facts), all.wait, all.threshold, all.offered, ...annotatedIntervals(facts)],
    draw: (width, height) =>
      waitChart(rows, { zone, width, annotations, seconds, minContacts, ...given({ crosshair, height }) }),
  };
}

/** Source, reach and sample size of a day's figures. */
export function provenance(facts: DayFacts, feed: string, more = ""): string {
  const { rows, windows = rows, zone, site, hidden } = facts;
  const through = today.dataThrough(windows);
  // another feed may end earlier than the windows
  const others = pageThrough(site.feeds, { of: feed.split(", ").filter((name) => name !== "queue_wfm") });
  const end = through && others.through ? Math.min(through, Date.parse(others.through)) : through;
  return [
    `Times in ${site.timezone}.`,
    today.clockText(windows),
    end ? `Data through ${zone.dateTime(end)}.` : null,
    lacks(site, "assignments", "abandons") || !windows.some(hasCounts)
      ? null
      : `n = ${count(today.summarize(windows).offered)} contacts.`,
    today.lackingText(windows),
    hidden,
    facts.knownAt && `Counts as known at ${facts.knownAt}; waits, handle time and reps of these windows as known now.`,
    `Source: ${feed}.`,
    missingText(site, feed),
    more,
  ]
    .filter(Boolean)
    .join(" ");
}

export function handleOf(facts: DayFacts): DayChart {
  const { rows, zone, site, crosshair } = facts;
  const { min_contacts: minContacts } = site;
  const all = measures(facts);
  const annotations = dayAnnotations(facts);
  const forecast = facts.comparison === "forecast" && rows.some((row) => row.forecastHandle !== null);
  return {
    id: "handle-time",
    title: today.handleTitle(rows, !lacks(site, "handle_seconds")),
    ...subtitles("Mean time from assignment to disposition, in minutes and seconds.", facts, pooled(site)),
    legend: [
      ...(forecast && rows.every((row) => row.handle === null)
        ? []
        : [
            { text: "Until the customer's last message", mark: "blue" },
            { text: "Wrap-up", mark: "blue-strong" },
          ]),
      ...(rows.some((row) => row.handle !== null && beforeWrap(row) === null)
        ? [{ text: "Handle time, wrap-up unknown", mark: "blue-soft" }]
        : []),
      ...(forecast ? [{ text: "Forecast", mark: "forecast" }] : []),
      ...mergedLegend(rows),
    ],
    columns: [
      ...intervalColumns(facts),
      all.beforeWrap,
      all.wrap,
      all.handle,
      ...(forecast ? [all.forecastHandle] : []),
      all.offered,
      ...annotatedIntervals(facts),
    ],
    draw: (width, height) =>
      handleChart(rows, { zone, width, annotations, minContacts, forecast, ...given({ crosshair, height }) }),
  };
}

export function repsOf(facts: DayFacts): DayChart {
  const { rows, zone, crosshair, required } = facts;
  const states = staffStatesOf(rows);
  const all = measures(facts);
  const annotations = dayAnnotations(facts);
  const scheduled = rows.some((row) => row.scheduled !== null);
  const ahead = required?.some((reps) => reps !== null);
  return {
    id: "reps",
    title: today.staffTitle(rows),
    ...subtitles("Logged-in rep time by state, in full-time equivalents.", facts),
    legend: [
      ...((scheduled || ahead) && rows.every((row) => row.loggedIn === null)
        ? []
        : states.map(({ text, mark }) => ({ text, mark }))),
      ...(scheduled ? [{ text: "Scheduled", mark: "scheduled" }] : []),
      ...(ahead ? [{ text: "Required, projected", mark: "required" }] : []),
      ...mergedLegend(rows),
    ],
    columns: [
      ...intervalColumns(facts),
      ...states.map(({ text, value }) => measure(text, "FTE", value, decimal)),
      ...(scheduled ? [all.scheduled] : []),
      ...(ahead ? [all.required] : []),
      ...annotatedIntervals(facts),
    ],
    draw: (width, height) => staffChart(rows, { zone, width, annotations, ...given({ crosshair, height, required }) }),
  };
}

const either = new Intl.ListFormat("en", { type: "disjunction" });

/** The legend of intervals that are shown together, by their length; empty without any. */
export function mergedLegend(rows: readonly Interval[]): LegendEntry[] {
  const lengths = new Set(rows.flatMap(({ over }) => (over ? [over.pooled ? Infinity : over.end - over.start] : [])));
  const words = [...lengths]
    .sort((a, b) => a - b)
    .map((length) => (length === Infinity ? "the day so far" : `${length / 60_000} minutes`));
  return words.length ? [{ text: `Too few reps: together over ${either.format(words)}`, mark: "merged" }] : [];
}

/** The source of the comparison. */
export function comparisonText(facts: DayFacts): string {
  const { day, comparison = "usual" } = facts;
  if (comparison === "usual") return usualText(facts);
  if (comparison === "none" || !day) return "";
  if (comparison === "forecast") return forecastText(facts);
  return `A week before: ${longDay(daysLater(day, -7))}, with volume from issue_queues and rep_convos, rates and means from queue_wfm.`;
}

// Windows outside of the forecast's day count as none expected; a gap inside has no forecast.
function forecastText({ rows, zone }: Pick<DayFacts, "rows" | "zone">): string {
  const gaps = rows.filter((row) => row.forecast === null && row.state !== "skipped").length;
  return [
    "Forecast: the file in kit.yaml, of several versions the newest issued before the interval.",
    issuedText(rows, zone),
    gaps > 0 ? `${plural(gaps, "interval")} without a forecast.` : null,
    rows.some((row) => row.forecast && row.forecastHandle === null)
      ? "It has no handle time for some intervals."
      : null,
  ]
    .filter(Boolean)
    .join(" ");
}

/** The basis of the usual, or why there is none. */
export function usualText({ rows, day, site }: Pick<DayFacts, "rows" | "day" | "site">): string {
  const out = excludedFrom(rows);
  const without = out.length ? ` Excluded: ${out.map((date) => excludedDay(site, date)).join(", ")}.` : "";
  const weeks = Math.max(0, ...rows.map((row) => row.usualDays));
  if (!rows.some((row) => row.usual !== null))
    return `The usual needs four weeks of both issue_queues and rep_convos; so far there are ${weeks}.${without}`;
  const weekday = weekdayName(day);
  return [
    `The usual: median of ${weeks} ${weekday}s, from issue_queues and rep_convos.${without}`,
    excludedDays(site).has(day)
      ? `${excludedDay(site, day)} is itself excluded: the usual is that of other ${weekday}s.`
      : "",
  ]
    .filter(Boolean)
    .join(" ");
}

// "8", "8, 1 excluded": the weeks in the usual, and the days skipped.
function usualWeeks(rows: readonly Interval[]): string {
  const weeks = Math.max(0, ...rows.map((row) => row.usualDays));
  const out = excludedFrom(rows).length;
  return `${weeks}${out ? `, ${out} excluded` : ""}`;
}

function excludedFrom(rows: readonly Interval[]): string[] {
  return [...new Set(rows.flatMap((row) => row.usualExcluded))].sort();
}

/** All figures of a day, per interval. */
export function dayColumns(facts: DayFacts): TableColumn<Interval>[] {
  const { rows, comparison = "usual", before } = facts;
  const all = measures(facts, {
    usual: (row) => row.usual,
    usualLow: (row) => row.usualLow,
    usualHigh: (row) => row.usualHigh,
    lastWeek: (row) => row.lastWeek,
    chance: (row) => noiseBand(row.usual),
  });
  const planned = rows.some((row) => row.forecast !== null);
  const scheduled = rows.some((row) => row.scheduled !== null);
  const ahead = facts.expected?.some((level) => level !== null);
  const isCompared = rows.some((row) => today.expectedOf(comparison, row, before).contacts !== null);
  const shown = (column: TableColumn<Interval>) => (comparison === "forecast" ? column : csvOnly(column));
  return [
    ...intervalColumns(facts),
    all.offered,
    all.assigned,
    all.abandoned,
    all.within,
    all.service,
    ...(ahead ? [csvOnly(all.expected)] : []),
    all.usual,
    csvOnly(all.usualLow),
    csvOnly(all.usualHigh),
    csvOnly(all.lastWeek),
    ...(planned ? [shown(all.forecast)] : []),
    ...(isCompared ? [all.difference, all.change] : []),
    ...(projectedRows(facts) ? [all.projected] : []),
    csvOnly(all.firstOffered),
    all.wait,
    all.handle,
    ...(planned ? [csvOnly(all.forecastHandle)] : []),
    ...(isCompared ? [all.handleDifference] : []),
    all.wrap,
    all.reps,
    all.available,
    ...(scheduled ? [all.scheduled, all.staffDifference] : []),
    ...(facts.required?.some((reps) => reps !== null) ? [csvOnly(all.required)] : []),
    all.busy,
    csvOnly(all.utilizedAvailable),
    csvOnly(all.utilizedBusy),
    ...annotatedIntervals(facts),
  ];
}

/** The first columns of a day: queue (where one is shown), time and state. */
export function intervalColumns<Row extends SlotRow = Interval>({
  queue,
  zone,
  site,
}: Pick<DayFacts, "zone" | "site"> & Partial<Pick<DayFacts, "queue">>): TableColumn<Row>[] {
  return [
    ...(queue === undefined ? [] : [sharedColumn<Row>("Queue", queue)]),
    { label: "Start, UTC", kind: "time", value: ({ start }) => new Date(start).toISOString(), hidden: true },
    {
      label: "Interval",
      header: `Local time (${site.timezone})`,
      kind: "time",
      value: ({ start }) => `${timeZone(site.timezone).date(start)} ${zone.exactTime(start)}`,
      text: (row) => today.span(row, zone),
    },
    { label: "State", value: ({ state }) => state },
  ];
}

/** A numeric column, with its unit in the CSV header. */
export function measure<T>(
  label: string,
  unit: string,
  value: (row: T) => number | null,
  text: (value: number | null) => string = count,
): TableColumn<T> {
  const kind = unit.startsWith("share") ? ({ kind: "share" } as const) : {};
  return { label, header: `${label} (${unit})`, ...kind, value, text: (row) => text(value(row)) };
}

function measures(
  facts: DayFacts,
  lines: Pick<ReturnType<typeof volumeLines>, "usual" | "usualLow" | "usualHigh" | "chance" | "lastWeek"> = volumeLines(
    facts.comparison,
  ),
) {
  const { rows, site, rest, comparison = "usual", before } = facts;
  const whole = (value: number | null) => decimal(value, 0);
  const difference = (value: number | null) => (value === null ? "–" : signed(value, 0));
  const of = measure<Interval>;
  const other = { usual: "usual", forecast: "forecast", last: "a week before", none: "" }[comparison];
  const expected = (row: Interval) => today.expectedOf(comparison, row, before);
  const ahead = (values: readonly (number | null)[] | undefined) => (row: Interval) =>
    values?.[rows.indexOf(row)] ?? null;
  return {
    offered: of("Offered", "contacts", offered),
    assigned: of("Assigned", "contacts", (row) => row.assigned),
    abandoned: of("Abandoned", "contacts", (row) => row.abandoned),
    within: of("In time", "contacts", (row) => row.within),
    usual: of("Usual", "contacts", lines.usual, whole),
    usualLow: of("Usual, lower quartile", "contacts", lines.usualLow, decimal),
    usualHigh: of("Usual, upper quartile", "contacts", lines.usualHigh, decimal),
    chanceLow: of("By chance, from", "contacts", (row) => lines.chance(row)?.low ?? null, decimal),
    chanceHigh: of("By chance, to", "contacts", (row) => lines.chance(row)?.high ?? null, decimal),
    lastWeek: of("A week before", "contacts", lines.lastWeek),
    projected: of("Projected", "contacts", (row) => rest?.rows[rows.indexOf(row)] ?? null, whole),
    forecast: of("Forecast", "contacts", (row) => row.forecast, whole),
    difference: of(`Offered − ${other}`, "contacts", (row) => minus(offered(row), expected(row).contacts), difference),
    change: of(
      `Offered vs ${other}`,
      "share above or below",
      (row) => {
        const [now, then] = [offered(row), expected(row).contacts];
        return now === null || !then ? null : roundTo(now / then - 1, 4);
      },
      change,
    ),
    firstOffered: of("Offered, first delivery", "contacts", (row) => row.firstOffered),
    service: of("Service level", "share, 0 to 1", today.serviceLevelOf(site), percent),
    expected: of("Expected level", "share, 0 to 1", ahead(facts.expected), percent),
    target: of("Target", "share, 0 to 1", () => site.target, percent),
    wait: of("Wait", "mean seconds", (row) => row.wait, clock),
    threshold: of("Threshold", "seconds", () => site.seconds, clock),
    handle: of("Handle", "mean seconds", (row) => row.handle, clock),
    forecastHandle: of("Forecast handle", "mean seconds", (row) => row.forecastHandle, clock),
    handleDifference: of(
      `Handle − ${other}`,
      "seconds",
      (row) => roundTo(minus(row.handle, expected(row).handle), 1),
      difference,
    ),
    beforeWrap: of("Until the customer's last message", "mean seconds", beforeWrap, clock),
    wrap: of("Wrap-up", "mean seconds", (row) => row.wrap, clock),
    reps: of("Reps", "distinct", (row) => row.reps),
    available: of("Available", "FTE", (row) => row.available, decimal),
    scheduled: of("Scheduled", "FTE", (row) => row.scheduled, decimal),
    staffDifference: of(
      "Available − scheduled",
      "FTE",
      (row) => roundTo(minus(row.available, row.scheduled), 2),
      (value) => (value === null ? "–" : signed(value, 1)),
    ),
    required: of("Required, projected", "FTE", ahead(facts.required), decimal),
    busy: of("Busy", "FTE", (row) => row.busy, decimal),
    utilizedAvailable: of("Available, with chats", "FTE", (row) => row.utilizedAvailable, decimal),
    utilizedBusy: of("Busy, with chats", "FTE", (row) => row.utilizedBusy, decimal),
  };
}

function minus(now: number | null, then: number | null): number | null {
  return now === null || then === null ? null : now - then;
}

function csvOnly<T>(column: TableColumn<T>): TableColumn<T> {
  return { ...column, hidden: true };
}

function projectedRows({ rest }: DayFacts): RestOfDay["rows"] | undefined {
  return rest?.rows.some((value) => value !== null) ? rest.rows : undefined;
}

function subtitles(measure: string, { queue, day, grain }: DayFacts, more?: string) {
  const where = `${isolated(queue)}, ${longDay(day)}, per ${grain} minutes.`;
  const join = (...parts: (string | undefined)[]) => parts.filter(Boolean).join(" ");
  return { measure: join(measure, more), subtitle: join(measure, where, more) };
}

function faint({ min_contacts }: Site): string {
  return `Faint: fewer than ${min_contacts} contacts.`;
}

// Means of few contacts do not ship: the loader pools such a window with its neighbours.
function pooled({ min_contacts }: Site): string {
  return `Faint: fewer than ${min_contacts} contacts, showing the mean pooled with neighbouring windows.`;
}

// Omits undefined options, so that a chart takes its defaults.
function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
