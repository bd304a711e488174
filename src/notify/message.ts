import { clock, count, decimal, percent, zone } from "../../notebooks/components/metrics/format.ts";
import { duration } from "../base/words.ts";
import type { Alert, Channel } from "../config/alerts-option.ts";
import type { Config } from "../config/config.ts";
import { cut, escapeSlack } from "../http/slack.ts";
import type { Figures } from "../warehouse/alerts/evaluate.ts";
import type { Firing, Told } from "../warehouse/alerts/step.ts";

/** What a receiver is told, as docs/alerts.md describes it. Times are ISO, UTC; shares 0 to 1, handle time in seconds. */
export interface AlertMessage {
  format: 1;
  id: string; // of this message: the same when it is sent again
  firing: string; // the same from fired to over
  kind: Told;
  site: string;
  alert: string;
  subject: string; // a queue, a group, feeds
  metric: string | null; // null: kit.yaml no longer has the alert
  condition: string | null;
  at: string; // when it was found
  since: string; // when it fired
  minutes: number; // since then
  through: string | null; // the data it rests on end there
  from: string | null; // what the figures cover
  to: string | null;
  value: number | null;
  threshold: number | null;
  low: number | null; // of the usual band, with the noise
  high: number | null;
  usual: number | null;
  contacts: number | null;
  feeds: string[];
  reason: string | null; // why it is over, if not because the condition no longer holds
  timezone: string;
  text: string; // the same in words
}

/** An occasion to tell receivers of an alert. Times are milliseconds, UTC. */
export interface Occasion {
  kind: Told;
  alert: Alert | null; // null: kit.yaml no longer has it
  name: string;
  subject: string;
  firing: Firing;
  figures: Figures | null;
  through: number | null;
  reason: string | null;
  now: number;
}

/** The message of an occasion: every fact of it is made here, and nothing personal is among them. */
export function messageOf(occasion: Occasion, config: Pick<Config, "site" | "timezone">): AlertMessage {
  const { kind, alert, name, subject, firing, figures, through, reason, now } = occasion;
  const iso = (time: number | null | undefined) => (time == null ? null : new Date(time).toISOString());
  const feeds = figures?.names ?? [];
  return {
    format: 1,
    id: `${firing.id}.${kind}${kind === "reminder" ? `.${firing.reminders}` : ""}`,
    firing: firing.id,
    kind,
    site: config.site.title,
    alert: name,
    subject,
    metric: alert?.condition.metric ?? null,
    condition: alert?.conditionText ?? null,
    at: new Date(now).toISOString(),
    since: new Date(firing.since).toISOString(),
    minutes: Math.max(0, Math.round((now - firing.since) / 60_000)),
    through: iso(through),
    from: iso(figures?.from),
    to: iso(figures?.to),
    value: figures?.value ?? null,
    threshold: figures?.threshold ?? null,
    low: figures?.low ?? null,
    high: figures?.high ?? null,
    usual: figures?.usual ?? null,
    contacts: figures?.contacts ?? null,
    feeds,
    reason,
    timezone: config.timezone,
    text: textOf(occasion, config),
  };
}

function textOf(
  { kind, alert, name, subject, firing, figures, through, reason, now }: Occasion,
  { site, timezone }: Pick<Config, "site" | "timezone">,
): string {
  const lasted = duration(Math.max(0, now - firing.since) / 1000);
  const about = name === subject ? name : `${name}, ${subject}`;
  const figure = alert === null || figures === null ? null : figureText(alert, figures, { site, timezone });
  const what = {
    fired: figure ?? "its condition holds",
    reminder: `still so after ${lasted}: ${figure ?? "its condition holds"}`,
    over: `over after ${lasted}${reason === null ? "" : `, as ${reason}`}${figure === null ? "" : `: ${figure}`}`,
  }[kind];
  const end =
    through === null
      ? ""
      : ` As of data through ${zone(timezone).time(new Date(through).toISOString())} (${timezone}).`;
  return `${about}: ${what}.${end}`;
}

/** The figure of an alert in words, such as "76.4% within 60 s from 13:00 to 14:00, target 80% (120 contacts)". */
export function figureText(
  { condition }: Pick<Alert, "condition">,
  { from, to, value, threshold, low, high, usual, contacts, names }: Figures,
  { site, timezone }: Pick<Config, "site" | "timezone">,
): string {
  const time = (instant: number) => zone(timezone).time(new Date(instant).toISOString());
  const span = from === null || to === null ? "" : ` from ${time(from)} to ${time(to)}`;
  const of = contacts === null ? "" : ` (${count(contacts)} contacts)`;
  switch (condition.kind) {
    case "under":
      return `${percent(value)} within ${site.serviceLevel.seconds} s${span}, threshold ${percent(threshold)}${of}`;
    case "shortfall":
      return `${count(value)} more contacts in time would have met the ${percent(site.serviceLevel.target, 0)} target${span}${of}`;
    case "unusual":
      return condition.metric === "volume"
        ? `${count(value)} contacts${span}, usual ${count(usual)}, band ${count(low)} to ${count(high)}`
        : `handle time ${clock(value)}${span}, usual ${clock(usual)}, band ${clock(low)} to ${clock(high)}${of}`;
    case "short":
      return `net staffing ${decimal(value).replace("-", "−")}${condition.intervals > 1 ? " at best" : ""}${span}, threshold ${decimal(threshold).replace("-", "−")}${of}`;
    case "late":
      return names.length === 0
        ? "no feed is late"
        : `late: ${names.slice(0, 8).join(", ")}${names.length > 8 ? ` and ${names.length - 8} more` : ""}; the oldest ends ${duration(value * 60)} ago`;
    default:
      return names.length === 0 ? "none in the last two days" : names.slice(0, 8).join("; ");
  }
}

/** A message for an incoming webhook of Slack: text for notifications, and blocks. */
export function slackAlert({ kind, text, alert, site, condition, metric, id }: AlertMessage): object {
  const mark = { fired: "🔴", reminder: "🟠", over: "🟢" }[kind];
  const note = [site, metric === null ? alert : `${metric} ${condition}`, id].join(" · ");
  return {
    text: cut(`${mark} ${escapeSlack(text)}`, 3000),
    blocks: [
      { type: "section", text: { type: "mrkdwn", text: cut(`${mark} ${escapeSlack(text)}`, 3000) } },
      { type: "context", elements: [{ type: "mrkdwn", text: cut(escapeSlack(note), 2000) }] },
    ],
  };
}

/** The receiver in words, without its secret. */
export function receiverName(channel: Channel): string {
  return channel.kind === "program" ? `program ${channel.command[0]}` : `${channel.kind} ${channel.variable}`;
}
