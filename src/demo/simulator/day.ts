import { agenda } from "./agenda.ts";
import { type Arrival, arrivals, type BusinessDay, pickIntent } from "./arrivals.ts";
import { talkToBot } from "./bot-talk.ts";
import { type Centre, isOpen, type Queue, type Rep } from "./centre.ts";
import { logIn, pause } from "./desk.ts";
import { type Desk, type Floor, isFree, lateness } from "./floor.ts";
import { endByItself, message, newAssignment } from "./issue.ts";
import { enqueue, pull } from "./line.ts";
import type { Assignment, DayLog, Ending, Glance, Issue, Opportunity } from "./log.ts";
import { phrasesOf } from "./phrases.ts";
import { seeded } from "./random.ts";
import { talkToRep } from "./rep-talk.ts";
import { roster } from "./roster.ts";
import type { Scenario } from "./scenario.ts";
import { survey } from "./survey.ts";
import { localTime, minute } from "./zone.ts";

/**
 * One business day of the centre, from the first arrival to the last disposition. Days are independent: a later `now`
 * adds days and never changes earlier ones.
 */
export function simulateDay(seed: number, centre: Centre, today: BusinessDay, scenario?: Scenario): DayLog {
  const floor: Floor = {
    centre,
    random: seeded(seed, "day", today.date),
    agenda: agenda(),
    desks: [],
    lines: new Map(centre.queues.map((queue) => [queue, []])),
    issues: [],
    nextId: today.number * 100_000 + 1,
    end: today.to,
    answer: ({ issue, opportunity }, desk, at) => assign(floor, issue, opportunity, desk, at),
    giveUp: ({ issue, opportunity, visit }, at) => {
      const transfer = opportunity.from?.transfer;
      if (transfer) transfer.repliedAt = at;
      endByItself(issue, at, !visit.checkIn || visit.checkIn.accepted);
      close(floor, issue, at);
    },
  };
  for (const arrival of arrivals(seed, centre, today, scenario)) {
    floor.agenda.add(arrival.at, () => begin(floor, arrival));
  }
  for (const shift of roster(seed, centre, today, scenario)) {
    floor.agenda.add(shift.from, () => logIn(floor, shift));
  }
  for (let entry = floor.agenda.next(); entry; entry = floor.agenda.next()) entry.run();
  for (const issue of floor.issues) issue.messages.sort((a, b) => a.at - b.at);
  return {
    from: today.from,
    issues: floor.issues,
    shifts: floor.desks.map((desk) => desk.shift),
    glances: glances(seed, centre, today),
  };
}

function begin(floor: Floor, arrival: Arrival, previousRep?: Rep): void {
  const { issue, escalation } = talkToBot(floor.random, floor.centre, arrival, floor.nextId++);
  floor.issues.push(issue);
  if (!escalation) {
    close(floor, issue, issue.endedAt);
    return;
  }
  floor.agenda.add(escalation.at, () => {
    const kind = previousRep ? "reengagement" : "start";
    escalate(floor, issue, newOpportunity(escalation.at, issue.intent.queue, escalation.reason, kind), previousRep);
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

function escalate(floor: Floor, issue: Issue, opportunity: Opportunity, preferredRep?: Rep): void {
  const { at, queue, kind } = opportunity;
  const local = localTime(at, floor.centre.zone);
  issue.opportunities.push(opportunity);
  if (kind !== "transfer" && !isOpen(queue, local.weekday, local.minutes)) {
    opportunity.outsideHours = true;
    issue.messages.push(message(at + 900, "bot", phrasesOf(issue.intent).outside));
    endByItself(issue, at + 900 + Math.round(floor.random.between(0.1, 4) * minute), floor.random.chance(0.6));
    close(floor, issue, issue.endedAt);
    return;
  }
  const direct = floor.desks.find((desk) => desk.shift.rep === preferredRep && isFree(desk));
  if (direct) {
    direct.active++;
    floor.agenda.add(at + 600, () => assign(floor, issue, opportunity, direct, at + 600));
    return;
  }
  const entry = at + Math.round(floor.random.between(100, 500));
  floor.agenda.add(entry, () => enqueue(floor, issue, opportunity, entry));
}

function assign(floor: Floor, issue: Issue, opportunity: Opportunity, desk: Desk, at: number): void {
  const { rep } = desk.shift;
  const assignment = newAssignment(rep, opportunity.queue, at, lateness(floor.random));
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
      const free = direct && floor.desks.find((other) => isFree(other) && other.shift.rep.queues.includes(to));
      escalate(floor, issue, next, free ? free.shift.rep : undefined);
    });
  } else {
    issue.endedAt = now;
    issue.ending = endings[assignment.ending];
    issue.endedBy = assignment.endedBy === "batch" ? "autoend" : assignment.endedBy === "rep" ? "agent" : "customer";
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

/** Closes an issue: draws its survey, and whether the customer soon returns with another question. */
function close(floor: Floor, issue: Issue, at: number, rep?: Rep): void {
  const { random } = floor;
  issue.survey = survey(random, issue);
  const soon = random.next();
  if (soon > 0.04) return;
  const returnsAt = at + Math.round((soon < 0.013 ? random.between(3, 20) : random.between(50, 300)) * minute);
  if (returnsAt >= floor.end) return;
  const intent = random.chance(0.7) ? issue.intent : pickIntent(floor.centre, random);
  const arrival = { at: returnsAt, customer: issue.customer, intent };
  const back = issue.ending === "timeout" ? rep : undefined;
  floor.agenda.add(returnsAt, () => begin(floor, arrival, back));
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
