import { type Card, countDelta, pointsDelta, versusDelta } from "../charts/cards.js";
import { crosshair } from "../charts/crosshair.js";
import { shareChart, shareLineChart, spreadChart, stackChart } from "../charts/daily.js";
import { annotatedColumn, countColumn, figure, shareColumn, type TableColumn, table } from "../charts/figure.js";
import { onDays } from "../metrics/annotations/annotation.js";
import {
  type Compared,
  type ConversationDay,
  type ConversationTotals,
  comparedDays,
  conversationTotals,
} from "../metrics/conversations.js";
import { change, clock, count, dayName, duration, percent, plural } from "../metrics/format.js";
import { ratio, wilson } from "../metrics/ratio.js";
import type { Site } from "../metrics/site.js";
import { daysLater } from "../metrics/time-zone.js";
import { html } from "../picture/dom.js";

export interface ConversationChoice {
  days: readonly ConversationDay[];
  site: Site;
  channel: string;
  range: string; // a number of days, or "all"
  to: string; // last day
}

/** The Conversations page for one channel and range: texts, cards, figures and table. */
export function conversationPage(choice: ConversationChoice) {
  const { days, site, channel, to } = choice;
  const every = days.filter((row) => row.channel === channel);
  if (every.length === 0)
    return {
      title: "No conversations yet",
      lead: "No convos_metrics data has been synced.",
      cards: [],
      figures: html("div", { class: "figures" }),
      channels: html("p", { class: "none" }, "No rows."),
      span: { from: "", to: "9" }, // every day
    };
  const length = choice.range === "all" ? every.length : Number(choice.range);
  const from = choice.range === "all" ? (every[0]?.day ?? to) : daysLater(to, 1 - length);
  const rows = every.filter(({ day }) => day >= from && day <= to);
  const whole = rows.filter(({ complete }) => complete);
  const sum = conversationTotals(rows);
  const compared = comparedDays(every, rows, length);
  const [first, last] = [rows.at(0), rows.at(-1)];
  const range = first && last ? `${dayName(first.day)} to ${dayName(last.day)}` : "no days";
  return {
    title: title(sum, whole.length, compared, channel),
    lead: rows.length ? lead(sum, whole.length, compared) : "No data has been synced for these days.",
    cards: conversationCards(sum, compared, site),
    figures: figures(rows, sum, channel, range, site),
    channels: channels(days, from, to, site),
    span: { from, to },
  };
}

function title(sum: ConversationTotals, whole: number, compared: Compared | null, channel: string): string {
  if (!sum.started) return "No conversations in this range";
  const by = channel === "All channels" ? "" : ` on ${channel}`;
  const off = compared?.before.started ? compared.now.started / compared.before.started - 1 : null;
  const trend =
    off === null ? "" : Math.abs(off) < 0.02 ? ", level with the days before" : `, ${change(off)} on the days before`;
  const days =
    off === null || !compared || compared.days === whole ? "" : ` (${plural(compared.days, "day")} compared)`;
  return `${plural(sum.started, "conversation")}${by}${trend}${days}`;
}

function lead(sum: ConversationTotals, whole: number, compared: Compared | null): string {
  const comparable =
    compared === null || compared.days === whole ? "" : `, of which ${count(compared.days)} can be compared`;
  const parts = [
    `${percent(ratio(sum.assisted, sum.ended), 0)} of ended conversations had a rep.`,
    sum.handle_p50 === null
      ? null
      : `Half were handled within ${duration(sum.handle_p50)}, nine in ten within ${duration(sum.handle_p90)}.`,
    sum.satisfied === null || !sum.rated
      ? null
      : `${percent(sum.satisfied / sum.rated, 0)} of ${count(sum.rated)} ratings were good.`,
    whole ? `${plural(whole, "complete day")}${comparable}.` : null,
  ];
  return parts.filter(Boolean).join(" ");
}

function conversationCards(sum: ConversationTotals, compared: Compared | null, site: Site): Card[] {
  const [now, before] = [compared?.now, compared?.before];
  const label = "the days before";
  const assisted = ratio(sum.assisted, sum.ended);
  const resolved = ratio(sum.resolved, sum.ended);
  const csat = ratio(sum.satisfied, sum.rated);
  const interval = wilson(sum.satisfied, sum.rated);
  return [
    {
      label: "Conversations",
      value: count(sum.started),
      delta: countDelta(now?.started, before?.started, label, true),
    },
    {
      label: "With a rep",
      value: percent(assisted),
      delta: pointsDelta(ratio(now?.assisted, now?.ended), ratio(before?.assisted, before?.ended), label),
      note: `${count(sum.assisted)} of ${count(sum.ended)} ended`,
    },
    {
      label: "Median handle",
      value: clock(sum.handle_p50),
      delta: versusDelta(now?.handle_p50, before?.handle_p50, label),
      note: `p90 ${clock(sum.handle_p90)}`,
    },
    {
      label: "Median wait",
      value: clock(sum.wait_p50),
      delta: versusDelta(now?.wait_p50, before?.wait_p50, label),
      note: `p90 ${clock(sum.wait_p90)}`,
    },
    {
      label: "Ended resolved",
      value: percent(resolved),
      delta: pointsDelta(ratio(now?.resolved, now?.ended), ratio(before?.resolved, before?.ended), label, "higher"),
      note: "as marked by the rep",
    },
    {
      label: "Good ratings",
      value: csat === null ? `n < ${site.min_contacts}` : percent(csat),
      note: interval
        ? `${percent(interval.low, 0)}–${percent(interval.high, 0)}, n = ${count(sum.rated)}`
        : "too few answers",
    },
  ];
}

