import { accuracy } from "../accuracy.js";
import type { Interval } from "../interval.js";
import { restOfDay } from "../rest-of-day.js";
import { sum } from "../rollup.js";
import { type ServiceSettings, serviceLevelOf } from "../today.js";
import { serviceLevelAtClose } from "./at-close.js";

type Series = readonly (number | null)[];

/** One queue or group on one complete day, per half-hour of the local clock, as data-loaders/close/[part].json.sql ships it. */
export interface CloseDay {
  queue: string;
  day: string;
  assigned: Series;
  abandoned: Series;
  within: Series;
  seen_assigned: readonly Series[]; // of the half-hours before each of `closeHours`, as known then; null: not known
  seen_abandoned: readonly Series[];
  seen_within: readonly Series[];
  usual: Series; // contacts, of earlier days
  staff: Series; // usual full-time equivalents, of earlier days
  handle: number | null; // usual seconds
  patience: number | null; // mean seconds, of the 28 days before
}

/** What was expected of one day at an hour, and what came. */
export interface CloseScore {
  day: string;
  projected: number | null; // contacts
  offered: number;
  expected: number | null; // service level at close
  soFar: number | null; // level of the day until then: what to expect if nothing changed
  actual: number | null;
}

/** How good the expectations at an hour were, over days that have them. */
export interface CloseAccuracy {
  hour: number;
  days: number; // with an expected level
  volumeDays: number; // with a projection
  wape: number | null; // of projected contacts per day
  volumeBias: number | null;
  error: number | null; // mean absolute error of the expected level, 0..1
  bias: number | null; // above zero: expected too high
  unchanged: number | null; // mean absolute error of the level so far on the same days
}

export const closeHours = [10, 12, 14, 16];

/** The day as it was known at one of `closeHours`: what came later, or was exported or corrected later, is left out. */
export function closeScore(day: CloseDay, hour: number, concurrency: number | null, site: ServiceSettings): CloseScore {
  const seen = seenAt(day, closeHours.indexOf(hour));
  const windows = day.assigned.map((_, i) => halfHour(day, i, seen));
  const rest = restOfDay(windows, windows);
  const level = serviceLevelOf(site);
  const total = ({ assigned, abandoned, within }: Seen) => ({
    assigned: sum(assigned),
    abandoned: sum(abandoned),
    within: sum(within),
  });
  const whole = total(day);
  const queue = { patience: day.patience, concurrency };
  const close = serviceLevelAtClose({ windows, rest, queue, site, range: false });
  return {
    day: day.day,
    projected: rest?.projection.projected ?? null,
    offered: (whole.assigned ?? 0) + (whole.abandoned ?? 0),
    expected: close.level,
    soFar: level(total(seen)),
    actual: level(whole),
  };
}

/** The accuracy at each hour, over the complete days that have every count. */
export function closeAccuracy(
  days: readonly CloseDay[],
  concurrency: number | null,
  site: ServiceSettings,
): CloseAccuracy[] {
  const counted = days.filter(({ assigned, abandoned, within }) =>
    [assigned, abandoned, within].every((series) => series.every((count) => count !== null)),
  );
  return closeHours.map((hour) => {
    const scores = counted.map((day) => closeScore(day, hour, concurrency, site));
    const levels = scores.flatMap(({ expected, actual, soFar }) =>
      expected === null || actual === null
        ? []
        : [{ error: expected - actual, unchanged: soFar === null ? null : soFar - actual }],
    );
    const projected = scores.filter((score) => score.projected !== null);
    const volume = accuracy(projected.map(({ projected, offered }) => ({ forecast: projected, actual: offered })));
    const unchanged = levels.flatMap((day) => day.unchanged ?? []);
    return {
      hour,
      days: levels.length,
      volumeDays: projected.length,
      wape: volume.wape,
      volumeBias: volume.bias,
      error: mean(levels.map(({ error }) => Math.abs(error))),
      bias: mean(levels.map(({ error }) => error)),
      unchanged: unchanged.length === levels.length ? mean(unchanged.map(Math.abs)) : null,
    };
  });
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((all, one) => all + one, 0) / values.length;
}

type Seen = Pick<CloseDay, "assigned" | "abandoned" | "within">;

function seenAt({ seen_assigned, seen_abandoned, seen_within }: CloseDay, at: number): Seen {
  return { assigned: seen_assigned[at] ?? [], abandoned: seen_abandoned[at] ?? [], within: seen_within[at] ?? [] };
}

function halfHour(day: CloseDay, i: number, seen: Seen): Interval {
  const start = Date.parse(`${day.day}T00:00:00Z`) + i * 1_800_000;
  const [assigned = null, abandoned = null, within = null] = [seen.assigned[i], seen.abandoned[i], seen.within[i]];
  const none = { assigned: null, abandoned: null, within: null, wait: null, handle: null, wrap: null, handled: null };
  return {
    ...none,
    label: "",
    start,
    end: start + 1_800_000,
    minutes: 30,
    state: assigned === null ? "pending" : "data",
    assigned,
    abandoned,
    within,
    reps: null,
    loggedIn: null,
    available: null,
    busy: null,
    utilizedAvailable: null,
    utilizedBusy: null,
    held: false,
    usual: day.usual[i] ?? null,
    usualLow: null,
    usualHigh: null,
    usualDays: 0,
    usualExcluded: [],
    lastWeek: null,
    former: { ...none, handle: day.handle, available: day.staff[i] ?? null },
    scheduled: null,
    forecast: null,
    forecastHandle: null,
    forecastIssued: null,
    firstOffered: null,
  };
}
