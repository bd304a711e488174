import { weekday } from "./time-zone.js";
import { type LocalInterval, windowsOf } from "./windows.js";

/**
 * The state of an interval of one queue:
 * "data"; "incomplete": data, but a window lacks a count that others have, so that count is null; "zero": open and
 * complete, no contacts; "closed": complete, outside opening hours, no contacts; "partial": some windows are complete;
 * "pending": none is, and no newer one; "missing": none is, though a newer one is; "skipped": the clock skipped this time.
 * Lines break at the last four.
 */
export type IntervalState = "data" | "incomplete" | "zero" | "closed" | "partial" | "pending" | "missing" | "skipped";

/** Whether the interval should have figures by now: it existed, is in the past and within opening hours. */
export function isDue(state: IntervalState): boolean {
  return state !== "pending" && state !== "closed" && state !== "skipped";
}

export interface Evidence {
  windows: number; // quarter-hours of the interval
  complete: number; // of them, those whose partition has its `_SUCCESS`
  rows: number; // the queue's rows in them
  open: boolean | null; // within opening hours; null: unknown, taken as open
  newer: boolean; // the data reach beyond the interval's start
}

// windows   complete   rows   open    newer   state
// 0         -          -      -       -       skipped
// some      all        some   -       -       data
// some      all        none   yes/?   -       zero
// some      all        none   no      -       closed
// some      some       -      -       -       partial
// some      none       some   -       -       partial
// some      none       none   -       no      pending
// some      none       none   -       yes     missing
export function intervalState({ windows, complete, rows, open, newer }: Evidence): IntervalState {
  if (!(windows > 0)) return "skipped";
  if (complete >= windows) return rows > 0 ? "data" : open === false ? "closed" : "zero";
  if (complete > 0 || rows > 0) return "partial";
  return newer ? "missing" : "pending";
}

/** An interval's evidence, from the starts of complete windows and the end of the newest (UTC, ms). */
export function evidence(
  interval: Pick<LocalInterval, "start" | "end" | "windows">,
  completeWindows: { has(windowStart: number): boolean },
  dataThrough: number | null,
  rows: number,
  open: boolean | null = null,
): Evidence {
  const { start, windows } = interval;
  const complete = windowsOf(interval).filter((window) => completeWindows.has(window)).length;
  return { windows, complete, rows, open, newer: dataThrough !== null && dataThrough > start };
}

/** Opening hours of a weekday (1, Monday, to 7), in minutes of the local day: from <= minute < to. */
export interface OpenHours {
  weekday: number;
  from: number;
  to: number;
}

/** Whether a local interval touches the opening hours; null when none are configured. */
export function isOpen(
  hours: readonly OpenHours[] | null | undefined,
  date: string,
  slot: string, // "08:30", local start
  minutes: number, // length
): boolean | null {
  if (!hours) return null;
  const [hour = 0, minute = 0] = slot.split(":").map(Number);
  const from = hour * 60 + minute;
  const today = weekday(date);
  return hours.some((open) => open.weekday === today && open.from < from + minutes && open.to > from);
}
