import { daysLater, type TimeZone } from "../../notebooks/components/metrics/time-zone.ts";

/** A time as written in a file: the moments that it may mean, in milliseconds, or the local day that it names. */
export type WrittenTime = { day: string } | { moments: number[] } | null;

const dayPattern = /^\d{4}-\d\d-\d\d$/;
const timePattern =
  /^(\d{4}-\d\d-\d\d)[T ]((?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?) ?(?:([Zz])|([+-])(\d\d):?(\d\d))?$/;

// written                      meaning
// 2026-11-26                   the local day
// 2026-11-26 08:15             the moments at which the zone's clock shows it: none in a skipped hour, two in a repeated one
// 2026-11-26T08:15:00-05:00    one moment, whatever the zone
// anything else                null
/** Reads a day or a time, of which one without an offset is in the zone. */
export function writtenTime(text: string, zone: TimeZone): WrittenTime {
  if (dayPattern.test(text)) return isDay(text) ? { day: text } : null;
  const [, day = "", clock = "", utc, sign, hours = "", minutes = ""] = timePattern.exec(text) ?? [];
  if (!isDay(day)) return null;
  const local = Date.parse(`${day}T${clock}Z`);
  if (utc !== undefined) return { moments: [local] };
  if (sign === undefined) return { moments: momentsOf(local, zone) };
  const offset = (Number(hours) * 60 + Number(minutes)) * minute;
  return { moments: [sign === "+" ? local - offset : local + offset] };
}

/** The moment at which a local day begins: midnight, or where the clock skips that the first moment after it. */
export function dayStart(day: string, zone: TimeZone): number {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  let [before, from] = [midnight - 16 * 60 * minute, midnight + 16 * 60 * minute]; // zones are 14 h ahead to 12 h behind
  while (from - before > minute) {
    const middle = before + Math.floor((from - before) / 2 / minute) * minute;
    if (zone.date(middle) >= day) from = middle;
    else before = middle;
  }
  return from;
}

/** The moment at which a local day is over. */
export function dayEnd(day: string, zone: TimeZone): number {
  return dayStart(daysLater(day, 1), zone);
}

const minute = 60_000;

function momentsOf(local: number, zone: TimeZone): number[] {
  const offsets = new Set([-36, -12, 0, 12, 36].map((hours) => zone.offset(local + hours * 60 * minute)));
  return [...offsets]
    .map((offset) => local - offset)
    .filter((moment) => moment + zone.offset(moment) === local)
    .sort((a, b) => a - b);
}

function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
