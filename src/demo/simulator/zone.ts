export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

export interface LocalTime {
  date: string; // YYYY-MM-DD
  weekday: number; // 0 is Sunday
  minutes: number; // since midnight by the local clock
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The local date and time of an instant (milliseconds since 1970) in an IANA zone. */
export function localTime(at: number, zone: string): LocalTime {
  const clock = new Date(at + offset(at, zone)).toISOString();
  const date = clock.slice(0, 10);
  const minutes = Number(clock.slice(11, 13)) * 60 + Number(clock.slice(14, 16));
  return { date, weekday: new Date(`${date}T00:00:00Z`).getUTCDay(), minutes };
}

/** The instant at which a zone's clock shows `minutes` after midnight of a date; the first one where it does so twice. */
export function localInstant(date: string, minutes: number, zone: string): number {
  const asUtc = Date.parse(`${date}T00:00:00Z`) + minutes * minute;
  const guesses = [asUtc - offset(asUtc - day, zone), asUtc - offset(asUtc + day, zone)];
  return guesses.find((at) => at + offset(at, zone) === asUtc) ?? Math.max(...guesses);
}

export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * day).toISOString().slice(0, 10);
}

const offsets = new Map<string, Map<number, number>>();

// Clocks change at quarters of an hour at most, so one answer holds for the whole quarter.
function offset(at: number, zone: string): number {
  const zoneOffsets = offsets.get(zone) ?? new Map<number, number>();
  offsets.set(zone, zoneOffsets);
  const quarter = Math.floor(at / (15 * minute));
  const result = zoneOffsets.get(quarter) ?? readOffset(quarter * 15 * minute, zone);
  zoneOffsets.set(quarter, result);
  return result;
}

function readOffset(at: number, zone: string): number {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(zone, format);
  }
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? Number.NaN;
  const wall = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return wall - at;
}
