import { type Card, countDelta, pointsDelta, versusDelta } from "../charts/cards.js";
import { shareLineChart, stackChart } from "../charts/daily.js";
import { annotatedColumn, figure } from "../charts/figure.js";
import { onDays } from "../metrics/annotations/annotation.js";
import { type ConversationDay, conversationTotals, type DayRow } from "../metrics/conversations.js";
import { clock, count, dayName, longDay, percent, plural, weekdayName } from "../metrics/format.js";
import { ratio, wilson } from "../metrics/ratio.js";
import type { Site } from "../metrics/site.js";
import { daysLater } from "../metrics/time-zone.js";
import { dataThrough } from "../metrics/today.js";
import { html } from "../picture/dom.js";
import type { FeedHealth } from "./health.js";
import { type TodayPage, todayCards } from "./today-page.js";

/** One queue on one local day, from the history feeds, as data-loaders/queue-days.json.sql ships it. */
export interface QueueDay extends DayRow {
  queue: string; // "All queues" is all of them together
  offered: number; // assigned or abandoned
  assigned: number;
  abandoned: number;
  within: number; // assigned within the threshold
}

export interface OverviewData {
  days: readonly ConversationDay[];
  queueDays: readonly QueueDay[];
  feeds: readonly FeedHealth[];
  site: Site;
}

/** The Overview page: the newest day of the WFM feeds, then the last complete day of history, with earlier weeks as context. */
export function overview(data: OverviewData & { newest: TodayPage; words: { title: string; lead: string } }) {
  const { site, newest, words } = data;
  const { all, queues, last, lastQueue } = lastDay(data);
  const past = overviewWords(data);
  const pastCards = last || lastQueue ? overviewCards(last, lastQueue, all, queues, site) : [];
  const figures = overviewFigures(all.slice(-42), queues.slice(-42), site);
  const through = dataThrough(newest.windows);
  const history = { past, pastCards, figures };
  // the WFM feeds may have stopped before history
  if (through === null || newest.day < ((last ?? lastQueue)?.day ?? ""))
    return { ...past, kicker: site.title, today: null, ...history };
  return {
    kicker: `${site.title} · ${dayName(newest.day)}, data through ${newest.zone.time(through)}`,
    ...words,
    today: todayCards(newest).map((card) => ({ ...card, href: "./today.html" })),
    ...history,
  };
}

/** The head of the days before. */
export function pastHead({ past }: { past: { title: string; lead: string } }): HTMLElement {
  return html("header", {}, html("h2", {}, past.title), html("p", { class: "past-lead" }, past.lead));
}

export function overviewWords(data: OverviewData): { title: string; lead: string } {
  const { all, queues, last, lastQueue } = lastDay(data);
  const day = last ?? lastQueue;
  if (!day) return noDayWords(data);
  const service = ratio(lastQueue?.within, lastQueue?.offered);
  const facts = [
    last ? plural(last.started, "conversation") : plural(lastQueue?.offered ?? 0, "contact"),
    service === null ? "" : `${percent(service, 0)} answered in ${data.site.seconds} s`,
  ].filter(Boolean);
  const former = formerText(day.day, last ? all : queues);
  return {
    title: `${longDay(day.day).replace(/ \d{4}$/, "")}: ${facts.join(", ")}`,
    lead: [
      `The last ${day.complete ? "complete day" : "day, still incomplete"}${former}.`,
      last ? "" : `No conversations: ${absent(data, "convos_metrics")}.`,
    ]
      .filter(Boolean)
      .join(" "),
  };
}

function lastDay({ days, queueDays }: OverviewData) {
  const all = days.filter(({ channel }) => channel === "All channels");
  const queues = queueDays.filter(({ queue }) => queue === "All queues");
  const newest = <Row extends DayRow>(rows: Row[]) => rows.findLast(({ complete }) => complete) ?? rows.at(-1);
  const last = newest(all);
  const lastQueue = last ? queues.find(({ day }) => day === last.day) : newest(queues);
  return { all, queues, last, lastQueue };
}

/** The complete days among the last four of the same weekday. */
export function weeksBefore<Row extends DayRow>(day: string, rows: readonly Row[]): Row[] {
  const days = [7, 14, 21, 28].map((back) => daysLater(day, -back));
  return rows.filter((row) => row.complete && days.includes(row.day));
}

