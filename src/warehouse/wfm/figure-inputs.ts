import { quoteList } from "../../duckdb/quote.ts";

// The partitions that a day's figures on the Today page rest on: those of these feeds from 72 days before it on, the day's own and
// its baseline's. Later ones count too, since any may deliver a row again.

/** The feeds that the queries of the Today page read. */
export const figureFeeds = [
  "dim_queues",
  "issue_queues",
  "queue_membership_wfm",
  "queue_wfm",
  "rep_convos",
  "rep_utilized",
] as const;

/** Days before a day: as far back as the queries of the Today page read, and a day for the time zone. */
export const figureReach = 72;

/**
 * A select of one row per local day of wfm.days: the number of the partitions that its figures rest on, when the newest was known,
 * and two digests, which anybody can compute from the manifest: sums, modulo 2^48, of the first 48 bits of the SHA-256 of
 * "feed run version format" (`names`) and of the same with the fingerprint (`contents`).
 */
export function figureInputsSelect(): string {
  const digest = (text: string) => `sum(('0x' || left(sha256(${text}), 12))::bigint) as`;
  const total = (column: string) =>
    `format('{:012x}', (coalesce(sum(${column}), 0) % 281474976710656)::bigint) as ${column}`;
  const name = "feed || ' ' || run || ' ' || version || ' ' || format";
  return `with by_day as (
    select dt, count(*) as partitions, max(known_at) as known,
      ${digest(name)} names,
      ${digest(`${name} || ' ' || coalesce(fingerprint, '')`)} contents
    from kit.partitions
    where feed in ${quoteList(figureFeeds)} and known_at is not null and state <> 'encrypted'
    group by dt
  )
  select day, coalesce(sum(partitions), 0)::bigint as partitions, max(known) as known, ${total("names")}, ${total("contents")}
  from wfm.days left join by_day on dt >= day - ${figureReach}
  group by day`;
}
