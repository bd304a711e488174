import { type ErlangA, erlangA } from "../erlang-a.js";
import { clock, count, decimal, percent, plural } from "../format.js";
import { type Interval, offered } from "../interval.js";
import { type Chats, type HandleSource, handleAhead } from "../net-staffing.js";
import { type Maybe, quantity, ratio } from "../ratio.js";
import type { RestOfDay } from "../rest-of-day.js";
import { sum, weightedMean } from "../rollup.js";
import { effectiveAht } from "../staffing.js";
import { type Comparison, type ServiceSettings, serviceLevelOf, summarize } from "../today.js";

/**
 * "expected": there is a level; "over": nothing is left of the day; "no contacts": neither a projection nor a forecast of the
 * rest; "no handle time", "no patience", "no staff": that input is unknown; "no level": the site's formula needs counts that
 * queue_wfm lacks.
 */
export type CloseState =
  | "expected"
  | "over"
  | "no contacts"
  | "no handle time"
  | "no patience"
  | "no staff"
  | "no level";

/** The service level to be expected of a whole running day. */
export interface AtClose {
  state: CloseState;
  level: number | null; // of the whole day, 0..1, by the site's formula
  low: number | null; // with the contacts of the rest as few or as many as chance makes them
  high: number | null;
  whole: Pick<Interval, "assigned" | "abandoned" | "within"> | null; // counts of the whole day, the rest as expected
  rest: number | null; // of what is still to come
  wait: number | null; // mean seconds of the contacts still to come
  abandoned: number | null; // share of them
  contacts: { expected: number; low: number; high: number } | null; // still to come
  intervals: CloseInterval[]; // quarter-hours still to come that have contacts
  missed: number; // of these, with a level under the target
  scheduled: number; // of these, with scheduled staff; the others have the usual
  left: number; // of these, left out because their staff is unknown: less than a tenth of the contacts
  handle: HandleSource[]; // where the handle times of the rest come from
}

/** One quarter-hour to come. Counts are expected values, and so fractional. */
export interface CloseInterval {
  start: number; // UTC, milliseconds
  contacts: number;
  handle: number; // seconds
  staff: number | null; // full-time equivalents
  level: number | null; // by the site's formula
  wait: number | null; // mean seconds
  counts: { assigned: number; abandoned: number; within: number } | null;
}

/** The same of a queue or group, from data-loaders/queue-load.json.sql. */
export interface CloseLoad extends Chats {
  patience: number | null;
}

/** What is known of a queue from the last four weeks; null: unknown. */
export interface CloseQueue {
  patience: number | null; // mean seconds
  concurrency: number | null; // concurrent chats, taken as one where unknown
}

/** Patience and concurrency of a queue; where its own are unknown, those of all queues. */
export function closeQueueOf(loads: readonly CloseLoad[], queue: string): CloseQueue {
  const [own, all] = [loads.find((load) => load.queue === queue), loads.find(({ kind }) => kind === "all")];
  return {
    patience: own?.patience ?? all?.patience ?? null,
    concurrency: own?.concurrency ?? all?.concurrency ?? null,
  };
}

/** The share of the contacts to come whose staff may be unknown. */
const tolerated = 0.1;

// contacts of a window to come   from
// projection                     the usual x the day so far
// none, compared with forecast   the forecast in force, as it is: a newer version already knows the day so far
// none                           nothing
/** Contacts still to come in each quarter-hour, and how far chance alone moves their sum, as a share. */
export function contactsAhead(
  windows: readonly Interval[],
  rest: RestOfDay | null,
  comparison: Comparison,
): { of: (window: Interval) => number | null; source: "projection" | "forecast"; spread: number } | null {
  if (!rest) return null;
  const open = windows.filter(isAhead);
  const { factor, projected } = rest.projection;
  const of =
    projected !== null && factor !== null
      ? (window: Interval) => (isAhead(window) ? (window.usual ?? 0) * factor : null)
      : (window: Interval) => (isAhead(window) ? window.forecast : null);
  const source = projected === null ? "forecast" : "projection";
  if (source === "forecast" && (comparison !== "forecast" || open.some((window) => window.forecast === null)))
    return null;
  const contacts = sum(open.map(of)) ?? 0;
  return { of, source, spread: contacts > 0 ? 2 / Math.sqrt(contacts) : 0 };
}

/** Contacts of each drawn interval that is still to come, from the same sources; null elsewhere. */
export function contactsToCome(
  rows: readonly Interval[],
  rest: RestOfDay | null,
  comparison: Comparison,
): (number | null)[] | undefined {
  if (!rest || rest.projection.projected !== null || comparison !== "forecast") return rest?.rows;
  return rows.map((row) => (row.state === "pending" ? row.forecast : null));
}

/** Whether contacts of the window are still to be counted. */
export function isAhead(window: Interval): boolean {
  return window.state !== "closed" && window.state !== "skipped" && offered(window) === null;
}

