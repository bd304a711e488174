import { timeZone } from "../../../notebooks/components/metrics/time-zone.ts";
import { windowLength, windowStart } from "../../../notebooks/components/metrics/windows.ts";

/** What a run said of a quarter-hour and queue. Times are milliseconds, UTC; a sum is null if any row lacks the count. */
export interface QueueState {
  start: number;
  known: number; // from then on
  queue: string;
  assigned: number | null;
  abandoned: number | null;
  within: number | null;
  handle: number | null; // seconds
}

/** What a run said of the reps of a quarter-hour and subject, each rep counted once. */
export interface StaffState {
  start: number;
  known: number;
  subject: string;
  reps: number | null;
  available: number | null; // minutes
}

/** When a partition of a feed was known, and the end of what it covers. */
export interface Arrival {
  feed: string;
  known: number;
  through: number;
}

/** All that was ever known, in any order. */
export interface Facts {
  queues: QueueState[];
  staff: StaffState[];
  arrivals: Arrival[];
  groups: ReadonlyMap<string, readonly string[]>; // queues by group, with "All queues"
  excludedDays: ReadonlySet<string>;
  chats: ReadonlyMap<string, number>; // at once per rep, by local day: of the four weeks before
  troubles: Trouble[];
}

/** A trouble of a feed's newest days, as of now: when it began to be so is not kept. */
export interface Trouble {
  kind: "counts" | "unfit";
  feed: string;
  what: string; // in words, without a value of the data
}

const queueFeed = "queue_wfm";

/** What was known at a moment, which only moves forward. */
export class Knowledge {
  readonly facts: Facts;
  readonly zone: ReturnType<typeof timeZone>;
  private moment = Number.NEGATIVE_INFINITY;
  private readonly pending: { queues: QueueState[]; staff: StaffState[]; arrivals: Arrival[] };
  private readonly queues = new Map<string, Map<number, QueueState>>();
  private readonly staff = new Map<string, Map<number, StaffState>>();
  private readonly covered = new Set<number>(); // starts of complete quarter-hours
  private readonly throughs = new Map<string, number>(); // by feed
  private readonly windows = new Map<number, Map<string, Window>>(); // by start and subject
  private readonly profiles = new Map<string, Map<string, Window | null>>(); // by day, then by subject and local time
  private readonly startsOfDay = new Map<string, Map<string, number[]>>(); // by day, then by local time

  constructor(facts: Facts, timezone: string) {
    this.facts = facts;
    this.zone = timeZone(timezone);
    // the newest first: each is taken from the end; at one time the later quarter-hour of a run last
    const byTime = <T extends { known: number }>(rows: readonly T[]) => [...rows].sort((a, b) => b.known - a.known);
    this.pending = { queues: byTime(facts.queues), staff: byTime(facts.staff), arrivals: byTime(facts.arrivals) };
  }

  /** Learns what was known by `moment`. */
  advance(moment: number): void {
    if (moment < this.moment) throw new RangeError("knowledge only grows");
    this.moment = moment;
    for (const state of taken(this.pending.queues, moment)) {
      put(this.queues, state.queue, state);
      this.windows.delete(state.start);
      this.cover(state.start);
      this.profiles.delete(this.zone.date(state.start));
    }
    for (const state of taken(this.pending.staff, moment)) put(this.staff, state.subject, state);
    for (const { feed, through } of taken(this.pending.arrivals, moment)) {
      this.throughs.set(feed, Math.max(through, this.throughs.get(feed) ?? Number.NEGATIVE_INFINITY));
      if (feed !== queueFeed) continue;
      // a run covers the four quarter-hours before its end, with rows or without
      for (let start = through - 4 * windowLength; start < through; start += windowLength) this.cover(start);
    }
  }

  /** The end of the newest complete quarter-hour of queue_wfm; null without any. */
  get through(): number | null {
    return this.throughs.get(queueFeed) ?? null;
  }

  /** The end of what the partitions of a feed cover; null without any. */
  throughOf(feed: string): number | null {
    return this.throughs.get(feed) ?? null;
  }

  get feeds(): string[] {
    return [...this.throughs.keys()].sort();
  }

  get queueNames(): string[] {
    return [...this.queues.keys()].sort();
  }

  /** A queue's or group's quarter-hour; null while it is not complete. Complete and without rows, it had no contacts. */
  window(subject: string, start: number): Window | null {
    if (!this.covered.has(start)) return null;
    const cached = this.windows.get(start) ?? new Map<string, Window>();
    this.windows.set(start, cached);
    let window = cached.get(subject);
    if (window === undefined) {
      window = sumOf((this.facts.groups.get(subject) ?? [subject]).map((queue) => this.queues.get(queue)?.get(start)));
      cached.set(subject, window);
    }
    return window;
  }

