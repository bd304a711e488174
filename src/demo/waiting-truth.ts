import type { EventLog, Shift, Visit } from "./simulator/log.ts";
import { minute } from "./simulator/zone.ts";

const windowLength = 15 * minute;

/** Who came, left and waited in a window of a queue, counted from the events. Times and lengths are milliseconds. */
export interface FlowWindow {
  queue: string;
  window: number; // start
  entered: number;
  direct: number; // assigned without a visit to the queue
  gone: number; // left the queue, for whatever reason
  timedOut: number;
  waiting: number; // at the window's end
  oldest: number | null; // the longest wait then
}

/** The windows before `through` in which anybody came, left or waited, by queue, then window. */
export function flowWindows(log: EventLog, through: number): FlowWindow[] {
  const index = new Map<string, FlowWindow>();
  const at = (queue: string, time: number): FlowWindow => {
    const window = time - (time % windowLength);
    const key = `${queue}/${window}`;
    const none = { queue, window, entered: 0, direct: 0, gone: 0, timedOut: 0, waiting: 0, oldest: null };
    const flow = index.get(key) ?? none;
    index.set(key, flow);
    return flow;
  };
  for (const { queue, visit, assignment } of log.days.flatMap(({ issues }) =>
    issues.flatMap(({ opportunities }) => opportunities),
  )) {
    if (!visit) {
      if (assignment) at(queue.name, assignment.at).direct++;
      continue;
    }
    at(visit.queue.name, visit.enteredAt).entered++;
    const exit = at(visit.queue.name, visit.exitedAt);
    exit.gone++;
    if (timedOut(visit)) exit.timedOut++;
    for (let time = visit.enteredAt; ; time += windowLength) {
      const flow = at(visit.queue.name, time);
      const end = flow.window + windowLength;
      if (end > visit.exitedAt) break;
      flow.waiting++;
      flow.oldest = Math.max(flow.oldest ?? 0, end - visit.enteredAt);
    }
  }
  return [...index.values()]
    .filter(({ window }) => window + windowLength <= through)
    .sort((a, b) => (a.queue < b.queue ? -1 : a.queue > b.queue ? 1 : a.window - b.window));
}

/** The waits, milliseconds, of those who left a queue without an answer in each window before `through` in which any did. */
export function leaverWindows(log: EventLog, through: number): { queue: string; window: number; waits: number[] }[] {
  const index = new Map<string, { queue: string; window: number; waits: number[] }>();
  for (const { visit } of log.days.flatMap(({ issues }) => issues.flatMap(({ opportunities }) => opportunities))) {
    if (!visit?.abandoned) continue;
    const [queue, window] = [visit.queue.name, visit.exitedAt - (visit.exitedAt % windowLength)];
    const row = index.get(`${queue}/${window}`) ?? { queue, window, waits: [] };
    index.set(`${queue}/${window}`, row);
    row.waits.push(visit.exitedAt - visit.enteredAt);
  }
  return [...index.values()].filter(({ window }) => window + windowLength <= through);
}

function timedOut({ abandoned, checkIn }: Visit): boolean {
  return abandoned && checkIn !== null && !checkIn.accepted;
}

/** Milliseconds of all reps in a window by the number of their chats, compared with their slots. */
export interface LoadWindow {
  window: number;
  reps: number; // logged in at any moment
  slots: number; // logged-in time x slots
  used: number; // time x chats
  none: number;
  light: number;
  full: number;
  over: number;
}

/** The windows before `through` in which a rep was logged in. */
export function loadWindows(log: EventLog, through: number): LoadWindow[] {
  const index = new Map<number, LoadWindow & { names: Set<string> }>();
  for (const { issues, shifts } of log.days) {
    const chats = new Map<string, [from: number, to: number][]>();
    for (const { assignment } of issues.flatMap(({ opportunities }) => opportunities)) {
      if (!assignment) continue;
      const { rep, at, endedAt } = assignment;
      chats.set(rep.name, [...(chats.get(rep.name) ?? []), [at, endedAt]]);
    }
    for (const shift of shifts) addShift(index, shift, chats.get(shift.rep.name) ?? []);
  }
  return [...index.values()]
    .filter(({ window }) => window + windowLength <= through)
    .map(({ names, ...load }) => ({ ...load, reps: names.size }))
    .sort((a, b) => a.window - b.window);
}

function addShift(
  index: Map<number, LoadWindow & { names: Set<string> }>,
  { rep, spells }: Shift,
  chats: readonly [from: number, to: number][],
): void {
  for (const spell of spells) {
    const inside = (time: number) => time > spell.from && time < spell.to;
    const changes = new Set([spell.from, spell.to, ...chats.flat().filter(inside)]);
    for (let time = spell.from - (spell.from % windowLength); time < spell.to; time += windowLength)
      if (inside(time)) changes.add(time);
    const times = [...changes].sort((a, b) => a - b);
    for (const [i, from] of times.slice(0, -1).entries()) {
      const [length, window] = [times[i + 1]! - from, from - (from % windowLength)];
      const load = chats.filter(([start, end]) => start <= from && from < end).length;
      const none = {
        window,
        reps: 0,
        slots: 0,
        used: 0,
        none: 0,
        light: 0,
        full: 0,
        over: 0,
        names: new Set<string>(),
      };
      const sums = index.get(window) ?? none;
      index.set(window, sums);
      sums.names.add(rep.name);
      sums.slots += length * rep.slots;
      sums.used += length * load;
      sums[load === 0 ? "none" : load < rep.slots ? "light" : load === rep.slots ? "full" : "over"] += length;
    }
  }
}
