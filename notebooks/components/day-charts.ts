import { daysLater } from "./baseline.js";
import type { Crosshair } from "./crosshair.js";
import type { TableColumn } from "./figure.js";
import { count, decimal, longDay, percent, weekdayName, type Zone } from "./format.js";
import { type Interval, offered } from "./interval.js";
import { serviceChart, volumeChart, waitChart } from "./intraday.js";
import { excludedDay, excludedDays, lacks, missingText, type Site } from "./masthead.js";
import type { LegendEntry } from "./picture.js";
import type { RestOfDay } from "./rest-of-day.js";
import * as today from "./today.js";

/** One queue on one day, and what its charts and words depend on. */
export interface DayFacts {
  rows: readonly Interval[]; // the whole day in order
  queue: string;
  day: string; // "" when there is none at all
  grain: number; // minutes
  zone: Zone;
  site: Site;
  crosshair?: Crosshair;
  windows?: readonly Interval[]; // the same day in quarter-hours, for what must not depend on the grain
  comparison?: today.Comparison; // the usual unless told
  compared?: today.Compared | null;
  rest?: RestOfDay | null; // of a running day
}

/** A chart with its words; the page puts it in a figure, a shared picture below its headline. */
export interface DayChart {
  id: string;
  title: string;
  measure: string; // what is drawn, in which unit
  subtitle: string; // the measure, with queue, day and interval
  legend?: LegendEntry[];
  draw: (width: number, height?: number) => SVGSVGElement;
}

export function volumeOf(facts: DayFacts): DayChart {
  const { rows, windows = rows, day, zone, crosshair, comparison = "usual", rest } = facts;
  const usual = `Usual ${weekdayName(day)} (median and middle half of ${usualWeeks(rows)})`;
  const has = (of: (row: Interval) => number | null) => rows.some((row) => of(row) !== null);
  const banded = comparison === "usual" && has((row) => row.usual);
  const lined = comparison !== "none" && has((row) => row.lastWeek);
  const projected = rest?.rows.some((value) => value !== null) ? rest.rows : undefined;
  return {
    id: "volume",
    title: lacks(facts.site, "assignments", "abandons")
      ? "No contacts to show"
      : today.volumeTitle(windows, zone, facts.compared),
    ...subtitles("Contacts offered: assigned to a rep or abandoned before.", facts),
    legend: [
      { text: "Assigned", mark: "blue" },
      { text: "Abandoned", mark: "orange" },
      ...(banded ? [{ text: usual, mark: "usual-band" }] : []),
      ...(lined
        ? [
            {
              text: `A week before${excludedDays(facts.site).has(daysLater(day, -7)) ? ", an excluded day" : ""}`,
              mark: "last-week",
            },
          ]
        : []),
      ...(banded || (comparison === "last" && lined)
        ? [{ text: banded ? "More or fewer than usual" : "More or fewer than then", mark: "difference" }]
        : []),
      ...(projected ? [{ text: "Projection, not data", mark: "projected" }] : []),
      ...(has((row) => row.firstOffered) ? [{ text: "Restated later", mark: "revised" }] : []),
    ],
    draw: (width, height) =>
      volumeChart(rows, { zone, width, comparison, ...given({ crosshair, height, projected }) }),
  };
}

export function serviceLevelOf(facts: DayFacts): DayChart {
  const { rows, windows = rows, zone, site, crosshair } = facts;
  const level = today.serviceLevelOf(site);
  const service = level(today.summarize(windows).served);
  const { target, min_contacts: minContacts } = site;
  return {
    id: "service-level",
    title:
      service === null
        ? "No service level to show"
        : `Service level ${percent(service)}, ${today.gap(service, target)}`,
    ...subtitles(`${today.formula(site)}.`, facts, faint(site)),
    legend: [
      { text: "Target met", mark: "blue" },
      { text: "Missed", mark: "missed" },
      { text: "Gap to the target", mark: "shortfall" },
    ],
    draw: (width, height) =>
      serviceChart(rows, { zone, width, target, level, minContacts, ...given({ crosshair, height }) }),
  };
}

export function waitsOf(facts: DayFacts): DayChart {
  const { rows, zone, site, crosshair } = facts;
  const { seconds, min_contacts: minContacts } = site;
  return {
    id: "waits",
    title: today.waitTitle(rows, minContacts),
    ...subtitles(
      "Mean wait of assigned and abandoned contacts, minutes and seconds, those without a wait included.",
      facts,
      faint(site),
    ),
    draw: (width, height) =>
      waitChart(rows, { zone, width, seconds, minContacts, ...given({ crosshair, height }) }),
  };
}

