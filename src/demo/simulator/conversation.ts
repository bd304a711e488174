import type { Arrival } from "./arrivals.ts";
import type { Centre } from "./centre.ts";
import type { Assignment, FlowStep, Issue, Message, Opportunity, Survey, Time } from "./log.ts";
import { phrases } from "./phrases.ts";
import type { Random } from "./random.ts";
import { minute } from "./zone.ts";

const second = 1000;

/** What the bot made of an arrival: an ended issue, or one that goes on to look for a rep. */
export interface BotPart {
  issue: Issue;
  escalation: { at: Time; reason: Opportunity["reason"] } | null;
}

/** The conversation with the bot, complete. Its times are later than the arrival and in order. */
export function talkToBot(random: Random, centre: Centre, arrival: Arrival, id: number): BotPart {
  const { intent } = arrival;
  const issue = newIssue(random, centre, arrival, id);
  let at = arrival.at + Math.round(random.between(0.2, 0.9) * second);
  const customer = (text: string) => issue.messages.push(message(at, "customer", text));
  const bot = (flow: string, type: FlowStep["type"], name: string, text: string) => {
    at += Math.round(random.between(0.6, 1.8) * second);
    issue.messages.push(message(at, "bot", text));
    issue.steps.push({ at, flow, type, event: "MESSAGE_DISPLAYED", name });
  };
  const think = (median: number) => {
    at += Math.round(Math.min(random.lognormal(median, 0.7), 8 * 60) * second);
  };

  customer(random.pick(phrases.first[intent.parent]!));
  bot("FirstChatMessage", "FLOW_TYPE_UTILITY", "FirstChatMessage", phrases.bot[0]!);
  if (random.chance(0.18)) {
    issue.disambiguations = 1 + random.int(2);
    issue.alternative = random.pick(centre.intents.filter((other) => other !== intent));
    bot("DisambiguationFlow", "FLOW_TYPE_UTILITY", "chooseIntent", phrases.disambiguate);
    think(8);
    customer(intent.name);
  }
  const nodes = random.weighted([1, 2, 3], (count) => [0, 5, 3, 1][count]!);
  for (let node = 1; node <= nodes; node++) {
    bot(intent.flow, "FLOW_TYPE_BUSINESS", `${intent.flow}Node${node}`, phrases.bot[Math.min(node, 2)]!);
    think(13);
    if (node < nodes || random.chance(0.6)) customer(random.pick(phrases.customer));
  }

  const contained = random.chance(intent.contained);
  const succeeded = random.chance(contained ? 0.72 : 0.12);
  if (succeeded) {
    at += Math.round(random.between(1, 6) * second);
    issue.steps.push({
      at,
      flow: intent.flow,
      type: "FLOW_TYPE_BUSINESS",
      event: "LINK_RESOLVED",
      name: `${intent.flow}Success`,
    });
    issue.success = { at, rule: random.chance(0.6) ? "LINK_RESOLVED" : "TOOLING_SUCCESS" };
    if (!contained || random.chance(0.06)) {
      think(20);
      issue.negation = { at, rule: contained ? "NEG_QUESTION_NOT_ANSWERED" : "TOOLING_NEGATION" };
    }
  }
  if (!contained) {
    const reason = random.weighted(reasons, (item) => item.weight).reason;
    if (reason === "by_request") {
      think(6);
      customer(random.pick(phrases.askForRep));
    }
    return { issue, escalation: { at: at + Math.round(random.between(0.4, 1.5) * second), reason } };
  }
  if (random.chance(0.35)) {
    think(9);
    customer(random.pick(phrases.thanks));
  }
  const leaves = random.chance(0.4);
  endByItself(issue, leaves ? at + Math.round(random.between(2, 40) * second) : at + 10 * minute, leaves);
  return { issue, escalation: null };
}

const reasons: { reason: Opportunity["reason"]; weight: number }[] = [
  { reason: "by_request", weight: 45 },
  { reason: "by_design", weight: 30 },
  { reason: "by_end_srs", weight: 15 },
  { reason: "by_api_error", weight: 5 },
  { reason: "by_other", weight: 5 },
];

/** Ends an issue that no rep ended: by the customer, or automatically. */
export function endByItself(issue: Issue, at: Time, byCustomer: boolean): void {
  issue.endedAt = at;
  issue.endedBy = byCustomer ? "customer" : "autoend";
  issue.ending = byCustomer ? "other" : "auto";
}

/**
 * The conversation with a rep who holds `load` chats, this one included: adds its messages to the issue and ends the
 * assignment. A busier rep answers more slowly. Handle time runs from assignment to disposition.
 */
