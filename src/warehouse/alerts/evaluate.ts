import { baseline, noiseBand } from "../../../notebooks/components/metrics/baseline.ts";
import { isOpen } from "../../../notebooks/components/metrics/interval-state.ts";
import { handleNoise } from "../../../notebooks/components/metrics/queues/worst-queues.ts";
import { countsWithin, serviceLevel, shortfall } from "../../../notebooks/components/metrics/service-level.ts";
import { effectiveAht, fte, netStaffing, workload } from "../../../notebooks/components/metrics/staffing.ts";
import { weekday } from "../../../notebooks/components/metrics/time-zone.ts";
import { dayWindows, windowLength } from "../../../notebooks/components/metrics/windows.ts";
import { type Alert, allQueuesName } from "../../config/alerts-option.ts";
import type { Config } from "../../config/config.ts";
import type { OpenHours } from "../../config/option-values.ts";
import { handleOf, type Knowledge, offeredIn, totalOf, type Window } from "./knowledge.ts";

// condition                                     verdict
// holds                                         holds
// does not hold                                 not
// data late or incomplete, no usual             unknown: neither fires nor ends an alert
// outside the alert's hours, too few contacts   closed: ends it, without having told that all is well
export type Verdict = "holds" | "not" | "unknown" | "closed";

/** What an alert says of a subject at a moment. Times are milliseconds, UTC. */
export interface Observation {
  verdict: Verdict;
  reason: string | null; // why it is unknown, or closed
  through: number | null; // the end of the data it rests on
  figures: Figures | null; // null while unknown
}

/** The figures behind a verdict. Shares are 0 to 1, handle time in seconds, ages in minutes. */
export interface Figures {
  from: number | null; // what they cover
  to: number | null;
  value: number;
  threshold: number | null; // null: a band
  low: number | null; // of the usual band, with the noise
  high: number | null;
  usual: number | null;
  contacts: number | null;
  names: string[]; // the feeds concerned
}

/** Why there are no figures, and the verdict that follows from it. */
interface Lack {
  verdict: "unknown" | "closed";
  reason: string;
}

/** Settings that decide a verdict besides the alert. */
export interface Rules {
  config: Pick<Config, "site" | "sync" | "timezone">;
  cadence(feed: string): number; // minutes; infinite for a feed that is no longer delivered, or not read
}

/** One alert of one queue, group or feed. */
export interface Watched {
  alert: Alert;
  subject: string;
}

export const allFeeds = "All feeds";

/** What the alerts of kit.yaml watch, given what is known: an alert of `each` once per queue, group or feed. */
export function watchedOf(alerts: readonly Alert[], knowledge: Knowledge): Watched[] {
  const { groups } = knowledge.facts;
  const namesOf = ({ subject }: Alert): readonly string[] => {
    if (subject.kind === "feeds") {
      if (subject.each) return subject.names ?? knowledge.feeds;
      return [subject.names === null ? allFeeds : subject.names.join(", ")];
    }
    if (subject.kind !== "each") return [subject.name];
    if (subject.of === "queue") return knowledge.queueNames;
    return [...groups.keys()].filter((name) => name !== allQueuesName);
  };
  return alerts.flatMap((alert) => namesOf(alert).map((subject) => ({ alert, subject })));
}

/**
 * What an alert says of its subject, by what is known at `moment`. `through`: the end of the quarter-hours to judge, if it is
 * not that of the newest complete one.
 */
export function evaluate(
  { alert, subject }: Watched,
  knowledge: Knowledge,
  rules: Rules,
  moment: number,
  through = knowledge.through,
): Observation {
  if (alert.condition.metric === "feed") return evaluateFeeds(alert, subject, knowledge, rules, moment);
  const { zone } = knowledge;
  const without = (lack: Lack): Observation => ({ ...lack, through, figures: null });
  const unknown = (reason: string) => without(unknownAs(reason));
  if (through === null) return unknown("no data of queue_wfm");
  if (!knowledge.facts.groups.has(subject) && !knowledge.queueNames.includes(subject))
    return unknown(`no queue ${subject} in the data`);
  const hours = alertHours({ alert, subject }, rules);
  const last = through - windowLength;
  const day = zone.date(last);
  const open = (start: number) => isOpen(hours, zone.date(start), zone.clock(start), 15) !== false;
  const ends = hours === null && alert.over !== "day" ? null : closeOf(day, hours, knowledge); // null: it goes on
  if (
    !open(last) ||
    (ends !== null && through >= ends) ||
    (hours !== null && !open(moment) && zone.date(moment) !== day)
  )
    return without({ verdict: "closed", reason: "its hours ended" });
  const stale = 2 * rules.cadence("queue_wfm") + rules.config.sync.graceMinutes;
  if (moment - through > stale * 60_000) return unknown("the data are late");
  const starts: number[] = [];
  const first = alert.over === "day" ? Number.NEGATIVE_INFINITY : through - lengthOf(alert) * 60_000;
  for (let start = last; start >= first && open(start); start -= windowLength) {
    if (alert.over === "day" && zone.date(start) !== day) break;
    starts.unshift(start);
  }
  const windows = starts.map((start) => knowledge.window(subject, start));
  if (windows.includes(null)) return unknown("a quarter-hour is incomplete");
  const period = { subject, day, starts, windows: windows as Window[], from: starts[0] ?? last, to: through };
  const figures = figuresOf(alert, period, knowledge, rules);
  if ("verdict" in figures) return without(figures);
  return { verdict: holds(alert, figures) ? "holds" : "not", reason: null, through, figures };
}