function formerText(day: string, all: readonly DayRow[]): string {
  const weeks = weeksBefore(day, all).length;
  if (weeks === 0) return "";
  return `, against ${weeks === 1 ? "the" : `the ${["two", "three", "four"][weeks - 2]}`} ${weekdayName(day)}${weeks === 1 ? "" : "s"} before`;
}

// Without a day of conversations or queues:
// delivered feeds    text
// none               nothing has been synced yet
// all empty          the feeds, which have no rows
// some with rows     no conversations; the feeds, and which of this page's feeds are missing
function noDayWords(data: OverviewData): { title: string; lead: string } {
  const delivered = data.feeds.filter(({ partitions }) => partitions > 0);
  if (delivered.length === 0)
    return {
      title: "Nothing has been synced yet",
      lead: "Run a sync, then build the site again to fill the pages.",
    };
  const filled = delivered.filter(({ kept }) => kept > 0);
  const missing = ["convos_metrics", "issue_queues", "rep_convos"].filter(
    (name) => !delivered.some(({ feed }) => feed === name),
  );
  const listed = delivered
    .slice(0, 8)
    .map(({ feed, kept }) => `${feed} (${kept > 0 ? plural(kept, "row") : "no rows"})`);
  return {
    title: filled.length
      ? `No conversations: ${absent(data, "convos_metrics")}`
      : `${plural(delivered.length, "feed")} delivered, without rows`,
    lead: [
      `Delivered: ${listed.join(", ")}${delivered.length > listed.length ? ` and ${count(delivered.length - listed.length)} more` : ""}.`,
      missing.length ? `Missing: ${missing.join(", ")}, which this page needs.` : null,
      filled.length ? null : "The feeds are complete but empty; this page fills in once rows arrive.",
      filled.some(({ feed }) => feed === "queue_wfm") ? "Today and Queues show the data of queue_wfm." : null,
    ]
      .filter(Boolean)
      .join(" "),
  };
}

function absent({ feeds }: OverviewData, name: string): string {
  const feed = feeds.find((entry) => entry.feed === name);
  if (!feed || feed.partitions === 0) return `${name} is missing`;
  return feed.kept === 0 ? `${name} has no rows` : `${name} has no row with a time`;
}

/** The cards of a day: conversations, if their feeds are delivered, and queues. */
function overviewCards(
  last: ConversationDay | undefined,
  lastQueue: QueueDay | undefined,
  all: readonly ConversationDay[],
  queues: readonly QueueDay[],
  site: Site,
): Card[] {
  const conversations = last ? conversationCards(last, all, site) : [];
  const day = last?.day ?? lastQueue?.day ?? "";
  return [...conversations.slice(0, 1), ...queueCards(day, lastQueue, queues, site), ...conversations.slice(1)];
}

function conversationCards(last: ConversationDay, all: readonly ConversationDay[], site: Site): Card[] {
  const former = weeksBefore(last.day, all);
  const before = former.length ? conversationTotals(former) : null;
  const label = labelOf(former);
  const recent = all.filter(({ day }) => day <= last.day).slice(-28);
  const rating = ratio(last.satisfied, last.rated);
  const ratingBefore = ratio(before?.satisfied, before?.rated);
  const range = wilson(last.satisfied, last.rated);
  const differs = range !== null && ratingBefore !== null && (ratingBefore < range.low || ratingBefore > range.high);
  return [
    {
      label: "Conversations",
      value: count(last.started),
      delta: countDelta(last.started, before ? before.started / former.length : null, label),
      trend: recent.map(({ complete, started }) => (complete ? started : null)),
      href: "./conversations.html",
    },
    {
      label: "Median handle",
      value: clock(last.handle_p50),
      delta: versusDelta(last.handle_p50, before?.handle_p50 ?? null, label),
      trend: recent.map(({ handle_p50 }) => handle_p50),
      href: "./conversations.html#handle-time",
    },
    {
      label: "With a rep",
      value: percent(ratio(last.assisted, last.ended)),
      delta: pointsDelta(
        ratio(last.assisted, last.ended),
        ratio(before?.assisted, before?.ended),
        label,
        undefined,
        0.01,
      ),
      trend: recent.map((row) => ratio(row.assisted, row.ended)),
      href: "./conversations.html",
    },
    {
      label: "Good ratings",
      value: rating === null ? `n < ${site.min_contacts}` : percent(rating),
      delta: pointsDelta(rating, ratingBefore, label, differs ? "higher" : undefined, 0.01),
      note: `n = ${count(last.rated)}`,
      trend: recent.map((row) => ratio(row.satisfied, row.rated)),
      href: "./conversations.html#ratings",
    },
  ];
}

