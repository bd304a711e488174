import { zone } from "../metrics/format.js";
import { ageText, type Moment, type PageFeeds, pageAge, pageThrough, readClock } from "../metrics/freshness.js";
import type { FreshSite } from "../metrics/site.js";
import { timeZone } from "../metrics/time-zone.js";

/** The feeds of a page, and the past day it shows, if any. */
export interface FreshOptions extends PageFeeds {
  /** End of a past day shown, ISO or ms: its age is irrelevant, and there is no warning. */
  shown?: number | string | null | undefined;
}

export interface FreshWords {
  items: { label: string; value: string }[];
  warning: { title: string; text: string } | null; // without ages, so that screen readers do not repeat it
}

/** The words about freshness at a given time. `synced` is that of the newest build, if known, else of this one. */
export function freshWords(
  site: FreshSite,
  options: FreshOptions,
  clock: { device: number; server: number | null; synced?: string | null },
): FreshWords {
  const local = zone(site.timezone);
  const page = pageThrough(site.feeds, options);
  const synced = clock.synced ?? site.synced_at;
  const syncedAt = synced === null ? null : Date.parse(synced);
  const time = readClock({ ...clock, synced: syncedAt });
  const shown = options.shown ?? null;
  const past = shown !== null && page.through !== null;
  const items: FreshWords["items"] = [];
  const add = (label: string, value: string | null) => {
    if (value) items.push({ label, value });
  };
  const moment: Moment | null =
    time.now === null ? null : { now: time.now, synced: syncedAt, graceMinutes: site.grace_minutes };
  const age = (through: string) => {
    const minutes = moment === null ? -1 : (moment.now - Date.parse(through)) / 60_000;
    return minutes < 0 ? "" : `, ${ageText(minutes)} ago`;
  };
  if (options.of.length > 0)
    add(
      "Data through",
      past
        ? local.moment(shown)
        : page.through === null
          ? "nothing yet"
          : `${local.moment(page.through)}${age(page.through)}`,
    );
  if (!past && page.newest !== null)
    add("Oldest", `${names(page.oldest)}; others through ${local.dateTime(page.newest)}`);
  add("Missing", page.through === null ? null : page.missing.join(", "));
  const behind =
    moment === null
      ? []
      : page.beside.filter((feed) => {
          const own = pageThrough([feed], { of: [feed.feed] });
          const before = page.through === null || Date.parse(feed.through) < Date.parse(page.through) - dayMs;
          return before && pageAge(own, moment, utc)?.old;
        });
  add("Behind", behind.map((feed) => `${feed.feed}, ${local.dateTime(feed.through)}`).join("; "));
  add("Synced", synced === null ? null : local.moment(synced));
  add("Times in", site.timezone);
  if (time.now === null) add("Age", "unknown: this device's clock is behind the data");
  else if (time.device !== "right")
    add("This device's clock", `${ageText(time.offMinutes)} ${time.device}; ages use the server's clock`);
  add("WFM metrics without a column", (site.missing ?? []).map(({ metric }) => metric).join(", "));
  return { items, warning: past || moment === null ? null : warning(site, page, moment) };
}

function warning(site: FreshSite, page: ReturnType<typeof pageThrough>, moment: Moment): FreshWords["warning"] {
  const local = zone(site.timezone);
  const age = pageAge(page, moment, timeZone(site.timezone));
  if (age === null) return null;
  const { feeds, through, others, old, today, since } = age;
  const one = feeds.length === 1;
  const end = `${listed(feeds)} ${one ? "ends" : "end"} ${local.moment(through)}`;
  if (!old) return { title: "Not today's data.", text: `${end}; no data for today has arrived since.` };
  const every = site.feeds.find(({ feed }) => feed === feeds[0])?.cadence_minutes;
  const cadence = every ? `, although expected every ${cadenceText(every)}` : "";
  const also = others.length ? ` ${listed(others)} ${others.length === 1 ? "is" : "are"} late as well.` : "";
  const what = `${end}${cadence}.${also}`;
  const why =
    since === "export"
      ? "The last sync found nothing newer."
      : moment.synced === null
        ? ""
        : `The last sync was on ${local.moment(moment.synced)}.`;
  return { title: today ? "Old data." : "Old data, not today's.", text: `${what} ${why}`.trim() };
}

function names(feeds: readonly { feed: string }[]): string {
  return feeds.map(({ feed }) => feed).join(", ");
}

function listed(names: readonly string[]): string {
  const feeds = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  return feeds.length < 2 ? feeds.join("") : `${feeds.slice(0, -1).join(", ")} and ${feeds.at(-1)}`;
}

function cadenceText(minutes: number): string {
  return minutes === 60 ? "hour" : minutes === 1440 ? "day" : ageText(minutes);
}

const utc = timeZone("UTC");
const dayMs = 86_400_000;
