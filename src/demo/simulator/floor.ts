import type { Agenda } from "./agenda.ts";
import type { Centre, Queue } from "./centre.ts";
import type { Issue, Opportunity, Shift, Status, Visit } from "./log.ts";
import type { Random } from "./random.ts";
import type { Pause } from "./roster.ts";
import { minute } from "./zone.ts";

/** A rep at work. `active` counts chats, those on their way included. */
export interface Desk {
  shift: Shift;
  status: Status;
  since: number;
  active: number;
  lastAssigned: number;
  due: Pause[]; // begun as soon as the last chat ends
}

/** A customer in a queue's line. */
export interface Waiting {
  issue: Issue;
  opportunity: Opportunity;
  visit: Visit;
}

/** The state of the centre at one moment of a simulated day, with its pending events. */
export interface Floor {
  centre: Centre;
  random: Random;
  agenda: Agenda;
  desks: Desk[];
  lines: Map<Queue, Waiting[]>;
  issues: Issue[];
  nextId: number; // of an issue
  end: number; // of the business day: customers who would return later stay away
  answer(waiting: Waiting, desk: Desk, at: number): void;
  giveUp(waiting: Waiting, at: number): void;
}

export function isFree(desk: Desk): boolean {
  return desk.status === "Available" && desk.active < desk.shift.rep.slots;
}

export function freer(a: Desk, b: Desk): Desk {
  const difference = a.active / a.shift.rep.slots - b.active / b.shift.rep.slots;
  return difference < 0 || (difference === 0 && a.lastAssigned <= b.lastAssigned) ? a : b;
}

/** The delay with which an event reaches the intraday tables: one in twenty-five is late. */
export function lateness(random: Random): number {
  return random.chance(0.04) ? Math.round(random.between(36, 74) * minute) : 0;
}
