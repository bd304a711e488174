import { quoteText } from "../../duckdb/quote.ts";
import { partitionColumns } from "../current/partitions.ts";
import { parquetRelation } from "../current/relation.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";

// The local clock is asked once per window, not once per row: that is most of the time otherwise.
export const localTimes = (starts: string) =>
  `select start, local_date(start) as day, local_slot(start) as slot from (${starts})`;

const queueFeeds = ["issue_queues", "rep_convos"];

/**
 * history.windows: the quarter-hours of which both feeds of queues have come; `whole` where all of the local day have. In
 * any other an assignment or an abandon may be missing, so that nothing is counted there.
 */
export function windowsSelect(data: string, snapshot: Snapshot): string {
  return `
with come as (
  select start from (${comeSelect(data, snapshot, queueFeeds)}) group by start having count(*) = ${queueFeeds.length}
)
select start, day, slot, whole
from (
  select local_times.*, come.start is not null as here, bool_and(come.start is not null) over (partition by day) as whole
  from (${localTimes(`select unnest(${daysAround}) as start from come`)}) as local_times left join come using (start)
)
where here`;
}

const feedsByDay = [
  ...["convos_metrics", "convos_metrics_ended", "convos_metadata_ended", "customer_feedback"],
  ...["rep_utilized", "queue_membership_wfm"],
];

/**
 * history.days: of each feed of conversations or reps that has come, every local day from its first to its last and one beside
 * them; `whole` where all of the day has come of it.
 */
export function daysSelect(data: string, snapshot: Snapshot): string {
  return `
with come as (
  ${comeSelect(data, snapshot, feedsByDay)}
),
every_window as (
  select feed, start, local_date(start) as day
  from (select feed, unnest(${daysAround}) as start from come group by feed)
)
select feed, day, bool_and(come.start is not null) as whole
from every_window left join come using (feed, start)
group by feed, day`;
}

const daysAround =
  "generate_series(min(start) - interval 1 day, max(start) + interval 1 day, interval 15 minutes)";

// By feed, the windows that its finished partitions tell of. A run of the WFM feeds tells of those of the hour before it.
function comeSelect(data: string, { feeds }: Snapshot, names: readonly string[]): string {
  const files = names.flatMap((name) => feeds[name]?.partitions ?? []);
  return `
  select distinct feed, window_start(start) + to_minutes(15 * quarter) as start
  from (
    select
      feed, dt::timestamp + to_hours(coalesce(hr, '0')::bigint) + to_minutes(coalesce(mi, '0')::bigint) as start,
      unnest(case when hr is null then range(96) when mi is null then range(4) else range(-3, 1) end) as quarter
    from ${parquetRelation(data, files, partitionColumns)}
    where state in ('complete', 'empty', 'replaced', 'expired') and timely(start, run) is not null
  )`;
}

/** history.through: one row, where the newest data end that conversations, and that contacts of queues, are counted from. */
export function throughSelect(snapshot: Snapshot): string {
  const { conversations, queues } = historyThrough(snapshot);
  const moment = (time: string | null) => (time ? `${quoteText(time)}::TIMESTAMP` : "null::TIMESTAMP");
  return `select ${moment(conversations)} as conversations, ${moment(queues)} as queues`;
}

/** What history.through says, as ISO, UTC; null where no such feed has data. */
export function historyThrough({ feeds }: Snapshot): { conversations: string | null; queues: string | null } {
  const ends = (...names: string[]) =>
    names
      .flatMap((name) => {
        const times = (feeds[name]?.days ?? []).flatMap(({ facts }) => facts?.through ?? []);
        return times.sort().at(-1) ?? [];
      })
      .sort();
  const conversations = ends("convos_metrics", "convos_metrics_ended").at(-1) ?? null;
  return { conversations, queues: ends(...queueFeeds)[0] ?? null };
}
