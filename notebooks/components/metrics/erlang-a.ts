import {
  blocked,
  type Demand,
  limits,
  type Queue,
  type RequiredAgents,
  read,
  readDemand,
  required,
  slack,
} from "./erlang.js";
import { type Maybe, quantity } from "./ratio.js";
import { workload } from "./staffing.js";

export interface ImpatientQueue extends Queue {
  meanPatienceSeconds: Maybe; // see `patience` in times.ts; 0: nobody waits
}

export interface ErlangA {
  state: "stable" | "empty" | "invalid"; // as in Erlang C; with abandonment no queue stays overloaded
  trafficErlangs: number | null;
  pWait: number | null; // share that waits at all
  pAbandon: number | null; // share of the offered
  occupancy: number | null;
  meanWaitAllSeconds: number | null; // of all contacts, answered or abandoned
  answeredWithinTargetOfOffered: number | null; // the service level "offered"
  answeredWithinTargetOfAnswered: number | null; // "answered_only"
  abandonedWithinTarget: number | null; // share of the offered
}

/**
 * Erlang A (M/M/n+M, exponential patience), the birth-death chain solved exactly. The wait offered to an infinitely patient
 * arrival has the density g(t) = P(all busy, none waiting) n mu exp(-n mu t + (lambda/theta)(1 - exp(-theta t))), and every
 * figure is an integral of it: P(abandon) = theta E[wait]. Scaling Erlang C's P(wait) instead is far off.
 * Source: Garnett, Mandelbaum, Reiman 2002; Palm.
 */
export function erlangA(queue: ImpatientQueue): ErlangA {
  const { load, agents, aht, target, rate } = read(queue);
  const patience = quantity(queue.meanPatienceSeconds);
  if (load === null || agents === null || aht === null || target === null || patience === null)
    return answer("invalid", load);
  if (!rate && agents === 0) return answer("empty", load);
  const leaving = patience === 0 ? 1 : -Math.expm1(-target / patience); // share whose patience ends before the target
  if (agents === 0) return solution(load, agents, patience, { pWait: 1, pAbandon: 1, answered: 0, left: leaving });
  if (load === 0) return solution(load, agents, patience, { pWait: 0, pAbandon: 0, answered: 1, left: 0 });

  // The unit of time is the mean patience: c services and r arrivals in each.
  const c = (agents / aht) * patience;
  const r = (load / aht) * patience;
  const b = blocked(load, agents);
  if (c < 1e-12) return solution(load, agents, patience, { pWait: b, pAbandon: b, answered: 1 - b, left: b * leaving });
  if (!(c <= 1e12 && r <= 1e12)) return answer("invalid", load);

  const { peak, height, density, width } = offeredWait(c, r);
  const range = { from: 0, peak, width };
  const whole = integrate(density, range);
  const waiting = c * Math.exp(height) * whole; // relative to the state "all busy, none waiting"
  const pWait = waiting === Infinity ? 1 : waiting / (waiting + (1 / b - 1));
  const upTo = { ...range, to: target / patience };
  const part = (weight: (x: number) => number, over: Range = range) =>
    (pWait * integrate(density, over, weight)) / whole;
  return solution(load, agents, patience, {
    pWait,
    pAbandon: part((x) => -Math.expm1(-x)),
    answered: 1 - pWait + part((x) => Math.exp(-x), upTo),
    left: pWait * leaving - part((x) => Math.exp(-x) + leaving - 1, upTo),
  });
}

/**
 * The smallest number of agents that answers the target share of offered contacts in time, with occupancy at or under the
 * cap. Usually fewer than Erlang C requires; more where many abandon before the target, since those count as missed.
 */
export function requiredAgentsA(demand: Demand & { meanPatienceSeconds: Maybe }): RequiredAgents | null {
  const goal = readDemand(demand);
  const load = workload(demand);
  if (goal === null || load === null || load > limits.erlangs) return null;
  if (quantity(demand.contacts) === 0) return required(0, "nothing", goal.shrinkage);
  const model = (agents: number) => erlangA({ ...demand, agents });
  if (model(1).state === "invalid") return null;
  const meetsLevel = (n: number) => (model(n).answeredWithinTargetOfOffered ?? 0) >= goal.level - slack;
  const underCap = (n: number) => n > 0 && (model(n).occupancy ?? 0) <= goal.cap + slack;
  const forLevel = smallest(meetsLevel);
  const agents = smallest((n) => n >= forLevel && (goal.cap === 1 || underCap(n)));
  return required(agents, agents > forLevel ? "occupancy" : "service level", goal.shrinkage);
}

