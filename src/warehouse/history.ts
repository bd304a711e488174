import type { Config } from "../config.ts";
import { type Database, quoteText } from "./database.ts";
import { partitionColumns } from "./partitions.ts";
import { parquetRelation } from "./relation.ts";
import type { Snapshot } from "./snapshot.ts";

/** The name under which pages show every queue together. */
export const allQueues = "All queues";

/** A view of the catalog over others: the feeds' rows as contacts, and as windows of queues and groups of queues. */
export interface Derived {
  schema: "history" | "wfm" | "kit";
  name: string;
  needs: string[];
  select: string;
}

/** kit.queue_groups: the groups of kit.yaml, one row per group and queue. A queue is in one group at most. */
function queueGroups({ site }: Pick<Config, "site">): Derived {
  const rows = [...(site.queueGroups ?? [])].flatMap(([group, queues]) =>
    queues.map((queue) => `(${quoteText(group)}, ${quoteText(queue)})`),
  );
  const types = "cast(null as varchar), cast(null as varchar)";
  return {
    schema: "kit",
    name: "queue_groups",
    needs: [],
    select: rows.length
      ? `select * from (values ${rows.join(", ")}) as groups (queue_group, queue)`
      : `select * from (select ${types}) as groups (queue_group, queue) where false`,
  };
}

// The local clock is asked once per window, not once per row: that is most of the time otherwise.
const localTimes = (starts: string) =>
  `select start, local_date(start) as day, local_slot(start) as slot from (${starts})`;

// One row per contact of a queue, in windows of which both feeds have come: assignments by rep_convos, abandons by issue_queues. An assignment waited as long as the
// visit to the queue that it ended, and not at all without one.
const contacts = `
with queue_names as (
  select queue_id::varchar as queue_id, arg_max(queue_name, exit_queue_ts) as queue from issue_queues group by all
),
visits as (
  select
    issue_id::varchar as issue, issue_queues.rep_id::varchar as rep, coalesce(queue_names.queue, queue_name) as queue,
    exit_queue_ts as left_at, coalesce(abandoned, false) as abandoned, enqueue_time as wait
  from issue_queues left join queue_names on queue_names.queue_id = issue_queues.queue_id::varchar
  where exit_queue_ts is not null
),
assignments as (
  select
    issue_assigned_ts as moment, queue_names.queue, rep_convos.rep_id::varchar as rep,
    coalesce(max(wait) filter (abs(epoch(left_at) - epoch(issue_assigned_ts)) <= 1), 0) as wait,
    any_value(handle_time_seconds) as handle
  from rep_convos
  left join queue_names on queue_names.queue_id = rep_convos.queue_id::varchar
  left join (from visits where not abandoned) as visits
    on visits.issue = rep_convos.issue_id::varchar and visits.rep = rep_convos.rep_id::varchar
  where issue_assigned_ts is not null
  group by rep_convos.issue_id, rep_convos.rep_id, issue_assigned_ts, queue_names.queue
),
told as (
  select moment::timestamp as moment, queue, false as abandoned, rep, wait, handle from assignments
  union all by name
  select left_at::timestamp as moment, queue, true as abandoned, wait from visits where abandoned
)
select told.*, day
from told join history.windows on start = window_start(moment)`;

// The last digits of a sum depend on the order of adding, which is another one each time.
const settled = (sum: string, name = sum) => `round(${sum}, 9) as ${name}`;

