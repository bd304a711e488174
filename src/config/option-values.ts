// How single values of kit.yaml are read: a reader, or a parser of text that throws a one-line reason.
import { daysLater } from "../../notebooks/components/metrics/time-zone.ts";
import { suggest } from "../base/suggest.ts";
import {
  entries,
  fail,
  isMap,
  isNull,
  items,
  listOf,
  mapOf,
  type Reader,
  record,
  scalar,
  text,
  type Value,
} from "../base/yaml.ts";
import { date } from "../export/registry.ts";

/** Minutes of the local day, `from` <= minute < `to`; `weekday` counts from 1, Monday, to 7. */
export interface OpenHours {
  weekday: number;
  from: number;
  to: number;
}

export const weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
const shortDays = weekdays.map((day) => day.slice(0, 3));

// Billing and orders: [Queue Billing, Queue Orders]
export function queueGroups(value: Value): Map<string, string[]> | undefined {
  const groups = mapOf("group", listOf(text("a queue")))(value);
  const groupOf = new Map<string, string>();
  for (const [group, queues] of groups ?? []) {
    if (group.toLowerCase() === "all queues") fail(value, "All queues stands for every queue: choose another name");
    if (group.toLowerCase() === "(no name)")
      fail(value, "(no name) stands for queues without a name: choose another name");
    for (const queue of queues) {
      const other = groupOf.get(queue);
      if (other !== undefined) fail(value, `${queue} is in two groups, ${other} and ${group}: reps would count twice`);
      else if (groups?.has(queue)) fail(value, `${queue} is a group, not a queue`);
      groupOf.set(queue, group);
    }
  }
  return groups;
}

// exclude_days: [2026-01-01, 2026-11-26..2026-11-27]
// exclude_days: {2026-01-01: New Year, 2026-11-26..2026-11-27: Thanksgiving}
export function excludedDays(value: Value): Map<string, string | null> {
  const names = new Map<string, string | null>();
  const add = (days: string[] = [], name: string | null = null) => {
    for (const day of days) names.set(day, names.get(day) ?? name);
  };
  if (isMap(value))
    for (const entry of entries(value, value.name) ?? []) {
      const name = isNull(entry) ? null : text("the reason for the exclusion")(entry);
      try {
        add(dayRange(entry.name), name);
      } catch (error) {
        entry.file.report(entry.keyAt, (error as Error).message);
      }
    }
  else if (!isNull(value))
    for (const item of items(value)) add(text("a date, or a range such as 2026-11-26..2026-11-27", dayRange)(item));
  return names;
}

// The days from first to last, inclusive.
function dayRange(written: string): string[] {
  const [first = "", last = first, ...more] = written.split("..").map((part) => part.trim());
  if (more.length > 0) throw new Error(`invalid range of days: ${written} (as in 2026-11-26..2026-11-27)`);
  const [from, until] = [date(first), date(last)];
  if (until < from) throw new Error(`invalid range of days: ${written} (it ends before it begins)`);
  const days: string[] = [];
  for (let day = from; day <= until; day = daysLater(day, 1)) {
    if (days.length === 366) throw new Error(`invalid range of days: ${written} (more than 366 days)`);
    days.push(day);
  }
  return days;
}

// default: {mon-fri: 08:00-20:00, sat: [09:00-12:00, 13:00-16:00]}
export function openHours(value: Value): OpenHours[] | undefined {
  const hours: OpenHours[] = [];
  for (const entry of entries(value, value.where) ?? []) {
    const range = /^([a-z]{3})(?:-([a-z]{3}))?$/.exec(entry.name);
    const first = shortDays.indexOf(range?.[1] ?? "");
    const last = range?.[2] === undefined ? first : shortDays.indexOf(range[2]);
    if (first < 0 || last < 0) {
      entry.file.report(entry.keyAt, `invalid days: ${entry.name} (as in mon, or mon-fri)`);
      continue;
    }
    for (const span of items(entry)) {
      const open = text("opening hours such as 08:00-20:00", timeSpan)(span);
      if (open === undefined) continue;
      for (let day = first; ; day = (day + 1) % 7) {
        hours.push({ weekday: day + 1, ...open });
        if (day === last) break;
      }
    }
  }
  return hours;
}

