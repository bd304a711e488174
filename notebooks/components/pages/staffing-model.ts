import { isolated } from "../metrics/bidi.js";
import { type ErlangC, erlangC, type RequiredAgents, requiredAgents } from "../metrics/erlang.js";
import { type ErlangA, erlangA, requiredAgentsA } from "../metrics/erlang-a.js";
import { clock, count, decimal, percent, plural } from "../metrics/format.js";
import { effectiveAht, grossUp, wholeAgents, workload } from "../metrics/staffing.js";
import type { QueueLoad } from "./queue-load.js";

/** The inputs of the Staffing page. Shares are 0..1; null: not given. */
export interface StaffingInputs {
  contacts: number | null; // per interval
  minutes: number; // length of the interval
  aht: number | null; // seconds
  concurrency: number | null; // concurrent chats
  target: number | null;
  seconds: number | null;
  patience: number | null; // mean seconds; null: no abandonment, no Erlang A
  shrinkage: number | null;
  cap: number | null; // highest occupancy
  reps: number | null; // on the queue; null: as many as needed
}

export interface StaffingPoint {
  reps: number;
  c: ErlangC;
  a: ErlangA | null;
}

export interface WhatIf {
  inputs: StaffingInputs;
  work: number | null; // reps kept busy without a pause, after concurrency
  effectiveAht: number | null;
  c: RequiredAgents | null;
  a: RequiredAgents | null;
  workOnly: { agents: number; scheduled: number } | null; // by workload and occupancy cap alone
  chosen: StaffingPoint | null; // the reps given, else the larger requirement of the models
  overloaded: boolean; // demand exceeds the chosen staff
  points: StaffingPoint[]; // by reps, ascending
  problems: string[]; // invalid or missing inputs
}

/** Both models for one interval. Never throws: unknown figures are null, with the reason in `problems`. */
export function whatIf(inputs: StaffingInputs): WhatIf {
  const { contacts, minutes, aht, concurrency, target, seconds, patience, shrinkage, cap, reps } = inputs;
  const each = effectiveAht(aht, concurrency);
  const queue = { contacts, ahtSeconds: each, intervalSeconds: minutes * 60, targetSeconds: seconds };
  const demand = { ...queue, serviceLevelTarget: target, maxOccupancy: cap, shrinkage };
  const problems = problemsOf(inputs);
  const work = problems.length ? null : workload(queue);
  if (work === null)
    return {
      inputs,
      work,
      effectiveAht: each,
      c: null,
      a: null,
      workOnly: null,
      chosen: null,
      overloaded: false,
      points: [],
      problems,
    };
  const c = requiredAgents(demand);
  const a = patience ? requiredAgentsA({ ...demand, meanPatienceSeconds: patience }) : null;
  const net = wholeAgents(work / (cap ?? 1)) ?? 0;
  const scheduled = wholeAgents(grossUp(net, shrinkage));
  const at = (count: number): StaffingPoint => ({
    reps: count,
    c: erlangC({ ...queue, agents: count }),
    a: patience ? erlangA({ ...queue, agents: count, meanPatienceSeconds: patience }) : null,
  });
  const most = Math.max(c?.agents ?? 0, a?.agents ?? 0);
  const chosen = reps ?? most;
  return {
    inputs,
    work,
    effectiveAht: each,
    c,
    a,
    workOnly: scheduled === null ? null : { agents: net, scheduled },
    chosen: chosen > 0 ? at(chosen) : null,
    overloaded: chosen > 0 && chosen <= work,
    points: staffRange(work, most, reps).map(at),
    problems,
  };
}

/** Numbers of reps to draw, ascending, at most 60 steps: from well under the load to well over the requirement. */
export function staffRange(work: number, most: number, reps: number | null): number[] {
  if (work <= 0) return [];
  const from = Math.max(1, Math.min(Math.floor(work * 0.6), reps ?? Number.POSITIVE_INFINITY));
  const to = Math.min(100_000, Math.max(from + 6, Math.ceil(most * 1.25) + 2, (reps ?? 0) + 1));
  const step = Math.max(1, Math.ceil((to - from) / 60));
  const range: number[] = [];
  for (let n = from; n <= to; n += step) range.push(n);
  return range;
}

/** The result in words, for planners. */
export function staffingSentence(result: WhatIf, queue: string): { title: string; lead: string } {
  const { inputs, c, a, chosen, work, problems } = result;
  if (problems.length) return { title: "Not enough to compute with", lead: `Give ${problems.join(", ")}.` };
  if (inputs.contacts === 0)
    return {
      title: `${isolated(queue)}: no contacts need no reps`,
      lead: "Enter a number of contacts above zero.",
    };
  const goal = `${percent(inputs.target, 0)} within ${inputs.seconds} s`;
  const least = a ?? c;
  if (!least) return { title: `No number of reps reaches ${goal}`, lead: "Both models stop at 100,000 reps." };
  const range =
    a && c && a.agents !== c.agents
      ? `${count(Math.min(a.agents, c.agents))} to ${count(Math.max(a.agents, c.agents))} reps`
      : plural(least.agents, "rep");
  const scheduled = [a?.scheduled, c?.scheduled].filter((n) => n !== undefined);
  const [low, high] = [Math.min(...scheduled), Math.max(...scheduled)];
  const lead = [
    `${decimal(inputs.contacts, (inputs.contacts ?? 0) % 1 ? 1 : 0)} contacts in ${inputs.minutes} minutes at ${clock(inputs.aht)} each and ${decimal(inputs.concurrency)} concurrent chats keep ${decimal(work)} reps busy without a pause.`,
    `With ${percent(inputs.shrinkage, 0)} shrinkage that is ${low === high ? count(low) : `${count(low)} to ${count(high)}`} scheduled.`,
    inputs.reps !== null && chosen && !result.overloaded ? chosenSentence(result) : null,
  ];
  return {
    title: `${isolated(queue)}: ${range} on the queue to answer ${goal}`,
    lead: lead.filter(Boolean).join(" "),
  };
}

