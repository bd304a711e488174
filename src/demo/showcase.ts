import { simulatedFeeds } from "./feeds/export-feeds.ts";
import type { History } from "./feeds/history.ts";
import { forecastCsv, scheduleCsv } from "./planning.ts";
import { businessDayAt } from "./simulator/arrivals.ts";
import { casts } from "./simulator/casts.ts";
import { openCentre } from "./simulator/centre.ts";
import type { Scenario } from "./simulator/scenario.ts";
import { addDays, hour, localInstant, localTime, minute } from "./simulator/zone.ts";
import { wfmThrough } from "./tables/schedule.ts";

/** Ten whole weeks and the running day. */
export const showcaseDays = 72;

/** What `asapp-kit demo` simulates. */
export function showcase(now: Date, zone: string) {
  return { conversationsPerDay: 2500, cast: "large" as const, history, scenario: demoScenario(now, zone) };
}

// Baselines need the oldest days of four feeds only; the pages need four weeks of a few more.
const longest = ["issue_queues", "queue_membership_wfm", "queue_wfm", "rep_convos"];
const pages = [
  "convos_metadata_ended",
  "convos_metrics",
  "convos_metrics_ended",
  "customer_feedback",
  "export_row_counts",
  "rep_utilized",
  "reps",
];
const history: History = new Map(
  simulatedFeeds
    .filter((feed) => !longest.includes(feed))
    .map((feed): [string, number] => [feed, pages.includes(feed) ? 29 : 4]),
);

/** What the centre's planners had by `now`: four weeks, and a week ahead. */
export function showcasePlans(seed: number, now: Date, zone: string): { forecast: string; schedule: string } {
  const { conversationsPerDay, cast } = showcase(now, zone);
  const centre = openCentre(seed, conversationsPerDay, zone, cast);
  const today = businessDayAt({ zone }, now.getTime()).date;
  const days = { first: addDays(today, -28), last: addDays(today, 7), today };
  return { forecast: forecastCsv(seed, centre, days), schedule: scheduleCsv(centre, days) };
}

/** Lines of `site` in the demo's kit.yaml. */
export function showcaseSite(): string[] {
  return [
    "queue_groups: # their queues are too few reps by themselves",
    "  Sales and retention: [Sales, Retention]",
    "  Specialists: [Atención en español, Outages day and night, Business accounts]",
    "forecast: forecast.csv",
    "schedule: schedule.csv",
    "annotations: annotations.csv",
  ];
}

/** The lines of `alerts` in the demo's kit.yaml. Nobody is told. */
export function showcaseAlerts(): string[] {
  return [
    "alerts: # asapp-kit alerts test has their record; `tell` would name a webhook or a program",
    "  - { name: Service level, metric: service_level, condition: under target, over: 1h }",
    "  - { name: Shortfall, metric: service_level, condition: shortfall of 20, over: day }",
    "  - { name: Queues late, metric: feed, condition: late, feeds: [queue_wfm, queue_membership_wfm] }",
  ];
}

/** What the centre wrote down: the outage, a new bot a week ago, and a mailing that begins the last day's surge. */
export function showcaseAnnotations(now: Date, zone: string): string {
  const down = outageDay(now, zone);
  const release = addDays(businessDayAt({ zone }, now.getTime()).date, -7);
  const mailed = new Date(surgeStart(now, zone)).toISOString().slice(0, 16);
  return [
    "from,to,what,queues,kind,exclude",
    `${down} 10:00,${down} 13:00,chat down,,outage,yes`,
    `${release} 09:00,,new version of the bot,,release,no`,
    `${mailed}Z,,mailing about the new prices,${troubledQueue},campaign,no`,
    "",
  ].join("\n");
}

/** The queue that misses its target on the demo's last day. */
export const troubledQueue = casts.large.queues[0]!.name;

/** The local day on which the demo's chat was down: three weeks before the last, so that its baseline would hold it. */
export function outageDay(now: Date, zone: string): string {
  return addDays(businessDayAt({ zone }, now.getTime()).date, -21);
}

/**
 * What the demo has to show: on the last day, which is any day of the week, one queue gets many more contacts than
 * usual from two and a quarter hours before the end of the last full hour of intraday data; an hour later all but a
 * few of its team are in a meeting, and one is ill. Three weeks before, the chat was down for three hours, and all came after.
 */
function demoScenario(now: Date, zone: string): Scenario {
  const through = wfmThrough(now.getTime());
  const shown = lastFullHour(now, zone);
  const { weekday } = localTime(through, zone);
  const quiet = weekday === 0 || weekday === 6;
  const down = localInstant(outageDay(now, zone), 10 * 60, zone);
  return {
    surges: [
      { from: surgeStart(now, zone), to: shown + 2 * hour, queue: troubledQueue, factor: quiet ? 2 : 1.6 },
      { from: down, to: down + 3 * hour, queue: null, factor: 0.05 },
      { from: down + 3 * hour, to: down + 5 * hour, queue: null, factor: 1.7 },
    ],
    shortages: [{ from: shown - 70 * minute, to: shown + 45 * minute, queue: troubledQueue, staying: quiet ? 2 : 3 }],
  };
}

// The end of the last full local hour of intraday data.
function lastFullHour(now: Date, zone: string): number {
  const through = wfmThrough(now.getTime());
  return through - (localTime(through, zone).minutes % 60) * minute;
}

function surgeStart(now: Date, zone: string): number {
  return lastFullHour(now, zone) - 135 * minute;
}
