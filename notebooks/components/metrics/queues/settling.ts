import { share } from "../ratio.js";

/** How far a queue's quarter-hours were from their present figures some minutes after their end: settling.json.sql. */
export interface Settling {
  queue: string;
  minutes: number; // after the end of the quarter-hour
  windows: number; // with contacts
  known: number; // of these, exported by then
  settled: number; // with their present counts of contacts
  contacts: number | null; // of the known ones, by the present counts
  moved: number; // sum of absolute differences in contacts
  handled: number | null; // present handle time, weighted by contacts
  handle_moved: number | null; // sum of absolute differences of it
  level_contacts: number | null;
  level_moved: number | null; // sum of absolute differences of the service level, weighted by contacts
}

/** The movement still to come at that moment; shares, null where unknown. */
export interface Movement {
  minutes: number;
  windows: number;
  known: number | null; // share of the quarter-hours
  settled: number | null; // share of the known ones
  volume: number | null; // sum of absolute differences / contacts
  handle: number | null; // the same of handle time
  level: number | null; // of the service level: 0.01 is a point
}

export type Moving = "volume" | "level" | "handle";

/** A figure is believed once it moves by less than this: 1 % of contacts or of handle time, a point of service level. */
export const believedWithin = 0.01;

/** The movements of a queue, by minutes. */
export function movements(rows: readonly Settling[], queue: string): Movement[] {
  return rows
    .filter((row) => row.queue === queue)
    .map((row) => ({
      minutes: row.minutes,
      windows: row.windows,
      known: share(row.known, row.windows),
      settled: share(row.settled, row.known),
      volume: part(row.moved, row.contacts),
      handle: part(row.handle_moved, row.handled),
      level: part(row.level_moved, row.level_contacts),
    }))
    .sort((a, b) => a.minutes - b.minutes);
}

// at this and every later moment      known of nearly all      believed from
// moves by less than 1 %              yes                      this moment, the earliest of them
// moves by less than 1 %              no                       later
/** The earliest of these moments from which on a figure can be believed; null where none is late enough. */
export function believedFrom(rows: readonly Movement[], figure: Moving): number | null {
  let from: number | null = null;
  for (const row of [...rows].reverse()) {
    const moved = row[figure];
    if (moved === null || moved >= believedWithin || (row.known ?? 0) < 1 - believedWithin) break;
    from = row.minutes;
  }
  return from;
}

function part(moved: number | null, whole: number | null): number | null {
  return moved === null || whole === null || whole <= 0 ? null : moved / whole;
}
