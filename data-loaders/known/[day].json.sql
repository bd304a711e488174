-- One row per queue or group of a local day, "All queues" included: what was known of the contacts of its quarter-hours, and when.
-- Each list has one value per state, by time: minutes from `start`, the day's first quarter-hour, to the moment from which the
-- state was known, the quarter-hour by its place from 0, and its counts. A state lasts until the next of the same quarter-hour.
-- Reach: 0 days before $days
-- Ships: queue, start, known, place, assigned, abandoned, within
with requested as (
  select unnest($days)::date as day
),
day_windows as (
  select day, start, (row_number() over (partition by day order by start) - 1)::integer as place, min(start) over (partition by day) as first
  from (
    select start, local_date(start) as day
    from (select min(day) - interval 1 day as first, max(day) + interval 2 days as last from requested),
      generate_series(first, last, interval 15 minutes) as series (start)
  )
  semi join requested using (day)
),
states as materialized (
  from wfm.queue_states semi join requested using (day)
),
members as (
  from kit.queue_groups
  union all
  select 'All queues', queue from (select distinct queue from states)
),
moments as (
  select distinct queue_group, start, known_at from states join members using (queue)
),
either as (
  select queue, start, known_at, assigned, abandoned, within from states
  union all
  select
    moments.queue_group, moments.start, moments.known_at,
    case when count(states.queue) = count(states.assigned) then sum(states.assigned) end,
    case when count(states.queue) = count(states.abandoned) then sum(states.abandoned) end,
    case when count(states.queue) = count(states.within) then sum(states.within) end
  from (select moments.*, members.queue from moments join members using (queue_group)) as moments
  asof left join states
    on moments.start = states.start and moments.queue = states.queue and moments.known_at >= states.known_at
  group by all
),
changed as (
  from either
  window by_time as (partition by queue, start order by known_at)
  qualify
    row_number() over by_time = 1
    or (assigned, abandoned, within) is distinct from lag((assigned, abandoned, within)) over by_time
),
placed as (
  select
    day, queue, first,
    list_sort(list({
      'known': ceil(epoch(known_at - first) / 60)::integer, 'place': place,
      'assigned': assigned::bigint, 'abandoned': abandoned::bigint, 'within': within::bigint
    })) as cells
  from changed join day_windows using (start)
  group by all
)
select
  day, queue, first as start,
  [cell.known for cell in cells] as known,
  [cell.place for cell in cells] as place,
  [cell.assigned for cell in cells] as assigned,
  [cell.abandoned for cell in cells] as abandoned,
  [cell.within for cell in cells] as within
from placed
order by day, queue <> 'All queues', queue
