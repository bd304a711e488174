import { weekday } from "./time-zone.js";
import { type LocalInterval, windowsOf } from "./windows.js";

/**
 * What an interval of one queue shows:
 * "data"; "incomplete": the same, but a window lacks a count that others have, so that count is null; "zero": open and complete, but no contact came; "closed": complete, outside opening hours, nothing came;
 * "partial": some of its windows have arrived; "pending": none has, and none is newer; "missing": none has, though newer
 * ones have; "skipped": the clock left this time out, it did not exist. Lines break at the last four.
 */
export type IntervalState = "data" | "incomplete" | "zero" | "closed" | "partial" | "pending" | "missing" | "skipped";

/** Whether the interval should have figures by now: its time existed, is not ahead, and lies in opening hours. */
export function isDue(state: IntervalState): boolean {
  return state !== "pending" && state !== "closed" && state !== "skipped";
}

export interface Evidence {
  windows: number; // quarter-hours of the interval
  arrived: number; // of them, those whose partition is complete (`_SUCCESS` tells)
  rows: number; // rows of the queue in them
  open: boolean | null; // within opening hours; null: not known, taken as open
  newer: boolean; // whether the data reaches beyond the interval's start
}

// windows   arrived   rows   open    newer   state
// 0         -         -      -       -       skipped
// some      all       some   -       -       data
// some      all       none   yes/?   -       zero
// some      all       none   no      -       closed
// some      part      -      -       -       partial
// some      none      some   -       -       partial
// some      none      none   -       no      pending
// some      none      none   -       yes     missing
export function intervalState({ windows, arrived, rows, open, newer }: Evidence): IntervalState {
  if (!(windows > 0)) return "skipped";
  if (arrived >= windows) return rows > 0 ? "data" : open === false ? "closed" : "zero";
  if (arrived > 0 || rows > 0) return "partial";
  return newer ? "missing" : "pending";
}

/** The evidence of an interval from the windows that are complete, and the end of the newest of them (both UTC, ms). */
export function evidence(
  interval: Pick<LocalInterval, "start" | "end" | "windows">,
  complete: { has(windowStart: number): boolean },
  dataThrough: number | null,
  rows: number,
  open: boolean | null = null,
): Evidence {
  const { start, windows } = interval;
  const arrived = windowsOf(interval).filter((window) => complete.has(window)).length;
  return { windows, arrived, rows, open, newer: dataThrough !== null && dataThrough > start };
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
  slot: string, // "08:30", the start on the local clock
  minutes: number, // how long
): boolean | null {
  if (!hours) return null;
  const [hour, minute] = slot.split(":").map(Number);
  const from = hour! * 60 + minute!;
  const today = weekday(date);
  return hours.some((open) => open.weekday === today && open.from < from + minutes && open.to > from);
}
