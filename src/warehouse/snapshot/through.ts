import type { Snapshot } from "./snapshot.ts";

/** The end of the newest complete window of any feed; null without data. */
export function dataThrough(snapshot: Pick<Snapshot, "feeds">): Date | null {
  let last: string | null = null;
  for (const { days } of Object.values(snapshot.feeds))
    for (const { facts } of days) {
      const through = facts?.through ?? null;
      if (through !== null && (last === null || through > last)) last = through;
    }
  return last === null ? null : new Date(last);
}
