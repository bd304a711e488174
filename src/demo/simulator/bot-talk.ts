import { own } from "../../base/names.ts";
import type { Arrival } from "./arrivals.ts";
import type { Centre } from "./centre.ts";
import { endByItself, message, newIssue } from "./issue.ts";
import type { FlowStep, Issue, Opportunity, Time } from "./log.ts";
import { phrasesOf } from "./phrases.ts";
import type { Random } from "./random.ts";
import { minute } from "./zone.ts";

const second = 1000;

/** The result of the bot's part: an ended issue, or one that escalates to a rep. */
export interface BotPart {
  issue: Issue;
  escalation: { at: Time; reason: Opportunity["reason"] } | null;
}

/** The conversation with the bot, complete. Its times are later than the arrival and in order. */
export function talkToBot(random: Random, centre: Centre, arrival: Arrival, id: number): BotPart {
  const { intent } = arrival;
  const phrases = phrasesOf(intent);
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

  const [greeting = "", finding = "", following = ""] = phrases.bot;

  customer(random.pick(own(phrases.first, intent.parent) ?? []));
  bot("FirstChatMessage", "FLOW_TYPE_UTILITY", "FirstChatMessage", greeting);
  if (random.chance(0.18)) {
    issue.disambiguations = 1 + random.int(2);
    issue.alternative = random.pick(centre.intents.filter((other) => other !== intent));
    bot("DisambiguationFlow", "FLOW_TYPE_UTILITY", "chooseIntent", phrases.disambiguate);
    think(8);
    customer(intent.name);
  }
  const [nodes] = random.weighted(nodeWeights, ([, weight]) => weight);
  for (let node = 1; node <= nodes; node++) {
    bot(intent.flow, "FLOW_TYPE_BUSINESS", `${intent.flow}Node${node}`, node === 1 ? finding : following);
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

const nodeWeights: [nodes: number, weight: number][] = [
  [1, 5],
  [2, 3],
  [3, 1],
];

const reasons: { reason: Opportunity["reason"]; weight: number }[] = [
  { reason: "by_request", weight: 45 },
  { reason: "by_design", weight: 30 },
  { reason: "by_end_srs", weight: 15 },
  { reason: "by_api_error", weight: 5 },
  { reason: "by_other", weight: 5 },
];
