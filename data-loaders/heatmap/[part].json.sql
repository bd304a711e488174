-- One row per queue and whole local day, newest nine weeks: what came and how it was served, per quarter-hour of the local
-- clock, 96 numbers each, from history. Part 0 holds "All queues", the others the queues that `queue-load` puts there.
-- `good` and `base` are the two sides of the service level; `available` is minutes of distinct reps, -1: held back.
-- For part: 0, 1, 2, 3, 4, 5, 6, 7, 8
-- For part: 0, 1, 2, 3, 4, 5, 6, 7, 8
-- Ships: day, queue, offered, abandoned, good, base, wait, available
with settings as (
  select service_level_seconds as seconds, service_level_short_seconds as short_seconds, min_reps from kit.settings
),
-- the first day that is not over in both feeds
today as (
  select local(min(data_through))::date as today from kit.feeds where feed in ('issue_queues', 'rep_convos')
),
queue_names as (
  select queue_id::varchar as queue_id, arg_max(queue_name, exit_queue_ts) as name from issue_queues group by all
),
wanted as (
  select queue_id, name, case when $part = '0' then 'All queues' else name end as queue
  from queue_names
  where $part = '0' or (md5_number_lower(name)::ubigint % 8 + 1)::varchar = $part
),
visits as (
  select
    issue_id::varchar as issue, rep_id::varchar as rep, wanted.queue, exit_queue_ts as left_at,
    coalesce(abandoned, false) as abandoned, enqueue_time as wait
  from issue_queues
  cross join today
  join wanted on wanted.queue_id = issue_queues.queue_id::varchar
  where exit_queue_ts between today - 65 and today + 2
),
assignments as (
  select
    issue_assigned_ts as moment, wanted.queue,
    coalesce(max(wait) filter (abs(epoch(left_at) - epoch(issue_assigned_ts)) <= 1), 0) as wait
  from rep_convos
  cross join today
  join wanted on wanted.queue_id = rep_convos.queue_id::varchar
  left join (from visits where not abandoned) as visits
    on visits.issue = rep_convos.issue_id::varchar and visits.rep = rep_convos.rep_id::varchar
  where issue_assigned_ts between today - 65 and today + 2
  group by rep_convos.issue_id, rep_id, issue_assigned_ts, wanted.queue
),
contacts as (
  select moment, queue, false as abandoned, wait from assignments
  union all by name
  select left_at as moment, queue, true as abandoned, wait from visits where abandoned
),
slots as (
  select
    local_date(moment) as day, queue, hour(local(moment)) * 4 + minute(local(moment)) // 15 as slot,
    count(*) as offered,
    count(*) filter (abandoned) as abandoned,
    count(*) filter (not abandoned and wait <= seconds) as answered_within,
    count(*) filter (abandoned and wait <= seconds) as abandoned_within,
    count(*) filter (abandoned and wait < short_seconds) as abandoned_short,
    sum(wait) as wait
  from contacts cross join settings
  group by all
),
served as (
  select *, service_parts(offered - abandoned, abandoned, answered_within, abandoned_within, abandoned_short) as parts
  from slots
),
rep_windows as (
  select window_start(instance_ts) as start, rep_id, least(15, sum(lin_avail_min)) as available
  from rep_utilized cross join today
  where $part = '0' and instance_ts between today - 65 and today + 2 and lin_logged_in_min > 0
  group by all
),
staff as (
  select
    local_date(start) as day, 'All queues' as queue, hour(local(start)) * 4 + minute(local(start)) // 15 as slot,
    case when count(distinct rep_id) >= any_value(min_reps) then round(sum(available), 1) else -1 end as available
  from rep_windows cross join settings
  group by all
),
cells as (
  from served full join staff using (day, queue, slot)
),
days as (
  select
    day, queue,
    map(list(slot), list({
      'offered': coalesce(offered, 0), 'abandoned': coalesce(abandoned, 0), 'good': coalesce(parts.good, 0),
      'base': coalesce(parts.base, 0), 'wait': coalesce(wait, 0), 'available': coalesce(available, 0)
    })) as by_slot,
    count(available) > 0 as staffed
  from cells cross join today
  where day >= today - 63 and day < today
  group by day, queue
)
select
  strftime(day, '%Y-%m-%d') as day,
  queue,
  [coalesce(by_slot[slot].offered, 0)::integer for slot in range(96)] as offered,
  [coalesce(by_slot[slot].abandoned, 0)::integer for slot in range(96)] as abandoned,
  [coalesce(by_slot[slot].good, 0)::integer for slot in range(96)] as good,
  [coalesce(by_slot[slot].base, 0)::integer for slot in range(96)] as base,
  [coalesce(round(by_slot[slot].wait), 0)::integer for slot in range(96)] as wait,
  case when staffed then [coalesce(by_slot[slot].available, 0) for slot in range(96)] end as available
from days
order by queue, day
