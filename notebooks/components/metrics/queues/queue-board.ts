import type { Zone } from "../format.js";
import { allQueues, type Interval, type IntradayDay, type WindowRow } from "../interval.js";
import { type Basis, type Chats, netRows, staffingBasis } from "../net-staffing.js";
import type { Projection } from "../projection.js";
import { type RestOfDay, restOfDay } from "../rest-of-day.js";
import { lacks, type Site, siteIntervals } from "../site.js";
import {
  type Compared,
  comparedWith,
  contradictory,
  type DaySummary,
  ends,
  serviceLevelOf,
  shortfallOf,
  summarize,
} from "../today.js";
import type { Grain, LocalInterval } from "../windows.js";
import { type CloseQueue, serviceLevelAtClose } from "./at-close.js";
import { lastHour } from "./worst-queues.js";

/** One queue's day so far. Rates are null without contacts. */
export interface QueueOfDay extends DaySummary {
  queue: string;
  windows: readonly Interval[]; // the day in quarter-hours
  service: number | null; // 0..1
  missing: number | null; // shortfall: further answers in time needed to meet the target
  few: boolean; // too few contacts for meaningful rates
  compared: Compared | null; // the usual
  hour: QueueHour | null; // the last full hour
  projection: Projection | null; // of a running day
  close: QueueClose | null; // of a running day, where it can be expected
}

/** One queue in one hour. */
export interface QueueHour {
  offered: number;
  service: number | null;
  missing: number | null;
  net: number | null; // available minus required reps
}

/** What is to be expected of a running day at its close. */
export interface QueueClose {
  level: number; // 0..1
  missing: number; // shortfall, contacts
}

export interface QueueBoard {
  queues: QueueOfDay[]; // in no order
  all: QueueOfDay;
  hour: LocalInterval | null; // the last full hour with contacts
  through: number | null; // end of the newest complete window, UTC, ms
  running: boolean;
  day: string;
  zone: Zone;
  site: Site;
  rowsOf: (queue: string, grain: Grain) => Interval[]; // the day in intervals
}

/** What is known of queues from the last four weeks, as data-loaders/queue-load.json.sql ships it. */
export type QueueHistory = Chats & CloseQueue;

/** All queues of a day from its windows. */
export function queueBoard(options: {
  windows: readonly WindowRow[];
  days: readonly IntradayDay[];
  queues: readonly string[];
  loads?: readonly QueueHistory[];
  day: string;
  basis?: Basis;
  zone: Zone;
  site: Site;
}): QueueBoard {
  const { windows, days, day, loads = [], basis = "workload", zone, site } = options;
  const names = options.queues.filter((queue) => queue !== allQueues);
  const rowsOf = (queue: string, grain: Grain) => siteIntervals(site, { windows, days, day, queue, grain });
  const entry = days.find((one) => one.day === day);
  const hour = entry && windows.length ? lastHour({ windows, queues: names, timezone: site.timezone }, entry) : null;
  const of = (queue: string): QueueOfDay => {
    const quarters = rowsOf(queue, 15);
    const sum = summarize(quarters);
    const rest = restOfDay(quarters, []);
    const load = loads.find((one) => one.queue === queue);
    const net = netRows(
      hour === null ? [] : siteIntervals(site, { windows, days, day, queue, grain: 60, only: hour.start }),
      staffingBasis(site, loads, queue, basis),
      { dayHandle: sum.handle },
    )[0];
    return {
      ...sum,
      queue,
      windows: quarters,
      service: serviceLevelOf(site)(sum.served),
      missing: shortfallOf(sum.served, site),
      few: sum.offered < site.min_contacts,
      compared: comparedWith("usual", quarters, [], day, site),
      hour: hour && hourOf(hour, quarters, net?.net ?? null, site),
      projection: rest?.projection ?? null,
      close: rest && load ? closeOf(quarters, rest, load, site) : null,
    };
  };
  const all = of(allQueues);
  return {
    queues: names.map(of),
    all,
    hour,
    through: entry?.through ? Date.parse(entry.through) : null,
    running: all.windows.some(({ state }) => state === "pending"),
    day,
    zone,
    site,
    rowsOf,
  };
}

function hourOf(hour: LocalInterval, windows: readonly Interval[], net: number | null, site: Site): QueueHour {
  const { offered, served } = summarize(windows.filter(({ start }) => start >= hour.start && start < hour.end));
  return { offered, service: serviceLevelOf(site)(served), missing: shortfallOf(served, site), net };
}

function closeOf(windows: readonly Interval[], rest: RestOfDay, queue: CloseQueue, site: Site): QueueClose | null {
  const { level, whole } = serviceLevelAtClose({ windows, rest, queue, site, range: false });
  const missing = whole && shortfallOf(whole, site);
  return level === null || missing === null ? null : { level, missing };
}

export const orders = ["day", "now", "risk"] as const;
/** By answers missing in the day so far, in the last full hour, or expected at close. */
export type QueueOrder = (typeof orders)[number];

/** Answers missing by the measure of an order; null where unknown. */
export function missingBy(order: QueueOrder, { missing, hour, close }: QueueOfDay): number | null {
  return order === "day" ? missing : order === "now" ? (hour?.missing ?? null) : (close?.missing ?? null);
}

/**
 * Largest shortfall by the order's measure first, those without last; then by that of the day, the lower service level, the
 * busier queue, the name.
 */
export function ordered(queues: readonly QueueOfDay[], order: QueueOrder): QueueOfDay[] {
  return [...queues].sort(
    (a, b) =>
      (missingBy(order, b) ?? -1) - (missingBy(order, a) ?? -1) ||
      (b.missing ?? -1) - (a.missing ?? -1) ||
      (a.service ?? 2) - (b.service ?? 2) ||
      b.offered - a.offered ||
      (a.queue < b.queue ? -1 : 1),
  );
}

/** An order in words, after "largest shortfall". */
export function orderText({ hour, zone, running }: QueueBoard, order: QueueOrder): string {
  if (order === "now" && hour) return `between ${ends(hour, zone).join(" and ")}`;
  return order === "risk" && running ? "expected at close" : running ? "so far" : "of the day";
}

/** The metrics of the service level. */
export const serviceMetrics = ["assignments", "abandons", "within_threshold"];

/** Whether counts of the day are inconsistent, so that some have no service level. */
export function inconsistent({ windows }: QueueOfDay, site: Site): boolean {
  return windows.some((row) => contradictory(row, site));
}

/** The contacts of a queue; null where unknown because a column is missing. */
export function contactsOf({ intervals, offered }: QueueOfDay, site: Site): number | null {
  return intervals === 0 || lacks(site, "assignments", "abandons") ? null : offered;
}