function timeSpan(written: string): { from: number; to: number } {
  const match = /^(\d{2}):([0-5]\d)\s*-\s*(\d{2}):([0-5]\d)$/.exec(written.trim());
  const [, fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = match?.map(Number) ?? [];
  const from = fromHour * 60 + fromMinute;
  const to = toHour * 60 + toMinute;
  if (match !== null && from < to && to <= 1440) return { from, to };
  throw new Error(`invalid opening hours: ${written} (as in 08:00-20:00; 24:00 ends the day)`);
}

// The option exists only to reject every other value.
export function repLevel(written: string): "none" {
  if (written === "none") return written;
  throw new Error(`not possible: rep_level ${written} (no page shows single reps; only none)`);
}

export function days(written: string): number {
  const match = /^(\d{1,5})\s*(d|w)$/.exec(written.trim());
  const count = Number(match?.[1] ?? 0) * (match?.[2] === "w" ? 7 : 1);
  if (count === 0) throw new Error(`invalid lookback: ${written} (as in 90d or 12w)`);
  return count;
}

const abbreviations = new Map([
  ...["EST", "EDT", "ET", "EST5EDT"].map((name) => [name, "America/New_York"] as const),
  ...["CST", "CDT", "CT", "CST6CDT"].map((name) => [name, "America/Chicago"] as const),
  ...["MST", "MDT", "MT", "MST7MDT"].map((name) => [name, "America/Denver"] as const),
  ...["PST", "PDT", "PT", "PST8PDT"].map((name) => [name, "America/Los_Angeles"] as const),
  ...["CET", "CEST", "MET"].map((name) => [name, "Europe/Berlin"] as const),
  ...["EET", "EEST"].map((name) => [name, "Europe/Helsinki"] as const),
  ["WET", "Europe/Lisbon"] as const,
  ["BST", "Europe/London"] as const,
  ["IST", "Asia/Kolkata"] as const,
  ["HST", "Pacific/Honolulu"] as const,
]);

export function timezone(written: string): string {
  if (/^utc$/i.test(written)) return "UTC";
  const zone = abbreviations.get(written.toUpperCase());
  if (zone !== undefined)
    throw new Error(`ambiguous time zone: ${written} (an IANA name such as ${zone}, which has its summer time)`);
  const zones = Intl.supportedValuesOf("timeZone");
  const match = zones.find((zone) => zone.toLowerCase() === written.toLowerCase());
  if (match !== undefined) return match;
  try {
    if (/^[+-]/.test(written)) throw new RangeError("an offset is not a zone");
    new Intl.DateTimeFormat("en", { timeZone: written }); // older names, such as US/Eastern
    return written;
  } catch {
    const cityOf = (zone: string) => zone.slice(zone.lastIndexOf("/") + 1);
    const city = suggest(written, zones.map(cityOf));
    const suggestion = suggest(written, zones) ?? zones.find((zone) => cityOf(zone) === city) ?? null;
    const next = suggestion === null ? "an IANA name such as Europe/Berlin" : `did you mean "${suggestion}"?`;
    throw new Error(`unknown time zone: ${written} (${next})`);
  }
}

// The shorthand 80/20 is rejected: its two numbers are easily confused.
export function serviceLevel<S extends Record<string, Reader<unknown>>>(shape: S): ReturnType<typeof record<S>> {
  const read = record(shape);
  const readLevel: ReturnType<typeof record<S>> = (value) => {
    const shorthand = /^(\d{1,3})\s*%?\s*(?:\/|in|:)\s*(\d{1,5})\s*s?$/.exec(String(scalar(value) ?? ""));
    if (shorthand === null) return read(value);
    const [written, share, seconds] = shorthand;
    const target = Number(share) / 100;
    return fail(value, `invalid service_level: ${written} (written {target: ${target}, seconds: ${Number(seconds)}})`);
  };
  if (read.options !== undefined) readLevel.options = read.options;
  return readLevel;
}

const longEnvironments = new Map([
  ["production", "prod"],
  ["prd", "prod"],
  ["live", "prod"],
  ["preproduction", "preprod"],
  ["pre-production", "preprod"],
  ["pre-prod", "preprod"],
  ["testing", "test"],
]);

export function environment(written: string): string {
  const short = longEnvironments.get(written.toLowerCase());
  if (short !== undefined)
    throw new Error(
      `invalid environment: ${written} (written ${short}, as in the bucket's name; if that differs, set \`bucket\`)`,
    );
  if (/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(written)) return written;
  throw new Error(`invalid environment: ${written} (as in the bucket's name: prod, preprod, test)`);
}
