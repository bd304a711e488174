import type { BusinessDay } from "./arrivals.ts";
import { nightShift } from "./casts.ts";
import type { Centre, Rep } from "./centre.ts";
import type { Status } from "./log.ts";
import { type Random, seeded } from "./random.ts";
import type { Scenario, Shortage } from "./scenario.ts";
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

/** What, hours after the shift's start, minutes, chance. */
const pausePlan: [Status, number, number, number][] = [
  ["Coffee Break", 1.9, 15, 1],
  ["Lunch Break", 3.8, 32, 1],
  ["Coaching", 5, 30, 0.15],
  ["Coffee Break", 6.2, 15, 1],
];

/** The breaks that begin an hour or more before the end of the rep's shift. */
export function pausesOf({ shift }: Rep): typeof pausePlan {
  return pausePlan.filter(([, after]) => after <= shift.hours - 1);
}

/** The chance that a rep whose shift it is comes. */
export function attendance(rep: Rep, weekday: number): number {
  const weekend = weekday === 0 || weekday === 6;
  return weekend && rep.shift.start !== nightShift ? 0.8 : 0.96;
}

/** Who works on a business day, from when to when, and their breaks. Fewer at weekends; a few are away. */
export function roster(seed: number, centre: Centre, today: BusinessDay, scenario?: Scenario): PlannedShift[] {
  const random = seeded(seed, "roster", today.date);
  const weekday = new Date(`${today.date}T00:00:00Z`).getUTCDay();
  const shifts = centre.reps
    .filter((rep) => !rep.daysOff.includes(weekday))
    .filter((rep) => !random.chance(1 - attendance(rep, weekday)))
    .map((rep) => {
      const from = today.from + Math.round(rep.shift.start * hour + random.between(-4, 6) * minute);
      const to = from + Math.round(rep.shift.hours * hour + random.between(-5, 10) * minute);
      return { rep, from, to, pauses: pauses(random, rep, from) };
    });
  const shortages = (scenario?.shortages ?? []).filter(({ from }) => from >= today.from && from < today.to);
  return shortages.reduce(withShortage, shifts);
}

function withShortage(shifts: PlannedShift[], { from, to, queue, staying }: Shortage): PlannedShift[] {
  const team = shifts.filter((shift) => shift.rep.queues[0]?.name === queue && shift.from < to && shift.to > from);
  const away = team.slice(0, Math.max(0, team.length - staying));
  const ill = away.find((shift) => shift.from < from);
  return shifts.map((shift) => {
    if (shift === ill) return { ...shift, to: from, pauses: shift.pauses.filter(({ at }) => at < from) };
    if (!away.includes(shift)) return shift;
    const at = Math.max(from, shift.from + minute);
    return { ...shift, pauses: [...shift.pauses, { status: "Coaching" as const, at, length: to - at }] };
  });
}

function pauses(random: Random, rep: Rep, from: number): Pause[] {
  return pausesOf(rep)
    .filter(([, , , chance]) => random.chance(chance))
    .map(([status, after, length]) => ({
      status,
      at: from + Math.round((after + random.between(-0.35, 0.35)) * hour),
      length: Math.round(length * random.between(0.85, 1.2) * minute),
    }));
}
