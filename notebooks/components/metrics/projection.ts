import { finite, type Maybe, quantity } from "./ratio.js";

/** One interval of the day: actual contacts (null: pending or missing) and usual contacts (null: no baseline). */
export interface DaySlot {
  actual: Maybe;
  usual: Maybe;
}

export interface ProjectionOptions {
  dampUntil?: number; // share of a usual day below which the deviation is damped, default 0.25
  leastContacts?: number; // usual contacts per day below which nothing is projected, default 100
}

/**
 * "projected"; "damped": projected, with a reduced deviation because little of the day is in; "complete": nothing is left
 * to project; "too few": the queue is too small; "no baseline": an interval to come has none.
 */
export type ProjectionState = "projected" | "damped" | "complete" | "too few" | "no baseline";

export interface Projection {
  state: ProjectionState;
  soFar: number; // contacts
  usualSoFar: number; // usual contacts of the same intervals
  usualRest: number; // usual contacts of the other intervals
  shareIn: number | null; // of a usual day, 0..1
  ratio: number | null; // actual / usual so far
  factor: number | null; // the ratio after damping, applied to the rest
  projected: number | null; // contacts of the whole day
  low: number | null; // projected ± 2 sqrt(rest): noise of arrivals, not uncertainty about the shape
  high: number | null;
}

/**
 * The day's volume if its rest deviates from the usual as the day so far did: so far + usual rest x ratio. Before a quarter
 * of a usual day is in, the deviation is damped in proportion. Assumes the usual shape; a one-off spike should not be
 * projected. Missing intervals in the past are projected like those to come.
 * Source: ccplanning, Reforecasting the day; Amazon Connect's gate on small queues.
 */
export function projectDay(slots: Iterable<DaySlot>, options: ProjectionOptions = {}): Projection {
  let [soFar, usualSoFar, usualRest, matched] = [0, 0, 0, 0];
  let [open, unknown] = [0, 0];
  for (const slot of slots) {
    const [actual, usual] = [quantity(slot.actual), quantity(slot.usual)];
    if (actual !== null) {
      soFar += actual;
      if (usual !== null) matched += actual;
      usualSoFar += usual ?? 0;
    } else {
      open++;
      if (usual === null) unknown++;
      usualRest += usual ?? 0;
    }
  }
  const result = project(soFar, matched, usualSoFar, usualRest, options);
  if (open === 0) return { ...result, state: "complete", projected: soFar, low: soFar, high: soFar };
  return unknown > 0 ? { ...result, state: "no baseline", projected: null, low: null, high: null } : result;
}

/** The same from three sums: contacts so far, usual contacts so far, usual contacts of the rest. */
export function projectSums(
  soFar: Maybe,
  usualSoFar: Maybe,
  usualRest: Maybe,
  options: ProjectionOptions = {},
): Projection | null {
  const [actual, usual, rest] = [quantity(soFar), quantity(usualSoFar), quantity(usualRest)];
  return actual === null || usual === null || rest === null ? null : project(actual, actual, usual, rest, options);
}

// `matched` is the part of `soFar` that has a baseline.
function project(
  soFar: number,
  matched: number,
  usualSoFar: number,
  usualRest: number,
  options: ProjectionOptions,
): Projection {
  const [dampUntil, leastContacts] = [quantity(options.dampUntil ?? 0.25), quantity(options.leastContacts ?? 100)];
  const usualDay = usualSoFar + usualRest;
  const shareIn = usualDay > 0 ? finite(usualSoFar / usualDay) : null;
  const ratio = usualSoFar > 0 ? finite(matched / usualSoFar) : null;
  const weight = shareIn === null || ratio === null ? 0 : dampUntil ? Math.min(1, shareIn / dampUntil) : 1;
  const factor = 1 + weight * ((ratio ?? 1) - 1);
  const inputs = { soFar, usualSoFar, usualRest, shareIn, ratio };
  const projected = finite(soFar + usualRest * factor);
  const enough = leastContacts !== null && dampUntil !== null && usualDay >= leastContacts;
  if (!enough || shareIn === null || projected === null)
    return { state: "too few", ...inputs, factor: null, projected: null, low: null, high: null };
  const noise = 2 * Math.sqrt(usualRest * factor);
  return {
    state: weight < 1 ? "damped" : "projected",
    ...inputs,
    factor,
    projected,
    low: Math.max(soFar, projected - noise),
    high: projected + noise,
  };
}
