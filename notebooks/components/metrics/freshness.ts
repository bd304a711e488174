import type { TimeZone } from "./time-zone.js";

/** What is known of a feed's arrival: of each feed that is here, data-loaders/site.json.sql ships it. */
export interface FeedArrival {
  feed: string;
  cadence_minutes: number | null; // null counts as a day
  through: string | null; // end of its newest data, ISO, UTC
  overdue: number; // partitions, at the last sync
  failed: number;
  unlisted?: boolean; // the last sync could not list it
  to_come?: boolean; // a partition of it is dated as it cannot be
}

/** The moment of classification: milliseconds, UTC. */
export interface Moment {
  now: number;
  synced: number | null; // end of the last sync
  graceMinutes: number; // sync.grace of kit.yaml
}

export type FeedState = "failed" | "overdue" | "none" | "stale" | "to come" | "late" | "current";

export interface FeedFreshness {
  state: FeedState;
  ageMinutes: number | null; // of the newest data; null without data, or where they are of a time to come
  since: "export" | "sync" | null; // whose turn it is: the source brings nothing, or nobody has asked it
  look: boolean; // somebody should see to it
}

const minute = 60_000;
const dayMinutes = 1440;

// failed  overdue  newest data                                state     since    needs a look
// > 0     any      any, or the feed could not be listed       failed    export   yes
// 0       > 0      any                                        overdue   export   yes
// 0       0        over 2 cadences + grace before the sync    stale     export   yes
// 0       0        over 2 cadences + grace before now         stale     sync     once the sync is a day old
// 0       0        over a day after now, or dated so          to come   export   yes
// 0       0        none                                       none      -        no
// 0       0        over 2 cadences before now                 late      -        no
// 0       0        otherwise                                  current   -        no
/** The freshness of a feed, for `status` when it runs and for pages in the reader's browser. */
export function classifyFeed(feed: FeedArrival, { now, synced, graceMinutes }: Moment): FeedFreshness {
  const cadence = feed.cadence_minutes ?? dayMinutes;
  const through = feed.through === null ? null : Date.parse(feed.through);
  const age = through === null ? null : (now - through) / minute;
  const ageMinutes = age === null || age < 0 ? null : age;
  const old = (at: number) => through !== null && (at - through) / minute > 2 * cadence + graceMinutes;
  const toCome = feed.to_come || (through !== null && through - now > dayMinutes * minute);
  const freshness = (state: FeedState, since: FeedFreshness["since"], look: boolean) => ({
    state,
    ageMinutes,
    since,
    look,
  });
  if (feed.failed > 0 || feed.unlisted) return freshness("failed", "export", true);
  if (feed.overdue > 0) return freshness("overdue", "export", true);
  if (synced !== null && old(synced)) return freshness("stale", "export", true);
  if (old(now)) return freshness("stale", "sync", synced === null || (now - synced) / minute > dayMinutes);
  if (toCome) return freshness("to come", "export", true);
  if (through === null) return freshness("none", null, false);
  if (age! > 2 * cadence) return freshness("late", null, false);
  return freshness("current", null, false);
}

/** The feeds that a page is made of. */
export interface PageFeeds {
  of: readonly string[]; // what it counts: the oldest of these decides up to when its figures tell
  beside?: readonly string[]; // what it sets beside that, such as the usual
}

/** Up to when the figures of a page tell. */
export interface PageThrough {
  through: string | null; // ISO, UTC; the oldest of its feeds that are here
  counted: FeedArrival[]; // with data
  oldest: FeedArrival[]; // which end there
  newest: string | null; // where the others end, if later
  missing: string[]; // feeds without data
  beside: FeedArrival[]; // with data
}

