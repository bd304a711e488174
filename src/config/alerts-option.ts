// The option `alerts` of kit.yaml: how an alert and its condition are written.
import { hint } from "../base/suggest.ts";
import { fail, keyOffset, listOf, number, oneOf, type Reader, record, text, type Value } from "../base/yaml.ts";
import { minutes } from "../export/registry.ts";
import { type OpenHours, openHours } from "./option-values.ts";

/** What an alert watches for. Shares are 0 to 1. */
export type Condition =
  | { metric: "service_level"; kind: "under"; share: number | null } // null: the target of the service level
  | { metric: "service_level"; kind: "shortfall"; contacts: number }
  | { metric: "volume" | "handle_time"; kind: "unusual"; side: "outside" | "above" | "below" }
  | { metric: "net_staffing"; kind: "short"; reps: number; intervals: number } // net staffing < reps
  | { metric: "feed"; kind: "late"; minutes: number | null } // null: two cadences and sync.grace
  | { metric: "feed"; kind: "counts" | "unfit" };

/** Where a message goes. Addresses are secrets: kit.yaml names the variable that holds one. */
export type Channel = { kind: "slack" | "json"; variable: string } | { kind: "program"; command: string[] }; // and arguments; no shell

/** What an alert is about: one thing, or each of its kind by itself. */
export type AlertSubject =
  | { kind: "queue" | "group"; name: string } // group "All queues": every queue
  | { kind: "each"; of: "queue" | "group" }
  | { kind: "feeds"; names: string[] | null; each: boolean }; // null: every feed with data; together, or each by itself

export interface Alert {
  name: string;
  subject: AlertSubject;
  condition: Condition;
  conditionText: string; // as written
  over: number | "day"; // minutes up to the end of the newest complete window, or the day so far
  minContacts: number; // fewer in that time: no statement
  chats: number | null; // at once per rep, for net staffing; null: as measured
  hours: OpenHours[] | null; // null: the opening hours of the queue
  remindMinutes: number | null; // between reminders, at least; null: none
  tell: Channel[];
}

export const allQueuesName = "All queues";

const metricConditions: Record<Condition["metric"], readonly string[]> = {
  service_level: ["under target", "under 70%", "shortfall of 20"],
  volume: ["outside usual", "above usual", "below usual"],
  handle_time: ["outside usual", "above usual", "below usual"],
  net_staffing: ["under -3", "under -3 for 2 intervals"],
  feed: ["late", "late by 2h", "counts differ", "unfit values"],
};
const metricNames = Object.keys(metricConditions) as Condition["metric"][];

/** The condition that a text means for a metric. Throws an Error with the reason and the nearest form. */
export function parseCondition(metric: Condition["metric"], written: string): Condition {
  const words = written.trim().toLowerCase().split(/\s+/).join(" ");
  const forms = metricConditions[metric];
  const wrong = (reason: string) => new Error(`${reason}: ${written}`);
  const unknown = () => {
    const other = metricNames.find((name) => name !== metric && readCondition(name, words, wrong) !== null);
    const elsewhere = other === undefined ? hint(words, forms) : `a condition of metric ${other}; ${listed(forms)}`;
    return new Error(`unknown condition of ${metric} "${written}" (${elsewhere})`);
  };
  const condition = readCondition(metric, words, wrong);
  if (condition === null) throw unknown();
  return condition;
}