// Times of the local clock that come twice are two windows here; \`slot\` is the same for both.
const queueWindows = `
with counted as (
  select
    window_start(moment) as start,
    queue,
    count(*) as offered,
    count(*) filter (abandoned) as abandoned,
    count(*) filter (not abandoned and wait <= seconds) as answered_within,
    count(*) filter (abandoned and wait <= seconds) as abandoned_within,
    count(*) filter (abandoned and wait < short_seconds) as abandoned_short,
    sum(wait) as wait
  from history.contacts
  cross join (
    select service_level_seconds as seconds, service_level_short_seconds as short_seconds from kit.settings
  )
  where queue is not null
  group by all
),
either as (
  from counted
  union all
  select
    start, queue_group, sum(offered), sum(abandoned), sum(answered_within), sum(abandoned_within),
    sum(abandoned_short), sum(wait)
  from counted join kit.queue_groups using (queue) group by start, queue_group
  union all
  select
    start, ${quoteText(allQueues)}, sum(offered), sum(abandoned), sum(answered_within), sum(abandoned_within),
    sum(abandoned_short), sum(wait)
  from counted group by start
)
select
  start, day, slot, queue,
  offered::integer as offered, abandoned::integer as abandoned, parts.good::integer as good, parts.base::integer as base,
  ${settled("wait::double", "wait")}
from (
  select *, service_parts(offered - abandoned, abandoned, answered_within, abandoned_within, abandoned_short) as parts
  from either
) join history.windows using (start)`;

const sums = [
  "wait",
  "handle",
  "wrap",
  "logged_in",
  "available",
  "busy",
  "utilized_available",
  "utilized_busy",
];

// Of rows of which one lacks a count the sum is not known either: what the others have would be too little. Where nothing
// came, none was answered in time.
function addedCounts(assigned: string, abandoned: string, within: string, prefix = ""): string {
  return `case when count(*) = count(${assigned}) then sum(${assigned}) end as ${prefix}assigned,
    case when count(*) = count(${abandoned}) then sum(${abandoned}) end as ${prefix}abandoned,
    case when bool_and(${within} is not null or ${assigned} + ${abandoned} = 0) then sum(${within}) end as ${prefix}within`;
}

// With the means of the added contacts, as far as it is known how many there are behind each.
function addedContacts(
  assigned: string,
  abandoned: string,
  within: string,
  [wait, handle, wrap]: [string, string, string],
): string {
  const handled = (mean: string) =>
    `case when count(*) = count(${assigned}) then weighted_mean(${mean}, handle_weight(${assigned})) end`;
  return `${addedCounts(assigned, abandoned, within)},
    case when count(*) = count(${assigned} + ${abandoned}) then weighted_mean(${wait}, ${assigned} + ${abandoned}) end as wait,
    ${handled(handle)} as handle,
    ${handled(wrap)} as wrap`;
}

// Of reps who were logged in each has to be known.
const addedTime = (minutes: string) =>
  `case when count(*) filter (logged_in > 0 and ${minutes} is null) = 0 then sum(${minutes}) end as ${minutes}`;

