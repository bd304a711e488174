import { isChange } from "../baseline.js";
import { change, count, dayName, decimal, plural, type Zone } from "../format.js";
import { allQueues, hasCounts, type IntradayDay, offered, queueWindows, type WindowRow, whenOf } from "../interval.js";
import { type Basis, type Chats, netRows, staffingBasis } from "../net-staffing.js";
import { lacks, type Site, siteIntervals } from "../site.js";
import { daysLater, timeZone } from "../time-zone.js";
import * as today from "../today.js";
import { dayIntervals, dayWindows, type Grain, type LocalInterval, windowsOf } from "../windows.js";

/** What added to a queue's shortfall, and how strongly: its factor, comparable between drivers. */
export interface Driver {
  words: string; // "volume +40%"
  factor: number; // load over what is usual or staffed, above 1
}

/** A queue that missed the target. */
export interface WorstQueue {
  queue: string;
  missing: number; // shortfall: contacts
  offered: number;
  service: number; // 0..1
  drivers: Driver[]; // for the worse and beyond noise, strongest first
  why: string; // the drivers in words, or that there are none
}

/** The queues of a period that lack most answers. */
export interface WorstPeriod {
  at: string | null; // of an hour: its label, "13:00"; null: the day
  title: string; // "5 of 9 queues missed the target between 13:00 and 14:00"
  worst: WorstQueue[]; // at most three, most answers missing first
  missed: number; // queues
  ranked: number; // queues with a service level and enough contacts
  few: number; // queues left out: too few contacts
}

export interface WorstOptions {
  files: { day: readonly WindowRow[]; weekBefore: readonly WindowRow[] }; // the latter for the comparison with last week
  days: readonly IntradayDay[];
  queues: readonly { queue: string; kind: string }[];
  loads: readonly Chats[];
  day: string; // "" without any day
  comparison: today.Comparison;
  basis: Basis;
  zone: Zone;
  site: Site;
}

const shown = 3;

/** The worst queues of the last full hour with contacts, and of the day so far; groups are not queues here. */
export function worstQueues(options: WorstOptions): WorstPeriod[] {
  const { files, days, queues, day, site, zone } = options;
  const entry = days.find((one) => one.day === day);
  if (!entry?.through || files.day.length === 0 || lacks(site, "assignments", "abandons", "within_threshold"))
    return [];
  const names = queues.filter(({ kind }) => kind === "queue").map(({ queue }) => queue);
  const hour = lastHour({ windows: files.day, queues: names, timezone: site.timezone }, entry);
  const running = Date.parse(entry.through) < (dayWindows(day, site.timezone).at(-1) ?? 0);
  const so = running ? `by ${zone.time(entry.through)}` : `on ${dayName(day)}`;
  return [
    ...(hour === null ? [] : [worstOf(options, hour, `between ${today.ends(hour, zone).join(" and ")}`)]),
    worstOf(options, null, so),
  ];
}

/** The newest clock hour of a day whose four windows are complete, and in which a queue had contacts. */
export function lastHour(
  { windows, queues, timezone }: { windows: readonly WindowRow[]; queues: readonly string[]; timezone: string },
  { day, arrived }: Pick<IntradayDay, "day" | "arrived">,
): LocalInterval | null {
  const hours = dayIntervals(day, timeZone(timezone), 60);
  const starts = hours.flatMap(windowsOf);
  const complete = new Set(starts.filter((_, i) => arrived[i] === "1"));
  const busy = new Set<number>();
  for (const queue of queues) for (const row of queueWindows(windows, queue)) if (offered(row)) busy.add(row.start);
  return (
    hours.findLast((hour) => {
      const inside = windowsOf(hour);
      return inside.length === 4 && inside.every((start) => complete.has(start)) && inside.some((at) => busy.has(at));
    }) ?? null
  );
}

function worstOf(options: WorstOptions, hour: LocalInterval | null, when: string): WorstPeriod {
  const { files, queues, site } = options;
  const inside = ({ start }: { start: number }) => hour === null || (start >= hour.start && start < hour.end);
  const entries = queues
    .filter(({ kind, queue }) => kind === "queue" && queue !== allQueues)
    .flatMap(({ queue }) => {
      const rows = queueWindows(files.day, queue).filter((row) => inside(row) && hasCounts(row));
      const contacts = rows.reduce((sum, row) => sum + (offered(row) ?? 0), 0);
      const counts = today.servedOf(rows);
      const [missing, service] = [today.shortfallOf(counts, site), today.serviceLevelOf(site)(counts)];
      return { queue, offered: contacts, missing, service };
    });
  const known = entries.flatMap(({ missing, service, ...entry }) =>
    missing === null || service === null ? [] : [{ ...entry, missing, service }],
  );
  const ranked = known.filter((entry) => entry.offered >= site.min_contacts).sort(worstFirst);
  const missed = ranked.filter(({ missing }) => missing > 0);
  return {
    at: hour?.label ?? null,
    title: title({ when, ranked: ranked.length, missed: missed.length, few: known.length - ranked.length }),
    worst: missed.slice(0, shown).map(({ queue, missing, offered, service }) => {
      const { drivers, unknown } = driversOf(options, queue, hour);
      return { queue, missing, offered, service, drivers, why: whyText(drivers, unknown) };
    }),
    missed: missed.length,
    ranked: ranked.length,
    few: known.length - ranked.length,
  };

  // ranked   missed   few    title
  // 0        -        0      no contacts, or no service level as counts are inconsistent
  // 0        -        some   no queue had enough contacts
  // some     0        0      all met the target
  // some     0        some   all with enough contacts met it
  // some     some     -      so many of so many missed it
  function title({ when, ranked, missed, few }: { when: string; ranked: number; missed: number; few: number }): string {
    const least = `${count(site.min_contacts)} contacts`;
    if (ranked === 0 && few > 0) return `No queue had ${least} ${when}`;
    if (ranked === 0)
      return `${files.day.some((row) => inside(row) && (row.contradicts ?? 0) % 2 === 1) ? "Inconsistent counts" : "No contacts"} ${when}`;
    if (missed > 0) return `${count(missed)} of ${plural(ranked, "queue")} missed the target ${when}`;
    const all = ranked === 1 ? "The queue" : `All ${count(ranked)} queues`;
    return `${all}${few > 0 ? ` with at least ${least}` : ""} met the target ${when}`;
  }
}

