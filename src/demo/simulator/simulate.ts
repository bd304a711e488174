import { businessDay, businessDayAt } from "./arrivals.ts";
import type { CastName } from "./casts.ts";
import { type Centre, openCentre } from "./centre.ts";
import { simulateDay } from "./day.ts";
import type { DayLog, EventLog, EventStream } from "./log.ts";
import type { Scenario } from "./scenario.ts";
import { addDays } from "./zone.ts";

export interface SimulationOptions {
  seed: number;
  now: Date;
  days: number; // business days, the one that holds `now` included
  conversationsPerDay?: number; // default: 3000
  zone?: string; // IANA zone that the centre works in; default: America/New_York
  cast?: CastName; // default: small
  scenario?: Scenario; // default: none
}

/**
 * The contact centre's events over the last `days` business days. The same options give the same events; a day's
 * depend on seed, date, size, zone, cast and scenario alone, so that without a scenario a later `now` only adds days.
 */
export function simulate(options: SimulationOptions): EventLog {
  const stream = simulateLazily(options);
  return { ...stream, days: [...stream.days] };
}

/** The same with each day simulated on demand, so that a month needs no more memory than a few days. */
export function simulateLazily({
  seed,
  now,
  days,
  conversationsPerDay = 3000,
  zone = "America/New_York",
  cast = "small",
  scenario,
}: SimulationOptions): EventStream {
  const centre = openCentre(seed, conversationsPerDay, zone, cast);
  const last = businessDayAt(centre, now.getTime()).date;
  const first = addDays(last, 1 - days);
  const dates = Array.from({ length: days }, (_, i) => addDays(first, i));
  return {
    seed,
    centre,
    from: businessDay(centre, first).from,
    now: now.getTime(),
    days: simulateDates(seed, centre, dates, scenario),
  };
}

function* simulateDates(
  seed: number,
  centre: Centre,
  dates: readonly string[],
  scenario: Scenario | undefined,
): Generator<DayLog> {
  for (const date of dates) yield simulateDay(seed, centre, businessDay(centre, date), scenario);
}