// its feeds             through      oldest          newest         missing
// none with data        null         none            null           all
// all end at one time   that time    all             null           none
// they differ           the oldest   those of it     the newest     none
// some without data     as if they were not among them              those
export function pageThrough(feeds: readonly FeedArrival[], { of, beside = [] }: PageFeeds): PageThrough {
  const here = (names: readonly string[]) =>
    names.flatMap((name) => feeds.find(({ feed, through }) => feed === name && through !== null) ?? []);
  const counted = here(of);
  const times = counted.map(({ through }) => Date.parse(through!));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const oldest = counted.filter((_, i) => times[i] === first);
  return {
    through: oldest[0]?.through ?? null,
    counted,
    oldest,
    newest: first < last ? counted[times.indexOf(last)]!.through : null,
    missing: of.filter((name) => !counted.some(({ feed }) => feed === name)),
    beside: here(beside),
  };
}

// the page's feeds with data                 the newest of the oldest     warning
// one is over 2 cadences old                 any                          old
// none is, the oldest comes several a day    of a day before              not of today
// otherwise                                                               none
/** What a page must warn of: feeds older than twice their cadence, or figures that are not of the day of the site's zone. */
export function pageAge(page: PageThrough, moment: Moment, zone: TimeZone): PageAge | null {
  const { through, counted, oldest } = page;
  if (through === null || Date.parse(through) > moment.now) return null;
  const cadenceOf = (feed: FeedArrival) => feed.cadence_minutes ?? dayMinutes;
  const age = (feed: FeedArrival) => (moment.now - Date.parse(feed.through!)) / minute;
  const old = counted.filter((feed) => age(feed) > 2 * cadenceOf(feed));
  const today = zone.date(Date.parse(through) - 1) >= zone.date(moment.now);
  if (old.length === 0 && (today || oldest.some((feed) => cadenceOf(feed) >= dayMinutes))) return null;
  const worst = old.length > 0 ? [...old].sort((a, b) => age(b) - age(a))[0]! : oldest[0]!;
  const about = (old.length > 0 ? old : oldest).filter((feed) => feed.through === worst.through);
  return {
    feeds: about.map(({ feed }) => feed),
    through: worst.through!,
    others: old.filter((feed) => !about.includes(feed)).map(({ feed }) => feed),
    old: old.length > 0,
    today,
    since: old.some((feed) => classifyFeed(feed, moment).since === "export") ? "export" : "sync",
  };
}

export interface PageAge {
  feeds: string[]; // that it is about: the oldest
  through: string; // of these
  others: string[]; // that are old as well
  old: boolean;
  today: boolean;
  since: "export" | "sync"; // whose turn it is
}

/** 64 -> "64 min", 210 -> "3.5 h", 14400 -> "10 days" */
export function ageText(minutes: number): string {
  if (minutes < 90) return `${Math.floor(minutes)} min`;
  if (minutes < 2 * dayMinutes) return `${Number((minutes / 60).toFixed(1))} h`;
  return `${Math.floor(minutes / dayMinutes)} days`;
}

// server's Date       this device's clock                     now          told
// given               within two minutes of it                device's     -
// given               off by more                             server's     "this device's clock is 3 h ahead"
// none                before the sync, by over two minutes    unknown      "this device's clock is behind the data"
// none                otherwise                               device's     -
// before the sync     as without one
/** What the time is, as far as it can be known: a device's clock may be wrong, and the data cannot be of a time to come. */
export function readClock(options: { device: number; server: number | null; synced: number | null }): {
  now: number | null;
  device: "right" | "ahead" | "behind";
  offMinutes: number; // of the device, 0 where that is not known
} {
  const { device, synced } = options;
  const impossible = (time: number) => synced !== null && time < synced - tolerance;
  const server = options.server !== null && !impossible(options.server) ? options.server : null;
  if (server === null)
    return impossible(device)
      ? { now: null, device: "behind", offMinutes: (synced! - device) / minute }
      : { now: device, device: "right", offMinutes: 0 };
  const off = device - server;
  if (Math.abs(off) <= tolerance) return { now: device, device: "right", offMinutes: 0 };
  return { now: server, device: off > 0 ? "ahead" : "behind", offMinutes: Math.abs(off) / minute };
}

const tolerance = 2 * minute;