/** The result for the chosen number of reps. */
export function chosenSentence({ chosen, overloaded, work }: WhatIf): string {
  if (!chosen) return "";
  const reps = plural(chosen.reps, "rep");
  if (overloaded) {
    const abandonment = chosen.a
      ? ` By Erlang A ${percent(chosen.a.pAbandon, 0)} would abandon and ${percent(chosen.a.answeredWithinTargetOfOffered, 0)} be answered in time.`
      : "";
    return `Demand exceeds staff: ${decimal(work)} reps' work for ${reps}. By Erlang C the queue grows without bound, so there is no finite wait.${abandonment}`;
  }
  const a = chosen.a ? ` and ${percent(chosen.a.answeredWithinTargetOfOffered, 0)} by Erlang A` : "";
  return `${reps} would answer ${percent(chosen.c.serviceLevel, 0)} in time by Erlang C${a}.`;
}

/** A prefilled value and its source. */
export interface Prefill {
  value: number | null;
  source: string;
}

export type StaffingField = Exclude<keyof StaffingInputs, "minutes">;

/** The queue's own figures, and defaults for what no export has. */
export function prefill(
  load: QueueLoad | undefined,
  all: QueueLoad | undefined,
  site: { target: number; seconds: number; min_contacts: number; min_reps: number },
  minutes: number,
): Record<StaffingField, Prefill> {
  const own = (name: "handle_mean" | "concurrency" | "patience", held: string): Prefill => {
    const value = load?.[name] ?? null;
    if (value !== null) return { value, source: "own, last 4 weeks" };
    const other = all?.[name] ?? null;
    return other === null ? { value: null, source: held } : { value: other, source: `all queues: ${held}` };
  };
  const few = `fewer than ${site.min_reps} reps or ${site.min_contacts} contacts`;
  return {
    contacts: load
      ? {
          value: round((load.busiest * minutes) / 30, 1),
          source: `own, busiest half-hour (${load.busiest_slot}), mean of ${load.days} days`,
        }
      : { value: null, source: "no history" },
    aht: rounded(own("handle_mean", few), 0),
    concurrency: rounded(own("concurrency", "no rep_utilized, or few reps"), 2),
    target: { value: site.target, source: "the site's target" },
    seconds: { value: site.seconds, source: "the site's threshold" },
    patience: rounded(own("patience", `fewer than ${site.min_contacts} abandons`), 0),
    shrinkage: { value: 0.3, source: "assumed: not in the exports" },
    cap: { value: 0.85, source: "assumed: not in the exports" },
    reps: { value: null, source: "as many as needed" },
  };
}

/** Assumptions that every reader of a staffing figure must know. */
export const assumptions: readonly string[] = [
  "Contacts arrive at random, at a constant rate throughout the interval, and handle times are exponentially distributed.",
  "One queue, one skill: every rep takes every contact of this queue, and no others. Reps who serve several queues violate this, so the true requirement differs.",
  "Chat: a contact takes the mean handle time divided by the number of concurrent chats. Handle time grows with concurrency, which is ignored here.",
  "Erlang C: nobody ever abandons. It overstates the requirement where customers do.",
  "Erlang A: every customer is equally likely to abandon in each second of waiting; mean patience = total waiting time / abandons. An abandoned contact counts as not answered in time.",
  "Each interval is independent: no backlog from the one before.",
  "Shrinkage and the occupancy cap are not in the exports: set your own.",
];

function problemsOf({ contacts, aht, concurrency, target, seconds, cap, shrinkage }: StaffingInputs): string[] {
  return [
    contacts === null ? "the contacts of an interval" : null,
    aht === null || aht <= 0 ? "a handle time" : null,
    concurrency === null || concurrency < 1 ? "at least 1 concurrent chat" : null,
    target === null || target <= 0 || target >= 1 ? "a target above 0 and under 100%" : null,
    seconds === null ? "the seconds of the target" : null,
    cap === null || cap <= 0 || cap > 1 ? "an occupancy cap above 0 and up to 100%" : null,
    shrinkage === null || shrinkage >= 1 ? "a shrinkage under 100%" : null,
  ].filter((problem) => problem !== null);
}

function rounded({ value, source }: Prefill, digits: number): Prefill {
  return { value: value === null ? null : round(value, digits), source };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