interface Ranked {
  queue: string;
  missing: number;
  service: number;
  offered: number;
}

/** Most answers missing first, then the lower service level, then the busier queue. */
export function worstFirst(a: Ranked, b: Ranked): number {
  return b.missing - a.missing || a.service - b.service || b.offered - a.offered || (a.queue < b.queue ? -1 : 1);
}

// figure, for the worse and beyond noise                    words
// volume                                                    volume +40%
// mean handle time                                          handle time +12%
// available reps under the required, by half a rep          2.3 reps short, of the day: at its tightest hour
// otherwise available reps under the usual, by half a rep   1.2 fewer reps than usual
function driversOf(options: WorstOptions, queue: string, hour: LocalInterval | null) {
  const { files, days, day, site, comparison, loads } = options;
  const inside = ({ start }: { start: number }) => hour === null || (start >= hour.start && start < hour.end);
  const rowsOf = (date: string, windows: readonly WindowRow[], grain: Grain) =>
    siteIntervals(site, { windows, days, day: date, queue, grain });
  const quarters = rowsOf(day, files.day, 15).filter(inside);
  const before = comparison === "last" ? rowsOf(daysLater(day, -7), files.weekBefore, 15) : [];
  const compared = today.comparedWith(today.comparisonOf(comparison, quarters), quarters, before, day, site);
  const now = today.summarize(quarters);
  const basis = staffingBasis(site, loads, queue, options.basis);
  const hours = netRows(rowsOf(day, files.day, 60).filter(inside), basis, { dayHandle: now.handle });
  const whole = hours.filter(({ row }) => row.state !== "partial" && row.state !== "pending");
  const staffed = whole.flatMap(({ net, over, available, required }) =>
    net === null || available === null || required === null ? [] : [{ net, over, available, required }],
  );
  const tightest = staffed.reduce<(typeof staffed)[number] | null>(
    (least, one) => (least === null || one.net < least.net ? one : least),
    null,
  );
  const place = tightest && (hour === null || tightest.over.pooled) ? ` ${whenOf(tightest.over)}` : "";
  const usually = tightest?.over.former.available ?? null;
  const drivers: (Driver | null)[] = [
    volumeDriver(now.offered, compared),
    handleDriver(now.handle, compared?.handle ?? null, now.assigned),
    tightest && tightest.net <= -leastReps
      ? { words: `${decimal(-tightest.net)} reps short${place}`, factor: tightest.required / tightest.available }
      : tightest && usually !== null && tightest.available - usually <= -leastReps
        ? {
            words: `${decimal(usually - tightest.available)} fewer reps than usual${place}`,
            factor: usually / tightest.available,
          }
        : null,
  ];
  const strongest = drivers.filter((driver) => driver !== null).sort((a, b) => b.factor - a.factor);
  return {
    drivers: strongest,
    unknown: {
      all: compared === null && tightest === null,
      reps: tightest === null && whole.some(({ over }) => over.held),
    },
  };
}

const leastReps = 0.5; // as in net-staffing.ts

function volumeDriver(now: number, compared: today.Compared | null): Driver | null {
  const usual = compared?.offered ?? null;
  if (usual === null || now < usual || !isChange(now, usual, compared?.counted)) return null;
  const words = usual === 0 ? `${plural(now, "contact")}, usually none` : `volume ${more(now, usual)}`;
  return { words, factor: now / usual };
}

function handleDriver(now: number | null, usual: number | null, handled: number): Driver | null {
  if (now === null || !usual || now <= usual * (1 + handleNoise(handled))) return null;
  return { words: `handle time ${more(now, usual)}`, factor: now / usual };
}

/**
 * The share by which a mean handle time of so many contacts exceeds its expectation by chance alone, once in forty times:
 * 2 / sqrt(n), as for exponential times; at least 5 %, which nobody acts on.
 */
export function handleNoise(handled: number): number {
  return Math.max(0.05, 2 / Math.sqrt(Math.max(1, handled)));
}

function more(now: number, usual: number): string {
  return now / usual >= 10 ? `${count(now / usual)} times the usual` : change(now / usual - 1);
}

function whyText(drivers: readonly Driver[], unknown: { all: boolean; reps: boolean }): string {
  if (drivers.length > 0) return drivers.map(({ words }) => words).join(", ");
  const reps = unknown.reps ? "; reps held back" : "";
  return `${unknown.all ? "nothing to compare with" : "no driver stands out"}${reps}`;
}
