import { isolated } from "./bidi.js";
import {
  clock,
  count,
  dayName,
  decimal,
  duration,
  everyOf,
  longDay,
  percent,
  plural,
  versus,
  weekdayName,
  type Zone,
} from "./format.js";
import { allQueues, type Counted, type Interval, known, offered } from "./interval.js";
import { isDue } from "./interval-state.js";
import { linearOccupancy } from "./occupancy.js";
import { addedRate, rollUp, sum } from "./rollup.js";
import {
  countsWithin,
  type ServiceLevelVariant,
  serviceLevel,
  serviceLevelFormulas,
  serviceLevelVariants,
  serviceParts,
  shortfall,
} from "./service-level.js";
import { wrapShare } from "./times.js";

/** Intervals added up by the rules of rollup.ts: counts add, means weigh by their own denominator. */
export interface DaySummary {
  intervals: number; // with data
  offered: number;
  assigned: number;
  abandoned: number;
  abandonRate: number | null; // of the intervals that know both
  within: number | null;
  served: Counts; // of the intervals that know all of them, for the service level
  wait: number | null; // mean seconds, weighted by those offered
  handle: number | null; // mean seconds, weighted as in rollup.ts, over what is not held back
  wrap: number | null;
  usual: number | null; // usual offered over the same intervals; null where any of them has none
}

/** What of the site's settings the service level depends on. */
export interface ServiceSettings {
  variant: string;
  seconds: number;
  target: number; // 0..1
  threshold_counts: "answered" | "answered_and_abandoned";
}

type Counts = Pick<Interval, "assigned" | "abandoned" | "within">;

/** What a day is compared with. */
const comparisons = ["usual", "last", "none"] as const;
export type Comparison = (typeof comparisons)[number];

/** The same intervals on another day, or on the usual one: rates from added counts, as for the day itself. */
export interface Compared {
  label: string; // "the usual", "last Tuesday"
  offered: number | null;
  service: number | null;
  abandonRate: number | null;
  wait: number | null;
  handle: number | null;
}

/** The intervals that have data, as they usually are or were a week before; null where nothing is known of them. */
export function comparedWith(
  comparison: Comparison,
  rows: readonly Interval[],
  weekBefore: readonly Interval[],
  day: string,
  site: ServiceSettings,
): Compared | null {
  if (comparison === "none" || !day) return null;
  const seen = rows.filter(known);
  const last = comparison === "last";
  const labels = new Set(seen.map(({ label }) => label));
  const before = addedUp(last ? weekBefore.filter(({ label }) => labels.has(label)) : seen.map(({ former }) => former));
  const offered = last ? wholeSum(seen, (row) => row.lastWeek) : summarize(rows).usual;
  if (before.intervals === 0 && (last || offered === null)) return null;
  return {
    label: last ? `last ${weekdayName(day)}` : "the usual",
    offered,
    service: serviceLevelOf(site)(before.served),
    abandonRate: before.abandonRate,
    wait: before.wait,
    handle: before.handle,
  };
}

export function summarize(rows: readonly Interval[]): DaySummary {
  const whole = rows.filter((row) => known(row) && row.state !== "partial");
  return { ...addedUp(rows), usual: wholeSum(whole, (row) => row.usual) };
}

