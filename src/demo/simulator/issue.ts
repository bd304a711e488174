import type { Arrival } from "./arrivals.ts";
import type { Centre, Queue, Rep } from "./centre.ts";
import type { Assignment, Issue, Message, Time } from "./log.ts";
import type { Random } from "./random.ts";

/** A conversation at its creation, before the first message. */
export function newIssue(random: Random, centre: Centre, arrival: Arrival, id: number): Issue {
  const platform = random.weighted(platforms, (item) => item.weight);
  return {
    id,
    customer: arrival.customer,
    session: uuid(random),
    createdAt: arrival.at,
    platform: platform.name,
    device: random.chance(0.04) ? "tablet" : platform.name === "web" && random.chance(0.55) ? "desktop" : "mobile",
    authenticated: random.chance(0.68),
    subdivision: random.chance(0.8) ? "north" : "south",
    intent: arrival.intent,
    alternative: random.chance(0.3) ? random.pick(centre.intents.filter((other) => other !== arrival.intent)) : null,
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

/** An assignment as it begins, before rep and customer talk. `late`: see `lateness`. */
export function newAssignment(rep: Rep, queue: Queue, at: Time, late: number): Assignment {
  return {
    rep,
    queue,
    at,
    endedAt: at,
    endedBy: "rep",
    ending: "resolved",
    customerLeftAt: null,
    firstResponseAt: null,
    ghost: false,
    transfer: null,
    late,
  };
}

const platforms: { name: Issue["platform"]; weight: number }[] = [
  { name: "web", weight: 52 },
  { name: "ios", weight: 22 },
  { name: "android", weight: 18 },
  { name: "applebiz", weight: 8 },
];

/** Ends an issue that no rep ended: by the customer, or automatically. */
export function endByItself(issue: Issue, at: Time, byCustomer: boolean): void {
  issue.endedAt = at;
  issue.endedBy = byCustomer ? "customer" : "autoend";
  issue.ending = byCustomer ? "other" : "auto";
}

export function message(at: Time, sender: "customer" | "bot", text: string): Message {
  return { at, sender, rep: null, kind: null, text };
}

function uuid(random: Random): string {
  const hex = Array.from({ length: 4 }, () =>
    Math.floor(random.next() * 0x100000000)
      .toString(16)
      .padStart(8, "0"),
  ).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
