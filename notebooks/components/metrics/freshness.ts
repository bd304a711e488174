import type { TimeZone } from "./time-zone.js";

/** The arrival state of a feed, as data-loaders/site.json.sql ships it for each feed of the site. */
export interface FeedArrival {
  feed: string;
  cadence_minutes: number | null; // null counts as a day
  through: string | null; // end of its newest data, ISO, UTC
  overdue: number; // partitions, at the last sync
  failed: number;
  unlisted?: boolean; // the last sync could not list it
  to_come?: boolean; // a partition has an impossible date
}

/** The moment of classification: milliseconds, UTC. */
export interface Moment {
  now: number;
  synced: number | null; // end of the last sync
  graceMinutes: number; // sync.grace in kit.yaml
}

export type FeedState = "failed" | "overdue" | "none" | "stale" | "to come" | "late" | "current";

export interface FeedFreshness {
  state: FeedState;
  ageMinutes: number | null; // of the newest data; null without data or where they are dated in the future
  since: "export" | "sync" | null; // the cause: the source delivers nothing, or no sync has run
  look: boolean; // needs attention
}

const minute = 60_000;
const dayMinutes = 1440;

// failed  overdue  newest data                                state     since    needs a look
// > 0     any      any, or the feed could not be listed       failed    export   yes
// 0       > 0      any                                        overdue   export   yes
// 0       0        over 2 cadences + grace before the sync    stale     export   yes
// 0       0        over 2 cadences + grace before now         stale     sync     once the sync is a day old
// 0       0        over a day in the future, or to_come       to come   export   yes
// 0       0        none                                       none      -        no
// 0       0        over 2 cadences before now                 late      -        no
// 0       0        otherwise                                  current   -        no
/** The freshness of a feed, for `status` and for pages in the reader's browser. */
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
  if (age === null) return freshness("none", null, false);
  if (age > 2 * cadence) return freshness("late", null, false);
  return freshness("current", null, false);
}

/** The feeds a page is computed from. */
export interface PageFeeds {
  of: readonly string[]; // counted: the oldest of these decides how far the figures reach
  beside?: readonly string[]; // for comparison, such as the usual
}

type DeliveredFeed = FeedArrival & { through: string };

/** How far the figures of a page reach. */
export interface PageThrough {
  through: string | null; // ISO, UTC: the oldest end of a counted feed
  counted: DeliveredFeed[];
  oldest: DeliveredFeed[]; // those that end there
  newest: string | null; // the newest end, if later
  missing: string[]; // feeds without data
  beside: DeliveredFeed[];
}

// its feeds             through      oldest          newest         missing
// none with data        null         none            null           all
// all end at one time   that time    all             null           none
// they differ           the oldest   those           the newest     none
// some without data     as if these were not listed                 these
export function pageThrough(feeds: readonly FeedArrival[], { of, beside = [] }: PageFeeds): PageThrough {
  const delivered = feeds.filter((feed): feed is DeliveredFeed => feed.through !== null);
  const named = (names: readonly string[]) =>
    names.flatMap((name) => delivered.find(({ feed }) => feed === name) ?? []);
  const counted = named(of);
  const times = counted.map(({ through }) => Date.parse(through));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const oldest = counted.filter((_, i) => times[i] === first);
  return {
    through: oldest[0]?.through ?? null,
    counted,
    oldest,
    newest: first < last ? (counted[times.indexOf(last)]?.through ?? null) : null,
    missing: of.filter((name) => !counted.some(({ feed }) => feed === name)),
    beside: named(beside),
  };
}

// the page's feeds with data                          the oldest ends       warning
// one is over 2 cadences old                          any                   old
// none is, the oldest has several partitions a day    on an earlier day     not of today
// otherwise                                                                 none
/** What a page must warn of: feeds older than two cadences, or figures that are not of today in the site's zone. */
export function pageAge(page: PageThrough, moment: Moment, zone: TimeZone): PageAge | null {
  const { through, counted, oldest } = page;
  if (through === null || Date.parse(through) > moment.now) return null;
  const cadenceOf = (feed: FeedArrival) => feed.cadence_minutes ?? dayMinutes;
  const age = (feed: DeliveredFeed) => (moment.now - Date.parse(feed.through)) / minute;
  const old = counted.filter((feed) => age(feed) > 2 * cadenceOf(feed));
  const today = zone.date(Date.parse(through) - 1) >= zone.date(moment.now);
  if (old.length === 0 && (today || oldest.some((feed) => cadenceOf(feed) >= dayMinutes))) return null;
  const late = old.length > 0 ? old : oldest;
  const worst = Math.max(...late.map(age));
  const about = late.filter((feed) => age(feed) === worst);
  return {
    feeds: about.map(({ feed }) => feed),
    through: about[0]?.through ?? through,
    others: old.filter((feed) => !about.includes(feed)).map(({ feed }) => feed),
    old: old.length > 0,
    today,
    since: old.some((feed) => classifyFeed(feed, moment).since === "export") ? "export" : "sync",
  };
}

export interface PageAge {
  feeds: string[]; // the oldest
  through: string; // where these end
  others: string[]; // also old
  old: boolean;
  today: boolean;
  since: "export" | "sync"; // the cause, as in FeedFreshness
}

/** 64 -> "64 min", 210 -> "3.5 h", 14400 -> "10 days" */
export function ageText(minutes: number): string {
  if (minutes < 90) return `${Math.floor(minutes)} min`;
  if (minutes < 2 * dayMinutes) return `${Number((minutes / 60).toFixed(1))} h`;
  return `${Math.floor(minutes / dayMinutes)} days`;
}

// server's Date       this device's clock                     now          warning
// given               within two minutes of it                device's     -
// given               off by more                             server's     "this device's clock is 3 h ahead"
// none                before the sync, by over two minutes    unknown      "this device's clock is behind the data"
// none                otherwise                               device's     -
// before the sync     as with none
/** The present time, as far as known: a device's clock may be wrong, and data cannot be newer than now. */
export function readClock(options: { device: number; server: number | null; synced: number | null }): {
  now: number | null;
  device: "right" | "ahead" | "behind";
  offMinutes: number; // error of the device's clock, 0 where unknown
} {
  const { device, synced } = options;
  const impossible = (time: number) => synced !== null && time < synced - tolerance;
  const server = options.server !== null && !impossible(options.server) ? options.server : null;
  if (server === null)
    return impossible(device)
      ? { now: null, device: "behind", offMinutes: ((synced ?? device) - device) / minute }
      : { now: device, device: "right", offMinutes: 0 };
  const off = device - server;
  if (Math.abs(off) <= tolerance) return { now: device, device: "right", offMinutes: 0 };
  return { now: server, device: off > 0 ? "ahead" : "behind", offMinutes: Math.abs(off) / minute };
}

const tolerance = 2 * minute;