function addedUp(rows: readonly Counted[]): Omit<DaySummary, "usual"> {
  const seen = rows.filter(known);
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

/** End of the newest interval that has arrived whole, be it closed, in milliseconds; null before the first. */
export function dataThrough(rows: readonly Interval[]): number | null {
  const arrived = new Set(["data", "incomplete", "zero", "closed"]);
  return rows.findLast(({ state }) => arrived.has(state))?.end ?? null;
}

/** The site's service level of counts, by its configured formula; null where the counts do not give one. */
export function serviceLevelOf(site: ServiceSettings) {
  return (counts: Counts): number | null => serviceLevel(serviceCounts(counts, site), variantOf(site));
}

/** Whether there is no service level because the counts contradict each other: more in time than there were, or less than none. */
export function contradictory(counts: Counts & { contradicts?: boolean }, site: ServiceSettings): boolean {
  const { state } = serviceParts(serviceCounts(counts, site), variantOf(site));
  return state === "contradictory" || (counts.contradicts === true && state !== "known");
}

/** How many more contacts would have had to be served in time. */
export function shortfallOf(counts: Counts, site: ServiceSettings): number | null {
  return shortfall(serviceCounts(counts, site), site.target, variantOf(site))?.missing ?? null;
}

/** The formula in words, with the threshold put in. */
export function formula(site: ServiceSettings): string {
  const words = serviceLevelFormulas[variantOf(site)].replaceAll(/\bT\b/g, `${site.seconds} s`);
  return words.replace(/^\(?[a-z]/, (start) => start.toUpperCase());
}

/** The day in a few sentences: what happened, then where it was worst. Never says "now": the data is some minutes old. */
export function daySentence(options: {
  rows: readonly Interval[];
  windows?: readonly Interval[]; // the same day in quarter-hours
  compared?: Compared | null; // the usual unless told; null is nothing
  projected?: number | null; // contacts of the whole day
  queue: string;
  day: string; // "" when there is none at all
  zone: Zone;
  site: ServiceSettings & { min_contacts: number };
}): { title: string; lead: string } {
  const { rows, windows = rows, compared, projected, queue, day, zone, site } = options;
  const through = dataThrough(windows);
  const place = queue === allQueues ? "" : `${isolated(queue)}: `;
  if (!day)
    return {
      title: "No intraday data yet",
      lead: "Nothing of queue_wfm has been synced. ASAPP delivers the WFM feeds on request.",
    };
  if (through === null || !rows.some((row) => known(row) || row.contradicts))
    return { title: `${place}no data for ${dayName(day)}`, lead: "No interval of this day has arrived." };
  if (!windows.some((row) => offered(row) !== null) && windows.some(({ contradicts }) => contradicts))
    return {
      title: `${place}counts of ${dayName(day)} contradict`,
      lead: "Windows have arrived with counts that cannot be, such as more answers in time than contacts; Data health has an example.",
    };
  if (!windows.some((row) => offered(row) !== null))
    return {
      title: `${place}contacts of ${dayName(day)} cannot be told`,
      lead: "Windows have arrived, but without a column of assignments or abandons (asapp-kit wfm columns).",
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
    missing > 0 ? `${plural(missing, "more answer")} in time would have met the target.` : null,
    worst ? `Worst interval: ${span(worst, zone)}, ${percent(level(worst), 0)} of ${count(offered(worst))}.` : null,
    projected ? `About ${count(projected)} by the end of the day, if its usual shape holds.` : null,
    windows.some(({ contradicts }) => contradicts) ? lackingText(windows) : null,
  ];
  return {
    title:
      service === null
        ? `${place}${plural(total.offered, "contact")} offered${until}`
        : `${place}${percent(service)} answered within ${site.seconds} s, ${gap(service, site.target)}`,
    lead: sentences.filter(Boolean).join(" "),
  };
}

/** The interval with the most answers in time missing to the target; null when all met it. */
function worstInterval(rows: readonly Interval[], site: ServiceSettings): Interval | null {
  const missing = (row: Interval) => shortfallOf(row, site) ?? 0;
  const worst = mostOf(rows, missing);
  return worst && missing(worst) > 0 ? worst : null;
}

/** The first row with the largest value, among those that have one; null where none has. */
function mostOf<Row>(rows: readonly Row[], of: (row: Row) => number | null): Row | null {
  return rows.reduce<Row | null>((most, row) => {
    const value = of(row);
    return value !== null && (most === null || value > of(most)!) ? row : most;
  }, null);
}

/** "14:15–14:30", "01:30 EST–01:45 EST" on a night when the clock goes back */
export function span(row: Pick<Interval, "label" | "end">, zone: Zone): string {
  return `${row.label}–${row.label.includes(" ") ? zone.exactTime(row.end) : zone.time(row.end)}`;
}

/** What the clock did on a night when it changed, in words; "" on any other day. */
export function clockText(rows: readonly Pick<Interval, "label" | "state">[]): string {
  const between = (of: (row: Pick<Interval, "label" | "state">) => boolean) => {
    const [first, last] = [rows.findIndex(of), rows.findLastIndex(of)];
    const time = (row: { label: string } | undefined) => row?.label.split(" ")[0] ?? "24:00";
    return first < 0 ? null : `${time(rows[first])} to ${time(rows[last + 1])}`;
  };
  const skipped = between(({ state }) => state === "skipped");
  if (skipped) return `The clock went forward: ${skipped} did not exist.`;
  const twice = between(({ label }) => label.includes(" "));
  return twice ? `The clock went back: ${twice} came twice.` : "";
}

/** What the sums of a day leave out: intervals without a count that others have. */
export function lackingText(rows: readonly Interval[]): string {
  const counts = ["assigned", "abandoned", "within"] as const;
  const seen = rows.filter(
    (row) => offered(row) !== 0 && !row.contradicts && counts.some((name) => row[name] !== null),
  );
  const told = counts.filter((name) => seen.some((row) => row[name] !== null));
  const lacking = seen.filter((row) => told.some((name) => row[name] === null)).length;
  const wrong = rows.filter((row) => row.contradicts).length;
  const left = (n: number, which: string) =>
    n === 0 ? null : `${plural(n, "interval")} ${which} ${n === 1 ? "is" : "are"} left out of the day's sums.`;
  return [left(lacking, "without a count"), left(wrong, "whose counts contradict")].filter(Boolean).join(" ");
}

/** "3.6 points under the 80% target" */
export function gap(share: number, target: number): string {
  const points = Math.abs(share - target) * 100;
  const text = points.toFixed(1);
  if (text === "0.0") return `on the ${percent(target, 0)} target`;
  return `${text} points ${share < target ? "under" : "over"} the ${percent(target, 0)} target`;
}

/** Headlines of the charts: each says what the reader should see. */
export function volumeTitle(rows: readonly Interval[], zone: Zone, compared?: Compared | null): string {
  const { offered, usual } = summarize(rows);
  const { label, offered: other } = otherThan(usual, compared);
  const through = dataThrough(rows);
  if (through === null) return "No contacts have arrived";
  if (!other) return `${plural(offered, "contact")} offered${running(rows) ? ` by ${zone.time(through)}` : ""}`;
  const off = offered / other - 1;
  const words =
    Math.abs(off) < 0.03 ? "in line with" : `${Math.abs(off * 100).toFixed(0)}% ${off > 0 ? "above" : "below"}`;
  return `Volume is ${words} ${label}: ${count(offered)} offered against ${decimal(other, 0)}`;
}

export function waitTitle(rows: readonly Interval[], delivered = false): string {
  const { wait } = summarize(rows);
  if (wait === null) return delivered && rows.some((row) => offered(row)) ? "Waits are held back" : "No waits to show";
  const longest = mostOf(rows, (row) => row.wait);
  const peak = longest ? `; longest ${duration(longest.wait)} at ${longest.label}` : "";
  return `Mean wait ${duration(wait)}${among(rows, (row) => row.wait, offered)}${peak}`;
}

/** `delivered`: the export has handle times, so that those of assigned contacts that are not here are held back. */
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
  const staffed = rows.filter((row) => row.available !== null && row.available > 0);
  const most = mostOf(staffed, (row) => row.available);
  if (!most) {
    if (rows.some(({ timeContradicts }) => timeContradicts)) return "Rep times contradict";
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
  const peak = `at ${most.label}: ${decimal(most.available)}`;
  return used === null
    ? `Most reps available${where} ${peak}`
    : `Available reps had chats ${percent(used, 0)} of the time${where}; most ${peak}`;
}

// " in the 7 of 48 intervals told" where some of the intervals that should have the figure lack it, else nothing.
function among(
  rows: readonly Interval[],
  figure: (row: Interval) => number | null,
  base: (row: Interval) => number | null,
): string {
  const needed = rows.filter((row) => (base(row) ?? 0) > 0);
  const told = needed.filter((row) => figure(row) !== null).length;
  return told === needed.length ? "" : ` in ${everyOf(told, needed.length)}`;
}

function running(rows: readonly Interval[]): boolean {
  return rows.some(({ state }) => state === "pending");
}

function against({ offered, usual }: DaySummary, compared: Compared | null | undefined): string {
  const { label, offered: other } = otherThan(usual, compared);
  return other ? `, ${versus(offered, other, label)}` : "";
}

function otherThan(usual: number | null, compared: Compared | null | undefined) {
  if (compared === null) return { label: "", offered: null };
  return compared ?? { label: "the usual", offered: usual };
}

// What one of the intervals lacks would be missing in the sum.
function wholeSum(rows: readonly Interval[], of: (row: Interval) => number | null): number | null {
  return rows.every((row) => of(row) !== null) ? sum(rows.map(of)) : null;
}

// An interval without one of the counts would be in the whole and not in the part. A count that none has stays unknown.
function servedOf(rows: readonly Counts[]): Counts {
  const told = rows.filter((row) => row.within !== null && row.within <= (offered(row) ?? Infinity));
  const whole = told.filter(({ abandoned }) => abandoned !== null);
  return rollUp(whole.length ? whole : told, {
    assigned: { rule: "count", of: (row) => row.assigned },
    abandoned: { rule: "count", of: (row) => row.abandoned },
    within: { rule: "count", of: (row) => row.within },
  });
}

function serviceCounts({ assigned, abandoned, within }: Counts, site: ServiceSettings) {
  return countsWithin(assigned, abandoned, within, site.threshold_counts);
}

function variantOf({ variant }: ServiceSettings): ServiceLevelVariant {
  return serviceLevelVariants.find((known) => known === variant) ?? "offered";
}
