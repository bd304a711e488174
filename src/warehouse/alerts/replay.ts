import { quantile } from "../../../notebooks/components/metrics/baseline.ts";
import { windowLength } from "../../../notebooks/components/metrics/windows.ts";
import type { Alert } from "../../config/alerts-option.ts";
import { dayEnd, dayStart } from "../../config/local-times.ts";
import { alertHours, closeOf, evaluate, type Figures, type Rules, type Watched, watchedOf } from "./evaluate.ts";
import { type Facts, Knowledge } from "./knowledge.ts";
import { type Firing, step } from "./step.ts";

/** A time that an alert would have fired. Times are milliseconds, UTC. */
export interface PastFiring {
  alert: string;
  subject: string;
  day: string; // local
  from: number;
  to: number | null; // null: it was not over at the end
  through: number | null; // the end of the data it fired on
  figures: Figures | null;
  byItself: boolean | null; // over as the condition no longer held, before its hours ended; null: not over
  early: number | null; // minutes from its firing to the end of its hours, or of the day; null: of a feed
  held: boolean | null; // by what is known today, the condition held then; null: cannot be told
}

/** How an alert would have done on one subject. Minutes. */
export interface AlertRecord {
  alert: string;
  subject: string;
  condition: string;
  replayed: boolean; // false: what it watches is kept in its present state only
  days: number; // replayed
  fired: number;
  daysFired: number;
  medianMinutes: number | null; // from firing to over
  longestMinutes: number | null;
  early: number | null; // median, before the end of the hours
  byItself: number; // over before the hours ended
  brief: number; // of those, within a quarter-hour
  unfounded: number; // by what is known today, the condition did not hold
}

/** True if what an alert watches is known for past moments. */
export function canReplay({ condition }: Pick<Alert, "condition">): boolean {
  return condition.kind !== "counts" && condition.kind !== "unfit";
}

export interface Replay {
  firings: PastFiring[];
  records: AlertRecord[];
}

/**
 * Every time these alerts would have fired on local days from `first` to `last`, each moment by what was known at it: the
 * moments are those at which a partition was known, for late feeds each quarter-hour too.
 */
export function replay(
  facts: Facts,
  alerts: readonly Alert[],
  rules: Rules,
  { first, last, now }: { first: string; last: string; now: number },
): Replay {
  const { timezone } = rules.config;
  const knowledge = new Knowledge(facts, timezone);
  const final = new Knowledge(facts, timezone);
  final.advance(Number.POSITIVE_INFINITY);
  const inside = (moment: number) => {
    const day = knowledge.zone.date(moment);
    return day >= first && day <= last && moment <= now;
  };
  const replayed = alerts.filter(canReplay);
  const late = replayed.filter(({ condition }) => condition.metric === "feed");
  const others = replayed.filter(({ condition }) => condition.metric !== "feed");
  const known = new Set<number>();
  const arrived = new Set<number>(); // for late feeds
  if (others.length > 0) {
    for (const state of facts.queues) known.add(state.known);
    for (const state of facts.staff) known.add(state.known);
    for (const arrival of facts.arrivals) if (arrival.feed === "queue_wfm") known.add(arrival.known);
  }
  if (late.length > 0) {
    const { zone } = knowledge;
    const end = Math.min(now, dayEnd(last, zone));
    for (let moment = dayStart(first, zone); moment <= end; moment += windowLength) arrived.add(moment);
    for (const arrival of facts.arrivals) arrived.add(arrival.known);
  }
  const moments = [...new Set([...known, ...arrived])].filter(inside).sort((a, b) => a - b);
  const running = new Map<string, { firing: Firing; past: PastFiring }>();
  const firings: PastFiring[] = [];
  for (const moment of moments) {
    knowledge.advance(moment);
    const due = [...(known.has(moment) ? others : []), ...(arrived.has(moment) ? late : [])];
    for (const watched of watchedOf(due, knowledge)) {
      const key = alertKey(watched.alert.name, watched.subject);
      const before = running.get(key);
      const observation = evaluate(watched, knowledge, rules, moment);
      const { verdict, through, figures } = observation;
      const { after, told } = step(before?.firing ?? null, verdict, { now: moment, remindMinutes: null, key });
      if (told === "fired" && after !== null) {
        const past = pastFiring(watched, { moment, through, figures }, final, rules);
        running.set(key, { firing: after, past });
        firings.push(past);
      } else if (told === "over" && before !== undefined) {
        before.past.to = moment;
        before.past.byItself = verdict === "not";
        running.delete(key);
      }
    }
  }
  const days = new Set(moments.map((moment) => knowledge.zone.date(moment))).size;
  const subjects = watchedOf(alerts, final);
  return { firings, records: subjects.map((watched) => recordOf(watched, firings, days)) };
}

function pastFiring(
  watched: Watched,
  { moment, through, figures }: { moment: number; through: number | null; figures: Figures | null },
  final: Knowledge,
  rules: Rules,
): PastFiring {
  const { alert, subject } = watched;
  const day = final.zone.date(moment);
  const isFeed = alert.condition.metric === "feed";
  const hours = alertHours(watched, rules);
  const end = isFeed ? null : closeOf(day, hours, final);
  const now = isFeed ? null : evaluate(watched, final, rules, moment, through).verdict;
  return {
    alert: alert.name,
    subject,
    day,
    from: moment,
    to: null,
    through,
    figures,
    byItself: null,
    early: end === null ? null : Math.max(0, Math.round((end - moment) / 60_000)),
    held: now === "holds" ? true : now === "not" ? false : null,
  };
}

function recordOf(watched: Watched, firings: readonly PastFiring[], days: number): AlertRecord {
  const { alert, subject } = watched;
  const own = firings.filter((firing) => firing.alert === alert.name && firing.subject === subject);
  const lengths = own.flatMap(({ from, to }) => (to === null ? [] : [Math.round((to - from) / 60_000)]));
  const itself = own.filter(({ byItself }) => byItself);
  return {
    alert: alert.name,
    subject,
    condition: `${alert.condition.metric} ${alert.conditionText}`,
    replayed: canReplay(alert),
    days,
    fired: own.length,
    daysFired: new Set(own.map(({ day }) => day)).size,
    medianMinutes: median(lengths),
    longestMinutes: lengths.length === 0 ? null : Math.max(...lengths),
    early: median(own.flatMap(({ early }) => early ?? [])),
    byItself: itself.length,
    brief: itself.filter(({ from, to }) => to !== null && to - from <= windowLength).length,
    unfounded: own.filter(({ held }) => held === false).length,
  };
}

/** What tells the alerts of one data folder apart. */
export function alertKey(alert: string, subject: string): string {
  return JSON.stringify([alert, subject]);
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = quantile(sorted, 0.5);
  return middle === null ? null : Math.round(middle);
}
