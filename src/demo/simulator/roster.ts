import type { BusinessDay } from "./arrivals.ts";
import { type Centre, type Rep, shiftStarts } from "./centre.ts";
import type { Status } from "./log.ts";
import { type Random, seeded } from "./random.ts";
import { hour, minute } from "./zone.ts";

export interface PlannedShift {
  rep: Rep;
  from: number;
  to: number;
  pauses: Pause[];
}

export interface Pause {
  status: Status;
  at: number;
  length: number;
}

/** Who works on a business day, from when to when, and their breaks. Fewer at weekends; a few are away. */
export function roster(seed: number, centre: Centre, today: BusinessDay): PlannedShift[] {
  const random = seeded(seed, "roster", today.date);
  const weekday = new Date(`${today.date}T00:00:00Z`).getUTCDay();
  const weekend = weekday === 0 || weekday === 6;
  return centre.reps
    .filter((rep) => !rep.daysOff.includes(weekday))
    .filter((rep) => !random.chance(weekend && rep.shift !== shiftStarts.night ? 0.2 : 0.04))
    .map((rep) => {
      const from = today.from + Math.round(rep.shift * hour + random.between(-4, 6) * minute);
      const to = from + Math.round(8.4 * hour + random.between(-5, 10) * minute);
      return { rep, from, to, pauses: pauses(random, from) };
    });
}

function pauses(random: Random, from: number): Pause[] {
  const plan: [Status, number, number, number][] = [
    ["Coffee Break", 1.9, 15, 1],
    ["Lunch Break", 3.8, 32, 1],
    ["Coaching", 5, 30, 0.15],
    ["Coffee Break", 6.2, 15, 1],
  ];
  return plan
    .filter(([, , , chance]) => random.chance(chance))
    .map(([status, after, length]) => ({
      status,
      at: from + Math.round((after + random.between(-0.35, 0.35)) * hour),
      length: Math.round(length * random.between(0.85, 1.2) * minute),
    }));
}
