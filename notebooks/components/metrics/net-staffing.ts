import { requiredAgents } from "./erlang.js";
import { decimal, everyOf, percent, plural, toldOf } from "./format.js";
import { type Interval, offered } from "./interval.js";
import { isDue } from "./interval-state.js";
import { effectiveAht, netStaffing, type Requirement, workload } from "./staffing.js";

/** How the required reps are computed: by the work alone, or so that Erlang C meets the target. */
const bases = ["workload", "erlang"] as const;
export type Basis = (typeof bases)[number];

export interface StaffingBasis {
  basis: Basis;
  chats: number | null; // at once; null: not known, taken as one
  seconds: number; // of the service level
  target: number; // 0..1
}

/**
 * "over", "under", "even": by at least half a rep, or less; "held": rep figures are held back; "no reps": the feed tells of
 * none; "no handle time": the requirement cannot be told; "none": no data, or not yet.
 */
export type NetState = "over" | "under" | "even" | "held" | "no reps" | "no handle time" | "none";

/** One interval's staff, full-time equivalents. */
export interface NetRow {
  row: Interval;
  contacts: number | null; // projected where `ahead`
  handle: number | null; // seconds
  required: number | null;
  available: number | null; // scheduled where `ahead`
  net: number | null;
  state: NetState;
  ahead: boolean; // the interval has not come yet
}

/** Reps required for contacts of a handle time in an interval, full-time equivalents. */
export function requirement({ basis, chats, seconds, target }: StaffingBasis, minutes: number): Requirement {
  return (contacts, aht) => {
    const load = {
      contacts,
      ahtSeconds: effectiveAht(aht, chats ?? 1),
      intervalSeconds: minutes * 60,
    };
    if (basis === "workload" || contacts === 0) return workload(load);
    return requiredAgents({ ...load, targetSeconds: seconds, serviceLevelTarget: target })?.agents ?? null;
  };
}

/**
 * Available less required reps of each interval. An interval without a handle time of its own takes the day's mean.
 * `projected` gives the contacts of intervals to come; they have a net figure where a schedule says who will be there.
 */
export function netRows(
  rows: readonly Interval[],
  basis: StaffingBasis,
  options: { dayHandle: number | null; projected?: readonly (number | null)[] | undefined },
): NetRow[] {
  return rows.map((row, i) => {
    const ahead = row.state === "pending";
    const contacts = ahead ? (options.projected?.[i] ?? null) : offered(row);
    const handle = row.handle ?? (row.held ? null : options.dayHandle);
    const need =
      contacts === null || row.minutes === 0
        ? null
        : contacts === 0
          ? 0
          : handle === null
            ? null
            : requirement(basis, row.minutes)(contacts, handle);
    const available = ahead ? row.scheduled : row.held ? null : row.available;
    const net = netStaffing(available, need);
    return { row, contacts, handle, required: need, available, net, ahead, state: stateOf() };

    function stateOf(): NetState {
      if (contacts === null) return "none";
      if (net !== null) return Math.abs(net) < 0.5 ? "even" : net > 0 ? "over" : "under";
      if (row.held) return "held";
      return available === null ? (ahead ? "none" : "no reps") : "no handle time";
    }
  });
}

/** The basis in words, as it is printed under the strip. */
export function basisText({ basis, chats, seconds, target }: StaffingBasis): string {
  const each = chats === null ? "one chat at once, as rep_utilized tells of none" : `${decimal(chats)} chats at once`;
  return basis === "workload"
    ? `Required = contacts × mean handle time / ${each} / length of the interval: the work alone, without waiting times.`
    : `Required = the fewest reps with ${percent(target, 0)} in ${seconds} s by Erlang C, at ${each}; nobody leaves, each interval alone.`;
}

/** Headline of the strip. It speaks of the intervals that have a net figure, and says so where others have none. */
export function netTitle(rows: readonly NetRow[]): string {
  const due = rows.filter(({ row }) => isDue(row.state));
  const told = due.filter(({ net }) => net !== null);
  if (told.length === 0)
    return rows.some(({ state }) => state === "held") ? "Net staffing is held back" : "No net staffing to show";
  const short = told.filter(({ state }) => state === "under");
  const worst = short.sort((a, b) => a.net! - b.net!)[0];
  if (worst) {
    const where = told.length === due.length ? plural(due.length, "interval") : toldOf(told.length, due.length);
    return `Short of reps in ${short.length} of ${where}, most at ${worst.row.label}: ${decimal(-worst.net!)} too few`;
  }
  const where = `in ${everyOf(told.length, due.length)}${rows.some(({ ahead }) => ahead) ? " so far" : ""}`;
  return told.every(({ net }) => net! >= 0)
    ? `Enough reps ${where}`
    : `Enough reps, or half a rep short at most, ${where}`;
}