/** Where the numbers of a day come from, up to when, and how many. */
export function provenance(facts: DayFacts, feed: string, more = ""): string {
  const { rows, windows = rows, zone, site } = facts;
  const through = today.dataThrough(windows);
  return [
    `Times in ${site.timezone}.`,
    through ? `Data through ${zone.dateTime(through)}.` : null,
    lacks(site, "assignments", "abandons")
      ? null
      : `n = ${count(today.summarize(windows).offered)} contacts.`,
    `Source: ${feed}.`,
    missingText(site, feed),
    more,
  ]
    .filter(Boolean)
    .join(" ");
}

/** What the usual is made of, or why there is none. */
export function usualText({ rows, day, site }: Pick<DayFacts, "rows" | "day" | "site">): string {
  const out = excludedFrom(rows);
  const without = out.length ? ` Excluded: ${out.map((date) => excludedDay(site, date)).join(", ")}.` : "";
  const weeks = Math.max(0, ...rows.map((row) => row.usualDays));
  if (!rows.some((row) => row.usual !== null))
    return `The usual needs four weeks of history; ${weeks} are here.${without}`;
  const weekday = weekdayName(day);
  return [
    `The usual: median of ${weeks} ${weekday}s, from issue_queues, rep_convos.${without}`,
    excludedDays(site).has(day)
      ? `${excludedDay(site, day)} is excluded itself: the usual is that of other ${weekday}s.`
      : "",
  ]
    .filter(Boolean)
    .join(" ");
}

// "8", "8, 1 excluded": the weeks behind the usual, and the days passed over to find them.
function usualWeeks(rows: readonly Interval[]): string {
  const weeks = Math.max(0, ...rows.map((row) => row.usualDays));
  const out = excludedFrom(rows).length;
  return `${weeks}${out ? `, ${out} excluded` : ""}`;
}

function excludedFrom(rows: readonly Interval[]): string[] {
  return [...new Set(rows.flatMap((row) => row.usualExcluded))].sort();
}

/** All that the charts of a day plot, interval by interval. */
export function dayColumns({
  rows = [],
  zone,
  site,
  rest,
}: Pick<DayFacts, "zone" | "site"> & Partial<DayFacts>): TableColumn<Interval>[] {
  const level = today.serviceLevelOf(site);
  const whole = (value: number | null) => decimal(value, 0);
  const number = (
    label: string,
    value: (row: Interval) => number | null,
    text: (value: number | null) => string = count,
  ): TableColumn<Interval> => ({ label, value, text: (row) => text(value(row)) });
  const unseen = (label: string, value: (row: Interval) => string | number | null) => ({
    label,
    value,
    hidden: true,
  });
  return [
    unseen("Start, UTC", ({ start }) => new Date(start).toISOString()),
    {
      label: "Interval",
      value: (row) => `${zone.exactTime(row.start)}`,
      text: (row) => today.span(row, zone),
    },
    { label: "State", value: ({ state }) => state },
    number("Offered", offered),
    number("Assigned", (row) => row.assigned),
    number("Abandoned", (row) => row.abandoned),
    number("In time", (row) => row.within),
    number("Service level", level, percent),
    number("Usual", (row) => row.usual, whole),
    unseen("Usual, lower quartile", (row) => row.usualLow),
    unseen("Usual, upper quartile", (row) => row.usualHigh),
    unseen("A week before", (row) => row.lastWeek),
    ...(rest?.rows.some((value) => value !== null)
      ? [number("Projected", (row) => rest.rows[rows.indexOf(row)] ?? null, whole)]
      : []),
    unseen("Offered, first delivery", (row) => row.firstOffered),
    number("Wait, s", (row) => row.wait, whole),
    number("Handle, s", (row) => row.handle, whole),
    number("Wrap-up, s", (row) => row.wrap, whole),
    number("Reps", (row) => row.reps),
    number("Available FTE", (row) => row.available, decimal),
    number("Busy FTE", (row) => row.busy, decimal),
    unseen("Available with chats, FTE", (row) => row.utilizedAvailable),
    unseen("Busy with chats, FTE", (row) => row.utilizedBusy),
  ];
}

function subtitles(measure: string, { queue, day, grain }: DayFacts, more?: string) {
  const where = `${queue}, ${longDay(day)}, per ${grain} minutes.`;
  const join = (...parts: (string | undefined)[]) => parts.filter(Boolean).join(" ");
  return { measure: join(measure, more), subtitle: join(measure, where, more) };
}

function faint({ min_contacts }: Site): string {
  return `Faint: fewer than ${min_contacts} contacts.`;
}

// What is undefined is left out, so that a chart takes its default.
function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