function readCondition(metric: Condition["metric"], words: string, wrong: (reason: string) => Error): Condition | null {
  const match = (pattern: RegExp) => pattern.exec(words)?.slice(1) ?? null;
  switch (metric) {
    case "service_level": {
      if (words === "under target") return { metric, kind: "under", share: null };
      const [share, percent] = match(/^under (\d+(?:\.\d+)?) ?(%?)$/) ?? [];
      if (share !== undefined) {
        const value = percent === "%" ? Number(share) / 100 : Number(share);
        if (value > 0 && value <= 1) return { metric, kind: "under", share: value };
        throw wrong(`not a share (written ${value > 1 && value <= 100 ? `under ${value}%` : "under 70%"})`);
      }
      const [contacts] = match(/^shortfall(?: of)?(?: at least)? (\d+)(?: contacts?)?$/) ?? [];
      if (contacts === undefined) return null;
      if (Number(contacts) > 0) return { metric, kind: "shortfall", contacts: Number(contacts) };
      throw wrong("a shortfall is of one contact at least");
    }
    case "volume":
    case "handle_time": {
      const [side] = match(/^(outside|above|below)(?: the)? usual$/) ?? [];
      return side === undefined ? null : { metric, kind: "unusual", side: side as "outside" | "above" | "below" };
    }
    case "net_staffing": {
      const [sign, reps, intervals = "1"] = match(/^under ([-−+]?)(\d+(?:\.\d+)?)(?: for (\d+) intervals?)?$/) ?? [];
      if (reps === undefined) return null;
      if (sign === "" && Number(reps) > 0)
        throw wrong(`net staffing is below zero where reps lack (written under -${reps})`);
      if (Number(intervals) < 1 || Number(intervals) > 16) throw wrong("1 to 16 intervals of a quarter-hour");
      const net = sign === "+" ? Number(reps) : 0 - Number(reps);
      return { metric, kind: "short", reps: net, intervals: Number(intervals) };
    }
    case "feed": {
      if (words === "late") return { metric, kind: "late", minutes: null };
      const [age] = match(/^late by (.+)$/) ?? [];
      if (age !== undefined) return { metric, kind: "late", minutes: minutes(age) };
      if (words === "counts differ") return { metric, kind: "counts" };
      return words === "unfit values" ? { metric, kind: "unfit" } : null;
    }
  }
}

const duration = text("a duration such as 15m, 2h or 1d", minutes);
const overChoices = [15, 30, 60, 120, 240];

function over(written: string): number | "day" {
  if (written === "day") return written;
  const length = minutes(written);
  if (overChoices.includes(length)) return length;
  throw new Error(`invalid time: ${written} (one of 15m, 30m, 1h, 2h, 4h, day)`);
}

function environmentVariable(written: string): string {
  if (/^[A-Za-z_]\w*$/.test(written)) return written;
  if (/^https?:/i.test(written))
    throw new Error(
      "the address of a webhook is a secret: name the environment variable that holds it, such as SLACK_WEBHOOK",
    );
  throw new Error(`invalid variable: ${written} (the name of an environment variable such as SLACK_WEBHOOK)`);
}

const channelShape = {
  slack: text("the environment variable with the address", environmentVariable),
  json: text("the environment variable with the address", environmentVariable),
  program: listOf(text("a program or argument")),
};

function channel(value: Value): Channel | undefined {
  const read = record(channelShape)(value);
  if (read === undefined) return undefined;
  const names = Object.keys(read);
  if (names.length !== 1) return fail(value, "a receiver is one of slack, json and program");
  if (read.slack !== undefined) return { kind: "slack", variable: read.slack };
  if (read.json !== undefined) return { kind: "json", variable: read.json };
  if (read.program === undefined) return undefined;
  return read.program.length > 0
    ? { kind: "program", command: read.program }
    : fail(value, "program must be a list of the program and its arguments");
}
channel.options = Object.keys(channelShape);

const shape = {
  name: text("a name"),
  metric: oneOf(...metricNames),
  condition: text("a condition such as under target"),
  queue: text("a queue"),
  group: text("a group of site.queue_groups"),
  each: oneOf("queue", "group", "feed"),
  feeds: listOf(text("a feed"), true),
  over: text("a time such as 1h, or day", over),
  min_contacts: number("a whole number from 1", 1, 1_000_000, true),
  chats: number("a number from 1 to 20", 1, 20),
  hours: openHours as Reader<OpenHours[]>,
  remind: duration,
  tell: listOf(channel as Reader<Channel>),
};

/** An alert as written, and how to report what only other options show to be wrong. */
export interface WrittenAlert extends Omit<Alert, "minContacts"> {
  minContacts: number | null;
  problem(option: keyof typeof shape, message: string): void;
}

const ofQueues = ["queue", "group", "over", "min_contacts", "hours"] as const;

