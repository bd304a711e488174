import { dayPrefix, isDate, isHidden } from "../export/layout.ts";
import { groupPartitions, type Listing, type RemoteObject, type RemotePartition } from "../export/remote-partition.ts";
import type { FeedPlace } from "./discovery.ts";
import type { Window } from "./window.ts";

/** Some days of one feed, listed completely. */
export interface ListedDays {
  days: Map<string, RemotePartition[]>;
  listing: Omit<Listing, "partitions">;
}

const daysAtOnce = 16; // of an hourly feed a page of 1,000 keys holds about 20

/** Lists the days of a feed that are in the window: many in parallel, each batch passed on as soon as it is complete. */
export async function listFeed(
  feed: FeedPlace,
  window: Window,
  take: (listed: ListedDays) => void,
): Promise<{ ignored: number; strays: string[] }> {
  if (window.open === null) {
    const { folders } = await feed.place.source.folder(feed.prefix, feed.place.paging);
    const isDay = (name: string) => name.startsWith("dt=") && isDate(name.slice(3));
    const days = folders
      .filter(isDay)
      .map((name) => name.slice(3))
      .sort();
    const others = folders.filter((name) => !isDay(name) && !isHidden(name));
    const since = window.since;
    const wanted = since === null ? days : days.filter((dt) => dt >= since);
    const batches: string[][] = [];
    for (let at = 0; at < wanted.length; at += daysAtOnce) batches.push(wanted.slice(at, at + daysAtOnce));
    await Promise.all(
      batches.map(async (batch) => {
        const first = `${feed.prefix}dt=${batch[0]}`;
        const end = `${feed.prefix}dt=${batch.at(-1)}0`; // "0" is the character after "/"
        take(await collect(feed, between(feed, first, end)));
      }),
    );
    const strays = others.map((name) => `${feed.prefix}${name}/`);
    return { ignored: days.length - wanted.length, strays };
  }
  const pages = between(feed, `${feed.prefix}dt=${window.open}`, null);
  const extras = window.extra.map((dt) => {
    const { place, version, format } = feed;
    return place.source.list(dayPrefix(place.prefix, feed.feed, version, format, dt), place.paging);
  });
  await Promise.all([pages, ...extras].map(async (list) => take(await collect(feed, list))));
  return { ignored: 0, strays: [] };
}

async function* between(feed: FeedPlace, first: string, end: string | null): AsyncGenerator<RemoteObject[]> {
  const { source, paging } = feed.place;
  for await (const page of source.list(feed.prefix, { ...paging, startAfter: first, before: end })) {
    if (end === null) {
      yield page;
      continue;
    }
    yield page.filter(({ key }) => key < end);
    // A store that lists out of order is read completely.
    if (page.length > 0 && page.at(-1)!.key >= end && isSorted(page)) return;
  }
}

async function collect(feed: FeedPlace, pages: AsyncIterable<RemoteObject[]>): Promise<ListedDays> {
  const { partitions, ...listing } = await groupPartitions(pages, feed.place.prefix);
  const days = new Map<string, RemotePartition[]>();
  for (const partition of partitions.values()) {
    const list = days.get(partition.id.dt);
    if (list) list.push(partition);
    else days.set(partition.id.dt, [partition]);
  }
  return { days, listing };
}

function isSorted(page: RemoteObject[]): boolean {
  return page.every((object, index) => index === 0 || page[index - 1]!.key <= object.key);
}
