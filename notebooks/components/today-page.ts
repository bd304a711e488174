import type { Card } from "./cards.js";
import type { Crosshair } from "./crosshair.js";
import { html } from "./dom.js";
import { csvButton, figure, type TableColumn, table } from "./figure.js";
import { change, clock, count, decimal, longDay, percent, points, weekdayName, type Zone } from "./format.js";
import { type Interval, known, offered } from "./interval.js";
import { handleChart, serviceChart, staffChart, staffStates, volumeChart, waitChart } from "./intraday.js";
import type { Site } from "./masthead.js";
import * as today from "./today.js";

/** Everything the parts of the Today page are made from. */
export interface TodayPage {
  rows: readonly Interval[]; // of one queue and grain, the whole day
  former: readonly Interval[]; // the same a week before; empty where there is none
  grain: number;
  queue: string;
  day: string; // "" when there is none at all
  zone: Zone;
  site: Site;
  crosshair: Crosshair;
}

/** The headline figures of the day so far, against the usual or the same intervals a week before. */
export function todayCards({ rows, former, site, day }: TodayPage): Card[] {
  if (!day) return [];
  const level = today.serviceLevelOf(site);
  const sum = today.summarize(rows);
  const seen = new Set(rows.filter(known).map(({ label }) => label));
  const before = today.summarize(former.filter(({ label }) => seen.has(label)));
  const week = `last ${weekdayName(day)}`;
  const service = level(sum);
  const abandonRate = sum.offered ? sum.abandoned / sum.offered : null;
  const rateBefore = before.offered ? before.abandoned / before.offered : null;
  const staffed = rows.filter((row) => row.reps !== null);
  return [
    {
      label: "Offered",
      value: count(sum.offered),
      delta: sum.usual
        ? { text: `${change(sum.offered / sum.usual - 1)} against the usual`, tone: "neutral" }
        : versus(sum.offered, before.offered, week, "neutral"),
      note: `${count(sum.assigned)} assigned`,
    },
    {
      label: `Answered in ${site.seconds} s`,
      value: percent(service),
      ...(service === null
        ? {}
        : {
            delta: {
              text: `${points(service - site.target)} to the target`,
              tone: service < site.target ? "bad" : "good",
            } as const,
          }),
      note: `target ${percent(site.target, 0)}`,
    },
    {
      label: "Abandoned",
      value: percent(abandonRate),
      ...(abandonRate !== null && rateBefore !== null
        ? {
            delta: {
              text: `${points(abandonRate - rateBefore)} on ${week}`,
              tone: tone(rateBefore - abandonRate, 0.005),
            } as const,
          }
        : {}),
      note: `${count(sum.abandoned)} contacts`,
    },
    {
      label: "Mean wait",
      value: clock(sum.wait),
      delta: versus(sum.wait, before.wait, week, "lower"),
      note: "assigned and abandoned",
    },
    {
      label: "Mean handle time",
      value: sum.handle === null ? "–" : `≈ ${clock(sum.handle)}`,
      delta: versus(sum.handle, before.handle, week, "neutral"),
      note: sum.wrap === null ? "held back" : `wrap-up ${clock(sum.wrap)}`,
    },
    {
      label: "Peak reps",
      value: staffed.length ? count(Math.max(...staffed.map((row) => row.reps!))) : "–",
      note: staffed.length
        ? `${decimal(Math.max(...staffed.map((row) => row.available ?? 0)))} available (FTE)`
        : "held back or none",
    },
  ];
}