function alert(value: Value): WrittenAlert | undefined {
  const { file } = value;
  const former = file.problems.length;
  const read = record(shape)(value);
  if (read === undefined) return undefined;
  const problem = (option: string, message: string) => file.report(keyOffset(value, option), message);
  const { name, metric, condition: written } = read;
  const lacking = (["name", "metric", "condition"] as const).filter((option) => read[option] === undefined);
  if (file.problems.length > former) return undefined;
  if (name === undefined || metric === undefined || written === undefined)
    return fail(value, `an alert needs ${lacking.join(" and ")}${name === undefined ? "" : `: ${name}`}`);
  let condition: Condition | null = null;
  try {
    condition = parseCondition(metric, written);
  } catch (error) {
    problem("condition", (error as Error).message);
  }
  const subjects = (["queue", "group", "each"] as const).filter((option) => read[option] !== undefined);
  const [first, second] = subjects;
  if (first !== undefined && second !== undefined) problem(second, `${first} and ${second} exclude each other`);
  if (metric === "feed") {
    for (const option of ofQueues) if (read[option] !== undefined) problem(option, `${option} is not for metric feed`);
    if (read.each !== undefined && read.each !== "feed") problem("each", "each is feed for metric feed");
  } else {
    if (read.feeds !== undefined) problem("feeds", `feeds are for metric feed, not ${metric}`);
    if (read.each === "feed") problem("each", `each is queue or group for metric ${metric}`);
  }
  if (metric === "net_staffing") {
    if (read.over !== undefined)
      problem("over", "net_staffing is of quarter-hours: `under -3 for 4 intervals` is an hour");
    if (read.min_contacts !== undefined) problem("min_contacts", "min_contacts is not for metric net_staffing");
  } else if (read.chats !== undefined) problem("chats", `chats is for metric net_staffing, not ${metric}`);
  if (read.remind !== undefined && read.remind < 1) problem("remind", "remind must be a minute at least");
  if (condition === null || file.problems.length > former) return undefined;
  return {
    name,
    subject: subjectOf(metric, read),
    condition,
    conditionText: written,
    over: read.over ?? 60,
    minContacts: read.min_contacts ?? null,
    chats: read.chats ?? null,
    hours: read.hours ?? null,
    remindMinutes: read.remind ?? null,
    tell: read.tell ?? [],
    problem,
  };
}
alert.options = record(shape).options ?? [];

function subjectOf(
  metric: Condition["metric"],
  {
    queue,
    group,
    each,
    feeds,
  }: { queue?: string; group?: string; each?: "queue" | "group" | "feed"; feeds?: string[] },
): AlertSubject {
  if (metric === "feed") return { kind: "feeds", names: feeds ?? null, each: each === "feed" };
  if (each === "queue" || each === "group") return { kind: "each", of: each };
  if (queue !== undefined) return { kind: "queue", name: queue };
  return { kind: "group", name: group ?? allQueuesName };
}

/** Reads `alerts`: a list. */
export function alertsOption(): Reader<WrittenAlert[]> {
  return listOf(alert as Reader<WrittenAlert>);
}

/** Reports what is wrong with alerts only beside other options. */
export function checkAlerts(
  alerts: readonly WrittenAlert[],
  { groups, feeds, leastContacts }: { groups: readonly string[]; feeds: readonly string[]; leastContacts: number },
): void {
  const names = new Set<string>();
  for (const { name, subject, minContacts, problem } of alerts) {
    if (names.has(name)) problem("name", `two alerts are called ${name}`);
    names.add(name);
    if (subject.kind === "group" && subject.name !== allQueuesName && !groups.includes(subject.name))
      problem("group", `unknown group "${subject.name}" (${hint(subject.name, [allQueuesName, ...groups])})`);
    if (subject.kind === "each" && subject.of === "group" && groups.length === 0)
      problem("each", "there is no group: site.queue_groups names none");
    if (subject.kind === "feeds")
      for (const feed of subject.names ?? [])
        if (!feeds.includes(feed)) problem("feeds", `unknown feed "${feed}" (${hint(feed, feeds)})`);
    if (minContacts !== null && minContacts < leastContacts)
      problem(
        "min_contacts",
        `min_contacts is at least site.privacy.min_contacts, ${leastContacts}: no figure of fewer contacts leaves`,
      );
  }
}

function listed(forms: readonly string[]): string {
  return `here one of ${forms.join(", ")}`;
}
