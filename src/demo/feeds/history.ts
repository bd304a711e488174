import { businessDay, businessDayAt } from "../simulator/arrivals.ts";
import type { EventStream } from "../simulator/log.ts";
import { addDays } from "../simulator/zone.ts";

/** The business days, the last included, that a feed has been exported for; of a feed that is not named, all. */
export type History = ReadonlyMap<string, number>;

/** When the export of a feed began. */
export function beginOf({ from, now, centre }: EventStream, feed: string, history: History | undefined): number {
  const days = history?.get(feed);
  if (days === undefined) return from;
  return Math.max(from, businessDay(centre, addDays(businessDayAt(centre, now).date, 1 - days)).from);
}
