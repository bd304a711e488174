import type { Interval } from "../metrics/interval.js";
import type { IntervalState } from "../metrics/interval-state.js";
import type { WaitingInterval } from "../metrics/queues/waiting.js";

/** Slots of a day: from <= slot < to. */
export interface DaySpan {
  from: number;
  to: number;
}

// state                                       figures   open   usual     needed
// data, incomplete, zero, partial, missing    any       any    any       yes
// closed, skipped, pending                    some      any    any       yes
// closed, skipped                             none      any    any       no
// pending                                     none      yes    any       yes
// pending                                     none      no     any       no
// pending                                     none      ?      unknown   yes
// pending                                     none      ?      zero      no
/**
 * Whether a chart of the day needs the interval. Figures above zero count: its reps, the usual, last week's, forecast and
 * scheduled ones. `open` is by the opening hours, null without any.
 */
export function isNeeded(row: Interval, open: boolean | null): boolean {
  const { state, usual, usualHigh, lastWeek, former, forecast, scheduled, reps } = row;
  const figures = [usual, usualHigh, lastWeek, former.available, forecast, scheduled, reps];
  return needs(state, figures, open ?? usual === null);
}

/** The same of an interval of Waiting, whose usual is unknown; `reps` are those of its slots. */
export function isWaitingNeeded(row: WaitingInterval, reps: number | null, open: boolean | null): boolean {
  const { state, waiting, entered, direct, gone, answered, abandoned } = row;
  return needs(state, [waiting, entered, direct, gone, answered, abandoned, reps], open ?? true);
}

function needs(state: IntervalState, figures: readonly (number | null)[], ahead: boolean): boolean {
  if (state !== "closed" && state !== "skipped" && state !== "pending") return true;
  return figures.some((figure) => (figure ?? 0) > 0) || (state === "pending" && ahead);
}

/**
 * The part of the day from the first needed interval to the last, extended on both sides to the next full hour. The whole day
 * if none is needed.
 */
export function daySpan<Row extends { label: string }>(
  rows: readonly Row[],
  isNeeded: (row: Row, slot: number) => boolean,
): DaySpan {
  const needed = rows.map(isNeeded);
  const [first, last] = [needed.indexOf(true), needed.lastIndexOf(true)];
  if (first < 0) return { from: 0, to: rows.length };
  const fullHour = (slot: number) =>
    slot <= 0 || slot >= rows.length || (rows[slot]?.label.startsWith(":00", 2) ?? true);
  let [from, to] = [first - 1, last + 2];
  while (!fullHour(from)) from--;
  while (!fullHour(to)) to++;
  return { from: Math.max(0, from), to: Math.min(rows.length, to) };
}

/** What a span leaves out, in words; empty for the whole day. */
export function hiddenText(rows: readonly { label: string }[], { from, to }: DaySpan): string {
  const parts = [
    from > 0 ? `before ${rows[from]?.label}` : "",
    to < rows.length ? `from ${rows[to]?.label}` : "",
  ].filter(Boolean);
  return parts.length ? `Closed hours hidden: ${parts.join(" and ")}.` : "";
}
