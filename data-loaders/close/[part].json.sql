-- One row per queue or group and complete local day of 24 hours, the newest 28: per half-hour of the local clock, 48 values
-- each, what came and what was expected of it from earlier days alone, to tell how good the service level expected at close
-- has been. `seen_*` hold, for 10, 12, 14 and 16 o'clock, the counts of the half-hours before as they were known at that moment,
-- null where a quarter-hour had not been exported. `usual` contacts are the baseline of history.scored, `staff` the usual available reps in full-time equivalents,
-- `handle` their mean handle time, `patience` that of the 28 days before. Part 0 holds "All queues" and the groups, the other
-- parts the queues that `queue-load` assigns to them.
-- Reach: days before today
-- For part: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
-- Ships: queue, day, assigned, abandoned, within, seen_assigned, seen_abandoned, seen_within, usual, staff, handle, patience
with settings as (
  select min_contacts from kit.settings
),
slots as (
  select strftime(timestamp '2000-01-01' + to_minutes(30 * place::bigint), '%H:%M') as half, place from range(48) as r (place)
),
recent as (
  select day
  from history.windows anti join kit.excluded_days using (day)
  group by day
  having bool_and(whole) and count(*) = 96 and count(distinct slot) = 96
  qualify row_number() over (order by day desc) <= 28
),
windows as materialized (
  select day, slot, queue, assigned, abandoned, within, contradicts, handle, available, slot[:3] || case when slot[4:] < '30' then '00' else '30' end as half
  from wfm.merged where day >= (select min(day) - 70 from recent)
),
wanted as (
  select queue,
    case when queue = 'All queues' or queue in (select queue_group from kit.queue_groups) then 0
      else queue_part(queue) end as part
  from (select distinct queue from windows semi join recent using (day))
  where part::varchar in $parts
),
-- a window without a row of contacts had none, though it may have reps; a sum without one of its counts would be too small
counted as (
  select
    day, queue, half,
    case when count(*) = count(assigned) then sum(assigned) end as assigned,
    case when count(*) = count(abandoned) then sum(abandoned) end as abandoned,
    case when bool_and(within is not null or assigned + abandoned = 0) then coalesce(sum(within), 0) end as within,
    true as delivered
  from windows semi join wanted using (queue) semi join recent using (day)
  where assigned is not null or abandoned is not null or contradicts % 2 = 1
  group by all
),
moments as (
  select day, hour, first + to_hours(hour) as moment
  from (select day, min(start) as first from history.windows semi join recent using (day) group by day),
    (select unnest([10, 12, 14, 16]) as hour)
),
recent_starts as (
  select day, start, strftime(timestamp '2000-01-01' + to_minutes(30 * (place // 2)), '%H:%M') as half
  from (
    select day, start, row_number() over (partition by day order by start) - 1 as place
    from history.windows semi join recent using (day)
  )
),
states as materialized (
  select half, states.* from wfm.queue_states as states join recent_starts using (start, day)
),
-- the newest state of each quarter-hour by each moment
seen as materialized (
  select
    day, hour, half, start, queue, max_by(assigned, known_at) as assigned, max_by(abandoned, known_at) as abandoned,
    max_by(within, known_at) as within
  from states join moments using (day)
  where known_at <= moment
  group by all
),
-- a quarter-hour without any row was known once a later one was
seen_windows as (
  select distinct day, hour, half, start from seen
  union
  select day, hour, half, start
  from recent_starts join (select day, hour, max(start) as last from seen group by all) using (day)
  where start < last and start not in (select start from states)
),
seen_halves as (
  select day, hour, half from seen_windows group by all having count(*) = 2
),
seen_queues as (
  select day, hour, half, queue, assigned, abandoned, within from seen
  union all
  select day, hour, half, queue_group, assigned, abandoned, within from seen join kit.queue_groups using (queue)
  union all
  select day, hour, half, 'All queues', assigned, abandoned, within from seen
),
seen_counts as (
  select
    day, hour, half, queue,
    case when count(*) = count(assigned) then sum(assigned) end as assigned,
    case when count(*) = count(abandoned) then sum(abandoned) end as abandoned,
    case when count(*) = count(within) then sum(within) end as within
  from seen_queues semi join wanted using (queue)
  group by all
),
-- a queue without a row in a known half-hour had no contacts
seen_lists as (
  select
    day, queue, hour,
    list(case when counts.half is not null then assigned when known.half is not null then 0 end order by place) as assigned,
    list(case when counts.half is not null then abandoned when known.half is not null then 0 end order by place) as abandoned,
    list(case when counts.half is not null then within when known.half is not null then 0 end order by place) as within
  from moments cross join wanted join slots on place < 2 * hour
  left join seen_halves as known using (day, hour, half)
  left join (from seen_counts semi join seen_halves using (day, hour, half)) as counts using (day, hour, half, queue)
  group by all
),
seen_days as (
  select
    day, queue, list(assigned order by hour) as seen_assigned, list(abandoned order by hour) as seen_abandoned,
    list(within order by hour) as seen_within
  from seen_lists
  group by all
),
former_days as (
  select day, former
  from (select day, week, day - 7 * week::integer as former from recent, range(1, 11) as weeks (week))
  semi join (select distinct day as former from windows) using (former)
  anti join (select day as former from kit.excluded_days) using (former)
  qualify row_number() over (partition by day order by week) <= 8 and count(*) over (partition by day) >= 4
),
-- the usual of each quarter-hour, as the files of intraday/ have it
usual as (
  select
    former_days.day, queue, slot, half,
    usual(available) as available,
    if_enough(
      weighted_mean(handle, handle_weight(assigned)), sum(assigned) filter (handle is not null), any_value(min_contacts)
    ) as handle,
    sum(assigned) as assigned
  from windows semi join wanted using (queue) join former_days on former = windows.day cross join settings
  group by all
),
staff as (
  select day, queue, half, case when count(available) = 2 then sum(available) / 30 end as staff from usual group by all
),
handles as (
  select day, queue, weighted_mean(handle, assigned) as handle from usual group by all
),
daily as (
  select queue, day, sum(abandoned) as abandoned, sum(wait) as wait
  from history.queue_windows semi join wanted using (queue)
  group by all
),
patience as (
  select
    recent.day, queue,
    if_enough(patience_seconds(sum(abandoned), sum(wait)), sum(abandoned), any_value(min_contacts)) as patience
  from recent join daily on daily.day between recent.day - 28 and recent.day - 1 cross join settings
  group by all
)
select
  any_value(part)::varchar as part,
  queue,
  strftime(day, '%Y-%m-%d') as day,
  list(case when delivered then assigned else 0 end order by place) as assigned,
  list(case when delivered then abandoned else 0 end order by place) as abandoned,
  list(case when delivered then within else 0 end order by place) as within,
  any_value(seen_assigned) as seen_assigned,
  any_value(seen_abandoned) as seen_abandoned,
  any_value(seen_within) as seen_within,
  list(rounded(baseline, 1) order by place) as usual,
  list(rounded(staff, 2) order by place) as staff,
  rounded(any_value(handle), 0) as handle,
  rounded(any_value(patience), 1) as patience
from recent cross join wanted cross join slots
left join counted using (day, queue, half)
left join (select queue, day, slot as half, baseline from history.scored) as scored using (day, queue, half)
left join staff using (day, queue, half)
left join handles using (day, queue)
left join patience using (day, queue)
left join seen_days using (day, queue)
group by queue, day
having count(delivered) > 0
order by queue <> 'All queues', queue, day
