import { type Agenda, agenda } from "./agenda.ts";
import { type Arrival, arrivals, type BusinessDay, pickIntent } from "./arrivals.ts";
import { type Centre, isOpen, type Queue, type Rep, zone } from "./centre.ts";
import { endByItself, message, survey, talkToBot, talkToRep } from "./conversation.ts";
import type { Assignment, DayLog, Ending, Glance, Issue, Opportunity, Shift, Status, Visit } from "./log.ts";
import { phrases } from "./phrases.ts";
import { type Random, seeded } from "./random.ts";
import { type Pause, type PlannedShift, roster } from "./roster.ts";
import { localTime, minute } from "./zone.ts";

/** A rep at work. `active` counts chats, those on their way included. */
interface Desk {
  shift: Shift;
  status: Status;
  since: number;
  active: number;
  lastAssigned: number;
  due: Pause[]; // begun as soon as the last chat ends
}

interface Waiting {
  issue: Issue;
  opportunity: Opportunity;
  visit: Visit;
}

interface Floor {
  centre: Centre;
  random: Random;
  agenda: Agenda;
  desks: Desk[];
  lines: Map<Queue, Waiting[]>;
  issues: Issue[];
  nextId: number;
  end: number;
}

/**
 * One business day of the centre, from the first arrival to the last disposition. Days are independent: a later `now`
 * adds days and never changes earlier ones.
 */
export function simulateDay(seed: number, centre: Centre, today: BusinessDay): DayLog {
  const floor: Floor = {
    centre,
    random: seeded(seed, "day", today.date),
    agenda: agenda(),
    desks: [],
    lines: new Map(centre.queues.map((queue) => [queue, []])),
    issues: [],
    nextId: today.number * 100_000 + 1,
    end: today.to,
  };
  for (const arrival of arrivals(seed, centre, today))
    floor.agenda.add(arrival.at, () => begin(floor, arrival));
  for (const planned of roster(seed, centre, today))
    floor.agenda.add(planned.from, () => logIn(floor, planned));
  for (let entry = floor.agenda.next(); entry; entry = floor.agenda.next()) entry.run();
  for (const issue of floor.issues) issue.messages.sort((a, b) => a.at - b.at);
  return {
    from: today.from,
    issues: floor.issues,
    shifts: floor.desks.map((desk) => desk.shift),
    glances: glances(seed, centre, today),
  };
}

function begin(floor: Floor, arrival: Arrival, back?: Rep): void {
  const { issue, escalation } = talkToBot(floor.random, floor.centre, arrival, floor.nextId++);
  floor.issues.push(issue);
  if (!escalation) {
    close(floor, issue, issue.endedAt);
    return;
  }
  floor.agenda.add(escalation.at, () => {
    const kind = back ? "reengagement" : "start";
    escalate(floor, issue, newOpportunity(escalation.at, issue.intent.queue, escalation.reason, kind), back);
  });
}

function newOpportunity(
  at: number,
  queue: Queue,
  reason: Opportunity["reason"],
  kind: Opportunity["kind"],
  from: Assignment | null = null,
): Opportunity {
  return { at, queue, reason, kind, outsideHours: false, visit: null, assignment: null, from };
}

function escalate(floor: Floor, issue: Issue, opportunity: Opportunity, wanted?: Rep): void {
  const { at, queue, kind } = opportunity;
  const local = localTime(at, zone);
  issue.opportunities.push(opportunity);
  if (kind !== "transfer" && !isOpen(queue, local.weekday, local.minutes)) {
    opportunity.outsideHours = true;
    issue.messages.push(message(at + 900, "bot", phrases.outside));
    endByItself(
      issue,
      at + 900 + Math.round(floor.random.between(0.1, 4) * minute),
      floor.random.chance(0.6),
    );
    close(floor, issue, issue.endedAt);
    return;
  }
  const direct = floor.desks.find((desk) => desk.shift.rep === wanted && isFree(desk));
  if (direct) {
    direct.active++;
    floor.agenda.add(at + 600, () => assign(floor, issue, opportunity, direct, at + 600));
    return;
  }
  enqueue(floor, issue, opportunity);
}

