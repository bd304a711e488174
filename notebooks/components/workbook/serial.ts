// Excel counts days from 1899-12-31, and takes 1900 for a leap year: LibreOffice and Excel agree on a day from 1900-03-01 on.
const epoch = Date.UTC(1899, 11, 30);
const [first, last] = [Date.UTC(1900, 2, 1), Date.UTC(9999, 11, 31)];
const dayLength = 86_400_000;

/** "2026-09-01" as a serial day; null for what is no such day from 1900-03-01 to 9999-12-31. */
export function daySerial(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return null;
  const time = Date.parse(`${text}T00:00:00Z`);
  return time >= first && time <= last ? (time - epoch) / dayLength : null;
}

/**
 * "2026-09-01T05:15:00.25Z", or a local time with its offset or abbreviation behind it, as a serial day and fraction: the
 * time as it is written. Null for what a cell cannot hold.
 */
export function timeSerial(text: string): number | null {
  const [, date = "", clock = ""] =
    /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(?:Z|[+-]\d\d:\d\d| [A-Z][A-Za-z0-9:+-]*)?$/.exec(text) ?? [];
  const [day, fraction] = [daySerial(date), clockSerial(clock)];
  return day === null || fraction === null ? null : day + fraction;
}

/** "05:15", "05:15:00.25" as a fraction of a day; null from 24:00 on. */
export function clockSerial(text: string): number | null {
  const [, hours, minutes, seconds = 0] = /^(\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?$/.exec(text) ?? [];
  if (hours === undefined) return null;
  const all = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return all < 86_400 ? all / 86_400 : null;
}
