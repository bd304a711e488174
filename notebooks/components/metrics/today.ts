import { isChange } from "./baseline.js";
import { isolated } from "./bidi.js";
import {
  clock,
  count,
  countVersus,
  dayName,
  decimal,
  duration,
  everyOf,
  longDay,
  percent,
  plural,
  weekdayName,
  type Zone,
} from "./format.js";
import { allQueues, type Counted, hasCounts, type Interval, offered, repInterval, whenOf } from "./interval.js";
import { isDue } from "./interval-state.js";
import { linearOccupancy } from "./occupancy.js";
import { addedRate, rollUp, sum, weightedMean } from "./rollup.js";
import {
  countsWithin,
  lackingFor,
  type ServiceLevelVariant,
  serviceLevel,
  serviceLevelFormulas,
  serviceLevelVariants,
  serviceParts,
  shortfall,
} from "./service-level.js";
import { wrapShare } from "./times.js";

/** Intervals rolled up by the rules of rollup.ts: counts add, means are weighted by their own denominator. */
export interface DaySummary {
  intervals: number; // with data
  offered: number;
  assigned: number;
  abandoned: number;
  abandonRate: number | null; // over the intervals that have both counts
  within: number | null;
  served: Counts; // over the intervals that have all counts, for the service level
  wait: number | null; // mean seconds, weighted by contacts offered
  handle: number | null; // mean seconds, weighted as in rollup.ts, over what is not held back
  wrap: number | null;
  usual: number | null; // usual contacts offered over the same intervals; null if any has none
}

/** The site's settings for the service level. */
export interface ServiceSettings {
  variant: string;
  seconds: number;
  target: number; // 0..1
  threshold_counts: "answered" | "answered_and_abandoned";
}

type Counts = Pick<Interval, "assigned" | "abandoned" | "within">;

/** What a day is compared with. */
const comparisons = ["usual", "forecast", "last", "none"] as const;
export type Comparison = (typeof comparisons)[number];

/** The same intervals on another day, or on a usual one: rates from summed counts, as for the day itself. */
export interface Compared {
  label: string; // "the usual", "the forecast", "last Tuesday"
  offered: number | null;
  counted: boolean; // offered is the count of a single day, see isChange
  service: number | null;
  abandonRate: number | null;
  wait: number | null;
  handle: number | null;
}

// asked for   the queue has a forecast of the day   compared with
// forecast    yes                                   forecast
// forecast    no                                    usual
// other       -                                     as asked
/** What a day is compared with, where the forecast is asked for and may be missing. */
export function comparisonOf(asked: Comparison, windows: readonly Pick<Interval, "forecast">[]): Comparison {
  return asked === "forecast" && windows.every(({ forecast }) => forecast === null) ? "usual" : asked;
}

/** The contacts and handle time of an interval that it is compared with; null where unknown. */
export function expectedOf(
  comparison: Comparison,
  row: Interval,
  weekBefore: readonly Interval[] = [],
): { contacts: number | null; handle: number | null } {
  if (comparison === "usual") return { contacts: row.usual, handle: row.former.handle };
  if (comparison === "forecast") return { contacts: row.forecast, handle: row.forecastHandle };
  if (comparison === "none") return { contacts: null, handle: null };
  const before = weekBefore.find(({ label }) => label === row.label);
  return { contacts: row.lastWeek, handle: before?.handle ?? null };
}

/**
 * The intervals with data as they usually are, as they were forecast, or as they were a week earlier; null where that is
 * unknown.
 */
