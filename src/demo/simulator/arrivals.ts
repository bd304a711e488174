import type { Centre, Intent } from "./centre.ts";
import { hash, type Random, seeded } from "./random.ts";
import { addDays, hour, type LocalTime, localInstant, localTime, minute } from "./zone.ts";

export interface Arrival {
  at: number;
  customer: number;
  intent: Intent;
}

export interface BusinessDay {
  date: string; // local
  number: number; // days since 2020-01-01: ids are built on it
  from: number;
  to: number;
}

const dayStart = 6 * 60;
const weekdayFactor = [0.72, 1.18, 1.09, 1.04, 1.0, 1.02, 0.84];
const byHour = [
  0.2, 0.14, 0.1, 0.1, 0.12, 0.25, 0.6, 1.1, 1.9, 2.6, 3.0, 3.0, 2.8, 2.8, 2.7, 2.6, 2.5, 2.4, 2.2, 2.0, 1.7, 1.2, 0.7,
  0.35,
];
const hourTotal = byHour.reduce((sum, value) => sum + value, 0);

/** The business day runs from six to six by the local clock: 23 or 25 hours when clocks change. */
export function businessDay({ zone }: Centre, date: string): BusinessDay {
  return {
    date,
    number: Math.round((Date.parse(`${date}T00:00:00Z`) - Date.UTC(2020, 0, 1)) / 86_400_000),
    from: localInstant(date, dayStart, zone),
    to: localInstant(addDays(date, 1), dayStart, zone),
  };
}

/** The business day that an instant falls into. */
export function businessDayAt(centre: Centre, at: number): BusinessDay {
  const { date } = localTime(at, centre.zone);
  const today = businessDay(centre, date);
  return at >= today.from ? today : businessDay(centre, addDays(date, -1));
}

/**
 * The arrivals of a day with their intents: a Poisson stream whose rate follows clock, weekday and a daily factor; some days
 * have an incident. About one customer in twelve returns after one to three days.
 */
export function arrivals(seed: number, centre: Centre, today: BusinessDay): Arrival[] {
  const random = seeded(seed, "arrivals", today.date);
  const counts = slotCounts(seed, centre, today);
  const list: Arrival[] = [];
  let fresh = 0;
  for (const { at, count } of counts) {
    const incident = inIncident(seed, today, at);
    for (let i = 0; i < count; i++) {
      const back = random.chance(0.08) ? 1 + random.int(3) : 0;
      list.push({
        at: at + Math.floor(random.next() * 15 * minute),
        customer: back > 0 ? earlierCustomer(seed, centre, today, back, random) : customerId(today, fresh++),
        intent: pickIntent(centre, random, incident),
      });
    }
  }
  return list.sort((a, b) => a.at - b.at);
}

export function pickIntent(centre: Centre, random: Random, incident = false): Intent {
  const tilt = (intent: Intent) => (incident && intent.parent === "TECHNICAL" ? 4 : 1);
  return random.weighted(centre.intents, (intent) => intent.weight * tilt(intent));
}

function slotCounts(seed: number, centre: Centre, today: BusinessDay): { at: number; count: number }[] {
  const random = seeded(seed, "counts", today.date);
  const luck = random.lognormal(1, 0.06);
  const slots: { at: number; count: number }[] = [];
  for (let at = today.from; at < today.to; at += 15 * minute) {
    const local = localTime(at, centre.zone);
    const rate = (3000 * centre.scale * shape(local)) / hourTotal / 4;
    const boost = inIncident(seed, today, at) ? 1.8 : 1;
    slots.push({ at, count: random.poisson(rate * (weekdayFactor[local.weekday] ?? 1) * luck * boost) });
  }
  return slots;
}

function shape({ minutes }: LocalTime): number {
  const position = (minutes + 7.5) / 60 - 0.5;
  const before = Math.floor(position);
  const part = position - before;
  const rate = (hour: number) => byHour[(hour + 24) % 24] ?? 0;
  return rate(before) * (1 - part) + rate(before + 1) * part;
}

// Ninety minutes on about one day in eight.
function inIncident(seed: number, today: BusinessDay, at: number): boolean {
  const draw = hash(`${seed}/incident/${today.date}`);
  if (draw % 8 !== 0) return false;
  const start = today.from + (3 + (draw % 11)) * hour;
  return at >= start && at < start + 90 * minute;
}

function earlierCustomer(seed: number, centre: Centre, today: BusinessDay, back: number, random: Random): number {
  const earlier = businessDay(centre, addDays(today.date, -back));
  const count = countOf(seed, centre, earlier);
  return customerId(earlier, random.int(Math.max(1, Math.floor(count * 0.85))));
}

const counted = new WeakMap<Centre, Map<string, number>>();

function countOf(seed: number, centre: Centre, date: BusinessDay): number {
  const counts = counted.get(centre) ?? new Map<string, number>();
  counted.set(centre, counts);
  const count = counts.get(date.date) ?? slotCounts(seed, centre, date).reduce((sum, slot) => sum + slot.count, 0);
  counts.set(date.date, count);
  return count;
}

function customerId(date: BusinessDay, index: number): number {
  return date.number * 100_000 + index + 1;
}