/**
 * The service level of a running day as it will be at its close: (served so far + expected of the rest) / (the same of the
 * base). Each quarter-hour to come is an Erlang A queue of its own: contacts as projected, staff as scheduled (else the usual
 * available), handle time divided by concurrent chats as in net staffing, patience of the last four weeks. Fractional staff
 * is interpolated: 7.4 reps are 7 for 60 % of the time and 8 for 40 %. Indicative: it knows no backlog from one quarter-hour to
 * the next, and a rep of several queues counts in each.
 */
export function serviceLevelAtClose(options: {
  windows: readonly Interval[]; // the day in quarter-hours
  rest: RestOfDay | null; // of the same windows
  queue: CloseQueue;
  site: ServiceSettings;
  comparison?: Comparison; // default: the usual
  range?: boolean; // default: true; without it a third of the time
}): AtClose {
  const { windows, rest, queue, site, comparison = "usual", range = true } = options;
  const level = serviceLevelOf(site);
  const day = summarize(windows);
  const ahead = contactsAhead(windows, rest, comparison);
  const open = windows.filter(isAhead);
  if (!windows.some(({ state }) => state === "pending")) return without("over");
  if (ahead === null) return without("no contacts");
  if (quantity(queue.patience) === null) return without("no patience");
  const sources = new Set<HandleSource>();
  const inputs = open.flatMap((row) => {
    const contacts = ahead.of(row) ?? 0;
    if (contacts <= 0) return [];
    const { seconds, source } = handleAhead(row, day.handle);
    if (source) sources.add(source);
    return [{ row, contacts, handle: seconds, staff: row.scheduled ?? row.former.available }];
  });
  if (inputs.some(({ handle }) => handle === null)) return without("no handle time");
  const known = inputs.filter(({ staff }) => staff !== null);
  const total = sum(inputs.map(({ contacts }) => contacts)) ?? 0;
  const covered = sum(known.map(({ contacts }) => contacts)) ?? 0;
  if (covered < (1 - tolerated) * total) return without("no staff");
  const soFar = day.intervals > 0 ? day.served : { assigned: 0, abandoned: 0, within: 0 };
  const at = (scale: number) => {
    const intervals = inputs.map((input): CloseInterval => expectedInterval(input, scale, queue, site));
    const counts = added(intervals.flatMap((interval) => interval.counts ?? []));
    const whole = added([soFar, counts]);
    return { intervals, counts, whole, level: level(whole) };
  };
  const expected = at(1);
  if (expected.level === null) return without("no level");
  const others = range ? [at(1 - Math.min(1, ahead.spread)), at(1 + ahead.spread)] : [];
  const levels = [expected, ...others].flatMap((outcome) => outcome.level ?? []);
  const { intervals, counts, whole } = expected;
  return {
    state: "expected",
    level: expected.level,
    low: range ? Math.min(...levels) : null,
    high: range ? Math.max(...levels) : null,
    whole,
    rest: level(counts),
    wait: weightedMean(intervals.map(({ wait, contacts }) => ({ mean: wait, weight: contacts }))),
    abandoned: ratio(counts.abandoned, offered(counts)),
    contacts: {
      expected: total,
      low: total * (1 - Math.min(1, ahead.spread)),
      high: total * (1 + ahead.spread),
    },
    intervals,
    missed: intervals.filter((interval) => interval.level !== null && interval.level < site.target).length,
    scheduled: inputs.filter(({ row }) => row.scheduled !== null).length,
    left: inputs.length - known.length,
    handle: [...sources],
  };
}

/** The levels expected of the drawn intervals that are still to come; null elsewhere. */
export function levelsAhead(close: AtClose, rows: readonly Interval[], site: ServiceSettings): (number | null)[] {
  const level = serviceLevelOf(site);
  return rows.map(({ state, start, end }) => {
    const inside = close.intervals.filter((interval) => interval.start >= start && interval.start < end);
    return state === "pending" ? level(added(inside.flatMap(({ counts }) => counts ?? []))) : null;
  });
}

/** "71% at close (64–77%)"; null without a level. */
export function closeFigure({ level, low, high }: AtClose): string | null {
  if (level === null) return null;
  const range = low === null || high === null ? "" : ` (${percent(low, 0).replace("%", "")}–${percent(high, 0)})`;
  return `${percent(level, 0)} at close${range}`;
}

const reasons = new Map<CloseState, string>([
  ["no contacts", "the rest of the day is not projected"],
  ["no patience", "too few abandons to estimate patience from"],
  ["no handle time", "no handle time is known, or it is held back"],
  ["no staff", "neither scheduled nor usual reps are known for the rest of the day"],
  ["no level", "the site's formula needs counts that queue_wfm lacks"],
]);

/** Why there is no level of a running day; "" where there is one, or the day is over. */
export function closeReason({ state }: AtClose): string {
  return reasons.get(state) ?? "";
}

