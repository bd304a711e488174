import type { FeedFreshness, FeedState } from "../../notebooks/components/metrics/freshness.ts";
import { runOf } from "../export/partition.ts";
import type { LastSync } from "../sync/last-sync.ts";

/** What `status` and kit.feeds both count of a feed. */
interface FeedCounts {
  feed: string;
  kind: string;
  complete: number; // partitions by state; replaced and expired ones are complete as well
  empty: number;
  replaced: number;
  expired: number;
  waiting: number;
  overdue: number;
  failed: number;
  encrypted: number;
  rows: number; // one per key
  quarantined: number; // lines
}

/** The status of a feed, as shown by `status`. */
export interface FeedStatus extends FeedCounts {
  rowsDelivered: number;
  firstDay: string | null;
  lastDay: string | null;
  dataThrough: string | null;
  lagMinutes: number | null;
  cadenceMinutes: number | null;
  state: FeedState;
  stale: boolean; // older than two cadences and the grace, without overdue or failed partitions
  since: FeedFreshness["since"]; // "export": already so at the last sync
  unfinished: { run: string; state: string; reason: string }[];
}

/** A row of kit.feeds. */
export interface FeedRow extends FeedCounts {
  rows_delivered: number;
  first_day: string | null;
  last_day: string | null;
  data_through: string | null;
  cadence_minutes: number | null;
}

export function feedStatus(row: FeedRow, freshness: FeedFreshness, last: LastSync | null, now: Date): FeedStatus {
  const unfinished = last?.feeds[row.feed]?.unfinished ?? [];
  const { feed, kind, complete, empty, replaced, expired, waiting, overdue, failed, encrypted } = row;
  return {
    feed,
    kind,
    complete,
    empty,
    replaced,
    expired,
    waiting,
    overdue,
    failed,
    encrypted,
    rowsDelivered: row.rows_delivered,
    rows: row.rows,
    quarantined: row.quarantined,
    firstDay: row.first_day,
    lastDay: row.last_day,
    dataThrough: row.data_through,
    lagMinutes: lag(row.data_through, now),
    cadenceMinutes: row.cadence_minutes,
    state: freshness.state,
    stale: freshness.state === "stale",
    since: freshness.since,
    unfinished: unfinished.map(({ id, state, reason }) => ({ run: runOf(id), state, reason })),
  };
}

/** Whole minutes from a time to now, at least 0; null without a time. */
export function lag(through: string | null, now: Date): number | null {
  return through === null ? null : Math.max(0, Math.floor((now.getTime() - Date.parse(through)) / 60_000));
}