function enqueue(floor: Floor, issue: Issue, opportunity: Opportunity): void {
  const { random } = floor;
  const { queue } = opportunity;
  const at = opportunity.at + Math.round(random.between(100, 500));
  const line = floor.lines.get(queue)!;
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
    waiting.issue.messages.push(message(at, "bot", phrases.checkIn));
    if (!accepted) abandon(floor, waiting, resultAt);
  });
}

function isWaiting(floor: Floor, waiting: Waiting): boolean {
  return floor.lines.get(waiting.visit.queue)!.includes(waiting);
}

function abandon(floor: Floor, waiting: Waiting, at: number): void {
  if (!isWaiting(floor, waiting)) return;
  const { issue, visit, opportunity } = waiting;
  leaveLine(floor, waiting);
  visit.exitedAt = at;
  visit.abandoned = true;
  const transfer = opportunity.from?.transfer;
  if (transfer) transfer.repliedAt = at;
  impatience(floor, waiting, at);
  endByItself(issue, at, !visit.checkIn || visit.checkIn.accepted);
  close(floor, issue, at);
}

function leaveLine(floor: Floor, waiting: Waiting): void {
  const line = floor.lines.get(waiting.visit.queue)!;
  line.splice(line.indexOf(waiting), 1);
}

// A customer who waits long asks whether anybody is there.
function impatience(floor: Floor, { issue, visit }: Waiting, at: number): void {
  for (let ask = visit.enteredAt + 70_000; ask < at - 1000; ask += 150_000) {
    if (floor.random.chance(0.4))
      issue.messages.push(message(ask, "customer", floor.random.pick(phrases.waiting)));
  }
}

/** Gives the head of a queue to the least busy rep, as long as there are both. */
function serve(floor: Floor, queue: Queue, now: number): void {
  const line = floor.lines.get(queue)!;
  while (line.length > 0) {
    const free = floor.desks.filter((desk) => isFree(desk) && desk.shift.rep.queues.includes(queue));
    if (free.length === 0) return;
    hand(floor, line[0]!, free.reduce(freer), now);
  }
}

function hand(floor: Floor, waiting: Waiting, desk: Desk, now: number): void {
  leaveLine(floor, waiting);
  desk.active++;
  const at = now + Math.round(floor.random.between(300, 2600));
  floor.agenda.add(at, () => {
    waiting.visit.exitedAt = at;
    impatience(floor, waiting, at);
    assign(floor, waiting.issue, waiting.opportunity, desk, at);
  });
}

function isFree(desk: Desk): boolean {
  return desk.status === "Available" && desk.active < desk.shift.rep.slots;
}

function freer(a: Desk, b: Desk): Desk {
  const difference = a.active / a.shift.rep.slots - b.active / b.shift.rep.slots;
  return difference < 0 || (difference === 0 && a.lastAssigned <= b.lastAssigned) ? a : b;
}

function assign(floor: Floor, issue: Issue, opportunity: Opportunity, desk: Desk, at: number): void {
  const { rep } = desk.shift;
  const assignment: Assignment = {
    rep,
    queue: opportunity.queue,
    at,
    endedAt: at,
    endedBy: "rep",
    ending: "resolved",
    customerLeftAt: null,
    firstResponseAt: null,
    ghost: false,
    transfer: null,
    late: lateness(floor.random),
  };
  opportunity.assignment = assignment;
  desk.lastAssigned = at;
  const transfer = opportunity.from?.transfer;
  if (transfer) Object.assign(transfer, { accepted: true, repliedAt: at, receiver: rep });
  talkToRep(floor.random, issue, assignment, desk.active, floor.centre);
  floor.agenda.add(assignment.endedAt, () => release(floor, issue, assignment, desk));
}

function release(floor: Floor, issue: Issue, assignment: Assignment, desk: Desk): void {
  const now = assignment.endedAt;
  desk.active--;
  if (assignment.transfer) {
    const { to, direct } = assignment.transfer;
    const next = newOpportunity(now + 200, to, "by_other", "transfer", assignment);
    floor.agenda.add(next.at, () => {
      const free =
        direct && floor.desks.find((other) => isFree(other) && other.shift.rep.queues.includes(to));
      escalate(floor, issue, next, free ? free.shift.rep : undefined);
    });
  } else {
    issue.endedAt = now;
    issue.ending = endings[assignment.ending];
    issue.endedBy =
      assignment.endedBy === "batch" ? "autoend" : assignment.endedBy === "rep" ? "agent" : "customer";
    close(floor, issue, now, assignment.rep);
  }
  if (desk.due.length > 0) pause(floor, desk, now);
  else pull(floor, desk, now);
}

