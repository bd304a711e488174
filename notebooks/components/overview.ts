import { daysLater } from "./baseline.js";
import { type Card, pointsDelta, versusDelta } from "./cards.js";
import { wilson } from "./confidence.js";
import { type ConversationDay, conversationTotals } from "./conversations.js";
import { type DayRow, shareLineChart, stackChart } from "./daily.js";
import { html } from "./dom.js";
import { countColumn, figure, type TableColumn, table } from "./figure.js";
import { clock, count, longDay, percent, plural, weekdayName, type Zone } from "./format.js";
import { type FeedHealth, lagMinutes, lagText } from "./health.js";
import type { Site } from "./masthead.js";
import { ratio } from "./ratio.js";

/** One local day and queue from the history feeds, as data-loaders/queue-days.json.sql ships it. */
export interface QueueDay extends DayRow {
  queue: string; // "All queues" is every queue together
  offered: number; // assigned or abandoned
  assigned: number;
  abandoned: number;
  within: number; // assigned after no more than the threshold
}

export interface OverviewData {
  days: readonly ConversationDay[];
  queueDays: readonly QueueDay[];
  feeds: readonly FeedHealth[];
  site: Site;
  zone: Zone;
}

/** The Overview page: the last complete day in figures, the weeks before as context. */
export function overview(data: OverviewData) {
  const { days, queueDays, site } = data;
  const all = days.filter(({ channel }) => channel === "All channels");
  const queues = queueDays.filter(({ queue }) => queue === "All queues");
  const last = all.findLast(({ complete }) => complete) ?? all.at(-1);
  const lastQueue = queues.find(({ day }) => day === last?.day);
  const service = lastQueue?.offered ? lastQueue.within / lastQueue.offered : null;
  return {
    title: last
      ? `${longDay(last.day).replace(/ \d{4}$/, "")}: ${plural(last.started, "conversation")}${service === null ? "" : `, ${percent(service, 0)} answered in ${site.seconds} s`}`
      : "Nothing has been synced yet",
    lead: last
      ? `The last complete day${formerText(last.day, all)}.`
      : "Run a sync, then build the site again: the pages fill themselves.",
    cards: last ? overviewCards(last, lastQueue, all, queues, site) : [],
    figures: overviewFigures(all.slice(-42), queues.slice(-42), site),
    freshness: freshnessTable(data),
  };
}

/** The complete ones of the four days of the same weekday before a day. */
export function weeksBefore<Row extends DayRow>(day: string, rows: readonly Row[]): Row[] {
  const days = [7, 14, 21, 28].map((back) => daysLater(day, -back));
  return rows.filter((row) => row.complete && days.includes(row.day));
}

function formerText(day: string, all: readonly ConversationDay[]): string {
  const weeks = weeksBefore(day, all).length;
  if (weeks === 0) return "";
  return `, against ${weeks === 1 ? "the" : `the ${["two", "three", "four"][weeks - 2]}`} ${weekdayName(day)}${weeks === 1 ? "" : "s"} before`;
}

function overviewCards(
  last: ConversationDay,
  lastQueue: QueueDay | undefined,
  all: readonly ConversationDay[],
  queues: readonly QueueDay[],
  site: Site,
): Card[] {
  const former = weeksBefore(last.day, all);
  const formerQueues = weeksBefore(last.day, queues);
  const before = former.length ? conversationTotals(former) : null;
  const label = former.length === 1 ? "the week before" : "the weeks before";
  const recent = all.filter(({ day }) => day <= last.day).slice(-28);
  const recentQueues = queues.filter(({ day }) => day <= last.day).slice(-28);
  const points = (now: number | null, then: number | null, better?: "higher" | "lower") =>
    pointsDelta(now, then, label, better, 0.01);
  const total = (value: (row: QueueDay) => number) => formerQueues.reduce((sum, row) => sum + value(row), 0);
  const service = ratio(lastQueue?.within, lastQueue?.offered);
  const abandoned = ratio(lastQueue?.abandoned, lastQueue?.offered);
  const formerOffered = total((row) => row.offered);
  const rating = ratio(last.satisfied, last.rated);
  const ratingBefore = ratio(before?.satisfied, before?.rated);
  const sure = wilson(last.satisfied, last.rated);
  const differs =
    sure !== null && ratingBefore !== null && (ratingBefore < sure.low || ratingBefore > sure.high);
  return [
    {
      label: "Conversations",
      value: count(last.started),
      delta: versusDelta(last.started, before ? before.started / former.length : null, label),
      trend: recent.map(({ complete, started }) => (complete ? started : null)),
      href: "./conversations.html",
    },
    {
      label: `Answered in ${site.seconds} s`,
      value: percent(service),
      delta: points(
        service,
        ratio(
          total((row) => row.within),
          formerOffered,
        ),
        "higher",
      ),
      trend: recentQueues.map((row) => ratio(row.within, row.offered)),
      href: "./today.html",
    },
    {
      label: "Abandoned",
      value: percent(abandoned),
      delta: points(
        abandoned,
        ratio(
          total((row) => row.abandoned),
          formerOffered,
        ),
        "lower",
      ),
      trend: recentQueues.map((row) => ratio(row.abandoned, row.offered)),
      href: "./today.html",
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
      delta: points(ratio(last.assisted, last.ended), ratio(before?.assisted, before?.ended)),
      trend: recent.map((row) => ratio(row.assisted, row.ended)),
      href: "./conversations.html",
    },
    {
      label: "Good ratings",
      value: rating === null ? `n < ${site.min_contacts}` : percent(rating),
      delta: points(rating, ratingBefore, differs ? "higher" : undefined),
      note: `n = ${count(last.rated)}`,
      trend: recent.map((row) => ratio(row.satisfied, row.rated)),
      href: "./conversations.html#ratings",
    },
  ];
}

