import type { Crosshair } from "./crosshair.js";
import type { LegendEntry, TableColumn } from "./figure.js";
import { count, decimal, longDay, percent, weekdayName, type Zone } from "./format.js";
import { type Interval, offered } from "./interval.js";
import { serviceChart, volumeChart, waitChart } from "./intraday.js";
import type { Site } from "./masthead.js";
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
}

/** A chart with its words; the page puts it in a figure, a shared picture below its headline. */
export interface DayChart {
  id: string;
  title: string;
  subtitle: string;
  legend?: LegendEntry[];
  draw: (width: number, height?: number) => SVGSVGElement;
}

export function volumeOf({ rows, queue, day, grain, zone, crosshair }: DayFacts): DayChart {
  const usualDays = Math.max(0, ...rows.map((row) => row.usualDays));
  const usual = `Usual ${weekdayName(day)} (median and middle half of ${usualDays})`;
  return {
    id: "volume",
    title: today.volumeTitle(rows, zone),
    subtitle: `Contacts offered: assigned to a rep or abandoned before. ${where(queue, day, grain)}`,
    legend: [
      { text: "Assigned", mark: "blue" },
      { text: "Abandoned", mark: "orange" },
      ...(rows.some((row) => row.usual !== null) ? [{ text: usual, mark: "usual-band" }] : []),
      ...(rows.some((row) => row.lastWeek !== null) ? [{ text: "A week before", mark: "last-week" }] : []),
    ],
    draw: (width, height) => volumeChart(rows, { zone, width, ...given({ crosshair, height }) }),
  };
}

export function serviceLevelOf({ rows, queue, day, grain, zone, site, crosshair }: DayFacts): DayChart {
  const level = today.serviceLevelOf(site);
  const service = level(today.summarize(rows));
  const { target, min_contacts: minContacts } = site;
  return {
    id: "service-level",
    title:
      service === null
        ? "No service level to show"
        : `Service level ${percent(service)}, ${today.gap(service, target)}`,
    subtitle: `${today.formula(site)}. ${where(queue, day, grain)} Faint: fewer than ${minContacts} contacts.`,
    legend: [
      { text: "Target met", mark: "blue" },
      { text: "Missed", mark: "missed" },
      { text: "Gap to the target", mark: "shortfall" },
    ],
    draw: (width, height) =>
      serviceChart(rows, { zone, width, target, level, minContacts, ...given({ crosshair, height }) }),
  };
}

export function waitsOf({ rows, queue, day, grain, zone, site, crosshair }: DayFacts): DayChart {
  const { seconds, min_contacts: minContacts } = site;
  return {
    id: "waits",
    title: today.waitTitle(rows, minContacts),
    subtitle: `Mean wait of assigned and abandoned contacts, minutes and seconds, those without a wait included. ${where(queue, day, grain)} Faint: fewer than ${minContacts} contacts.`,
    draw: (width, height) =>
      waitChart(rows, { zone, width, seconds, minContacts, ...given({ crosshair, height }) }),
  };
}

/** Where the numbers of a day come from, up to when, and how many. */
export function provenance({ rows, zone, site }: DayFacts, feed: string, more = ""): string {
  const through = today.dataThrough(rows);
  return [
    `Times in ${site.timezone}.`,
    through ? `Data through ${zone.dateTime(through)}.` : null,
    `n = ${count(today.summarize(rows).offered)} contacts.`,
    `Source: ${feed}.`,
    more,
  ]
    .filter(Boolean)
    .join(" ");
}

/** What the usual is made of, or why there is none. */
export function usualText(rows: readonly Interval[]): string {
  if (rows.some((row) => row.usual !== null)) return "The usual: issue_queues, rep_convos.";
  const weeks = Math.max(0, ...rows.map((row) => row.usualDays));
  return `The usual needs four weeks of history; ${weeks} are here.`;
}

/** All that the charts of a day plot, interval by interval. */
export function dayColumns({ zone, site }: Pick<DayFacts, "zone" | "site">): TableColumn<Interval>[] {
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

function where(queue: string, day: string, grain: number): string {
  return `${queue}, ${longDay(day)}, per ${grain} minutes.`;
}

// What is undefined is left out, so that a chart takes its default.
function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
