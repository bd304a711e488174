import { requiredAgents } from "./erlang.js";
import { decimal, everyOf, percent, plural } from "./format.js";
import { type Interval, offered, repInterval, whenOf } from "./interval.js";
import { isDue } from "./interval-state.js";
import { effectiveAht, netStaffing, type Requirement, workload } from "./staffing.js";

/** How required reps are computed: from workload alone, or so that Erlang C meets the target. */
const bases = ["workload", "erlang"] as const;
export type Basis = (typeof bases)[number];

export interface StaffingBasis {
  basis: Basis;
  chats: number | null; // concurrent; null: unknown, taken as one
  seconds: number; // of the service level
  target: number; // 0..1
}

/**
 * "over", "under": by at least half a rep; "even": by less; "held": rep figures are held back; "no reps": the feed has
 * none; "no handle time": the requirement is unknown; "none": no data, or none yet.
 */
export type NetState = "over" | "under" | "even" | "held" | "no reps" | "no handle time" | "none";

/** Staff of one interval, in full-time equivalents. */
export interface NetRow {
  row: Interval;
  over: Interval; // the interval of the figures: the row, or a longer one with enough reps
  contacts: number | null; // projected where `ahead`
  handle: number | null; // seconds
  required: number | null;
  available: number | null; // scheduled where `ahead`
  net: number | null;
  state: NetState;
  ahead: boolean; // the interval is still to come
}

/** The concurrent chats of a queue, from data-loaders/queue-load.json.sql. */
export interface Chats {
  queue: string;
  kind: string; // "all": all queues together
  concurrency: number | null;
}

/** The basis for a queue: its concurrency, else that of all queues. */
export function staffingBasis(
  { seconds, target }: Pick<StaffingBasis, "seconds" | "target">,
  loads: readonly Chats[],
  queue: string,
  basis: Basis,
): StaffingBasis {
  const own = loads.find((load) => load.queue === queue)?.concurrency;
  const chats = own ?? loads.find(({ kind }) => kind === "all")?.concurrency ?? null;
  return { basis, chats, seconds, target };
}

/** Reps required for a number of contacts and a handle time in an interval, in full-time equivalents. */
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

/** Where the handle time of an interval to come is from. */
export type HandleSource = "day" | "forecast" | "usual";

/** Handle time of an interval to come, seconds: the mean of the day so far, else the forecast's, else the usual. */
export function handleAhead(
  row: Pick<Interval, "forecastHandle" | "former">,
  dayHandle: number | null,
): { seconds: number | null; source: HandleSource | null } {
  if (dayHandle !== null) return { seconds: dayHandle, source: "day" };
  if (row.forecastHandle !== null) return { seconds: row.forecastHandle, source: "forecast" };
  return { seconds: row.former.handle, source: row.former.handle === null ? null : "usual" };
}

/**
 * Available minus required reps per interval. An interval without a handle time uses the day's mean, one with too few reps has
 * the figures of the longer one that its reps are reported for. `projected` has the contacts of intervals to come; these have a
 * requirement, by `handleAhead`, and a net figure where there is a schedule.
 */
export function netRows(
  rows: readonly Interval[],
  basis: StaffingBasis,
  options: { dayHandle: number | null; projected?: readonly (number | null)[] | undefined },
): NetRow[] {
  return rows.map((row, i) => {
    const ahead = row.state === "pending";
    const over = repInterval(row);
    const contacts = ahead ? (options.projected?.[i] ?? null) : offered(over);
    const handle = ahead
      ? handleAhead(row, options.dayHandle).seconds
      : (over.handle ?? (over.held ? null : options.dayHandle));
    const need =
      contacts === null || over.minutes === 0
        ? null
        : contacts === 0
          ? 0
          : handle === null
            ? null
            : requirement(basis, over.minutes)(contacts, handle);
    const available = ahead ? row.scheduled : over.held ? null : over.available;
    const net = netStaffing(available, need);
    return { row, over, contacts, handle, required: need, available, net, ahead, state: stateOf() };

    function stateOf(): NetState {
      if (contacts === null) return "none";
      if (net !== null) return Math.abs(net) < 0.5 ? "even" : net > 0 ? "over" : "under";
      if (over.held) return "held";
      return available === null ? (ahead ? "none" : "no reps") : "no handle time";
    }
  });
}

/** The basis in words, for the note below the chart. */
export function basisText({ basis, chats, seconds, target }: StaffingBasis): string {
  const each =
    chats === null ? "one chat at a time (rep_utilized has no concurrency)" : `${decimal(chats)} concurrent chats`;
  return basis === "workload"
    ? `Required = contacts × mean handle time / ${each} / interval length: workload alone, without waiting times.`
    : `Required = the fewest reps that reach ${percent(target, 0)} in ${seconds} s by Erlang C, at ${each}, with no abandonment and each interval on its own.`;
}

/** The chart's headline. It covers the intervals with a net figure, and says so where others have none. */
export function netTitle(rows: readonly NetRow[]): string {
  const due = [...new Map(rows.filter(({ row }) => isDue(row.state)).map((row) => [row.over, row])).values()];
  const staffed = due.flatMap(({ over, net, state }) => (net === null ? [] : [{ over, net, state }]));
  if (staffed.length === 0)
    return rows.some(({ state }) => state === "held") ? "Net staffing is held back" : "No net staffing to show";
  const short = staffed.filter(({ state }) => state === "under").sort((a, b) => a.net - b.net);
  const [worst] = short;
  if (worst) {
    const base = plural(staffed.length, "interval");
    const where = staffed.length === due.length ? base : `${base} with figures (${due.length} in all)`;
    return `Short of reps in ${short.length} of ${where}, most ${whenOf(worst.over)}: ${decimal(-worst.net)} too few`;
  }
  const where = `in ${everyOf(staffed.length, due.length)}${rows.some(({ ahead }) => ahead) ? " so far" : ""}`;
  return staffed.every(({ net }) => net >= 0)
    ? `Enough reps ${where}`
    : `Enough reps, or at most half a rep short, ${where}`;
}
