import { type BusinessDay, businessDay, usualRate } from "./simulator/arrivals.ts";
import { type Centre, isOpen, type Queue, type Rep } from "./simulator/centre.ts";
import { newAssignment, newIssue } from "./simulator/issue.ts";
import { seeded } from "./simulator/random.ts";
import { talkToRep } from "./simulator/rep-talk.ts";
import { attendance, pausesOf } from "./simulator/roster.ts";
import { addDays, hour, localInstant, localTime, minute } from "./simulator/zone.ts";

const quarter = 15 * minute;
const transferred = 0.05; // of contacts, to any other queue
const returning = 1.02; // customers who are back on the same day

/** Local days, both included. */
export interface PlanDays {
  first: string;
  last: string;
  today: string;
}

/**
 * The forecast that the centre's planners would have made, as CSV: expected contacts and handle time of each queue while it
 * is open. Each week's is issued on the Thursday before, some per cent off; each of the last seven days has another of its
 * morning, less far off. Neither knows what luck, incidents and the scenario bring.
 */
export function forecastCsv(seed: number, centre: Centre, days: PlanDays): string {
  const lines = ["queue,window_start,contacts,aht_seconds,issued_at"];
  const handle = new Map(centre.queues.map((queue) => [queue, handleTime(seed, centre, queue)]));
  const week = (date: string) => addDays(date, -((weekdayOf(date) + 6) % 7)); // its Monday
  const add = (date: string, issued: number, name: string, sigma: number) => {
    for (const queue of centre.queues) {
      const error = seeded(seed, "forecast", queue.name, name);
      const [volume, time] = [error.lognormal(1, sigma), error.lognormal(1, sigma / 2)];
      for (const at of openWindows(centre, queue, businessDay(centre, date))) {
        const contacts = expectedContacts(centre, queue, at) * volume;
        const seconds = (handle.get(queue) ?? 0) * time;
        lines.push([queue.name, iso(at), contacts.toFixed(2), seconds.toFixed(0), iso(issued)].join(","));
      }
    }
  };
  for (let date = days.first; date <= days.last; date = addDays(date, 1)) {
    const monday = week(date);
    add(date, localInstant(addDays(monday, -4), 16 * 60, centre.zone), monday, 0.05);
    if (date <= addDays(days.today, -7) || date > days.today) continue;
    add(date, localInstant(date, 5 * 60, centre.zone), date, 0.025);
  }
  return `${lines.join("\n")}\n`;
}

/**
 * The schedule as CSV: reps planned to be available for the queue that is their first, breaks taken out and the usual share
 * of absent ones. Nobody is ill in it, and no meeting is planned.
 */
export function scheduleCsv(centre: Centre, days: PlanDays): string {
  const lines = ["queue,window_start,scheduled_fte"];
  for (let date = days.first; date <= days.last; date = addDays(date, 1)) {
    const day = businessDay(centre, date);
    const weekday = weekdayOf(date);
    for (const queue of centre.queues) {
      const reps = centre.reps.filter((rep) => rep.queues[0] === queue && !rep.daysOff.includes(weekday));
      for (const at of openWindows(centre, queue, day)) {
        const staff = reps.reduce((sum, rep) => sum + attendance(rep, weekday) * plannedShare(rep, day, at), 0);
        lines.push([queue.name, iso(at), staff.toFixed(2)].join(","));
      }
    }
  }
  return `${lines.join("\n")}\n`;
}

function plannedShare(rep: Rep, day: BusinessDay, at: number): number {
  const from = day.from + rep.shift.start * hour;
  const overlap = (start: number, end: number) =>
    Math.max(0, Math.min(end, at + quarter) - Math.max(start, at)) / quarter;
  const breaks = pausesOf(rep).reduce((sum, [, after, length, chance]) => {
    const start = from + after * hour;
    return sum + chance * overlap(start, start + length * minute);
  }, 0);
  return Math.max(0, overlap(from, from + rep.shift.hours * hour) - breaks);
}

function openWindows(centre: Centre, queue: Queue, { from, to }: BusinessDay): number[] {
  const windows = Array.from({ length: (to - from) / quarter }, (_, i) => from + i * quarter);
  return windows.filter((at) => {
    const { weekday, minutes } = localTime(at, centre.zone);
    return isOpen(queue, weekday, minutes);
  });
}

function expectedContacts(centre: Centre, queue: Queue, at: number): number {
  const weight = centre.intents.reduce((sum, intent) => sum + intent.weight, 0);
  const others = centre.queues.length - 1;
  const local = localTime(at, centre.zone);
  const share = centre.intents.reduce((sum, intent) => {
    const open = isOpen(intent.queue, local.weekday, local.minutes) ? 1 : 0;
    return sum + intent.weight * (1 - intent.contained) * open * (intent.queue === queue ? 1 : transferred / others);
  }, 0);
  return (usualRate(centre, local) * returning * share) / weight;
}

/** Mean handle time of a queue, seconds, of three hundred conversations that nobody had. */
function handleTime(seed: number, centre: Centre, queue: Queue): number {
  const random = seeded(seed, "handle time", queue.name);
  const intents = centre.intents.filter((intent) => intent.queue === queue);
  const times = Array.from({ length: 300 }, () => {
    const intent = random.weighted(intents, ({ weight, contained }) => weight * (1 - contained));
    const issue = newIssue(random, centre, { at: 0, customer: 0, intent }, 0);
    const assignment = newAssignment(random.pick(centre.reps), queue, 0, 0);
    talkToRep(random, issue, assignment, 1.4, centre);
    return assignment.endedAt;
  });
  return times.reduce((sum, time) => sum + time, 0) / times.length / 1000;
}

function weekdayOf(date: string): number {
  return new Date(`${date}T00:00:00Z`).getUTCDay();
}

function iso(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
