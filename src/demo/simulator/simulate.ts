import { type BusinessDay, businessDay, businessDayAt } from "./arrivals.ts";
import { openCentre } from "./centre.ts";
import { type DayLog, simulateDay } from "./day.ts";
import type { EventLog } from "./log.ts";
import { addDays } from "./zone.ts";

export interface SimulationOptions {
  seed: number;
  now: Date;
  days: number; // business days, the one that holds `now` included
  conversationsPerDay?: number; // default: 3000
}

/**
 * The contact centre's events over the last `days` business days, in America/New_York. The same options give the same
 * log; a day's events depend on seed, date and size alone, so a later `now` only adds days.
 */
export function simulate({ seed, now, days, conversationsPerDay = 3000 }: SimulationOptions): EventLog {
  const centre = openCentre(seed, conversationsPerDay);
  const last = businessDayAt(now.getTime());
  const dates: BusinessDay[] = Array.from({ length: days }, (_, i) =>
    businessDay(addDays(last.date, i + 1 - days)),
  );
  const logs: DayLog[] = dates.map((date) => simulateDay(seed, centre, date));
  return {
    seed,
    centre,
    from: dates[0]!.from,
    now: now.getTime(),
    issues: logs.flatMap((log) => log.issues).sort((a, b) => a.createdAt - b.createdAt || a.id - b.id),
    shifts: logs.flatMap((log) => log.shifts).sort((a, b) => a.from - b.from || a.rep.id - b.rep.id),
    glances: logs.flatMap((log) => log.glances),
  };
}