function figures(
  rows: readonly ConversationDay[],
  sum: ConversationTotals,
  channel: string,
  range: string,
  site: Site,
): HTMLElement {
  const cross = crosshair();
  const annotations = onDays(site.annotations ?? [], rows, site.timezone);
  const where = `${channel}, ${range}, per day`;
  const footer = (feed: string, n: string) => `Days in ${site.timezone}. ${n}. Source: ${feed}. Shaded: weekends.`;
  const columns = [...dayColumns(), ...annotatedColumn(annotations, rows)];
  const score = {
    text: "good",
    mark: "blue",
    value: (row: ConversationDay) => ratio(row.satisfied, row.rated),
    low: (row: ConversationDay) => wilson(row.satisfied, row.rated)?.low ?? null,
    high: (row: ConversationDay) => wilson(row.satisfied, row.rated)?.high ?? null,
    n: (row: ConversationDay) => row.rated,
  };
  const busiest = [...rows].sort((a, b) => b.started - a.started)[0];
  const longest = (value: (row: ConversationDay) => number | null) =>
    rows.filter((row) => value(row) !== null).sort((a, b) => (value(b) ?? 0) - (value(a) ?? 0))[0];
  const slowest = longest((row) => row.handle_p90);
  const waits = longest((row) => row.wait_p90);
  const durations = (
    {
      label,
      n,
      p50,
      p90,
    }: Record<"p50" | "p90", (row: ConversationDay) => number | null> & { label: string; n: number },
    texts: { id: string; title: string; subtitle: string },
  ) =>
    figure({
      ...texts,
      footer: footer("convos_metrics_ended", `n = ${count(n)}`),
      rows,
      columns,
      draw: (width) =>
        spreadChart(
          rows,
          {
            middle: { text: "median", mark: "blue", value: p50 },
            high: { text: "p90", mark: "blue-soft", value: p90 },
          },
          { width, annotations, crosshair: cross, label },
        ),
    });
  return html(
    "div",
    { class: "figures" },
    figure({
      id: "volume",
      title: busiest
        ? `Busiest day: ${dayName(busiest.day)} with ${plural(busiest.started, "conversation")}`
        : "No conversations in this range",
      subtitle: `Conversations started. ${where}.`,
      legend: volumeParts.map(({ text, mark }) => ({ text, mark })),
      footer: footer("convos_metrics, convos_metrics_ended", `n = ${count(sum.started)} conversations`),
      rows,
      columns,
      draw: (width) =>
        stackChart(rows, volumeParts, {
          width,
          annotations,
          crosshair: cross,
          label: "Conversations per day",
          height: 240,
        }),
    }),
    html(
      "div",
      { class: "figures two" },
      durations(
        { label: "Handle time per day", n: sum.handled, p50: (row) => row.handle_p50, p90: (row) => row.handle_p90 },
        {
          id: "handle-time",
          title: slowest
            ? `One in ten took longer than ${duration(slowest.handle_p90)} on ${dayName(slowest.day)}`
            : "No handle times to show",
          subtitle: `Handle time of conversations with a rep, median and 90th percentile. ${where}.`,
        },
      ),
      durations(
        { label: "Time in queue per day", n: sum.queued, p50: (row) => row.wait_p50, p90: (row) => row.wait_p90 },
        {
          id: "wait",
          title: waits
            ? `Longest waits on ${dayName(waits.day)}: one in ten over ${duration(waits.wait_p90)}`
            : "No waits to show",
          subtitle: `Time in queue of conversations that queued, median and 90th percentile. ${where}.`,
        },
      ),
      figure({
        id: "endings",
        title: sum.ended
          ? `${percent(sum.resolved / sum.ended, 0)} were marked resolved by the rep`
          : "No endings to show",
        subtitle: `How conversations ended, share of those ended. ${where}.`,
        legend: endingParts.map(({ text, mark }) => ({ text, mark })),
        footer: footer("convos_metadata_ended", `n = ${count(sum.ended)}`),
        rows,
        columns,
        draw: (width) =>
          shareChart(rows, endingParts, { width, annotations, crosshair: cross, label: "Endings per day, shares" }),
      }),
      figure({
        id: "ratings",
        title:
          sum.satisfied === null || !sum.rated
            ? "Too few ratings to show"
            : `${percent(sum.satisfied / sum.rated, 0)} of ratings were good, from ${percent(ratio(sum.rated, sum.ended), 0)} of conversations`,
        subtitle: `Ratings of 4 or 5 out of 5, with the 95% interval (Wilson). ${where}. Days with fewer than ${site.min_contacts} answers are held back.`,
        footer: footer("customer_feedback", `n = ${count(sum.rated)} answers`),
        rows,
        columns,
        draw: (width) =>
          shareLineChart(rows, score, { width, annotations, crosshair: cross, label: "Good ratings per day" }),
      }),
    ),
  );
}

