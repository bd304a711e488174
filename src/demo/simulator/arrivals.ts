import type { Centre, Intent } from "./centre.ts";
import { hash, type Random, seeded } from "./random.ts";
import type { Scenario, Surge } from "./scenario.ts";
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
export function businessDay({ zone }: Pick<Centre, "zone">, date: string): BusinessDay {
  return {
    date,
    number: Math.round((Date.parse(`${date}T00:00:00Z`) - Date.UTC(2020, 0, 1)) / 86_400_000),
    from: localInstant(date, dayStart, zone),
    to: localInstant(addDays(date, 1), dayStart, zone),
  };
}

/** The business day that an instant falls into. */
export function businessDayAt(centre: Pick<Centre, "zone">, at: number): BusinessDay {
  const { date } = localTime(at, centre.zone);
  const today = businessDay(centre, date);
  return at >= today.from ? today : businessDay(centre, addDays(date, -1));
}

/**
 * The arrivals of a day with their intents: a Poisson stream whose rate follows clock, weekday and a daily factor; some days
 * have an incident. About one customer in twelve returns after one to three days. A day with a surge has no other incident.
 */
export function arrivals(seed: number, centre: Centre, today: BusinessDay, scenario?: Scenario): Arrival[] {
  const random = seeded(seed, "arrivals", today.date);
  const surges = (scenario?.surges ?? []).filter(({ from, to }) => from < today.to && to > today.from);
  const incident = surges.length > 0 ? null : incidentOf(seed, today);
  const counts = slotCounts(seed, centre, today, incident);
  const list: Arrival[] = [];
  let fresh = 0;
  for (const { at, count } of counts) {
    for (let i = 0; i < count; i++) {
      const back = random.chance(0.08) ? 1 + random.int(3) : 0;
      list.push({
        at: at + Math.floor(random.next() * 15 * minute),
        customer: back > 0 ? earlierCustomer(seed, centre, today, back, random) : customerId(today, fresh++),
        intent: pickIntent(centre, random, isDuring(incident, at)),
      });
    }
  }
  return surges.reduce((sum, surge) => withSurge(seed, today, surge, sum), list).sort((a, b) => a.at - b.at);
}

function withSurge(seed: number, today: BusinessDay, surge: Surge, list: readonly Arrival[]): Arrival[] {
  const random = seeded(seed, "surge", surge.from);
  const slot = 15 * minute;
  return list.flatMap((arrival, i) => {
    if (!isDuring(surge, arrival.at) || (surge.queue ?? arrival.intent.queue.name) !== arrival.intent.queue.name)
      return [arrival];
    if (surge.factor < 1) return random.chance(surge.factor) ? [arrival] : [];
    if (!random.chance(surge.factor - 1)) return [arrival];
    const at = Math.min(arrival.at - (arrival.at % slot) + Math.floor(random.next() * slot), surge.to - 1);
    return [arrival, { ...arrival, at, customer: customerId(today, 50_000 + i) }];
  });
}

export function pickIntent(centre: Centre, random: Random, incident = false): Intent {
  const tilt = (intent: Intent) => (incident && intent.parent === "TECHNICAL" ? 4 : 1);
  return random.weighted(centre.intents, (intent) => intent.weight * tilt(intent));
}

function slotCounts(
  seed: number,
  centre: Centre,
  today: BusinessDay,
  incident = incidentOf(seed, today),
): { at: number; count: number }[] {
  const random = seeded(seed, "counts", today.date);
  const luck = random.lognormal(1, 0.06);
  const slots: { at: number; count: number }[] = [];
  for (let at = today.from; at < today.to; at += 15 * minute) {
    const local = localTime(at, centre.zone);
    const boost = isDuring(incident, at) ? 1.8 : 1;
    slots.push({ at, count: random.poisson(usualRate(centre, local) * luck * boost) });
  }
  return slots;
}

/** Conversations that begin in a quarter-hour by clock and weekday alone. */
export function usualRate({ scale }: Centre, local: LocalTime): number {
  return ((3000 * scale * shape(local)) / hourTotal / 4) * (weekdayFactor[local.weekday] ?? 1);
}

function shape({ minutes }: LocalTime): number {
  const position = (minutes + 7.5) / 60 - 0.5;
  const before = Math.floor(position);
  const part = position - before;
  const rate = (hour: number) => byHour[(hour + 24) % 24] ?? 0;
  return rate(before) * (1 - part) + rate(before + 1) * part;
}

interface Period {
  from: number;
  to: number;
}

// Ninety minutes on about one day in eight.
function incidentOf(seed: number, today: BusinessDay): Period | null {
  const draw = hash(`${seed}/incident/${today.date}`);
  if (draw % 8 !== 0) return null;
  const from = today.from + (3 + (draw % 11)) * hour;
  return { from, to: from + 90 * minute };
}

function isDuring(period: Period | null, at: number): boolean {
  return period !== null && at >= period.from && at < period.to;
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
