// Sizes, durations and times as people read them.

/** `1.4 MB`, in decimal units. */
export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = count;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const [small, large, rest, over] =
    whole < 3600
      ? ["s", "min", whole % 60, Math.floor(whole / 60)]
      : whole < 172_800
        ? ["min", "h", Math.floor((whole % 3600) / 60), Math.floor(whole / 3600)]
        : ["h", "d", Math.floor((whole % 86_400) / 3600), Math.floor(whole / 86_400)];
  return rest === 0 ? `${over} ${large}` : `${over} ${large} ${rest} ${small}`;
}

/** A lag: `0 min`, `35 min`, `2 h 5 min`, `3 d 4 h`. */
export function span(minutes: number): string {
  return minutes < 1 ? "0 min" : duration(Math.floor(minutes) * 60);
}

/** `1,234,567`, exact for integers of any length. */
export function count(value: number | bigint): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** `3 feeds`, `1 feed`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `2026-09-01 05:15 UTC`, or in an IANA zone `2026-09-01 00:45 America/St_Johns`. */
export function minute(time: Date, zone = "UTC"): string {
  const text = new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone,
    dateStyle: "short",
    timeStyle: "short",
  }).format(time);
  return `${text} ${zone}`;
}

/** A UTC time in an IANA zone: `2026-09-01T05:15:00.25Z` is `2026-09-01T02:45:00.25-02:30`. */
export function zoned(iso: string, zone: string): string {
  const moment = Date.parse(iso);
  if (Number.isNaN(moment)) return iso; // infinity
  const minutes = offset(moment, zone);
  const wall = new Date(moment + minutes * 60_000).toISOString().slice(0, 19);
  const size = Math.abs(minutes);
  const two = (value: number) => String(value).padStart(2, "0");
  const fraction = /\.\d+/.exec(iso)?.[0] ?? "";
  return `${wall}${fraction}${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

// Minutes east of UTC. Offsets change on quarter hours only, so one look-up serves a quarter.
const offsets = new Map<string, number>();
function offset(moment: number, zone: string): number {
  const quarter = Math.floor(moment / 900_000);
  const key = `${quarter} ${zone}`;
  let minutes = offsets.get(key);
  if (minutes === undefined) {
    if (offsets.size > 100_000) offsets.clear();
    const parts = formatter(zone).formatToParts(quarter * 900_000);
    const name = parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
    const [, sign, hours = 0, rest = 0] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
    minutes = (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(rest));
    offsets.set(key, minutes);
  }
  return minutes;
}

const formatters = new Map<string, Intl.DateTimeFormat>();
function formatter(zone: string): Intl.DateTimeFormat {
  let format = formatters.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" });
    formatters.set(zone, format);
  }
  return format;
}