const volumeParts = [
  { text: "With a rep", mark: "blue", value: (row: ConversationDay) => row.assisted },
  {
    text: "Without",
    mark: "blue-soft",
    value: (row: ConversationDay) => Math.max(0, row.ended - row.assisted),
  },
  {
    text: "Not ended yet",
    mark: "grey-soft",
    value: (row: ConversationDay) => Math.max(0, row.started - row.ended),
  },
];

const endingParts = [
  { text: "Resolved", mark: "blue", value: (row: ConversationDay) => row.resolved },
  { text: "Ended automatically", mark: "blue-soft", value: (row: ConversationDay) => row.auto },
  { text: "Other", mark: "grey-soft", value: (row: ConversationDay) => row.other },
  { text: "Timed out", mark: "orange-soft", value: (row: ConversationDay) => row.timeout },
  { text: "Unresolved", mark: "orange", value: (row: ConversationDay) => row.unresolved },
];

function channels(days: readonly ConversationDay[], from: string, to: string, site: Site): HTMLElement {
  const names = [...new Set(days.map(({ channel }) => channel))];
  const rows = names.map((channel) => ({
    channel,
    sum: conversationTotals(days.filter((row) => row.channel === channel && row.day >= from && row.day <= to)),
  }));
  const all = rows.find(({ channel }) => channel === "All channels")?.sum.started ?? 0;
  type Row = (typeof rows)[number];
  const columns: TableColumn<Row>[] = [
    { label: "Channel", value: ({ channel }) => channel },
    countColumn("Conversations", ({ sum }) => sum.started),
    shareColumn("Share", ({ sum }) => ratio(sum.started, all)),
    shareColumn("With a rep", ({ sum }) => ratio(sum.assisted, sum.ended)),
    { label: "Handle p50", value: ({ sum }) => sum.handle_p50, text: ({ sum }) => clock(sum.handle_p50) },
    { label: "Handle p90", value: ({ sum }) => sum.handle_p90, text: ({ sum }) => clock(sum.handle_p90) },
    { label: "Wait p50", value: ({ sum }) => sum.wait_p50, text: ({ sum }) => clock(sum.wait_p50) },
    { label: "Wait p90", value: ({ sum }) => sum.wait_p90, text: ({ sum }) => clock(sum.wait_p90) },
    shareColumn("Resolved", ({ sum }) => ratio(sum.resolved, sum.ended)),
    {
      label: "Good ratings",
      value: ({ sum }) => ratio(sum.satisfied, sum.rated),
      text({ sum }) {
        const interval = wilson(sum.satisfied, sum.rated);
        if (!interval) return `n < ${site.min_contacts}`;
        return `${percent(ratio(sum.satisfied, sum.rated), 0)} (${percent(interval.low, 0)}–${percent(interval.high, 0)})`;
      },
    },
    countColumn("Answers", ({ sum }) => sum.rated),
  ];
  return html("div", { class: "figure" }, table(columns, rows));
}

function dayColumns(): TableColumn<ConversationDay>[] {
  return [
    { label: "Channel", value: (row) => row.channel, hidden: true },
    { label: "Day", kind: "day", value: ({ day }) => day },
    countColumn("Started", (row) => row.started),
    countColumn("Ended", (row) => row.ended),
    countColumn("With a rep", (row) => row.assisted),
    countColumn("Handle p50, s", (row) => row.handle_p50),
    countColumn("Handle p90, s", (row) => row.handle_p90),
    countColumn("Wait p50, s", (row) => row.wait_p50),
    countColumn("Wait p90, s", (row) => row.wait_p90),
    countColumn("Resolved", (row) => row.resolved),
    countColumn("Unresolved", (row) => row.unresolved),
    countColumn("Timed out", (row) => row.timeout),
    countColumn("Ended automatically", (row) => row.auto),
    countColumn("Other", (row) => row.other),
    countColumn("Answers", (row) => row.rated),
    countColumn("Good", (row) => row.satisfied),
  ];
}
