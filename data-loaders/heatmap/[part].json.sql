-- One row per queue and complete local day, for the newest week and the eight days of each weekday before it that a baseline
-- uses: contacts and service per quarter-hour of the local clock, 96 numbers each, from history. Part 0 holds "All queues" and
-- the groups, the other parts the queues that `queue-load` assigns to them.
-- `good` and `base` are the two sides of the service level; `available` is minutes of distinct reps, -1 if withheld or known for
-- the day only: for all queues from rep_utilized, for a queue or group from queue_membership_wfm; null for an incomplete day.
-- Reach: days before today
-- For part: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
-- Ships: day, queue, offered, abandoned, good, base, wait, available
with settings as (
  select min_reps, min_contacts from kit.settings
),
-- the first day that is not complete in both feeds
today as (
  select local(queues)::date as today from history.through
),
known as (
  select day, max(day) over () as last
  from (
    select distinct day
    from history.queue_windows join history.windows using (start, day) cross join today
    where whole and day between today - 80 and today - 1
  )
),
-- baselines leave out excluded days
kept as (
  select day
  from known
  where day > last - 7 or day >= last - 76 and day not in (select day from kit.excluded_days)
  qualify day > last - 7 or row_number() over (partition by day > last - 7, isodow(day) order by day desc) <= 8
),
wanted as (
  select queue,
    case when queue = 'All queues' or queue in (select queue_group from kit.queue_groups) then 0
      else queue_part(queue) end as part
  from (select distinct queue from history.queue_windows semi join kept using (day))
  where part::varchar in $parts
),
served as (
  select
    day, queue, hour(local(start)) * 4 + minute(local(start)) // 15 as slot, sum(offered) as offered,
    sum(abandoned) as abandoned, sum(good) as good, sum(base) as base, sum(wait) as wait
  from history.queue_windows
  semi join kept using (day)
  semi join wanted using (queue)
  group by all
),
rep_windows as (
  select
    window_start(instance_ts) as start, local_date(window_start(instance_ts)) as day, rep_id,
    least(15, sum(lin_avail_min)) as available
  from rep_utilized cross join today
  where '0' in $parts and instance_ts between today - 82 and today + 2 and lin_logged_in_min > 0
  group by all
),
staff as (
  select
    day, 'All queues' as queue, hour(local(start)) * 4 + minute(local(start)) // 15 as slot,
    coalesce(if_enough(rounded(sum(available), 1), count(distinct rep_id), any_value(min_reps)), -1) as available
  from rep_windows cross join settings
  where day in (select day from history.days where feed = 'rep_utilized' and whole)
  group by all
  union all by name
  select
    day, queue, split_part(slot, ':', 1)::integer * 4 + split_part(slot, ':', 2)::integer // 15 as slot,
    case when not bool_or(merged in (0, 1440)) then rounded(sum(available), 1) else -1 end as available
  from wfm.merged
  semi join wanted using (queue)
  semi join (from history.days where feed = 'queue_membership_wfm' and whole) as staffed using (day)
  where queue <> 'All queues' and (available is not null or merged = 0)
  group by all
),
-- the wait of few contacts is averaged with their neighbours
blocks as (
  select
    day, queue, unnest(list(slot order by slot)) as slot,
    unnest(contact_blocks(list(offered order by slot), any_value(min_contacts))) as block
  from served cross join settings group by day, queue
),
waits as (
  select day, queue, slot, offered * mean as wait
  from served
  join blocks using (day, queue, slot)
  join (
    select day, queue, block, sum(wait) / nullif(sum(offered), 0) as mean
    from served join blocks using (day, queue, slot) where block is not null group by all
  ) using (day, queue, block)
),
cells as (
  from (select served.* exclude (wait), waits.wait from served left join waits using (day, queue, slot)) full join staff using (day, queue, slot)
),
days as (
  select
    day, queue,
    map(list(slot), list({
      'offered': coalesce(offered, 0), 'abandoned': coalesce(abandoned, 0), 'good': coalesce(good, 0),
      'base': coalesce(base, 0), 'wait': coalesce(wait, 0), 'available': coalesce(available, 0)
    })) as by_slot,
    count(available) > 0 as staffed
  from cells semi join kept using (day)
  group by day, queue
)
select
  part,
  strftime(day, '%Y-%m-%d') as day,
  queue,
  [coalesce(by_slot[slot].offered, 0)::integer for slot in range(96)] as offered,
  [coalesce(by_slot[slot].abandoned, 0)::integer for slot in range(96)] as abandoned,
  [coalesce(by_slot[slot].good, 0)::integer for slot in range(96)] as good,
  [coalesce(by_slot[slot].base, 0)::integer for slot in range(96)] as base,
  [coalesce(rounded(by_slot[slot].wait, 0), 0)::integer for slot in range(96)] as wait,
  case when staffed then [coalesce(by_slot[slot].available, 0) for slot in range(96)] end as available
from days join wanted using (queue)
order by part, queue, day
