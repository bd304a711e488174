import type { Queue } from "./centre.ts";
import { type Desk, type Floor, freer, isFree, lateness, type Waiting } from "./floor.ts";
import { message } from "./issue.ts";
import type { Issue, Opportunity, Visit } from "./log.ts";
import { phrasesOf } from "./phrases.ts";
import { minute } from "./zone.ts";

/** Puts a customer into the line of a queue, until a rep is free or patience ends. */
export function enqueue(floor: Floor, issue: Issue, opportunity: Opportunity, at: number): void {
  const { random } = floor;
  const { queue } = opportunity;
  const phrases = phrasesOf(issue.intent);
  const line = lineOf(floor, queue);
  const visit: Visit = {
    queue,
    enteredAt: at,
    exitedAt: at,
    abandoned: false,
    busy: line.length > 0,
    checkIn: null,
    late: lateness(random),
  };
  opportunity.visit = visit;
  const waiting = { issue, opportunity, visit };
  line.push(waiting);
  issue.messages.push(message(at + 200, "bot", visit.busy ? phrases.busy : phrases.connecting));
  const patience = at + Math.max(2000, Math.round(random.exponential(queue.patience) * 1000));
  floor.agenda.add(patience, () => abandon(floor, waiting, patience));
  const threshold = at + 3 * minute;
  floor.agenda.add(threshold, () => checkIn(floor, waiting, threshold));
  serve(floor, queue, at);
}

function checkIn(floor: Floor, waiting: Waiting, thresholdAt: number): void {
  if (!isWaiting(floor, waiting)) return;
  const at = thresholdAt + Math.round(floor.random.between(500, 3000));
  const accepted = floor.random.chance(0.85);
  const resultAt = at + (accepted ? Math.round(floor.random.lognormal(14, 0.6) * 1000) : 2 * minute);
  floor.agenda.add(resultAt, () => {
    if (!isWaiting(floor, waiting)) return;
    waiting.visit.checkIn = { thresholdAt, at, resultAt, accepted };
    waiting.issue.messages.push(message(at, "bot", phrasesOf(waiting.issue.intent).checkIn));
    if (!accepted) abandon(floor, waiting, resultAt);
  });
}

function lineOf(floor: Floor, queue: Queue): Waiting[] {
  const line = floor.lines.get(queue);
  if (line === undefined) throw new Error(`no line for ${queue.name}`);
  return line;
}

function isWaiting(floor: Floor, waiting: Waiting): boolean {
  return lineOf(floor, waiting.visit.queue).includes(waiting);
}

function abandon(floor: Floor, waiting: Waiting, at: number): void {
  if (!isWaiting(floor, waiting)) return;
  leaveLine(floor, waiting);
  waiting.visit.exitedAt = at;
  waiting.visit.abandoned = true;
  impatience(floor, waiting, at);
  floor.giveUp(waiting, at);
}

function leaveLine(floor: Floor, waiting: Waiting): void {
  const line = lineOf(floor, waiting.visit.queue);
  line.splice(line.indexOf(waiting), 1);
}

// A customer who waits long sends messages.
function impatience(floor: Floor, { issue, visit }: Waiting, at: number): void {
  for (let ask = visit.enteredAt + 70_000; ask < at - 1000; ask += 150_000) {
    if (!floor.random.chance(0.4)) continue;
    issue.messages.push(message(ask, "customer", floor.random.pick(phrasesOf(issue.intent).waiting)));
  }
}

/** Assigns heads of a queue to the least busy reps, as long as there are both. */
function serve(floor: Floor, queue: Queue, now: number): void {
  const line = lineOf(floor, queue);
  for (let [first] = line; first; [first] = line) {
    const free = floor.desks.filter((desk) => isFree(desk) && desk.shift.rep.queues.includes(queue));
    if (free.length === 0) return;
    hand(floor, first, free.reduce(freer), now);
  }
}

function hand(floor: Floor, waiting: Waiting, desk: Desk, now: number): void {
  leaveLine(floor, waiting);
  desk.active++;
  const at = now + Math.round(floor.random.between(300, 2600));
  floor.agenda.add(at, () => {
    waiting.visit.exitedAt = at;
    impatience(floor, waiting, at);
    floor.answer(waiting, desk, at);
  });
}

/** Fills a rep's free slots with those who have waited longest in any of their queues. */
export function pull(floor: Floor, desk: Desk, now: number): void {
  while (isFree(desk)) {
    const heads = desk.shift.rep.queues.flatMap((queue) => lineOf(floor, queue).slice(0, 1));
    if (heads.length === 0) return;
    const longest = heads.reduce((a, b) => (b.visit.enteredAt < a.visit.enteredAt ? b : a));
    hand(floor, longest, desk, now);
  }
}
