import { dayName } from "./format.js";
import type { FeedArrival } from "./freshness.js";
import type { OpenHours } from "./interval-state.js";

/** What the words about time are made from, out of data-loaders/site.json.sql. */
export interface FreshSite {
  timezone: string;
  synced_at: string | null; // ISO, UTC
  grace_minutes: number; // sync.grace
  feeds: readonly FeedArrival[]; // that are here, by name
  missing?: { feed: string; metric: string }[]; // metrics of the WFM feeds that no column holds
}

/** What data-loaders/site.json.sql ships: one row. */
export interface Site extends FreshSite {
  title: string;
  target: number; // service level, 0..1
  seconds: number; // its threshold
  variant: string; // its formula
  threshold_counts: "answered" | "answered_and_abandoned";
  min_reps: number;
  min_contacts: number;
  week_start: number; // 1, Monday, to 7
  open_hours: Record<string, OpenHours[]> | null; // by queue; "default" for the others
  excluded_days?: { day: string; name: string | null }[]; // in no baseline, oldest first
}

/** Whether one of the metrics has no column, so that nothing can be said of it. */
export function lacks({ missing = [] }: Pick<Site, "missing">, ...metrics: string[]): boolean {
  return missing.some(({ metric }) => metrics.includes(metric));
}

/** What to say where a chart draws from these feeds and not all of their metrics have a column; "" where they have. */
export function missingText({ missing = [] }: Pick<Site, "missing">, feeds: string): string {
  const names = missing.filter(({ feed }) => feeds.includes(feed)).map(({ metric }) => metric);
  return names.length === 0
    ? ""
    : `No column is mapped to ${names.join(", ")}, so what needs it stays empty (asapp-kit wfm columns).`;
}

/** The opening hours of a queue as kit.yaml has them; null where it has none. */
export function openHours({ open_hours }: Site, queue: string): OpenHours[] | null {
  const hours = new Map(Object.entries(open_hours ?? {}));
  return hours.get(queue) ?? hours.get("default") ?? null;
}

/** The days that are in no baseline. */
export function excludedDays({ excluded_days = [] }: Pick<Site, "excluded_days">): ReadonlySet<string> {
  return new Set(excluded_days.map(({ day }) => day));
}

/** "Thu 27 Nov (Thanksgiving)" */
export function excludedDay({ excluded_days = [] }: Pick<Site, "excluded_days">, day: string): string {
  const name = excluded_days.find((entry) => entry.day === day)?.name;
  return `${dayName(day)}${name ? ` (${name})` : ""}`;
}

/** What version.json of a built site says: which build is there, and the end of the sync that it is made from. */
export interface SiteVersion {
  version: string;
  synced: string | null; // ISO, UTC
}