export function talkToRep(
  random: Random,
  issue: Issue,
  assignment: Assignment,
  load: number,
  centre: Centre,
): void {
  const { rep } = assignment;
  let at = assignment.at;
  const wait = (seconds: number) => {
    at += Math.max(400, Math.round(seconds * second));
  };
  const repSays = (text: string) => {
    const kind = random.weighted(kinds, (item) => item.weight).kind;
    issue.messages.push({ at, sender: "rep", rep, kind, text });
  };
  const busy = 0.7 + 0.3 * load;

  wait(random.lognormal(17 * busy, 0.6));
  assignment.firstResponseAt = at;
  repSays(random.pick(phrases.greeting));
  if (random.chance(0.04)) {
    assignment.ghost = true;
    wait(random.between(60, 100));
    repSays(phrases.stillThere);
    wait(random.between(110, 180));
    endAssignment(assignment, at, "batch", "timedout");
    return;
  }
  const turns = 1 + random.poisson(0.75 * issue.intent.turns);
  const transferAfter = random.chance(0.07) ? 1 + random.int(turns) : null;
  const stopsAfter = random.chance(0.09) ? random.int(turns) : null;
  for (let turn = 0; turn < turns; turn++) {
    if (turn === stopsAfter) {
      wait(random.between(110, 150));
      repSays(phrases.stillThere);
      wait(random.between(100, 160));
      endAssignment(assignment, at, "batch", "timedout");
      return;
    }
    wait(random.lognormal(24, 0.8));
    issue.messages.push(message(at, "customer", random.pick(phrases.customer)));
    wait(random.lognormal(22 * busy, 0.6));
    if (turn === transferAfter) {
      repSays(phrases.transferring);
      requestTransfer(random, issue, assignment, at + Math.round(random.between(2, 9) * second), centre);
      return;
    }
    repSays(random.pick(phrases.rep));
    if (random.chance(0.2)) {
      wait(random.lognormal(9, 0.5));
      repSays(random.pick(phrases.rep));
    }
  }
  if (random.chance(0.012)) {
    wait(4);
    issue.messages.push({ at, sender: "rep_whisper", rep, kind: null, text: phrases.whisper });
  }
  wait(random.lognormal(18, 0.7));
  issue.messages.push(message(at, "customer", random.pick(phrases.thanks)));
  if (random.chance(0.12)) assignment.customerLeftAt = at + Math.round(random.between(1, 9) * second);
  wait(random.lognormal(8, 0.5));
  repSays(random.pick(phrases.closing));
  wait(random.lognormal(32, 0.6));
  if (random.chance(0.15)) {
    issue.messages.push({
      at: at - 300,
      sender: "rep_note",
      rep,
      kind: null,
      text: random.pick(phrases.note),
    });
  }
  const byCustomer = assignment.customerLeftAt !== null && random.chance(0.5);
  endAssignment(
    assignment,
    at,
    byCustomer ? "customer" : "rep",
    random.chance(0.84) ? "resolved" : "unresolved",
  );
}

const kinds: { kind: Message["kind"]; weight: number }[] = [
  { kind: "autosuggest", weight: 35 },
  { kind: "autocomplete", weight: 22 },
  { kind: "freehand", weight: 33 },
  { kind: "script", weight: 10 },
];

/** Whether a survey came back, and what it said. Long waits and unsolved questions cost stars. */
export function survey(random: Random, issue: Issue): Survey | null {
  const assigned = issue.opportunities.some((opportunity) => opportunity.assignment);
  if (issue.ending === "timeout" || !random.chance(assigned ? 0.27 : 0.07)) return null;
  const waited = issue.opportunities.reduce(
    (sum, { visit }) => sum + (visit ? visit.exitedAt - visit.enteredAt : 0),
    0,
  );
  let mood = 4.5 - waited / (4 * minute) + random.between(-1.6, 0.9);
  if (issue.ending === "unresolved" || issue.negation) mood -= 1.4;
  const rating = Math.max(1, Math.min(5, Math.round(mood)));
  return {
    at: issue.endedAt + Math.round(random.lognormal(35, 0.9) * second),
    rating,
    effort: random.chance(0.6)
      ? Math.max(1, Math.min(7, Math.round(rating * 1.4 + random.between(-1, 1))))
      : null,
    solved: random.chance(0.5) ? issue.ending === "resolved" || rating >= 4 : null,
    comment: random.chance(0.2) ? random.pick(phrases.comment) : null,
  };
}

export function message(at: Time, sender: "customer" | "bot", text: string): Message {
  return { at, sender, rep: null, kind: null, text };
}

function newIssue(random: Random, centre: Centre, arrival: Arrival, id: number): Issue {
  const platform = random.weighted(platforms, (item) => item.weight);
  return {
    id,
    customer: arrival.customer,
    session: uuid(random),
    createdAt: arrival.at,
    platform: platform.name,
    device: random.chance(0.04)
      ? "tablet"
      : platform.name === "web" && random.chance(0.55)
        ? "desktop"
        : "mobile",
    authenticated: random.chance(0.68),
    subdivision: random.chance(0.8) ? "north" : "south",
    intent: arrival.intent,
    alternative: random.chance(0.3) ? random.pick(centre.intents) : null,
    disambiguations: 0,
    messages: [],
    steps: [],
    success: null,
    negation: null,
    opportunities: [],
    endedAt: arrival.at,
    ending: "auto",
    endedBy: "autoend",
    survey: null,
  };
}

const platforms: { name: Issue["platform"]; weight: number }[] = [
  { name: "web", weight: 52 },
  { name: "ios", weight: 22 },
  { name: "android", weight: 18 },
  { name: "applebiz", weight: 8 },
];

function endAssignment(
  assignment: Assignment,
  at: Time,
  by: Assignment["endedBy"],
  ending: Assignment["ending"],
): void {
  assignment.endedAt = at;
  assignment.endedBy = by;
  assignment.ending = ending;
}

function requestTransfer(
  random: Random,
  issue: Issue,
  assignment: Assignment,
  at: Time,
  centre: Centre,
): void {
  const others = centre.queues.filter((queue) => queue !== assignment.queue);
  const to = assignment.queue === issue.intent.queue ? random.pick(others) : issue.intent.queue;
  const clicks = random.weighted([1, 2, 3], (n) => [0, 8, 1, 1][n]!);
  const auto = random.chance(0.1);
  const direct = random.chance(0.2);
  assignment.transfer = {
    requestedAt: at,
    to,
    direct,
    auto,
    clicks,
    accepted: false,
    repliedAt: at,
    receiver: null,
  };
  endAssignment(assignment, at, "rep", "transferred");
}

function uuid(random: Random): string {
  const hex = Array.from({ length: 4 }, () =>
    Math.floor(random.next() * 0x100000000)
      .toString(16)
      .padStart(8, "0"),
  ).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