// The density over time, in mean patiences, relative to its peak: exp(-c x + r (1 - exp(-x)) - height).
function offeredWait(c: number, r: number) {
  const over = (r - c) / c;
  const peak = over > 0 ? Math.log1p(over) : 0;
  const height = over > 0 ? c * lessLog(over) : 0;
  const patient = over > 0 ? c : r; // arrivals still waiting at the peak
  return {
    peak,
    height,
    width: 1 / Math.max(1, Math.sqrt(patient), Math.abs(c - patient)),
    density: (x: number) => Math.exp(-(c - patient) * (x - peak) - patient * lessExp(x - peak)),
  };
}

// y - 1 + exp(-y) and d - log(1 + d), as series where the terms would cancel.
function lessExp(y: number): number {
  if (Math.abs(y) > 1e-3) return y + Math.expm1(-y);
  return y * y * (1 / 2 - y * (1 / 6 - y * (1 / 24 - y * (1 / 120 - y / 720))));
}

function lessLog(d: number): number {
  if (Math.abs(d) > 1e-3) return d - Math.log1p(d);
  return d * d * (1 / 2 - d * (1 / 3 - d * (1 / 4 - d * (1 / 5 - d / 6))));
}

function smallest(fits: (n: number) => boolean): number {
  let above = 1;
  while (above < limits.agents && !fits(above)) above *= 2;
  above = Math.min(above, limits.agents);
  let below = 0; // no agents are never enough
  while (above - below > 1) {
    const middle = Math.floor((above + below) / 2);
    if (fits(middle)) above = middle;
    else below = middle;
  }
  return above;
}

interface Parts {
  pWait: number;
  pAbandon: number;
  answered: number;
  left: number;
}

function solution(load: number, agents: number, patience: number, parts: Parts): ErlangA {
  const [pAbandon, answered] = [unit(parts.pAbandon), unit(parts.answered)];
  return {
    state: "stable",
    trafficErlangs: load,
    pWait: unit(parts.pWait),
    pAbandon,
    occupancy: agents === 0 ? null : unit((load * (1 - pAbandon)) / agents),
    meanWaitAllSeconds: pAbandon * patience,
    answeredWithinTargetOfOffered: answered,
    answeredWithinTargetOfAnswered: pAbandon === 1 ? null : unit(answered / (1 - pAbandon)),
    abandonedWithinTarget: unit(parts.left),
  };
}

function answer(state: ErlangA["state"], trafficErlangs: number | null): ErlangA {
  return {
    state,
    trafficErlangs,
    pWait: null,
    pAbandon: null,
    occupancy: null,
    meanWaitAllSeconds: null,
    answeredWithinTargetOfOffered: null,
    answeredWithinTargetOfAnswered: null,
    abandonedWithinTarget: null,
  };
}

function unit(value: number): number {
  return Math.min(1, Math.max(0, value));
}

interface Range {
  from: number;
  to?: number; // default: infinity
  peak: number; // position of the maximum, at or after `from`
  width: number; // scale of the density near its peak
}

/**
 * The integral of a density times `weight`, to about 14 digits: Gauss-Legendre on panels that double in length on both
 * sides of the peak. The density has one peak and falls at least as fast as an exponential; the weight is smooth and
 * changes no faster.
 */
function integrate(
  density: (x: number) => number,
  { from, to = Infinity, peak, width }: Range,
  weight: (x: number) => number = () => 1,
): number {
  const f = (x: number) => weight(x) * density(x);
  let sum = 0;
  for (const direction of [-1, 1]) {
    const end = direction < 0 ? peak - from : Infinity;
    let near = 0;
    for (let far = width; near < end; far *= 2) {
      const until = Math.min(far, end);
      const [low, high] = direction < 0 ? [peak - until, peak - near] : [peak + near, peak + until];
      if (low < to) sum += panel(f, low, Math.min(high, to));
      if (direction > 0 && low >= to) break;
      near = until;
      if (density(peak + direction * near) < 1e-30 || far > 1e300) break;
    }
  }
  return sum;
}

function panel(f: (x: number) => number, low: number, high: number): number {
  const [middle, half] = [(low + high) / 2, (high - low) / 2];
  let sum = 0;
  for (const { node, weight } of rule) sum += weight * (f(middle + half * node) + f(middle - half * node));
  return sum * half;
}

// Positive nodes of the 20-point rule: roots of the Legendre polynomial, by Newton's method.
const order = 20;
const rule = Array.from({ length: order / 2 }, (_, i) => {
  let node = Math.cos((Math.PI * (i + 0.75)) / (order + 0.5));
  let slope = 0;
  for (let step = 0; step < 10; step++) {
    let [now, before] = [1, 0];
    for (let k = 1; k <= order; k++) [now, before] = [((2 * k - 1) * node * now - (k - 1) * before) / k, now];
    slope = (order * (node * now - before)) / (node * node - 1);
    node -= now / slope;
  }
  return { node, weight: 2 / ((1 - node * node) * slope * slope) };
});
