/** An IANA zone. Instants are milliseconds since 1970, UTC; local times are text or minutes of the local day. */
export interface TimeZone {
  name: string;
  /** Milliseconds by which the local clock is ahead of UTC. */
  offset(instant: number): number;
  /** "2026-11-01", the local day. */
  date(instant: number): string;
  /** Minutes of the local clock, 0 to 1439. */
  minutes(instant: number): number;
  /** "01:30", the local clock. */
  clock(instant: number): string;
  /** "EST" where English has a name for it, else "GMT+10:30". */
  abbreviation(instant: number): string;
}

const zones = new Map<string, TimeZone>();

/** A zone by its IANA name, cached; throws RangeError("unknown time zone: …"). */
export function timeZone(name: string): TimeZone {
  let zone = zones.get(name);
  if (!zone) {
    zone = open(name);
    zones.set(name, zone);
  }
  return zone;
}

/** 90 -> "01:30", for minutes of a day; 1440 is "24:00". */
export function clockText(minutes: number): string {
  const [hour, minute] = [Math.floor(minutes / 60), minutes % 60];
  return `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
}

/** 1, Monday, to 7, Sunday. */
export function weekday(date: string): number {
  return new Date(`${date}T00:00:00Z`).getUTCDay() || 7;
}

/** ("2026-11-21", -7) -> "2026-11-14" */
export function daysLater(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * day).toISOString().slice(0, 10);
}

const day = 86_400_000;
const minute = 60_000;

function open(name: string): TimeZone {
  const fields = formatter(name, {
    era: "short",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
    hourCycle: "h23",
  });
  let names: Intl.DateTimeFormat | undefined; // created on demand: it takes 10 ms and is rarely needed

  const exact = memoized((seconds) => {
    const part: Record<string, string> = {};
    for (const { type, value } of fields.formatToParts(seconds * 1000)) part[type] = value;
    const year = part.era === "BC" ? 1 - Number(part.year) : Number(part.year);
    const local = new Date(0);
    local.setUTCFullYear(year, Number(part.month) - 1, Number(part.day));
    local.setUTCHours(Number(part.hour), Number(part.minute), Number(part.second));
    return local.getTime() - seconds * 1000;
  });
  // Intl costs microseconds per call, and every window of every queue needs an offset: one call a day is enough, unless
  // the clock changes on that day.
  const steady = memoized((index) => {
    const before = exact((index * day) / 1000);
    return before === exact(((index + 1) * day) / 1000) ? before : null;
  });
  const abbreviations = memoized((index) => {
    names ??= formatter(name, { timeZoneName: "short" });
    const part = names.formatToParts(index * minute).find(({ type }) => type === "timeZoneName");
    return part?.value ?? name;
  });
  const dates = memoized((index) => new Date(index * day).toISOString().slice(0, 10));

  const offset = (instant: number): number => {
    return steady(Math.floor(instant / day)) ?? exact(Math.floor(instant / 1000));
  };
  const minutes = (instant: number): number => {
    const local = instant + offset(instant);
    return Math.floor((local - Math.floor(local / day) * day) / minute);
  };
  return {
    name,
    offset,
    minutes,
    date: (instant) => dates(Math.floor((instant + offset(instant)) / day)),
    clock: (instant) => clocks[minutes(instant)] ?? "",
    abbreviation: (instant) => abbreviations(Math.floor(instant / minute)),
  };
}

const clocks = Array.from({ length: 1440 }, (_, index) => clockText(index));

function formatter(timeZone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone,
      calendar: "gregory",
      numberingSystem: "latn",
      ...options,
    });
  } catch {
    throw new RangeError(`unknown time zone: ${timeZone}`);
  }
}

function memoized<T>(compute: (key: number) => T): (key: number) => T {
  const cache = new Map<number, T>();
  return (key) => {
    let value = cache.get(key);
    if (value === undefined) {
      value = compute(key);
      cache.set(key, value);
    }
    return value;
  };
}
