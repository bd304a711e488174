import { isDate } from "../export/layout.ts";
import type { LastSync } from "./last-sync.ts";

/** The days of one feed that a sync lists. */
export interface Window {
  since: string | null; // first day in scope; earlier days are counted and ignored
  open: string | null; // first day to list; null: every day in scope
  extra: string[]; // earlier days with unfinished partitions, also listed
}

export interface WindowOptions {
  since?: string | null;
  lookbackDays?: number | null;
  cadenceMinutes: number | null;
  now: Date;
  full: boolean;
  unfinished?: string[]; // days with unfinished partitions
}

const dayMs = 86_400_000;

// cadence             days that may still change       reason
// up to 1 h           today and 2 before               late hours, restated windows
// up to 1 day         today and 4 before               a daily file is for yesterday, and may be days late
// longer, unknown     today and 7 before
// A full listing, once a day, finds changes to older days.
/** The number of days before today that a routine sync lists. */
export function openDays(cadenceMinutes: number | null): number {
  if (cadenceMinutes !== null && cadenceMinutes <= 60) return 2;
  return cadenceMinutes !== null && cadenceMinutes <= 1440 ? 4 : 7;
}

export function feedWindow(options: WindowOptions): Window {
  const { now, full } = options;
  const lookback = options.lookbackDays ?? null;
  const since = options.since ?? (lookback === null ? null : dayBefore(now, lookback));
  if (full) return { since, open: null, extra: [] };
  const routine = dayBefore(now, openDays(options.cadenceMinutes));
  const open = since !== null && since > routine ? since : routine;
  const extra = new Set(options.unfinished?.filter((dt) => dt < open && (since === null || dt >= since)));
  return { since, open, extra: [...extra].sort() };
}

/** True for a day that the sync lists. */
export function inWindow(window: Window, dt: string): boolean {
  if (window.since !== null && dt < window.since) return false;
  return window.open === null || dt >= window.open || window.extra.includes(dt);
}

/** Why a full listing is due; null when listing the open days is enough. */
export function fullReason(requested: boolean, last: LastSync | null, source: string, now: Date): string | null {
  if (requested) return "asked for";
  if (last === null) return "first sync";
  if (last.source !== source) return "another source than last time";
  const age = now.getTime() - Date.parse(last.lastFull);
  if (Number.isNaN(age) || age < 0 || age >= dayMs) return "once a day";
  return null;
}

/** The UTC day `days` before that of `now`. */
export function dayBefore(now: Date, days: number): string {
  const dt = new Date(now.getTime() - days * dayMs).toISOString().slice(0, 10);
  if (!isDate(dt)) throw new Error(`no such day: ${days} before ${now.toISOString()}`);
  return dt;
}
