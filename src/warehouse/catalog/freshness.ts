import { classifyFeed, type FeedArrival, type FeedFreshness } from "../../../notebooks/components/metrics/freshness.ts";
import type { Database } from "../../duckdb/database.ts";

/** The freshness of each feed by name, as of now; Data health computes the same in the reader's browser. */
export async function classifyFeeds(database: Database, now: Date): Promise<Map<string, FeedFreshness>> {
  const [{ synced, grace } = { synced: null, grace: 0 }] = await database.objects<SyncRow>(
    "select max(finished_at) as synced, any_value(grace_minutes) as grace from kit.settings left join kit.sync on true",
  );
  const feeds = await database.objects<FeedArrival>(`
    select feed, cadence_minutes, data_through as through, overdue, failed, unlisted is not null as unlisted,
      feed in (select feed from kit.oddities where kind = 'partition time') as to_come
    from kit.feeds`);
  const moment = { now: now.getTime(), synced: synced === null ? null : Date.parse(synced), graceMinutes: grace };
  return new Map(feeds.map((feed) => [feed.feed, classifyFeed(feed, moment)]));
}

interface SyncRow {
  synced: string | null;
  grace: number;
}
