import { dayPrefix, isDate, isHidden } from "../export/layout.ts";
import {
  groupPartitions,
  type Listing,
  noOddities,
  type Oddities,
  type RemoteObject,
  type RemotePartition,
} from "../export/remote-partition.ts";
import type { RemoteFeed } from "./discovery.ts";
import type { Window } from "./window.ts";

/** Some days of a feed, listed completely. */
export interface ListedDays {
  days: Map<string, RemotePartition[]>;
  listing: Omit<Listing, "partitions">;
}

const batchDays = 16; // a page of 1,000 keys holds about 20 days of an hourly feed

/** Lists the days of a feed within the window, many in parallel, and passes on each batch as soon as it is complete. */
export async function listFeed(
  feed: RemoteFeed,
  window: Window,
  onDays: (listed: ListedDays) => void,
): Promise<{ ignored: number; oddities: Oddities }> {
  const { store } = feed;
  if (window.open === null) {
    const { folders } = await store.source.folder(feed.prefix, store.paging);
    const isDay = (name: string) => name.startsWith("dt=") && isDate(name.slice(3));
    const days = folders
      .filter(isDay)
      .map((name) => name.slice(3))
      .sort();
    const strayKeys = folders.filter((name) => !isDay(name) && !isHidden(name)).map((name) => `${feed.prefix}${name}/`);
    const { since } = window;
    const inScope = since === null ? days : days.filter((dt) => dt >= since);
    const batches: string[][] = [];
    for (let i = 0; i < inScope.length; i += batchDays) batches.push(inScope.slice(i, i + batchDays));
    await Promise.all(
      batches.map(async (batch) => {
        const first = `${feed.prefix}dt=${batch[0]}`;
        const end = `${feed.prefix}dt=${batch.at(-1)}0`; // "0" is the character after "/"
        onDays(await collect(feed, between(feed, first, end)));
      }),
    );
    const oddities = { ...noOddities(), strays: strayKeys.length, strayKeys };
    return { ignored: days.length - inScope.length, oddities };
  }
  const pages = between(feed, `${feed.prefix}dt=${window.open}`, null);
  const extras = window.extra.map((dt) => {
    const prefix = dayPrefix(store.prefix, feed.feed, feed.version, feed.format, dt);
    return store.source.list(prefix, store.paging);
  });
  await Promise.all([pages, ...extras].map(async (list) => onDays(await collect(feed, list))));
  return { ignored: 0, oddities: noOddities() };
}

async function* between(feed: RemoteFeed, first: string, end: string | null): AsyncGenerator<RemoteObject[]> {
  const { source, paging } = feed.store;
  for await (const page of source.list(feed.prefix, { ...paging, startAfter: first, before: end })) {
    if (end === null) {
      yield page;
      continue;
    }
    yield page.filter(({ key }) => key < end);
    // A store that lists out of order is read to its end.
    const last = page.at(-1);
    if (last && last.key >= end && isSorted(page)) return;
  }
}

async function collect(feed: RemoteFeed, pages: AsyncIterable<RemoteObject[]>): Promise<ListedDays> {
  const { partitions, ...listing } = await groupPartitions(pages, feed.store.prefix);
  const days = new Map<string, RemotePartition[]>();
  for (const partition of partitions.values()) {
    const list = days.get(partition.id.dt);
    if (list) list.push(partition);
    else days.set(partition.id.dt, [partition]);
  }
  return { days, listing };
}

function isSorted(page: RemoteObject[]): boolean {
  let before = "";
  return page.every(({ key }) => {
    const sorted = before <= key;
    before = key;
    return sorted;
  });
}