export function comparedWith(
  comparison: Comparison,
  rows: readonly Interval[],
  weekBefore: readonly Interval[],
  day: string,
  site: ServiceSettings,
): Compared | null {
  if (comparison === "none" || !day) return null;
  const seen = rows.filter(hasCounts);
  if (comparison === "forecast") {
    const handle = weightedMean(seen.map((row) => ({ mean: row.forecastHandle, weight: row.forecast })));
    const offered = wholeSum(seen, (row) => row.forecast);
    const unknown = { service: null, abandonRate: null, wait: null, counted: false };
    return offered === null ? null : { label: "the forecast", offered, ...unknown, handle };
  }
  const last = comparison === "last";
  const labels = new Set(seen.map(({ label }) => label));
  const before = addedUp(last ? weekBefore.filter(({ label }) => labels.has(label)) : seen.map(({ former }) => former));
  const offered = last ? wholeSum(seen, (row) => row.lastWeek) : summarize(rows).usual;
  if (before.intervals === 0 && (last || offered === null)) return null;
  return {
    label: last ? `last ${weekdayName(day)}` : "the usual",
    offered,
    counted: last,
    service: serviceLevelOf(site)(before.served),
    abandonRate: before.abandonRate,
    wait: before.wait,
    handle: before.handle,
  };
}

export function summarize(rows: readonly Interval[]): DaySummary {
  const whole = rows.filter((row) => hasCounts(row) && row.state !== "partial");
  return { ...addedUp(rows), usual: wholeSum(whole, (row) => row.usual) };
}

function addedUp(rows: readonly Counted[]): Omit<DaySummary, "usual"> {
  const seen = rows.filter(hasCounts);
  const totals = rollUp(seen, {
    offered: { rule: "count", of: offered },
    assigned: { rule: "count", of: (row) => row.assigned },
    abandoned: { rule: "count", of: (row) => row.abandoned },
    abandonRate: { rule: "rate", part: (row) => row.abandoned, whole: offered },
    within: { rule: "count", of: (row) => row.within },
    wait: { rule: "mean", mean: (row) => row.wait, weight: offered },
    handle: { rule: "mean", mean: (row) => row.handle, weight: (row) => row.handled },
    wrap: { rule: "mean", mean: (row) => row.wrap, weight: (row) => row.handled },
  });
  return {
    ...totals,
    intervals: seen.length,
    offered: totals.offered ?? 0,
    assigned: totals.assigned ?? 0,
    abandoned: totals.abandoned ?? 0,
    served: servedOf(seen),
  };
}

/** End of the newest complete interval, open or closed, in milliseconds; null before the first. */
export function dataThrough(rows: readonly Interval[]): number | null {
  const complete = new Set(["data", "incomplete", "zero", "closed"]);
  return rows.findLast(({ state }) => complete.has(state))?.end ?? null;
}

/** The service level by the site's formula; null where the counts do not give one. */
export function serviceLevelOf(site: ServiceSettings) {
  return (counts: Counts): number | null => serviceLevel(serviceCounts(counts, site), variantOf(site));
}

/** Why the site's formula has no figure from queue_wfm: "queue_wfm does not count short abandons"; null where it has one. */
export function uncountedText(site: ServiceSettings): string | null {
  const lacking = lackingFor(variantOf(site), site.threshold_counts);
  return lacking && `queue_wfm does not count ${lacking}`;
}

/** Whether there is no service level because counts are inconsistent: more in time than offered, or negative. */
export function contradictory(counts: Counts & { contradicts?: boolean }, site: ServiceSettings): boolean {
  const { state } = serviceParts(serviceCounts(counts, site), variantOf(site));
  return state === "contradictory" || (counts.contradicts === true && state !== "known");
}

/** How many more contacts served in time would have met the target. */
export function shortfallOf(counts: Counts, site: ServiceSettings): number | null {
  return shortfall(serviceCounts(counts, site), site.target, variantOf(site))?.missing ?? null;
}