interface Period {
  subject: string;
  day: string;
  starts: number[];
  windows: Window[];
  from: number;
  to: number;
}

/** The figures of a period, or why there are none. */
function figuresOf(alert: Alert, period: Period, knowledge: Knowledge, rules: Rules): Figures | Lack {
  const { condition } = alert;
  const { subject, day, starts, windows, from, to } = period;
  if (condition.metric === "net_staffing") return netFigures(alert, period, knowledge, rules);
  const total = totalOf(windows);
  const contacts = offeredIn(total);
  const base = { from, to, contacts, names: [], low: null, high: null, usual: null, threshold: null };
  if (contacts === null) return unknownAs("contacts are not counted");
  const { serviceLevel: level, wfm } = rules.config.site;
  if (condition.metric === "service_level") {
    if (contacts < alert.minContacts) return tooFew(alert);
    const counts = countsWithin(total.assigned, total.abandoned, total.within, wfm.thresholdCounts);
    if (condition.kind === "under") {
      const value = serviceLevel(counts, level.variant);
      return value === null
        ? unknownAs("the service level is unknown")
        : { ...base, value, threshold: condition.share ?? level.target };
    }
    const missing = shortfall(counts, level.target, level.variant);
    return missing === null
      ? unknownAs("the service level is unknown")
      : { ...base, value: missing.missing, threshold: condition.contacts };
  }
  const slots = starts.map((start) => knowledge.zone.clock(start));
  const { excludedDays } = knowledge.facts;
  const usualOf = (value: (total: Window) => number | null) =>
    baseline(
      day,
      (date) => {
        const parts = slots.map((slot) => knowledge.windowAt(subject, date, slot));
        return parts.includes(null) ? null : value(totalOf(parts as Window[]));
      },
      { reach: 10, exclude: excludedDays },
    );
  if (condition.metric === "volume") {
    const usual = usualOf(offeredIn);
    const noise = noiseBand(usual.median);
    if (usual.median === null || usual.low === null || usual.high === null || noise === null) return tooFewWeeks;
    if (Math.max(contacts, usual.median) < alert.minContacts) return tooFew(alert);
    const [low, high] = [Math.min(usual.low, noise.low), Math.max(usual.high, noise.high)];
    return { ...base, value: contacts, low, high, usual: usual.median };
  }
  const value = handleOf(total);
  if (total.handled < alert.minContacts || value === null) return tooFew(alert);
  const usual = usualOf(handleOf);
  if (usual.median === null || usual.low === null || usual.high === null) return tooFewWeeks;
  const noise = handleNoise(total.handled);
  const [low, high] = [
    Math.min(usual.low, usual.median * (1 - noise)),
    Math.max(usual.high, usual.median * (1 + noise)),
  ];
  return { ...base, value, low, high, usual: usual.median };
}

const unknownAs = (reason: string): Lack => ({ verdict: "unknown", reason });
const tooFewWeeks = unknownAs("fewer than four earlier weeks");
const tooFew = ({ minContacts }: Alert): Lack => ({ verdict: "closed", reason: `fewer than ${minContacts} contacts` });

