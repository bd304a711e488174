import { finite, less, type Maybe, quantity, total } from "./ratio.js";

/** Contacts of one queue and period. "Within" refers to the service level threshold, such as 60 seconds. */
export interface ServiceCounts {
  answered: Maybe;
  abandoned: Maybe;
  answeredWithin?: Maybe; // of the answered
  abandonedWithin?: Maybe; // of the abandoned
  abandonedShort?: Maybe; // of the abandoned, before the short threshold, such as 5 seconds
  within?: Maybe; // answered and abandoned together, where a feed counts only both
}

export const serviceLevelVariants = [
  "offered",
  "answered_only",
  "exclude_abandons",
  "credit_abandons",
  "credit_short_abandons",
  "exclude_short_abandons",
] as const;

export type ServiceLevelVariant = (typeof serviceLevelVariants)[number];

/** Each formula in words; T is the threshold. */
export const serviceLevelFormulas: Record<ServiceLevelVariant, string> = {
  offered: "answered within T / (answered + abandoned)",
  answered_only: "answered within T / answered",
  exclude_abandons: "answered within T / (answered + abandoned after T)",
  credit_abandons: "(answered within T + abandoned within T) / (answered + abandoned)",
  credit_short_abandons: "(answered within T + short abandons) / (answered + abandoned)",
  exclude_short_abandons: "answered within T / (answered + abandoned − short abandons)",
};

/** Whether there is a service level, and if not, why. */
export type ServiceState = "known" | "no contacts" | "unknown" | "contradictory";

export interface ServiceParts {
  state: ServiceState;
  good: number; // numerator: contacts served in time; 0 unless known
  base: number; // denominator; 0 unless known
}

/**
 * Numerator and denominator of a service level, so that periods and queues can be summed before dividing.
 * "contradictory": a part exceeds its whole, which happens where a feed books answers and arrivals in different windows.
 * Source: ICMI, Service Level Calculations.
 */
export function serviceParts(counts: ServiceCounts, variant: ServiceLevelVariant = "offered"): ServiceParts {
  const [answered, abandoned] = [quantity(counts.answered), quantity(counts.abandoned)];
  const [inTime, leftInTime] = [quantity(counts.answeredWithin), quantity(counts.abandonedWithin)];
  const [leftShort, either] = [quantity(counts.abandonedShort), quantity(counts.within)];
  const offered = total(answered, abandoned);
  switch (variant) {
    case "offered":
      return parts(inTime, offered, [inTime, answered]);
    case "answered_only":
      return parts(inTime, answered, [inTime, answered]);
    case "exclude_abandons":
      return parts(inTime, less(offered, leftInTime), [inTime, answered], [leftInTime, abandoned]);
    case "credit_abandons":
      if (either !== null) return parts(either, offered, [either, offered]);
      return parts(total(inTime, leftInTime), offered, [inTime, answered], [leftInTime, abandoned]);
    case "credit_short_abandons":
      return parts(total(inTime, leftShort), offered, [inTime, answered], [leftShort, abandoned]);
    case "exclude_short_abandons":
      return parts(inTime, less(offered, leftShort), [inTime, answered], [leftShort, abandoned]);
  }
}

/** Share of contacts served within the threshold, 0..1; null without contacts, or where counts are missing or inconsistent. */
export function serviceLevel(counts: ServiceCounts, variant: ServiceLevelVariant = "offered"): number | null {
  const { state, good, base } = serviceParts(counts, variant);
  return state === "known" ? finite(good / base) : null;
}

/** All variants from the same counts. */
export function serviceLevels(counts: ServiceCounts): Record<ServiceLevelVariant, number | null> {
  const levels = serviceLevelVariants.map((variant) => [variant, serviceLevel(counts, variant)]);
  return Object.fromEntries(levels);
}

export interface Shortfall {
  late: number; // contacts not served in time
  missing: number; // how many of these would have met the target if served in time; 0: met
}

/** The distance to a target (0..1) in contacts: unlike points, comparable between large and small queues. */
export function shortfall(
  counts: ServiceCounts,
  target: Maybe,
  variant: ServiceLevelVariant = "offered",
): Shortfall | null {
  const { state, good, base } = serviceParts(counts, variant);
  const wanted = quantity(target);
  if (state !== "known" || wanted === null || wanted > 1) return null;
  const missing = Math.ceil(Number((wanted * base - good).toFixed(9)));
  return { late: base - good, missing: Math.max(0, missing) };
}

/** Service counts from a feed's threshold column; which contacts it counts is `wfm.threshold_counts` in kit.yaml. */
export function countsWithin(
  answered: Maybe,
  abandoned: Maybe,
  within: Maybe,
  counted: "answered" | "answered_and_abandoned",
): ServiceCounts {
  return counted === "answered" ? { answered, abandoned, answeredWithin: within } : { answered, abandoned, within };
}

// variant                  counts of answered contacts   counts of answered and abandoned ones together
// offered                  -                             answered contacts
// answered_only            -                             answered contacts
// exclude_abandons         abandons within T             answered contacts
// credit_abandons          abandons within T             -
// credit_short_abandons    short abandons                answered contacts
// exclude_short_abandons   short abandons                answered contacts
/** What a feed with one threshold column does not count, so that it gives no such service level; null where it does. */
export function lackingFor(
  variant: ServiceLevelVariant,
  counted: "answered" | "answered_and_abandoned",
): string | null {
  const inTime = (contacts: string) => `${contacts} within the threshold`;
  if (variant === "credit_abandons") return counted === "answered" ? inTime("abandons") : null;
  if (counted === "answered_and_abandoned") return inTime("answered contacts alone");
  if (variant === "exclude_abandons") return inTime("abandons");
  return variant.includes("short") ? "short abandons" : null;
}

type Count = number | null;

function parts(good: Count, base: Count, ...contained: [part: Count, whole: Count][]): ServiceParts {
  const none = (state: ServiceState): ServiceParts => ({ state, good: 0, base: 0 });
  if (good === null || base === null) return none("unknown");
  if (contained.some(([part, whole]) => part !== null && whole !== null && part > whole)) return none("contradictory");
  return base === 0 ? none("no contacts") : { state: "known", good, base };
}
