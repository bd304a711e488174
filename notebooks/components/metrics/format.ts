import { timeZone } from "./time-zone.js";

// Numbers and times as text, the same on every page and in every table. Durations are in seconds.

const dash = "–";

/** 1234.4 -> "1,234" */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? dash : integer.format(value);
}

/** 2882243 -> "2.88 M", smaller ones as `count` */
export function compact(value: number): string {
  if (value < 999_500) return count(value);
  return value < 999_500_000 ? `${(value / 1e6).toPrecision(3)} M` : `${(value / 1e9).toPrecision(3)} G`;
}

/** 0.8123 -> "81.2%" */
export function percent(value: number | null | undefined, digits = 1): string {
  if (value === null || value === undefined) return dash;
  return `${(value * 100).toFixed(digits)}%`;
}

/** 0.123 -> "+12%", -0.05 -> "−5%": a relative change */
export function change(value: number | null | undefined, digits = 0): string {
  return value === null || value === undefined ? dash : `${signed(value * 100, digits)}%`;
}

/** "+12% on the usual", "level with the usual", "53 times the usual" from ten times on. `then` is above zero. */
export function versus(now: number, then: number, label: string): string {
  const times = now / then;
  if (times >= 10) return `${count(times)} times ${label}`;
  return Math.abs(times - 1) < 0.005 ? `level with ${label}` : `${change(times - 1)} on ${label}`;
}

/** The same for counts: "in line with the usual" where `changed`, see `isChange`, is false. */
export function countVersus(now: number, then: number, label: string, changed: boolean): string {
  return changed ? versus(now, then, label) : `in line with ${label}`;
}

/** 0.036 -> "+3.6 points": a difference of two shares */
export function points(value: number | null | undefined): string {
  if (value === null || value === undefined) return dash;
  return `${signed(value * 100, 1)} points`;
}

/** 4.2 -> "+4", with a real minus sign */
export function signed(value: number, digits = 0): string {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return `${value > 0 ? "+" : "\u2212"}${grouped(text)}`;
}

/** 95 -> "1:35", 4000 -> "1:06:40" */
export function clock(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return dash;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** 48 -> "48 s", 640 -> "11 min", 9000 -> "2.5 h": for prose and headlines */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return dash;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  if (seconds < 3570) return `${trim(seconds / 60)} min`;
  return `${trim(seconds / 3600)} h`;
}

/** 12.345 -> "12.3" */
export function decimal(value: number | null | undefined, digits = 1): string {
  return value === null || value === undefined ? dash : grouped(value.toFixed(digits));
}

/** (12.3456, 2) -> 12.35, for the values of tables and CSV files. */
export function roundTo(value: number | null, digits: number): number | null {
  return value === null ? null : Number(value.toFixed(digits));
}

/** "1 conversation", "2 conversations" */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** "every interval", or "the 7 of 48 intervals with figures". */
export function everyOf(reported: number, all: number, noun = "interval"): string {
  return reported === all ? `every ${noun}` : `the ${someOf(reported, all, noun)}`;
}

/** "7 of 48 intervals with figures" */
export function someOf(reported: number, all: number, noun = "interval"): string {
  return `${count(reported)} of ${plural(all, noun)} with figures`;
}

/** Times of one IANA zone as text. An instant is UTC: milliseconds or ISO text. */
export interface Zone {
  name: string;
  time(instant: number | string): string; // "14:15"
  /** "01:00 EST": with the zone's abbreviation, which distinguishes a repeated hour. */
  exactTime(instant: number | string): string;
  dateTime(instant: number | string): string; // "Sat 21 Nov, 14:15"
  moment(instant: number | string): string; // "Sat 21 Nov, 14:15 EST"
}

export function zone(name: string): Zone {
  const local = timeZone(name);
  const ms = (instant: number | string) => (typeof instant === "number" ? instant : Date.parse(instant));
  const time = (instant: number | string) => local.clock(ms(instant));
  const dateTime = (instant: number | string) => `${dayName(local.date(ms(instant)))}, ${time(instant)}`;
  return {
    name,
    time,
    dateTime,
    exactTime: (instant) => `${time(instant)} ${local.abbreviation(ms(instant))}`,
    moment: (instant) => `${dateTime(instant)} ${local.abbreviation(ms(instant))}`,
  };
}

/** "2026-11-21" -> "Sat 21 Nov" */
export function dayName(day: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  const [weekday = "", month = ""] = [weekdays[date.getUTCDay()], months[date.getUTCMonth()]];
  return `${weekday.slice(0, 3)} ${date.getUTCDate()} ${month.slice(0, 3)}`;
}

/** "2026-11-21" -> "Saturday 21 November 2026" */
export function longDay(day: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  return `${weekdays[date.getUTCDay()]} ${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}

export function weekdayName(day: string): string {
  return weekdays[new Date(`${day}T00:00:00Z`).getUTCDay()] ?? "";
}

/** The name of a saved file without its extension: measure, queue, and day or grain. */
export function fileName(measure: string, queue: string, rest: string): string {
  const plain = queue
    .normalize("NFC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, "-")
    .replace(/^-+|-+$/g, "");
  const short = [...plain].slice(0, 40).join("");
  return [measure, short, rest].filter(Boolean).join("-");
}

const integer = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

function grouped(text: string): string {
  const [whole = "", fraction] = text.split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, ",") + (fraction ? `.${fraction}` : "");
}

function trim(value: number): string {
  return value >= 10 ? String(Math.round(value)) : value.toFixed(1).replace(/\.0$/, "");
}
