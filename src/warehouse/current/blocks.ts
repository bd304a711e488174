import { daysLater, weekday } from "../../../notebooks/components/metrics/time-zone.ts";
import type { DaySnapshot } from "../snapshot/snapshot.ts";

/** Days of a feed that share a file of current. */
export interface Block {
  name: string; // of the file: "2026-09-16", or "2026-09-14_week" by its Monday
  days: string[]; // in order
}

/** Delivered rows up to which a day shares a file: writing a file costs as much as some thousand rows. */
const smallDay = 5_000;

/**
 * The small days of a calendar week share a file; a large day has its own. The choice depends on the delivered rows alone,
 * so that the files do not depend on the order in which partitions arrive.
 */
export function blocksOf(days: readonly Pick<DaySnapshot, "dt" | "rows">[], small = smallDay): Block[] {
  const blocks = new Map<string, Block>();
  for (const { dt, rows } of days) {
    const name = rows > small ? dt : `${daysLater(dt, 1 - weekday(dt))}_week`;
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
