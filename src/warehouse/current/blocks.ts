import type { DaySnapshot } from "../snapshot/snapshot.ts";

/** Days of a feed that share one file of current. */
export interface Block {
  name: string; // of the file: "2026-09-16", or "2026-09-14_week" by its Monday
  days: string[]; // in order
}

/** Delivered rows of a day up to which it shares a file: writing one takes as long as some thousand rows. */
const smallDay = 5_000;

/**
 * The small days of a calendar week share a file, a large one has its own. Which it is depends on the rows delivered and
 * on nothing that was before, so that the files are the same in whichever order partitions arrive.
 */
export function blocksOf(days: readonly Pick<DaySnapshot, "dt" | "rows">[], small = smallDay): Block[] {
  const blocks = new Map<string, Block>();
  for (const { dt, rows } of days) {
    const name = rows > small ? dt : `${mondayOf(dt)}_week`;
    const block = blocks.get(name);
    if (block) block.days.push(dt);
    else blocks.set(name, { name, days: [dt] });
  }
  return [...blocks.values()];
}

/** The files of current, each once. */
export function currentFiles(days: readonly Pick<DaySnapshot, "current">[]): string[] {
  return [...new Set(days.flatMap(({ current }) => current ?? []))];
}

function mondayOf(dt: string): string {
  const date = new Date(`${dt}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
  return date.toISOString().slice(0, 10);
}
