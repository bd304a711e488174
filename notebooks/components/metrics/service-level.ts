import { finite, less, type Maybe, quantity, total } from "./ratio.js";

/** Contacts of one queue and period. `within` means: within the threshold that the chart states, such as 60 seconds. */
export interface ServiceCounts {
  answered: Maybe;
  abandoned: Maybe;
  answeredWithin?: Maybe; // of the answered
  abandonedWithin?: Maybe; // of the abandoned
  abandonedShort?: Maybe; // of the abandoned, those that left before the short threshold, such as 5 seconds
  within?: Maybe; // answered and abandoned together, where a feed tells only both
}

export const serviceLevelVariants = [
  "offered",
  "answered_only",
  "exclude_abandons",
  "credit_abandons",
  "credit_short_abandons",
] as const;

export type ServiceLevelVariant = (typeof serviceLevelVariants)[number];

/** Each formula in words, T being the threshold. */
export const serviceLevelFormulas: Record<ServiceLevelVariant, string> = {
  offered: "answered within T / (answered + abandoned)",
  answered_only: "answered within T / answered",
  exclude_abandons: "answered within T / (answered + abandoned after T)",
  credit_abandons: "(answered within T + abandoned within T) / (answered + abandoned)",
  credit_short_abandons: "(answered within T + short abandons) / (answered + abandoned)",
};

/** Why there is or is no service level. */
export type ServiceState = "known" | "no contacts" | "unknown" | "contradictory";

export interface ServiceParts {
  state: ServiceState;
  good: number; // contacts that count as served in time; 0 unless known
  base: number; // contacts it is a share of; 0 unless known
}

/**
 * Numerator and denominator of a service level, so that periods and queues can be added up before dividing.
 * "contradictory": more within the threshold than there were, which happens where a feed books the answers of one
 * window and the arrivals of another. Source: ICMI, Service Level Calculations.
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
  }
}

/** Share of contacts served within the threshold, 0..1; null without contacts, and where counts are missing or contradict. */
export function serviceLevel(counts: ServiceCounts, variant: ServiceLevelVariant = "offered"): number | null {
  const { state, good, base } = serviceParts(counts, variant);
  return state === "known" ? finite(good / base) : null;
}

/** All five from the same counts. */
export function serviceLevels(counts: ServiceCounts): Record<ServiceLevelVariant, number | null> {
  const levels = serviceLevelVariants.map((variant) => [variant, serviceLevel(counts, variant)]);
  return Object.fromEntries(levels);
}

export interface Shortfall {
  late: number; // contacts that were not served in time
  missing: number; // of them, how many more would have had to be, to meet the target; 0: met
}

/** The distance to a target (0..1) in contacts, which, unlike points, can be compared between large and small queues. */
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

/** What a feed's threshold column tells, depending on which contacts it counts (`wfm.threshold_counts` of kit.yaml). */
export function countsWithin(
  answered: Maybe,
  abandoned: Maybe,
  within: Maybe,
  counted: "answered" | "answered_and_abandoned",
): ServiceCounts {
  return counted === "answered" ? { answered, abandoned, answeredWithin: within } : { answered, abandoned, within };
}

type Count = number | null;

function parts(good: Count, base: Count, ...contained: [part: Count, whole: Count][]): ServiceParts {
  const none = (state: ServiceState): ServiceParts => ({ state, good: 0, base: 0 });
  if (good === null || base === null) return none("unknown");
  if (contained.some(([part, whole]) => part! > whole!)) return none("contradictory");
  return base === 0 ? none("no contacts") : { state: "known", good, base };
}