const intraday = `
with settings as (
  select min_reps from kit.settings
),
newest as (
  select max(instance_ts) as newest from wfm.queue_windows
),
contacts as (
  select
    window_start(instance_ts) as start,
    queue_name as queue,
    ${addedContacts("assignments", "abandons", "within_threshold", ["wait_seconds", "handle_seconds", "wrap_seconds"])},
    max(reps) as reps
  from wfm.queue_windows, newest
  where instance_ts > newest - interval 175 days and queue_name is not null
  group by all
),
versions as (
  select window_start(instance_ts) as start, queue_name as queue, assignments, abandons, within_threshold, run
  from wfm.queue_versions, newest
  where instance_ts > newest - interval 175 days and queue_name is not null
),
-- what the first delivery said
first_told as (
  select
    start, queue, ${addedCounts("assignments", "abandons", "within_threshold", "first_")}
  from versions join (select start, queue, min(run) as run from versions group by all) using (start, queue, run)
  group by all
),
told as (
  from contacts left join first_told using (start, queue)
),
memberships as (
  from kit.queue_groups
  union all
  select distinct ${quoteText(allQueues)}, queue from told
  union all
  select distinct ${quoteText(allQueues)}, queue_name from wfm.rep_windows where queue_name is not null
),
either as (
  from told
  union all by name
  select
    start,
    queue_group as queue,
    ${addedContacts("assigned", "abandoned", "within", ["wait", "handle", "wrap"])},
    null as reps,
    ${addedCounts("first_assigned", "first_abandoned", "first_within", "first_")}
  from told join (select distinct queue_group, queue from memberships) using (queue)
  group by start, queue_group
),
-- the feed repeats a rep in each queue: here each is once per queue, and once per group, all queues being one too
membership_rows as (
  select
    window_start(instance_ts) as start, queue_name as queue, rep_id, logged_in, available, busy, utilized_available,
    utilized_busy
  from wfm.rep_windows, newest
  where instance_ts > newest - interval 175 days and rep_id is not null
),
rep_time as (
  select
    start, queue, rep_id, max(logged_in) as logged_in, max(available) as available, max(busy) as busy,
    max(utilized_available) as utilized_available, max(utilized_busy) as utilized_busy
  from (
    from membership_rows
    union all by name
    select membership_rows.* replace (queue_group as queue) from membership_rows join kit.queue_groups using (queue)
    union all by name
    select * replace (${quoteText(allQueues)} as queue) from membership_rows
  )
  where queue is not null
  group by start, queue, rep_id
),
staff as (
  select
    start,
    queue,
    case when count(*) = count(logged_in) then count(*) filter (logged_in > 0) end as reps,
    case when count(*) = count(logged_in) then sum(logged_in) end as logged_in,
    ${["available", "busy", "utilized_available", "utilized_busy"].map(addedTime).join(", ")}
  from rep_time
  group by all
),
windows as (
  select
    * exclude (either.reps, staff.reps, queue_group),
    coalesce(staff.reps, either.reps) as reps,
    coalesce(coalesce(staff.reps, either.reps), 0) < min_reps as few,
    coalesce(queue_group, '') as cell,
    queue in (select queue_group from memberships) as is_group
  from either full join staff using (start, queue) left join kit.queue_groups using (queue) cross join settings
),
-- Averages about few reps are averages about a person. Where one queue of a group alone, or of those outside all groups,
-- would be held back, its figure could be worked out from the group's, so the next smallest goes with it; where there is
-- no other, the group's figure goes.
cells as (
  select start, cell from windows where few and handle is not null and not is_group group by all having count(*) = 1
),
next_smallest as (
  select start, queue, true as next
  from windows semi join cells using (start, cell)
  where not few and handle is not null and not is_group
  qualify row_number() over (partition by start, cell order by reps, queue) = 1
),
held as (
  select *, few and (reps > 0 or handle is not null) or coalesce(next, false) as held_back
  from windows left join next_smallest using (start, queue)
),
alone as (
  select start, queue_group as queue, count(*) as held_queues
  from held join (select distinct queue_group, queue from memberships) as memberships using (queue)
  where held_back and handle is not null and not is_group
  group by start, queue_group
)
select
  start, day, slot, queue, assigned::integer as assigned,
  abandoned::integer as abandoned, within::integer as within, reps::integer as reps,
  ${sums.map((name) => settled(name)).join(", ")},
  coalesce(held_back, false) or is_group and coalesce(held_queues, 0) = 1 as small,
  case
    when first_assigned <> assigned or first_abandoned <> abandoned or first_within <> within
    then (first_assigned + first_abandoned)::integer
  end as first_offered
from held
left join alone using (start, queue)
join (${localTimes("select distinct start from windows")}) using (start)`;

