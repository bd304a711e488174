import type { Annotation } from "./annotations/annotation.js";
import { dayName } from "./format.js";
import type { FeedArrival } from "./freshness.js";
import { dayOfIntervals, type Interval, type IntervalOptions } from "./interval.js";
import type { OpenHours } from "./interval-state.js";

/** The settings behind a page's words about freshness, from data-loaders/site.json.sql. */
export interface FreshSite {
  timezone: string;
  synced_at: string | null; // ISO, UTC
  grace_minutes: number; // sync.grace
  feeds: readonly FeedArrival[]; // by name
  missing?: { feed: string; metric: string }[]; // WFM metrics without a column
}

/** The one row of data-loaders/site.json.sql. */
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
  forecast?: boolean; // kit.yaml names a forecast
  receipt?: { kit: string; settings: string }; // version, and the digests of kit.figure_settings
  excluded_days?: { day: string; name: string | null }[]; // excluded from baselines, oldest first
  annotations?: Annotation[]; // oldest first
}

/** Whether one of the metrics has no column. */
export function lacks({ missing = [] }: Pick<Site, "missing">, ...metrics: string[]): boolean {
  return missing.some(({ metric }) => metrics.includes(metric));
}

/** A note for charts of these feeds, if any of their metrics has no column; else "". */
export function missingText({ missing = [] }: Pick<Site, "missing">, feeds: string): string {
  const names = missing.filter(({ feed }) => feeds.includes(feed)).map(({ metric }) => metric);
  return names.length === 0
    ? ""
    : `No column is mapped to ${names.join(", ")}, so charts that need it stay empty (asapp-kit wfm columns).`;
}

/** The opening hours of a queue in kit.yaml; null where it has none. */
export function openHours({ open_hours }: Site, queue: string): OpenHours[] | null {
  const hours = new Map(Object.entries(open_hours ?? {}));
  return hours.get(queue) ?? hours.get("default") ?? null;
}

/**
 * A queue's day in intervals, by the zone, opening hours and excluded days of the site; none without a day or without any window.
 */
export function siteIntervals(
  site: Site,
  options: Omit<IntervalOptions, "timezone" | "openHours" | "excluded">,
): Interval[] {
  if (!options.day || options.windows.length === 0) return [];
  return dayOfIntervals({
    ...options,
    timezone: site.timezone,
    openHours: openHours(site, options.queue),
    excluded: excludedDays(site),
  });
}

/** The days excluded from baselines. */
export function excludedDays({ excluded_days = [] }: Pick<Site, "excluded_days">): ReadonlySet<string> {
  return new Set(excluded_days.map(({ day }) => day));
}

/** "Thu 27 Nov (Thanksgiving)" */
export function excludedDay({ excluded_days = [] }: Pick<Site, "excluded_days">, day: string): string {
  const name = excluded_days.find((entry) => entry.day === day)?.name;
  return `${dayName(day)}${name ? ` (${name})` : ""}`;
}

/** version.json of a built site: the build, and the end of the sync it is made from. */
export interface SiteVersion {
  version: string;
  synced: string | null; // ISO, UTC
}