function overviewFigures(
  days: readonly ConversationDay[],
  queues: readonly QueueDay[],
  site: Site,
): HTMLElement {
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
  const met = queues.filter(
    (row) => row.complete && row.offered && row.within / row.offered >= site.target,
  ).length;
  const whole = queues.filter((row) => row.complete && row.offered).length;
  const total = days.reduce((sum, row) => sum + row.started, 0);
  return html(
    "div",
    { class: "figures two" },
    figure({
      id: "volume",
      title: days.length
        ? `${plural(total, "conversation")} in ${plural(days.length, "day")}`
        : "No conversations yet",
      subtitle: "Conversations begun per day, all channels. Lighter: not all of the day is here.",
      legend: parts.map(({ text, mark }) => ({ text, mark })),
      footer: `Days in ${site.timezone}. Source: convos_metrics. Grey fields are weekends.`,
      rows: days,
      columns: [
        { label: "Day", value: ({ day }) => day },
        { label: "Begun", value: (row) => row.started },
        { label: "With a rep", value: (row) => row.assisted },
      ],
      draw: (width) => stackChart(days, parts, { width, label: "Conversations per day" }),
    }),
    figure({
      id: "service",
      title: whole
        ? `The target of ${percent(site.target, 0)} was met on ${met} of ${plural(whole, "whole day")}`
        : "No queue history yet",
      subtitle: `Answered within ${site.seconds} s / (answered + abandoned), all queues, per day.`,
      footer: `Days in ${site.timezone}. Source: issue_queues, rep_convos. Grey fields are weekends.`,
      rows: queues,
      columns: [
        { label: "Day", value: ({ day }) => day },
        { label: "Offered", value: (row) => row.offered },
        { label: "Abandoned", value: (row) => row.abandoned },
        { label: "In time", value: (row) => row.within },
      ],
      draw: (width) =>
        shareLineChart(queues, { ...level }, { width, label: "Service level per day", target: site.target }),
    }),
  );
}

function freshnessTable({ feeds, zone, site }: OverviewData): HTMLElement {
  const kinds: Record<string, string> = {
    conversation: "Conversations",
    queue: "Queues",
    rep: "Reps",
    wfm: "WFM intraday",
    other: "Other",
  };
  const rows = Object.entries(kinds).flatMap(([kind, name]) => {
    const here = feeds.filter((row) => row.kind === kind && row.partitions > 0);
    if (here.length === 0) return [];
    const through = here.map((row) => row.through ?? "").reduce((a, b) => (a > b ? a : b), "");
    return [
      {
        name,
        feeds: here.length,
        rows: here.reduce((sum, row) => sum + row.kept, 0),
        through: through || null,
        lag: lagMinutes(through || null, site),
        open: here.reduce((sum, row) => sum + row.overdue + row.failed, 0),
      },
    ];
  });
  type Row = (typeof rows)[number];
  const columns: TableColumn<Row>[] = [
    { label: "Feeds about", value: (row) => row.name },
    { label: "Feeds", value: (row) => row.feeds },
    countColumn("Rows", (row) => row.rows),
    {
      label: "Newest data",
      value: (row) => row.through,
      text: (row) => (row.through ? zone.dateTime(row.through) : "–"),
    },
    {
      label: "Behind the sync",
      value: (row) => row.lag,
      text: (row) => lagText(row.lag),
    },
    { label: "Overdue or failed", value: (row) => row.open },
  ];
  return html("div", { class: "figure wide-table" }, table(columns, rows));
}