function queueCards(day: string, last: QueueDay | undefined, queues: readonly QueueDay[], site: Site): Card[] {
  const former = weeksBefore(day, queues);
  const recent = queues.filter((row) => row.day <= day).slice(-28);
  const card = (label: string, value: (row: QueueDay) => number, better: "higher" | "lower"): Card => {
    const sum = (of: (row: QueueDay) => number) => former.reduce((total, row) => total + of(row), 0);
    const now = last ? ratio(value(last), last.offered) : null;
    const then = ratio(
      sum(value),
      sum(({ offered }) => offered),
    );
    return {
      label,
      value: percent(now),
      delta: pointsDelta(now, then, labelOf(former), better, 0.01),
      trend: recent.map((row) => ratio(value(row), row.offered)),
      href: "./today.html",
    };
  };
  return [
    card(`Answered in ${site.seconds} s`, ({ within }) => within, "higher"),
    card("Abandoned", ({ abandoned }) => abandoned, "lower"),
  ];
}

function labelOf(former: readonly DayRow[]): string {
  return former.length === 1 ? "the week before" : "the weeks before";
}

function overviewFigures(days: readonly ConversationDay[], queues: readonly QueueDay[], site: Site): HTMLElement {
  const parts = [
    { text: "With a rep", mark: "blue", value: (row: ConversationDay) => row.assisted },
    {
      text: "Without",
      mark: "blue-soft",
      value: (row: ConversationDay) => Math.max(0, row.started - row.assisted),
    },
  ];
  const level = {
    text: "",
    mark: "blue",
    value: (row: QueueDay) => ratio(row.within, row.offered),
    low: () => null,
    high: () => null,
    n: (row: QueueDay) => row.offered,
  };
  const met = queues.filter((row) => row.complete && row.offered && row.within / row.offered >= site.target).length;
  const whole = queues.filter((row) => row.complete && row.offered).length;
  const total = days.reduce((sum, row) => sum + row.started, 0);
  const noted = (rows: readonly DayRow[]) => onDays(site.annotations ?? [], rows, site.timezone);
  return html(
    "div",
    { class: "figures two" },
    figure({
      id: "volume",
      title: days.length ? `${plural(total, "conversation")} in ${plural(days.length, "day")}` : "No conversations yet",
      subtitle: "Conversations started per day, all channels. Lighter: incomplete day.",
      legend: parts.map(({ text, mark }) => ({ text, mark })),
      footer: `Days in ${site.timezone}. Source: convos_metrics. Shaded: weekends.`,
      rows: days,
      columns: [
        { label: "Day", kind: "day", value: ({ day }) => day },
        { label: "Started", value: (row) => row.started },
        { label: "With a rep", value: (row) => row.assisted },
        ...annotatedColumn(noted(days), days),
      ],
      draw: (width) => stackChart(days, parts, { width, annotations: noted(days), label: "Conversations per day" }),
    }),
    figure({
      id: "service",
      title: whole
        ? `The target of ${percent(site.target, 0)} was met on ${met} of ${plural(whole, "whole day")}`
        : "No queue history yet",
      subtitle: `Answered within ${site.seconds} s / (answered + abandoned), all queues, per day.`,
      footer: `Days in ${site.timezone}. Source: issue_queues, rep_convos. Shaded: weekends.`,
      rows: queues,
      columns: [
        { label: "Day", kind: "day", value: ({ day }) => day },
        { label: "Offered", value: (row) => row.offered },
        { label: "Abandoned", value: (row) => row.abandoned },
        { label: "In time", value: (row) => row.within },
        ...annotatedColumn(noted(queues), queues),
      ],
      draw: (width) =>
        shareLineChart(
          queues,
          { ...level },
          { width, annotations: noted(queues), label: "Service level per day", target: site.target },
        ),
    }),
  );
}
