import { finite, type Maybe, quantity, ratio } from "./ratio.js";

/** Length of a WFM window; full-time equivalents are minutes over it. */
export const windowMinutes = 15;

/** Contacts arriving in an interval and how long each takes. */
export interface Load {
  contacts: Maybe;
  ahtSeconds: Maybe; // for chat: effective AHT, see `effectiveAht`
  intervalSeconds: Maybe;
}

/** Offered load in erlangs, the number of agents kept busy without a pause: contacts x AHT / interval. */
export function workload({ contacts, ahtSeconds, intervalSeconds }: Load): number | null {
  const [volume, aht] = [quantity(contacts), quantity(ahtSeconds)];
  if (volume === 0 && quantity(intervalSeconds)) return 0; // no contacts have no AHT
  return volume === null || aht === null ? null : ratio(volume * aht, intervalSeconds);
}

/** Full-time equivalents of rep minutes, each rep counted once per window (see `repTime` in rollup.ts): fractional. */
export function fte(minutes: Maybe, intervalMinutes: Maybe = windowMinutes): number | null {
  return ratio(minutes, intervalMinutes);
}

/** Available minus required, in full-time equivalents: above zero is overstaffed. */
export function netStaffing(available: Maybe, required: Maybe): number | null {
  const [have, need] = [quantity(available), quantity(required)];
  return have === null || need === null ? null : have - need;
}

/** Rounded up to whole agents, after rounding to 9 decimals: 21 / (1 - 0.3) is 30.000000000000004, not 31. */
export function wholeAgents(agents: Maybe): number | null {
  const value = quantity(agents);
  return value === null ? null : Math.ceil(Math.round(value * 1e9) / 1e9);
}

/** Agents to schedule so that `net` remain: net / (1 - shrinkage). Multiplying by 1 + shrinkage falls short. */
export function grossUp(net: Maybe, shrinkage: Maybe): number | null {
  const share = quantity(shrinkage);
  return share === null || share >= 1 ? null : ratio(net, 1 - share);
}

/** Several kinds of shrinkage together: 1 - (1 - a)(1 - b)…, each 0..1. */
export function combinedShrinkage(shares: readonly Maybe[]): number | null {
  let remaining = 1;
  for (const value of shares) {
    const share = quantity(value);
    if (share === null || share > 1) return null;
    remaining *= 1 - share;
  }
  return 1 - remaining;
}

/** Effective concurrency of a slot cap of 1 to 5. Source: Call Centre Helper, Erlang C for chat. */
const chatFactors: readonly number[] = [1, 1.7, 2.5, 2.9, 3.5];

/** The effective concurrency of a slot cap; null outside 1 to 5. Prefer the observed concurrency of your reps. */
export function chatFactor(cap: Maybe): number | null {
  return typeof cap === "number" ? (chatFactors[cap - 1] ?? null) : null;
}

/** AHT for a staffing model where one rep holds several chats: AHT / concurrency, seconds. Null below 1. */
export function effectiveAht(ahtSeconds: Maybe, concurrency: Maybe): number | null {
  const chats = quantity(concurrency);
  return chats === null || chats < 1 ? null : ratio(ahtSeconds, chats);
}

/** One interval, actual or usual. */
export interface StaffedLoad {
  contacts: Maybe;
  ahtSeconds: Maybe;
  available: Maybe; // full-time equivalents
}

/** Changes of net staffing, in full-time equivalents, which add up to `total`. Below zero: fewer spare reps. */
export interface GapDrivers {
  volume: number;
  aht: number;
  staff: number;
  total: number;
}

/** Agents required for contacts and AHT. */
export type Requirement = (contacts: number, ahtSeconds: number) => number | null;

/**
 * The drivers of net staffing's deviation from the usual: volume, AHT and staff. The requirement is decomposed by
 * averaging both orders of change (Shapley), which is exact and symmetric. An interval without contacts has no AHT; it
 * takes that of the other, so that AHT drives nothing.
 */
export function gapDrivers(
  now: StaffedLoad,
  usual: StaffedLoad,
  intervalSeconds: Maybe,
  requirement: Requirement = (contacts, ahtSeconds) => workload({ contacts, ahtSeconds, intervalSeconds }),
): GapDrivers | null {
  const [v1, v0] = [quantity(now.contacts), quantity(usual.contacts)];
  const [s1, s0] = [quantity(now.available), quantity(usual.available)];
  const [ahtNow, ahtUsual] = [quantity(now.ahtSeconds), quantity(usual.ahtSeconds)];
  const h1 = ahtNow ?? (v1 === 0 ? ahtUsual : null);
  const h0 = ahtUsual ?? (v0 === 0 ? ahtNow : null);
  if (v1 === null || v0 === null || s1 === null || s0 === null || h1 === null || h0 === null) return null;
  const [both, neither] = [requirement(v1, h1), requirement(v0, h0)];
  const [volumeOnly, ahtOnly] = [requirement(v1, h0), requirement(v0, h1)];
  if (both === null || neither === null || volumeOnly === null || ahtOnly === null) return null;
  const volume = -(volumeOnly - neither + both - ahtOnly) / 2;
  const aht = -(ahtOnly - neither + both - volumeOnly) / 2;
  const staff = s1 - s0;
  const sum = finite(volume + aht + staff);
  return sum === null ? null : { volume, aht, staff, total: sum };
}
