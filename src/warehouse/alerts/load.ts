import { daysLater } from "../../../notebooks/components/metrics/time-zone.ts";
import { type Alert, allQueuesName } from "../../config/alerts-option.ts";
import type { Database } from "../../duckdb/database.ts";
import { quoteList, quoteText } from "../../duckdb/quote.ts";
import { sqlFile } from "../../duckdb/sql-file.ts";
import type { Arrival, Facts, QueueState, StaffState, Trouble } from "./knowledge.ts";

/** The catalog relations that alerts read. */
export const alertNeeds = [
  "wfm.queue_states",
  "wfm.queue_names",
  "wfm.rep_versions",
  "kit.partitions",
  "kit.queue_groups",
  "kit.excluded_days",
];

/**
 * Everything that these alerts need, of local days from `first` on; a usual needs the ten weeks before. With `day`, which is today,
 * only the weekdays of `first` and `day`: what a check of now needs.
 */
export async function loadFacts(
  database: Database,
  alerts: readonly Alert[],
  { first, day }: { first: string; day?: string },
): Promise<Facts> {
  const of = (metric: string) => alerts.filter(({ condition }) => condition.metric === metric);
  const ofQueues = alerts.some(({ condition }) => condition.metric !== "feed");
  const usual = of("volume").length + of("handle_time").length > 0;
  const net = of("net_staffing");
  const weeksOf = (date: string) => Array.from({ length: 10 }, (_, week) => daysLater(date, -7 * (week + 1)));
  const weeks = usual && day !== undefined ? [...weeksOf(day), ...weeksOf(first)] : [];
  const since = usual && day === undefined ? daysLater(first, -70) : first;
  const days =
    day === undefined
      ? `day >= ${quoteText(since)}`
      : `(day >= ${quoteText(first)} or day::varchar in ${quoteList([day, ...weeks])})`;
  const groups = new Map<string, string[]>();
  const { rows: members } = await database.rows("select queue_group, queue from kit.queue_groups");
  for (const [group, queue] of members)
    groups.set(String(group), [...(groups.get(String(group)) ?? []), String(queue)]);
  const { rows: names } = await database.rows("select distinct queue from wfm.queue_names");
  groups.set(allQueuesName, [...new Set(names.map(([name]) => String(name)))]);
  const { rows: excluded } = await database.rows("select day::varchar from kit.excluded_days");
  return {
    queues: ofQueues
      ? await database.objects<QueueState>(
          `select epoch_ms(start)::double as start, epoch_ms(known_at)::double as known, queue, assigned::double as assigned,
             abandoned::double as abandoned, within::double as within, handle
           from wfm.queue_states where ${days} and start < known_at`,
        )
      : [],
    staff: net.length === 0 ? [] : await loadStaff(database, net, groups, first),
    arrivals: await loadArrivals(database, first),
    groups,
    excludedDays: new Set(excluded.map(([date]) => String(date))),
    chats: net.some(({ chats }) => chats === null) ? await loadChats(database, first) : new Map(),
    troubles: await loadTroubles(database, alerts),
  };
}

// The end of what a partition covers; a run of the WFM feeds covers quarter-hours until 20 minutes before it. Of partitions from
// more than a week before, only the newest of each feed.
function loadArrivals(database: Database, first: string): Promise<Arrival[]> {
  return database.objects<Arrival>(
    `select feed, epoch_ms(known_at)::double as known, epoch_ms(max(through))::double as through
     from (
       select
         feed, case when old then max(known_at) over (partition by feed, old) else known_at end as known_at,
         case
           when feed in ('queue_wfm', 'queue_membership_wfm') then time_bucket(interval 15 minutes, run_start - interval 20 minutes)
           else run_start + to_minutes(case when hr is null then 1440 when mi is null then 60 else 15 end)
         end as through
       from (
         select
           feed, known_at, hr, mi, dt < ${quoteText(first)}::date - 7 as old,
           dt::timestamp + to_hours(coalesce(hr, '0')::bigint) + to_minutes(coalesce(mi, '0')::bigint) as run_start
         from kit.partitions where known_at is not null
       )
     )
     where through <= known_at + interval 1 day
     group by feed, known_at`,
  );
}

async function loadStaff(
  database: Database,
  alerts: readonly Alert[],
  groups: ReadonlyMap<string, readonly string[]>,
  first: string,
): Promise<StaffState[]> {
  const { select } = sqlFile("warehouse/alerts/rep-states.sql");
  const wanted = alerts.flatMap(({ subject }) =>
    subject.kind === "queue" || subject.kind === "group" ? [subject.name] : [],
  );
  const each = alerts.flatMap(({ subject }) => (subject.kind === "each" ? [subject.of] : []));
  const named = [...new Set([...wanted, ...(each.includes("group") ? groups.keys() : [])])];
  const chosen = each.includes("queue")
    ? `subject not in ${quoteList([...groups.keys()])} or subject in ${quoteList(named)}`
    : `subject in ${quoteList(named)}`;
  return database.objects<StaffState>(
    `select epoch_ms(start)::double as start, epoch_ms(known_at)::double as known, subject, reps::double as reps, available
     from (${select.replace("$first", quoteText(first)).replace("$chosen", chosen)}) where start < known_at`,
  );
}

// The concurrency of all reps in the four weeks before the day before.
async function loadChats(database: Database, first: string): Promise<Map<string, number>> {
  const { rows } = await database.rows(
    `with days as (
       select local_date(instance_ts) as day, sum(cum_ute_total_min) as cumulative, sum(lin_ute_total_min) as linear
       from main.rep_utilized where instance_ts >= ${quoteText(first)}::timestamp - interval 31 days group by all
     ),
     wanted as (
       select unnest(generate_series(${quoteText(first)}::date, coalesce((select max(day) from days), ${quoteText(first)}::date) + 3, interval 1 day))::date as day
     )
     select wanted.day::varchar, round(concurrency(sum(cumulative), sum(linear)), 6)
     from wanted join days on days.day between wanted.day - 29 and wanted.day - 2
     group by wanted.day`,
  );
  return new Map(
    rows.flatMap(([day, chats]) => (typeof chats === "number" ? [[String(day), Math.max(1, chats)] as const] : [])),
  );
}

// Of the last two days with data.
async function loadTroubles(database: Database, alerts: readonly Alert[]): Promise<Trouble[]> {
  const kinds = new Set(alerts.map(({ condition }) => condition.kind));
  const selects: string[] = [];
  if (kinds.has("counts"))
    selects.push(
      `select 'counts' as kind, feed, count(*) || ' partitions, hours or days whose rows differ from those announced' as what
       from kit.row_counts where state in ('short', 'over') and dt >= (select max(dt) from kit.partitions) - 1 group by feed`,
    );
  if (kinds.has("unfit"))
    selects.push(
      `select 'unfit' as kind, feed, sum(rescued) || ' values that do not fit, ' || sum(quarantined) || ' lines that cannot be read' as what
       from kit.days where dt >= (select max(dt) from kit.partitions) - 1 group by feed having sum(rescued) + sum(quarantined) > 0`,
    );
  if (selects.length === 0) return [];
  return database.objects<Trouble>(`${selects.join(" union all ")} order by kind, feed`);
}