  /** The reps of a subject's quarter-hour; null where no rep has rows. */
  reps(subject: string, start: number): StaffState | null {
    return this.staff.get(subject)?.get(start) ?? null;
  }

  /** A subject's quarter-hour of another day at the same local time; of one that the clock repeats, the mean. */
  windowAt(subject: string, day: string, slot: string): Window | null {
    const profile = this.profiles.get(day) ?? new Map<string, Window | null>();
    this.profiles.set(day, profile);
    const key = `${slot} ${subject}`;
    const cached = profile.get(key);
    if (cached !== undefined) return cached;
    const starts = this.startsOfDay.get(day)?.get(slot) ?? [];
    const windows = starts.map((start) => this.window(subject, start));
    const whole = windows.every((window) => window !== null) && windows.length > 0;
    const window = whole ? meanOf(windows as Window[]) : null;
    profile.set(key, window);
    return window;
  }

  private cover(start: number): void {
    if (this.covered.has(start)) return;
    this.covered.add(start);
    this.throughs.set(queueFeed, Math.max(start + windowLength, this.throughs.get(queueFeed) ?? 0));
    const day = this.zone.date(start);
    const slots = this.startsOfDay.get(day) ?? new Map<string, number[]>();
    this.startsOfDay.set(day, slots);
    const slot = this.zone.clock(start);
    slots.set(slot, [...(slots.get(slot) ?? []), start]);
    this.profiles.delete(day);
  }
}

/** Contacts of a quarter-hour, or of several. A count is null if any part lacks it. */
export interface Window {
  assigned: number | null;
  abandoned: number | null;
  within: number | null;
  handled: number; // contacts with a handle time
  handleSeconds: number; // their sum
}

/** The sum of these quarter-hours of queues; one that is missing had no contacts. */
function sumOf(states: readonly (QueueState | undefined)[]): Window {
  const sum = noContacts();
  for (const state of states) {
    if (state === undefined) continue;
    const { assigned, abandoned, within, handle } = state;
    // more answered in time than there were: the counts contradict each other
    const isOdd = within !== null && assigned !== null && abandoned !== null && within > assigned + abandoned;
    const handled = handle === null ? 0 : (assigned ?? 0);
    add(sum, { assigned, abandoned, within: isOdd ? null : within, handled, handleSeconds: handled * (handle ?? 0) });
  }
  return sum;
}

export function totalOf(windows: readonly Window[]): Window {
  const sum = noContacts();
  for (const window of windows) add(sum, window);
  return sum;
}

function noContacts(): Window {
  return { assigned: 0, abandoned: 0, within: 0, handled: 0, handleSeconds: 0 };
}

function add(sum: Window, { assigned, abandoned, within, handled, handleSeconds }: Window): void {
  sum.assigned = plus(sum.assigned, assigned);
  sum.abandoned = plus(sum.abandoned, abandoned);
  sum.within = plus(sum.within, within);
  sum.handled += handled;
  sum.handleSeconds += handleSeconds;
}

/** Contacts offered; null if unknown. */
export function offeredIn({ assigned, abandoned }: Window): number | null {
  return plus(assigned, abandoned);
}

/** Mean handle time, seconds; null without one. */
export function handleOf({ handled, handleSeconds }: Window): number | null {
  return handled > 0 ? handleSeconds / handled : null;
}

function meanOf(windows: readonly Window[]): Window {
  const { assigned, abandoned, within, handled, handleSeconds } = totalOf(windows);
  const n = windows.length;
  const per = (value: number | null) => (value === null ? null : value / n);
  return {
    assigned: per(assigned),
    abandoned: per(abandoned),
    within: per(within),
    handled: handled / n,
    handleSeconds: handleSeconds / n,
  };
}

function plus(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}

function* taken<T extends { known: number }>(rows: T[], moment: number): Generator<T> {
  for (let row = rows.at(-1); row !== undefined && row.known <= moment; row = rows.at(-1)) {
    rows.pop();
    yield row;
  }
}

function put<T extends { start: number; known: number }>(
  all: Map<string, Map<number, T>>,
  key: string,
  state: T,
): void {
  const states = all.get(key) ?? new Map<number, T>();
  all.set(key, states);
  states.set(windowStart(state.start), state);
}