/** The formula in words, with the threshold. */
export function formula(site: ServiceSettings): string {
  const words = serviceLevelFormulas[variantOf(site)].replaceAll(/\bT\b/g, `${site.seconds} s`);
  return words.replace(/^\(?[a-z]/, (start) => start.toUpperCase());
}

/** The day in a few sentences: what happened, then where it was worst. Never says "now": the data are minutes old. */
export function daySentence(options: {
  rows: readonly Interval[];
  windows?: readonly Interval[]; // the same day in quarter-hours
  compared?: Compared | null; // default: the usual; null: none
  projected?: number | null; // contacts of the whole day
  atClose?: string | null | undefined; // the service level at close, "71% at close (64–77%)"
  queue: string;
  day: string; // "" without any day
  zone: Zone;
  site: ServiceSettings & { min_contacts: number };
}): { title: string; lead: string } {
  const { rows, windows = rows, compared, projected, atClose, queue, day, zone, site } = options;
  const through = dataThrough(windows);
  const prefix = queue === allQueues ? "" : `${isolated(queue)}: `;
  if (!day)
    return {
      title: "No intraday data yet",
      lead: "No queue_wfm data has been synced. ASAPP delivers the WFM feeds on request.",
    };
  if (through === null || !rows.some((row) => hasCounts(row) || row.contradicts))
    return { title: `${prefix}no data for ${dayName(day)}`, lead: "No interval of this day has arrived." };
  if (!windows.some((row) => offered(row) !== null) && windows.some(({ contradicts }) => contradicts))
    return {
      title: `${prefix}inconsistent counts on ${dayName(day)}`,
      lead: "The windows that arrived have impossible counts, such as more contacts answered in time than offered; Data health has an example.",
    };
  if (!windows.some((row) => offered(row) !== null))
    return {
      title: `${prefix}no contact counts for ${dayName(day)}`,
      lead: "Windows have arrived, but no column is mapped to assignments or abandons (asapp-kit wfm columns).",
    };
  const total = summarize(windows);
  const level = serviceLevelOf(site);
  const service = level(total.served);
  const until = running(windows) ? ` by ${zone.time(through)}` : "";
  const missing = shortfallOf(total.served, site) ?? 0;
  const worst = worstInterval(rows, site);
  const share = total.offered ? ` (${percent(total.abandonRate)})` : "";
  const sentences = [
    `${plural(total.offered, "contact")} offered${until || ` on ${longDay(day)}`}${against(total, compared)}, ${count(total.abandoned)} abandoned${share}.`,
    missing > 0 ? `Answering ${plural(missing, "more contact")} in time would have met the target.` : null,
    worst ? `Worst interval: ${span(worst, zone)}, ${percent(level(worst), 0)} of ${count(offered(worst))}.` : null,
    projected ? `About ${count(projected)} expected by the end of the day, if it keeps its usual shape.` : null,
    atClose ? `Service level about ${atClose}, if reps come as planned.` : null,
    windows.some(({ contradicts }) => contradicts) ? lackingText(windows) : null,
  ];
  return {
    title:
      service === null
        ? `${prefix}${plural(total.offered, "contact")} offered${until}`
        : `${prefix}${percent(service)} answered within ${site.seconds} s, ${gap(service, site.target)}`,
    lead: sentences.filter(Boolean).join(" "),
  };
}

/** The interval furthest from the target in contacts; null if all met it. */
function worstInterval(rows: readonly Interval[], site: ServiceSettings): Interval | null {
  const missing = (row: Interval) => shortfallOf(row, site) ?? 0;
  const worst = mostOf(rows, missing);
  return worst && missing(worst) > 0 ? worst : null;
}

/** The first row with the largest value; null if none has a value. */
function mostOf<Row>(rows: readonly Row[], of: (row: Row) => number | null): Row | null {
  return rows.reduce<Row | null>((most, row) => {
    const value = of(row);
    return value !== null && (most === null || value > (of(most) ?? -Infinity)) ? row : most;
  }, null);
}

/** "14:15–14:30", or "01:30 EST–01:45 EST" in a repeated hour. */
export function span(row: Pick<Interval, "label" | "end">, zone: Zone): string {
  return ends(row, zone).join("–");
}

/** The same as two times. */
export function ends(row: Pick<Interval, "label" | "end">, zone: Zone): [from: string, to: string] {
  return [row.label, row.label.includes(" ") ? zone.exactTime(row.end) : zone.time(row.end)];
}

/** ", 10:00–11:00 together" where the rep measures stand for a longer interval than the row; else "". */
export function togetherText({ over }: Interval, zone: Zone): string {
  if (!over) return "";
  return over.pooled ? " · the day so far together" : ` · ${span(over, zone)} together`;
}

/** A clock change on the day, in words; "" if there was none. */
export function clockText(rows: readonly Pick<Interval, "label" | "state">[]): string {
  const between = (of: (row: Pick<Interval, "label" | "state">) => boolean) => {
    const [first, last] = [rows.findIndex(of), rows.findLastIndex(of)];
    const time = (row: { label: string } | undefined) => row?.label.split(" ")[0] ?? "24:00";
    return first < 0 ? null : `${time(rows[first])} to ${time(rows[last + 1])}`;
  };
  const skipped = between(({ state }) => state === "skipped");
  if (skipped) return `The clock went forward: ${skipped} did not exist.`;
  const twice = between(({ label }) => label.includes(" "));
  return twice ? `The clock went back: ${twice} occurred twice.` : "";
}

/** What the day's totals leave out: intervals that lack a count others have, or have inconsistent counts. */
export function lackingText(rows: readonly Interval[]): string {
  const counts = ["assigned", "abandoned", "within"] as const;
  const seen = rows.filter(
    (row) => offered(row) !== 0 && !row.contradicts && counts.some((name) => row[name] !== null),
  );
  const delivered = counts.filter((name) => seen.some((row) => row[name] !== null));
  const lacking = seen.filter((row) => delivered.some((name) => row[name] === null)).length;
  const inconsistent = rows.filter((row) => row.contradicts).length;
  const sentence = (n: number, which: string) =>
    n === 0 ? null : `${plural(n, "interval")} with ${which} ${n === 1 ? "is" : "are"} left out of the day's totals.`;
  return [sentence(lacking, "missing counts"), sentence(inconsistent, "inconsistent counts")].filter(Boolean).join(" ");
}

/** "3.6 points under the 80% target" */
export function gap(share: number, target: number): string {
  const points = Math.abs(share - target) * 100;
  const text = points.toFixed(1);
  if (text === "0.0") return `on the ${percent(target, 0)} target`;
  return `${text} points ${share < target ? "under" : "over"} the ${percent(target, 0)} target`;
}

/** Headlines of the charts: each states the finding. */
export function volumeTitle(rows: readonly Interval[], zone: Zone, compared?: Compared | null): string {
  const { offered, usual } = summarize(rows);
  const { label, offered: other } = otherThan(usual, compared);
  const through = dataThrough(rows);
  if (through === null) return "No contacts have arrived";
  if (!other) return `${plural(offered, "contact")} offered${running(rows) ? ` by ${zone.time(through)}` : ""}`;
  const off = offered / other - 1;
  const percents = Math.abs(off * 100).toFixed(0);
  const words =
    percents !== "0" && isChange(offered, other, compared?.counted)
      ? `${percents}% ${off > 0 ? "above" : "below"}`
      : "in line with";
  return `Volume is ${words} ${label}: ${count(offered)} offered against ${decimal(other, 0)}`;
}

export function waitTitle(rows: readonly Interval[], delivered = false): string {
  const { wait } = summarize(rows);
  if (wait === null) return delivered && rows.some((row) => offered(row)) ? "Waits are held back" : "No waits to show";
  const longest = mostOf(rows, (row) => row.wait);
  const peak = longest ? `; longest ${duration(longest.wait)} at ${longest.label}` : "";
  return `Mean wait ${duration(wait)}${among(rows, (row) => row.wait, offered)}${peak}`;
}

/** `delivered`: the export has handle times, so missing ones of assigned contacts are held back. */
export function handleTitle(rows: readonly Interval[], delivered = false): string {
  const { handle, wrap } = summarize(rows);
  if (handle === null)
    return rows.some(({ held, assigned }) => held || (delivered && assigned))
      ? "Handle times are held back"
      : "No handle times to show";
  const share = wrapShare(wrap, handle);
  const where = among(
    rows,
    (row) => row.handle,
    (row) => row.assigned,
  );
  return `Mean handle time ≈ ${clock(handle)}${where}${share === null ? "" : `, ${percent(share, 0)} of it wrap-up`}`;
}

export function staffTitle(rows: readonly Interval[]): string {
  const staffed = [...new Set(rows.map(repInterval))].filter((row) => row.available !== null && row.available > 0);
  const most = mostOf(staffed, (row) => row.available);
  if (!most) {
    if (rows.some(({ timeContradicts }) => timeContradicts)) return "Rep times are inconsistent";
    return rows.some(({ held }) => held) ? "Rep time is held back" : "No rep time to show";
  }
  const time = (fte: number | null, { minutes }: Interval) => (fte === null ? null : fte * minutes);
  const used = addedRate(
    staffed
      .filter((row) => linearOccupancy(row.utilizedAvailable, row.available) !== null)
      .map((row) => ({ part: time(row.utilizedAvailable, row), whole: time(row.available, row) })),
  );
  const where = among(
    rows,
    (row) => row.available,
    ({ state, available }) => (available !== null || isDue(state) ? 1 : 0),
  );
  const peak = `${whenOf(most)}: ${decimal(most.available)}`;
  return used === null
    ? `Most reps available${where} ${peak}`
    : `Available reps had chats ${percent(used, 0)} of the time${where}; most ${peak}`;
}

// " in the 7 of 48 intervals with figures" where some intervals lack a figure they should have, else "".
function among(
  rows: readonly Interval[],
  figure: (row: Interval) => number | null,
  base: (row: Interval) => number | null,
): string {
  const needed = rows.filter((row) => (base(row) ?? 0) > 0);
  const reported = needed.filter((row) => figure(row) !== null).length;
  return reported === needed.length ? "" : ` in ${everyOf(reported, needed.length)}`;
}

function running(rows: readonly Interval[]): boolean {
  return rows.some(({ state }) => state === "pending");
}

function against({ offered, usual }: DaySummary, compared: Compared | null | undefined): string {
  const { label, offered: other } = otherThan(usual, compared);
  return other ? `, ${countVersus(offered, other, label, isChange(offered, other, compared?.counted))}` : "";
}

function otherThan(usual: number | null, compared: Compared | null | undefined) {
  if (compared === null) return { label: "", offered: null };
  return compared ?? { label: "the usual", offered: usual };
}

// Null if any interval lacks the value: the sum would be too small.
function wholeSum(rows: readonly Interval[], of: (row: Interval) => number | null): number | null {
  return rows.every((row) => of(row) !== null) ? sum(rows.map(of)) : null;
}

/**
 * The counts of a service level: leaves out intervals without one of them, which would add to the denominator only. A count
 * that none has stays null.
 */
export function servedOf(rows: readonly Counts[]): Counts {
  const timed = rows.filter((row) => row.within !== null && row.within <= (offered(row) ?? Infinity));
  const whole = timed.filter(({ abandoned }) => abandoned !== null);
  return rollUp(whole.length ? whole : timed, {
    assigned: { rule: "count", of: (row) => row.assigned },
    abandoned: { rule: "count", of: (row) => row.abandoned },
    within: { rule: "count", of: (row) => row.within },
  });
}

function serviceCounts({ assigned, abandoned, within }: Counts, site: ServiceSettings) {
  return countsWithin(assigned, abandoned, within, site.threshold_counts);
}

/** The site's formula, as a known one. */
export function variantOf({ variant }: Pick<ServiceSettings, "variant">): ServiceLevelVariant {
  return serviceLevelVariants.find((name) => name === variant) ?? "offered";
}
