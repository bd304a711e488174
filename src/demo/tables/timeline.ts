import type { Queue } from "../simulator/centre.ts";
import type { Assignment, DayLog, EventStream, Glance, Issue, Visit } from "../simulator/log.ts";
import { day, hour } from "../simulator/zone.ts";
import { eventTimes } from "./issue-state.ts";
import { type Journeys, journeys } from "./journeys.ts";
import { addStretches, type Stretch, windowOf } from "./rep-time.ts";
import { floor } from "./schedule.ts";

/** The events of one queue in one window. Each event counts in the window in which it happened. */
export interface QueueEvents {
  answers: { wait: number }[]; // assignments; wait in milliseconds, 0 for those past the queue
  abandons: Visit[];
  dispositions: { issue: Issue; assignment: Assignment }[];
}

/** The events of a few days, by hour, UTC day and 15-minute window. Moves forward only. */
export interface Timeline {
  journeys: Journeys;
  reach(to: number): void; // adds all days that begin before
  forget(before: number): void;
  issues(hourStart: number): Issue[]; // with an event in the hour, or a message just before it
  ended(dayStart: number): Issue[]; // or rated on the UTC day
  glances(hourStart: number): Glance[];
  stretches(window: number): Stretch[];
  queue(queue: Queue, window: number): QueueEvents | undefined;
}

export function openTimeline(stream: EventStream): Timeline {
  const byHour = new Map<number, Issue[]>();
  const byDay = new Map<number, Issue[]>();
  const glances = new Map<number, Glance[]>();
  const windows = new Map<number, Stretch[]>();
  const queues = new Map<number, Map<Queue, QueueEvents>>();
  const customerJourneys = journeys();
  const days = stream.days[Symbol.iterator]();
  let next = days.next();

  const addDay = (log: DayLog) => {
    for (const issue of log.issues) {
      customerJourneys.add(issue);
      const times = eventTimes(issue);
      for (const { at } of issue.messages) times.push(at + 20_000);
      for (const at of distinct(times, hour)) push(byHour, at, issue);
      const previous = customerJourneys.previous(issue);
      const started = floor(issue.createdAt, hour);
      if (previous && !byHour.get(started)?.includes(previous)) push(byHour, started, previous);
      const ends = issue.survey ? [issue.endedAt, issue.survey.at] : [issue.endedAt];
      for (const at of distinct(ends, day)) push(byDay, at, issue);
      addQueueEvents(queues, issue);
    }
    for (const glance of log.glances) push(glances, floor(glance.to, hour), glance);
    addStretches(windows, log);
  };

  return {
    journeys: customerJourneys,
    reach(to) {
      for (; !next.done && next.value.from < to; next = days.next()) addDay(next.value);
    },
    forget(before) {
      for (const index of [byHour, byDay, glances, windows, queues]) {
        for (const at of index.keys()) if (at < before) index.delete(at);
      }
      customerJourneys.forget(before - 3 * day);
    },
    issues: (at) => byHour.get(at) ?? [],
    ended: (at) => byDay.get(at) ?? [],
    glances: (at) => glances.get(at) ?? [],
    stretches: (window) => windows.get(window) ?? [],
    queue: (queue, window) => queues.get(window)?.get(queue),
  };
}

function addQueueEvents(index: Map<number, Map<Queue, QueueEvents>>, issue: Issue): void {
  const at = (queue: Queue, time: number): QueueEvents => {
    const window = index.get(windowOf(time)) ?? new Map<Queue, QueueEvents>();
    index.set(windowOf(time), window);
    const events = window.get(queue) ?? { answers: [], abandons: [], dispositions: [] };
    window.set(queue, events);
    return events;
  };
  for (const { queue, visit, assignment } of issue.opportunities) {
    if (visit?.abandoned) at(queue, visit.exitedAt).abandons.push(visit);
    if (!assignment) continue;
    at(queue, assignment.at).answers.push({ wait: visit ? visit.exitedAt - visit.enteredAt : 0 });
    at(queue, assignment.endedAt).dispositions.push({ issue, assignment });
  }
}

function distinct(times: readonly number[], step: number): Set<number> {
  return new Set(times.map((at) => floor(at, step)));
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
