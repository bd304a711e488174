import type { Card } from "./cards.js";
import type { Crosshair } from "./crosshair.js";
import {
  type DayChart,
  type DayFacts,
  dayColumns,
  provenance,
  serviceLevelOf,
  usualText,
  volumeOf,
  waitsOf,
} from "./day-charts.js";
import { html } from "./dom.js";
import { csvButton, figure, table } from "./figure.js";
import { change, clock, count, decimal, longDay, percent, points, weekdayName } from "./format.js";
import { type Interval, known } from "./interval.js";
import { handleChart, staffChart, staffStates } from "./intraday.js";
import type { Site } from "./masthead.js";
import * as today from "./today.js";

/** Everything the parts of the Today page are made from. */
export interface TodayPage extends DayFacts {
  former: readonly Interval[]; // the same a week before; empty where there is none
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
  const shared = { zone, crosshair };
  const where = `${queue}, ${longDay(day)}, per ${grain} minutes`;
  const file = (measure: string) => `${measure}-${slug(queue)}-${day}`;
  const footer = (feed: string, more?: string) => provenance(page, feed, more);
  const base = { rows, columns: dayColumns(page) };
  const shown = (chart: DayChart, more?: string) =>
    figure({ ...base, ...chart, footer: footer("queue_wfm", more), file: file(chart.id) });
  return html(
    "div",
    { class: "figures" },
    shown(volumeOf(page), usualText(rows)),
    shown(serviceLevelOf(page)),
    shown(waitsOf(page)),
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
  const columns = dayColumns(page);
  return html(
    "div",
    { class: "figure interval-table" },
    html("div", { class: "figure-tools" }, csvButton(`intervals-${slug(queue)}-${day}`, columns, rows)),
    table(columns, seen),
  );
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