// The baseline of a day is made of days before it alone: the last eight same weekdays with data within ten weeks, four at
// least, as on the Today page; excluded days are neither scored nor in one. Half-hours that the clock shows twice count as
// the mean of the two.
const scored = `
with days as (
  select distinct day from history.queue_windows anti join kit.excluded_days using (day)
),
quarters as (
  select day, start, local_slot(start, 30) as slot
  from days, generate_series(day - interval 1 day, day + interval 2 days, interval 15 minutes) as series (start)
  where local_date(start) = day
),
half_hours as (
  select quarters.day, quarters.slot, min(start) as start, count(*) as windows
  from quarters left join history.windows using (start)
  group by all having count(*) = count(windows.start)
),
came as (
  select queue, quarters.day, quarters.slot, sum(offered) as offered
  from history.queue_windows join quarters using (start)
  group by all
),
told as (
  select queue, day, slot, start, windows, coalesce(offered, 0) * 2 / windows as offered
  from half_hours
  cross join (select distinct queue from history.queue_windows)
  left join came using (queue, day, slot)
),
usual as (
  select
    queue, day, slot, start, offered,
    list_slice(
      list(offered) over (
        partition by queue, slot, isodow(day) order by day
        range between interval 70 days preceding and interval 7 days preceding
      ), -8, -1
    ) as before
  from told
),
forecasts as (
  select queue, local_date(window_start) as day, local_slot(window_start, 30) as slot, sum(contacts) as forecast,
    count(*) as planned
  from wfm.forecast group by all
)
select
  usual.queue, usual.day, usual.slot, usual.start, usual.offered::double as offered,
  case when len(before) >= 4 then list_median(before) end as baseline,
  least(coalesce(len(before), 0), 8)::integer as weeks,
  case when planned >= windows then forecast * 2 / windows end as forecast
from usual
join half_hours using (day, slot)
left join forecasts on forecasts.queue = usual.queue and forecasts.day = usual.day and forecasts.slot = usual.slot`;

/** Views with a local `day` in each row that many datasets read, each after those it reads itself. */
export const keptRelations = [
  "history.windows",
  "history.staffed",
  "history.contacts",
  "history.queue_windows",
  "history.scored",
  "wfm.intraday",
];

/** Computes views that many datasets read once for all of them, on this catalog. */
export async function keepDerived(database: Database, names = keptRelations): Promise<void> {
  for (const name of names) {
    await database.run(`create table ${name}_kept as from ${name}`);
    await database.run(`create or replace view ${name} as from ${name}_kept`);
  }
}

/** A hash of the rows of each day, in any order. */
export async function contentByDay(database: Database, name: string): Promise<Record<string, string>> {
  const { rows } = await database.rows(
    `select day::varchar, count(*) || ' ' || sum(hash(kept)::hugeint) from ${name} as kept group by day order by day`,
  );
  return Object.fromEntries(rows.map(([day, content]) => [String(day), String(content)]));
}

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

/** history.staffed: the local days of which all windows of a feed of reps have come. */
export function staffedSelect(data: string, snapshot: Snapshot): string {
  return `
with come as (
  ${comeSelect(data, snapshot, ["rep_utilized", "queue_membership_wfm"])}
),
every_window as (
  select feed, start, local_date(start) as day
  from (select feed, unnest(${daysAround}) as start from come group by feed)
)
select feed, day from every_window left join (select *, true as here from come) using (feed, start)
group by feed, day having bool_and(coalesce(here, false))`;
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
    where state in ('complete', 'empty', 'replaced', 'expired')
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

/** What the pages and their history are made from; each needs others by their qualified names. */
export function derivedRelations(config: Pick<Config, "site">): Derived[] {
  return [
    queueGroups(config),
    {
      schema: "history",
      name: "contacts",
      needs: ["main.issue_queues", "main.rep_convos", "history.windows"],
      select: contacts,
    },
    {
      schema: "history",
      name: "queue_windows",
      needs: ["history.contacts", "history.windows", "kit.settings", "kit.queue_groups"],
      select: queueWindows,
    },
    {
      schema: "history",
      name: "scored",
      needs: ["history.queue_windows", "history.windows", "kit.excluded_days", "wfm.forecast"],
      select: scored,
    },
    {
      schema: "wfm",
      name: "intraday",
      needs: [
        "wfm.queue_windows",
        "wfm.queue_versions",
        "wfm.rep_windows",
        "kit.settings",
        "kit.queue_groups",
      ],
      select: intraday,
    },
  ];
}
