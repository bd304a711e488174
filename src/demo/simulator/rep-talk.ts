import type { Centre } from "./centre.ts";
import { message } from "./issue.ts";
import type { Assignment, Issue, Message, Time } from "./log.ts";
import { phrasesOf } from "./phrases.ts";
import type { Random } from "./random.ts";

/**
 * The conversation with a rep who holds `load` chats, this one included: adds its messages to the issue and ends the
 * assignment. A busier rep answers more slowly. Handle time runs from assignment to disposition.
 */
export function talkToRep(random: Random, issue: Issue, assignment: Assignment, load: number, centre: Centre): void {
  const { rep } = assignment;
  const phrases = phrasesOf(issue.intent);
  let at = assignment.at;
  const wait = (seconds: number) => {
    at += Math.max(400, Math.round(seconds * 1000));
  };
  const repSays = (text: string) => {
    const kind = random.weighted(kinds, (item) => item.weight).kind;
    issue.messages.push({ at, sender: "rep", rep, kind, text });
  };
  const { pace } = centre;
  const busy = (0.7 + 0.3 * load) * pace;

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
    wait(random.lognormal(24 * pace, 0.8));
    issue.messages.push(message(at, "customer", random.pick(phrases.customer)));
    wait(random.lognormal(22 * busy, 0.6));
    if (turn === transferAfter) {
      repSays(phrases.transferring);
      requestTransfer(random, issue, assignment, at + Math.round(random.between(2, 9) * 1000), centre);
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
  wait(random.lognormal(18 * pace, 0.7));
  issue.messages.push(message(at, "customer", random.pick(phrases.thanks)));
  if (random.chance(0.12)) assignment.customerLeftAt = at + Math.round(random.between(1, 9) * 1000);
  wait(random.lognormal(8, 0.5));
  repSays(random.pick(phrases.closing));
  wait(random.lognormal(32 * pace, 0.6));
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
  endAssignment(assignment, at, byCustomer ? "customer" : "rep", random.chance(0.84) ? "resolved" : "unresolved");
}

const kinds: { kind: Message["kind"]; weight: number }[] = [
  { kind: "autosuggest", weight: 35 },
  { kind: "autocomplete", weight: 22 },
  { kind: "freehand", weight: 33 },
  { kind: "script", weight: 10 },
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

const clickWeights: [clicks: number, weight: number][] = [
  [1, 8],
  [2, 1],
  [3, 1],
];

function requestTransfer(random: Random, issue: Issue, assignment: Assignment, at: Time, centre: Centre): void {
  const others = centre.queues.filter((queue) => queue !== assignment.queue);
  const to = assignment.queue === issue.intent.queue ? random.pick(others) : issue.intent.queue;
  const [clicks] = random.weighted(clickWeights, ([, weight]) => weight);
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
