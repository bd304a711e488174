import { finite, type Maybe, quantity } from "./ratio.js";
import { grossUp, type Load, wholeAgents, workload } from "./staffing.js";

// Every staffing figure is indicative: reps who serve several queues violate the assumption of one queue and one skill.
// For chat, `ahtSeconds` is the effective AHT (see `effectiveAht`).

/** A larger model would take seconds to compute; no real queue comes close. */
export const limits = { agents: 100_000, erlangs: 90_000 };

export interface Queue extends Load {
  agents: Maybe; // on the queue, whole
  targetSeconds: Maybe; // threshold of the service level
}

/**
 * "stable"; "overloaded": demand exceeds staff, waits grow without bound; "empty": neither load nor agents;
 * "invalid": an input is missing, negative, fractional where it must be whole, or beyond the limits.
 */
export type QueueState = "stable" | "overloaded" | "empty" | "invalid";

export interface ErlangC {
  state: QueueState;
  stable: boolean;
  trafficErlangs: number | null;
  pWait: number | null; // share that waits at all
  serviceLevel: number | null; // share answered within the target
  asaSeconds: number | null; // null when overloaded
  immediateAnswer: number | null;
  occupancy: number | null;
}

/** Erlang B: the share of contacts that find all agents busy if nobody waits. By recursion, exact at any size. */
export function erlangB(erlangs: Maybe, agents: Maybe): number | null {
  const [load, staff] = [quantity(erlangs), wholeCount(agents)];
  if (load === null || staff === null || load > limits.erlangs) return null;
  return blocked(load, staff);
}

/**
 * Erlang C (M/M/n, everybody waits): B by recursion, pWait = nB / (n - A(1 - B)),
 * SL = 1 - pWait exp(-(n - A) T / AHT), ASA = pWait AHT / (n - A). With n <= A it is overloaded: everybody waits, nobody
 * is served in time, and the ASA is null. It assumes no abandonment and so overstates waits; see `erlangA`.
 */
export function erlangC(queue: Queue): ErlangC {
  const { load, agents, aht, target } = read(queue);
  if (load === null || agents === null || aht === null || target === null) return answer("invalid", load);
  if (load === 0) {
    if (agents === 0) return answer("empty", 0);
    return answer("stable", 0, {
      pWait: 0,
      serviceLevel: 1,
      asaSeconds: 0,
      immediateAnswer: 1,
      occupancy: 0,
    });
  }
  if (agents <= load) {
    const occupancy = agents === 0 ? null : 1;
    return answer("overloaded", load, { pWait: 1, serviceLevel: 0, immediateAnswer: 0, occupancy });
  }
  const pWait = waiting(blocked(load, agents), load, agents);
  return answer("stable", load, {
    pWait,
    serviceLevel: within(pWait, load, agents, target, aht),
    asaSeconds: finite((pWait * aht) / (agents - load)),
    immediateAnswer: 1 - pWait,
    occupancy: load / agents,
  });
}

export interface Demand extends Load {
  targetSeconds: Maybe;
  serviceLevelTarget: Maybe; // 0..1; 1 is out of reach
  maxOccupancy?: Maybe; // 0..1, default 1: no cap
  shrinkage?: Maybe; // 0..1, default 0
}

export interface RequiredAgents {
  agents: number; // on the queue
  scheduled: number; // grossed up for shrinkage, whole
  binds: "service level" | "occupancy" | "nothing"; // the binding constraint; "nothing": no contacts
}

/** The smallest number of agents whose Erlang C service level reaches the target with occupancy at or under the cap. */
export function requiredAgents(demand: Demand): RequiredAgents | null {
  const goal = readDemand(demand);
  const load = workload(demand);
  if (goal === null || load === null || load > limits.erlangs) return null;
  const aht = quantity(demand.ahtSeconds);
  if (load === 0 || aht === null) return required(0, "nothing", goal.shrinkage);
  let b = 1;
  for (let n = 1; n <= limits.agents; n++) {
    b = (load * b) / (n + load * b);
    if (n <= load) continue;
    if (within(waiting(b, load, n), load, n, goal.target, aht) < goal.level - slack) continue;
    const capped = Math.max(n, wholeAgents(load / goal.cap) ?? n);
    return required(capped, capped > n ? "occupancy" : "service level", goal.shrinkage);
  }
  return null;
}

// A target met exactly must not be missed by a rounding error in the sixteenth digit.
export const slack = 1e-12;

export interface Goal {
  target: number;
  level: number;
  cap: number;
  shrinkage: number;
}

export function readDemand(demand: Demand): Goal | null {
  const target = quantity(demand.targetSeconds);
  const level = quantity(demand.serviceLevelTarget);
  const cap = quantity(demand.maxOccupancy ?? 1);
  const shrinkage = quantity(demand.shrinkage ?? 0);
  if (target === null || level === null || level >= 1) return null;
  if (cap === null || cap === 0 || cap > 1 || shrinkage === null || shrinkage >= 1) return null;
  return { target, level, cap, shrinkage };
}

export function required(agents: number, binds: RequiredAgents["binds"], shrinkage: number): RequiredAgents | null {
  const scheduled = wholeAgents(grossUp(agents, shrinkage));
  return scheduled === null || agents > limits.agents ? null : { agents, scheduled, binds };
}

/** A whole number of agents within the limits. */
function wholeCount(value: Maybe): number | null {
  const count = quantity(value);
  return count !== null && Number.isInteger(count) && count <= limits.agents ? count : null;
}

/** The inputs of both models; null where not usable. */
export function read(queue: Queue) {
  const load = workload(queue);
  const contacts = quantity(queue.contacts);
  return {
    load: load !== null && load <= limits.erlangs ? load : null,
    agents: wholeCount(queue.agents),
    aht: quantity(queue.ahtSeconds) ?? (contacts === 0 ? 0 : null),
    target: quantity(queue.targetSeconds),
    rate: contacts === null || !queue.intervalSeconds ? null : contacts / queue.intervalSeconds,
  };
}

export function blocked(load: number, agents: number): number {
  let b = 1;
  for (let n = 1; n <= agents && b > 0; n++) b = (load * b) / (n + load * b);
  return b;
}

function waiting(b: number, load: number, agents: number): number {
  return Math.min(1, (agents * b) / (agents - load * (1 - b)));
}

function within(pWait: number, load: number, agents: number, target: number, aht: number): number {
  return 1 - pWait * Math.exp((-(agents - load) * target) / aht);
}

function answer(state: QueueState, trafficErlangs: number | null, values: Partial<ErlangC> = {}): ErlangC {
  const none = { pWait: null, serviceLevel: null, asaSeconds: null, immediateAnswer: null, occupancy: null };
  return { state, stable: state === "stable" || state === "empty", trafficErlangs, ...none, ...values };
}