/** The best of the quarter-hours: the condition holds if even that one lacks reps. */
function netFigures(
  alert: Alert,
  { subject, day, starts, windows, from, to }: Period,
  knowledge: Knowledge,
  rules: Rules,
): Figures | Lack {
  const { condition } = alert;
  if (condition.metric !== "net_staffing") throw new TypeError("not net staffing");
  if (starts.length < condition.intervals) return unknownAs("fewer quarter-hours since opening");
  const chats = alert.chats ?? knowledge.facts.chats.get(day) ?? 1;
  const nets: number[] = [];
  for (const [i, window] of windows.entries()) {
    const staff = knowledge.reps(subject, starts[i] ?? 0);
    const contacts = offeredIn(window);
    if (staff === null || staff.reps === null || staff.available === null) return unknownAs("no figures of reps");
    if (staff.reps < rules.config.site.privacy.minReps) return unknownAs("too few reps to show");
    const required = workload({ contacts, ahtSeconds: effectiveAht(handleOf(window), chats), intervalSeconds: 900 });
    const net = netStaffing(fte(staff.available), required);
    if (net === null) return unknownAs("no handle time");
    nets.push(net);
  }
  const contacts = offeredIn(totalOf(windows));
  const value = Math.max(...nets);
  return { from, to, value, threshold: condition.reps, low: null, high: null, usual: null, contacts, names: [] };
}

function holds({ condition }: Alert, { value, threshold, low, high }: Figures): boolean {
  switch (condition.kind) {
    case "under":
    case "short":
      return threshold !== null && value < threshold;
    case "shortfall":
      return threshold !== null && value >= threshold;
    case "unusual":
      return (
        (condition.side !== "below" && high !== null && value > high) ||
        (condition.side !== "above" && low !== null && value < low)
      );
    default:
      return false;
  }
}

function evaluateFeeds(
  { condition, subject: of }: Alert,
  subject: string,
  knowledge: Knowledge,
  rules: Rules,
  moment: number,
): Observation {
  const every = of.kind === "feeds" && of.names === null && subject === allFeeds;
  const delivered = () => knowledge.feeds.filter((feed) => Number.isFinite(rules.cadence(feed)));
  const feeds = every ? delivered() : of.kind === "feeds" && !of.each ? (of.names ?? []) : [subject];
  const throughs = feeds.flatMap((feed) => knowledge.throughOf(feed) ?? []);
  const through = throughs.length === 0 ? null : Math.min(...throughs);
  const none = { from: null, to: null, low: null, high: null, usual: null, contacts: null };
  if (condition.kind === "late") {
    if (through === null) return { verdict: "unknown", reason: "no data", through, figures: null };
    const ages = feeds.flatMap((feed) => {
      const end = knowledge.throughOf(feed);
      const age = end === null ? 0 : (moment - end) / 60_000;
      const most = condition.minutes ?? 2 * rules.cadence(feed) + rules.config.sync.graceMinutes;
      return end === null ? [] : [{ feed, age, most, late: age > most }];
    });
    const late = ages.filter((one) => one.late);
    const [oldest = { age: 0, most: 0 }] = [...(late.length > 0 ? late : ages)].sort((a, b) => b.age - a.age);
    return {
      verdict: late.length > 0 ? "holds" : "not",
      reason: null,
      through,
      figures: { ...none, value: Math.round(oldest.age), threshold: oldest.most, names: late.map(({ feed }) => feed) },
    };
  }
  const { troubles } = knowledge.facts;
  const found = troubles.filter(({ kind, feed }) => kind === condition.kind && feeds.includes(feed));
  return {
    verdict: found.length > 0 ? "holds" : "not",
    reason: null,
    through,
    figures: { ...none, value: found.length, threshold: 1, names: found.map(({ feed, what }) => `${feed}: ${what}`) },
  };
}

function lengthOf({ condition, over }: Alert): number {
  return condition.metric === "net_staffing" ? condition.intervals * 15 : over === "day" ? 1440 : over;
}

/** The end of the open hours of a local day, or of the day without hours; null on a day that is closed. */
export function closeOf(
  day: string,
  hours: readonly OpenHours[] | null,
  { zone }: Pick<Knowledge, "zone">,
): number | null {
  const today = weekday(day);
  const closes = hours?.filter((open) => open.weekday === today).map(({ to }) => to);
  const key = `${zone.name} ${day} ${closes?.join() ?? "midnight"}`;
  const cached = closeTimes.get(key);
  if (cached !== undefined) return cached;
  const last = dayWindows(day, zone).findLast((start) => isOpen(hours, day, zone.clock(start), 15) !== false);
  const end = last === undefined ? null : last + windowLength;
  closeTimes.set(key, end);
  return end;
}

const closeTimes = new Map<string, number | null>();

/** The hours in which an alert is on: its own, else those in which the queue or group is open; null: always. */
export function alertHours({ alert, subject }: Watched, { config: { site } }: Rules): OpenHours[] | null {
  return alert.hours ?? site.openHours?.get(subject) ?? site.openHours?.get("default") ?? null;
}