const endings: Record<Assignment["ending"], Ending> = {
  resolved: "resolved",
  unresolved: "unresolved",
  timedout: "timeout",
  transferred: "other",
};

/** Fills a rep's free slots with those who have waited longest in any of their queues. */
function pull(floor: Floor, desk: Desk, now: number): void {
  while (isFree(desk)) {
    const heads = desk.shift.rep.queues.flatMap((queue) => floor.lines.get(queue)!.slice(0, 1));
    if (heads.length === 0) return;
    hand(
      floor,
      heads.reduce((a, b) => (b.visit.enteredAt < a.visit.enteredAt ? b : a)),
      desk,
      now,
    );
  }
}

function logIn(floor: Floor, { rep, from, to, pauses }: PlannedShift): void {
  const shift: Shift = { rep, from, to: from, spells: [] };
  const desk: Desk = { shift, status: "Available", since: from, active: 0, lastAssigned: from, due: [] };
  floor.desks.push(desk);
  for (const next of [...pauses, { status: "End of Shift" as const, at: to, length: 0 }]) {
    floor.agenda.add(next.at, () => {
      desk.due.push(next);
      pause(floor, desk, next.at);
    });
  }
  pull(floor, desk, from);
}

// Who is due a break takes no new chats, finishes those at hand, then goes.
function pause(floor: Floor, desk: Desk, now: number): void {
  const [next] = desk.due;
  if (!next || (desk.status !== "Available" && desk.status !== "Pre-Break" && desk.status !== "End of Shift"))
    return;
  if (desk.active > 0) {
    setStatus(desk, next.status === "End of Shift" ? next.status : "Pre-Break", now);
    return;
  }
  desk.due.shift();
  setStatus(desk, next.status, now);
  if (next.status === "End of Shift") {
    finishSpell(desk, now);
    desk.shift.to = now;
    floor.desks = floor.desks.filter((other) => other !== desk).concat(desk);
    return;
  }
  const back = now + next.length;
  floor.agenda.add(back, () => {
    setStatus(desk, "Available", back);
    if (desk.due.length > 0) pause(floor, desk, back);
    else pull(floor, desk, back);
  });
}

function setStatus(desk: Desk, status: Status, now: number): void {
  if (status === desk.status) return;
  finishSpell(desk, now);
  desk.status = status;
  desk.since = now;
}

function finishSpell(desk: Desk, now: number): void {
  if (now > desk.since) desk.shift.spells.push({ status: desk.status, from: desk.since, to: now });
}

/** Ends an issue in the books: the survey, and whether the customer is soon back with another question. */
function close(floor: Floor, issue: Issue, at: number, rep?: Rep): void {
  const { random } = floor;
  issue.survey = survey(random, issue);
  const soon = random.next();
  if (soon > 0.04) return;
  const again = at + Math.round((soon < 0.013 ? random.between(3, 20) : random.between(50, 300)) * minute);
  if (again >= floor.end) return;
  const intent = random.chance(0.7) ? issue.intent : pickIntent(floor.centre, random);
  const arrival = { at: again, customer: issue.customer, intent };
  const back = issue.ending === "timeout" ? rep : undefined;
  floor.agenda.add(again, () => begin(floor, arrival, back));
}

// About one disposition or abandon in twenty-five reaches the intraday tables late.
function lateness(random: Random): number {
  return random.chance(0.04) ? Math.round(random.between(36, 74) * minute) : 0;
}

function glances(seed: number, centre: Centre, today: BusinessDay): Glance[] {
  const random = seeded(seed, "glances", today.date);
  const list = Array.from({ length: random.poisson(110 * centre.scale) }, (_, i) => {
    const from = today.from + Math.floor(random.next() * (today.to - today.from - 10 * minute));
    const customer = today.number * 100_000 + 90_001 + i;
    return {
      customer,
      from,
      to: from + Math.round(random.between(2, 200) * 1000),
      events: 1 + random.int(3),
    };
  });
  return list.sort((a, b) => a.from - b.from);
}