/** The expected level, its range and its assumptions in words, or why there is none. */
export function closeText(close: AtClose, queue: CloseQueue): string {
  const { state, contacts, wait, intervals, missed, scheduled, left, handle } = close;
  const figure = closeFigure(close);
  if (state === "over") return "";
  if (figure === null || contacts === null) return `No service level at close: ${closeReason(close)}.`;
  const range = `${count(contacts.low)} to ${count(contacts.high)}`;
  const staff =
    scheduled === intervals.length
      ? "scheduled reps"
      : scheduled === 0
        ? "the usual available reps"
        : `scheduled reps, in ${intervals.length - scheduled} of ${intervals.length} quarter-hours the usual available`;
  const times = {
    day: "the day's mean handle time",
    forecast: "the forecast's handle time",
    usual: "the usual handle time",
  };
  const chats = queue.concurrency === null ? "" : ` at ${decimal(queue.concurrency)} concurrent chats`;
  return [
    `Expected, not data: about ${figure}, the range for ${range} contacts still to come, which is chance alone.`,
    `Of the rest: mean wait ${clock(wait)}, ${missed} of ${plural(intervals.length, "quarter-hour")} under the target.`,
    `Exact Erlang A per quarter-hour, without a backlog between them: ${staff}, ${handle.map((source) => times[source]).join(" or ")}${chats}, mean patience ${clock(queue.patience)}.`,
    left > 0 ? `${plural(left, "quarter-hour")} without known reps left out.` : null,
  ]
    .filter(Boolean)
    .join(" ");
}

function expectedInterval(
  input: { row: Interval; contacts: number; handle: number | null; staff: number | null },
  scale: number,
  queue: CloseQueue,
  site: ServiceSettings,
): CloseInterval {
  const { row, handle, staff } = input;
  const contacts = input.contacts * scale;
  const base = { start: row.start, contacts, handle: handle ?? 0, staff };
  const model = erlangAOf(staff, {
    contacts,
    ahtSeconds: effectiveAht(handle, queue.concurrency ?? 1),
    intervalSeconds: row.minutes * 60,
    targetSeconds: site.seconds,
    meanPatienceSeconds: queue.patience,
  });
  if (model === null) return { ...base, level: null, wait: null, counts: null };
  const leftInTime = site.threshold_counts === "answered_and_abandoned" ? model.leftInTime : 0;
  const [assigned, abandoned] = [contacts * (1 - model.abandoned), contacts * model.abandoned];
  // a rounding error must not make a part exceed its whole
  const most = site.threshold_counts === "answered" ? assigned : assigned + abandoned;
  const counts = { assigned, abandoned, within: Math.min(most, contacts * (model.inTime + leftInTime)) };
  return { ...base, level: serviceLevelOf(site)(counts), wait: model.wait, counts };
}

interface Outcome {
  inTime: number; // share of the offered answered within the target
  leftInTime: number; // share of the offered that left within it
  abandoned: number;
  wait: number; // mean seconds of all
}

/** Erlang A for fractional staff: between the whole numbers around it, by how long each is there. Null where invalid. */
export function erlangAOf(staff: Maybe, queue: Omit<Parameters<typeof erlangA>[0], "agents">): Outcome | null {
  const reps = quantity(staff);
  if (reps === null) return null;
  const whole = Math.floor(reps);
  const part = reps - whole;
  const below = outcome(erlangA({ ...queue, agents: whole }));
  if (part === 0) return below;
  const above = outcome(erlangA({ ...queue, agents: whole + 1 }));
  if (below === null || above === null) return null;
  const between = (name: keyof Outcome) => below[name] * (1 - part) + above[name] * part;
  return {
    inTime: between("inTime"),
    leftInTime: between("leftInTime"),
    abandoned: between("abandoned"),
    wait: between("wait"),
  };
}

function outcome(model: ErlangA): Outcome | null {
  const {
    answeredWithinTargetOfOffered: inTime,
    abandonedWithinTarget: leftInTime,
    pAbandon: abandoned,
    meanWaitAllSeconds: wait,
  } = model;
  return inTime === null || leftInTime === null || abandoned === null || wait === null
    ? null
    : { inTime, leftInTime, abandoned, wait };
}

function added(rows: readonly { assigned: number | null; abandoned: number | null; within: number | null }[]) {
  const whole = (of: (row: (typeof rows)[number]) => number | null) =>
    rows.every((row) => of(row) !== null) ? (sum(rows.map(of)) ?? 0) : null;
  return {
    assigned: whole((row) => row.assigned),
    abandoned: whole((row) => row.abandoned),
    within: whole((row) => row.within),
  };
}

function without(state: CloseState): AtClose {
  return {
    state,
    level: null,
    low: null,
    high: null,
    whole: null,
    rest: null,
    wait: null,
    abandoned: null,
    contacts: null,
    intervals: [],
    missed: 0,
    scheduled: 0,
    left: 0,
    handle: [],
  };
}