/** The charts of the day, one under the other on the same time axis, with one crosshair. */
export function todayFigures(page: TodayPage): HTMLElement {
  if (!page.day) return html("div", { class: "figures" });
  const { rows, queue, day, grain, zone, site, crosshair } = page;
  const level = today.serviceLevelOf(site);
  const shared = { zone, crosshair };
  const where = `${queue}, ${longDay(day)}, per ${grain} minutes`;
  const file = (measure: string) => `${measure}-${slug(queue)}-${day}`;
  const footer = (feed: string, more = "") => footerText(page, feed, more);
  const base = { rows, columns: tableColumns(page) };
  const sum = today.summarize(rows);
  const service = level(sum);
  const usualDays = Math.max(0, ...rows.map((row) => row.usualDays));
  return html(
    "div",
    { class: "figures" },
    figure({
      ...base,
      id: "volume",
      title: today.volumeTitle(rows, zone),
      subtitle: `Contacts offered: assigned to a rep or abandoned before. ${where}.`,
      legend: [
        { text: "Assigned", mark: "blue" },
        { text: "Abandoned", mark: "orange" },
        ...(rows.some((row) => row.usual !== null)
          ? [
              {
                text: `Usual ${weekdayName(day)} (median and middle half of ${usualDays})`,
                mark: "usual-band",
              },
            ]
          : []),
        ...(rows.some((row) => row.lastWeek !== null) ? [{ text: "A week before", mark: "last-week" }] : []),
      ],
      footer: footer("queue_wfm", usualText(rows, usualDays)),
      draw: (width) => volumeChart(rows, { ...shared, width }),
      file: file("volume"),
    }),
    figure({
      ...base,
      id: "service-level",
      title:
        service === null
          ? "No service level to show"
          : `Service level ${percent(service)}, ${today.gap(service, site.target)}`,
      subtitle: `${today.formula(site)}. ${where}. Faint: fewer than ${site.min_contacts} contacts.`,
      legend: [
        { text: "Target met", mark: "blue" },
        { text: "Missed", mark: "missed" },
        { text: "Gap to the target", mark: "shortfall" },
      ],
      footer: footer("queue_wfm"),
      draw: (width) =>
        serviceChart(rows, {
          ...shared,
          width,
          target: site.target,
          level,
          minContacts: site.min_contacts,
        }),
      file: file("service-level"),
    }),
    figure({
      ...base,
      id: "waits",
      title: today.waitTitle(rows, site.min_contacts),
      subtitle: `Mean wait of assigned and abandoned contacts, minutes and seconds, those without a wait included. ${where}. Faint: fewer than ${site.min_contacts} contacts.`,
      footer: footer("queue_wfm"),
      draw: (width) =>
        waitChart(rows, { ...shared, width, seconds: site.seconds, minContacts: site.min_contacts }),
      file: file("waits"),
    }),
    figure({
      ...base,
      id: "handle-time",
      title: today.handleTitle(rows),
      subtitle: `Mean time from assignment to disposition, minutes and seconds. ${where}. Faint: fewer than ${site.min_contacts} contacts.`,
      legend: [
        { text: "Until the customer's last message", mark: "blue" },
        { text: "Wrap-up", mark: "blue-strong" },
      ],
      footer: footer("queue_wfm", held(rows, site)),
      draw: (width) => handleChart(rows, { ...shared, width, minContacts: site.min_contacts }),
      file: file("handle-time"),
    }),
    figure({
      ...base,
      id: "reps",
      title: today.staffTitle(rows),
      subtitle: `Time of logged-in reps by state, as full-time equivalents. ${where}.`,
      legend: staffStates.map(({ text, mark }) => ({ text, mark })),
      footer: footer(
        "queue_membership_wfm",
        `Each rep counts once, however many queues. ${held(rows, site)}`.trim(),
      ),
      draw: (width) => staffChart(rows, { ...shared, width }),
      file: file("reps"),
    }),
  );
}

/** All numbers of the day, interval by interval. */
export function intervalTable(page: TodayPage): HTMLElement {
  if (!page.day) return html("p", { class: "none" }, "No intervals yet.");
  const { rows, queue, day } = page;
  const seen = rows.filter(({ state }) => state !== "pending" && state !== "closed");
  const columns = tableColumns(page);
  return html(
    "div",
    { class: "figure interval-table" },
    html("div", { class: "figure-tools" }, csvButton(`intervals-${slug(queue)}-${day}`, columns, rows)),
    table(columns, seen),
  );
}

function tableColumns({ zone, site }: TodayPage): TableColumn<Interval>[] {
  const level = today.serviceLevelOf(site);
  const number = (
    label: string,
    value: (row: Interval) => number | null,
    text = count,
  ): TableColumn<Interval> => ({
    label,
    value,
    text: (row) => text(value(row)),
  });
  return [
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
    number(
      "Usual",
      (row) => row.usual,
      (value) => decimal(value, 0),
    ),
    number(
      "Wait, s",
      (row) => row.wait,
      (value) => decimal(value, 0),
    ),
    number(
      "Handle, s",
      (row) => row.handle,
      (value) => decimal(value, 0),
    ),
    number(
      "Wrap-up, s",
      (row) => row.wrap,
      (value) => decimal(value, 0),
    ),
    number("Reps", (row) => row.reps),
    number(
      "Available FTE",
      (row) => row.available,
      (value) => decimal(value),
    ),
    number(
      "Busy FTE",
      (row) => row.busy,
      (value) => decimal(value),
    ),
  ];
}

function footerText({ rows, zone, site }: TodayPage, feed: string, more: string): string {
  const through = today.dataThrough(rows);
  const sum = today.summarize(rows);
  return [
    `Times in ${site.timezone}.`,
    through ? `Data through ${zone.dateTime(through)}.` : null,
    `n = ${count(sum.offered)} contacts.`,
    `Source: ${feed}.`,
    more,
  ]
    .filter(Boolean)
    .join(" ");
}

function usualText(rows: readonly Interval[], weeks: number): string {
  if (rows.some((row) => row.usual !== null)) return "The usual: issue_queues, rep_convos.";
  return `The usual needs four weeks of history; ${weeks} are here.`;
}

function held(rows: readonly Interval[], site: Site): string {
  const small = rows.filter((row) => row.held).length;
  return small ? `${small} intervals held back: fewer than ${site.min_reps} reps behind them.` : "";
}

function versus(
  value: number | null,
  before: number | null,
  week: string,
  better: "lower" | "neutral",
): Card["delta"] | undefined {
  if (value === null || !before) return undefined;
  const off = value / before - 1;
  return { text: `${change(off)} on ${week}`, tone: better === "neutral" ? "neutral" : tone(-off, 0.05) };
}

function tone(improvement: number, least: number): "good" | "bad" | "neutral" {
  return Math.abs(improvement) < least ? "neutral" : improvement > 0 ? "good" : "bad";
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}
