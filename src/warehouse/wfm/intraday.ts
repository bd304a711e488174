import { quoteText } from "../../duckdb/quote.ts";
import { localTimes } from "./completeness.ts";
import { allQueues, newestNames, settled } from "./queue-history.ts";

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

// Of reps who were logged in each has to be known, and possible.
const addedTime = (minutes: string) =>
  `case when count(*) filter (logged_in > 0 and ${minutes} is null or contradicts) = 0 then sum(${minutes}) end as ${minutes}`;

/** wfm.queue_names: what pages call a queue of the WFM feeds, by its id and name there. Where a row has no name dim_queues may. */
export const queueNames = `
select queue_id, queue_name, queue_label(coalesce(case when trim(queue_name) <> '' then queue_name end, listed.name)) as queue
from (
  select queue_id, queue_name from wfm.queue_windows union select queue_id, queue_name from wfm.rep_windows
) left join (${newestNames("dim_queues", "_run")}) as listed using (queue_id)`;

const named = (rows: string) => `(
    select told.*, coalesce(names.queue, queue_label(told.queue_name)) as queue
    from ${rows} as told
    left join wfm.queue_names as names
      on names.queue_id is not distinct from told.queue_id and names.queue_name is not distinct from told.queue_name
  )`;

// Longer by rounding alone, or the row contradicts itself.
const notMore = (whole: string) =>
  `case when utilized_${whole} > ${whole} then ${whole} else utilized_${whole} end as utilized_${whole}`;

export const intraday = `
with settings as (
  select min_reps from kit.settings
),
newest as (
  select max(instance_ts) as newest from wfm.queue_windows
),
contacts as (
  select
    window_start(instance_ts) as start,
    queue,
    ${addedContacts("assignments", "abandons", "case when not contradicts then within_threshold end", ["wait_seconds", "handle_seconds", "wrap_seconds"])},
    max(reps) as reps,
    bool_or(contradicts) as contacts_contradict
  from ${named("wfm.queue_windows")}, newest
  where instance_ts > newest - interval 175 days
  group by all
),
versions as (
  select window_start(instance_ts) as start, queue, assignments, abandons, within_threshold, run
  from ${named("wfm.queue_versions")}, newest
  where instance_ts > newest - interval 175 days
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
  select distinct ${quoteText(allQueues)}, queue from wfm.queue_names
),
either as (
  from told
  union all by name
  select
    start,
    queue_group as queue,
    ${addedContacts("assigned", "abandoned", "within", ["wait", "handle", "wrap"])},
    null as reps,
    bool_or(contacts_contradict) as contacts_contradict,
    ${addedCounts("first_assigned", "first_abandoned", "first_within", "first_")}
  from told join (select distinct queue_group, queue from memberships) using (queue)
  group by start, queue_group
),
-- the feed repeats a rep in each queue: here each is once per queue, and once per group, all queues being one too
membership_rows as (
  select
    window_start(instance_ts) as start, queue, rep_id, logged_in, available, busy,
    ${["available", "busy"].map(notMore).join(", ")}, contradicts
  from ${named("wfm.rep_windows")}, newest
  where instance_ts > newest - interval 175 days and rep_id is not null
),
rep_time as (
  select
    start, queue, rep_id, max(logged_in) as logged_in, max(available) as available, max(busy) as busy,
    max(utilized_available) as utilized_available, max(utilized_busy) as utilized_busy, bool_or(contradicts) as contradicts
  from (
    from membership_rows
    union all by name
    select membership_rows.* replace (queue_group as queue) from membership_rows join kit.queue_groups using (queue)
    union all by name
    select * replace (${quoteText(allQueues)} as queue) from membership_rows
  )
  group by start, queue, rep_id
),
staff as (
  select
    start,
    queue,
    case when count(*) = count(logged_in) then count(*) filter (logged_in > 0) end as reps,
    case when count(*) = count(logged_in) then sum(logged_in) end as logged_in,
    ${["available", "busy", "utilized_available", "utilized_busy"].map(addedTime).join(", ")},
    bool_or(contradicts) as reps_contradict
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
  start, day, slot, queue, assigned::bigint as assigned,
  abandoned::bigint as abandoned, within::bigint as within,
  (case when contacts_contradict then 1 else 0 end + case when reps_contradict then 2 else 0 end)::integer as contradicts, reps::integer as reps,
  ${sums.map((name) => settled(name)).join(", ")},
  coalesce(held_back, false) or is_group and coalesce(held_queues, 0) = 1 as small,
  case
    when first_assigned <> assigned or first_abandoned <> abandoned or first_within <> within
    then (first_assigned + first_abandoned)::bigint
  end as first_offered
from held
left join alone using (start, queue)
join (${localTimes("select distinct start from windows")}) using (start)`;
