-- One row per annotation and period (before, during, after) of the same length: contacts offered, and the usual of that time of the
-- week. The usual is the median of the last eight weeks within ten that end before the annotation begins, at least four; a week with
-- an excluded day, or with a quarter-hour that has not arrived, is passed over. A moment has an hour before and after. Annotations
-- of more than 14 days have no such weeks. Of a running day, quarter-hours of the history feeds.
-- Ships: line, period, starts, ends, offered, usual, low, high, weeks
with noted as (
  select
    line, queues, ends_at is null as moment, time_bucket(interval 15 minutes, starts_at) as first,
    case when moment then first
      else time_bucket(interval 15 minutes, ends_at - interval 1 microsecond) + interval 15 minutes end as until,
    case when moment then 4 else date_diff('minute', first, until) // 15 end as quarters
  from wfm.annotations
  where ends_at is null or ends_at - starts_at <= interval 14 days
  order by starts_at desc, line
  limit 100
),
named as (
  select line, unnest(queues) as queue from noted
),
-- the queues that count, those of a group instead of it; a queue once
members as (
  select line, 'All queues' as queue from noted where len(queues) = 0
  union
  select line, queue from named where queue not in (select queue_group from kit.queue_groups)
  union
  select line, groups.queue from named join kit.queue_groups as groups on queue_group = named.queue
),
periods as (
  select line, 'before' as period, first - to_minutes(15 * quarters) as starts, first as ends, quarters, quarters as apart from noted
  union all
  select line, 'during', first, until, quarters, quarters from noted where not moment
  union all
  select line, 'after', until, until + to_minutes(15 * quarters), quarters, 2 * quarters from noted
),
quarter_hours as (
  select line, period, start, day, slot
  from periods join history.windows on start >= starts and start < ends
),
arrived as (
  select line, period, starts, ends, quarters, apart
  from periods join quarter_hours using (line, period)
  group by all having count(*) = quarters
),
now as (
  select line, period, coalesce(sum(offered), 0) as offered
  from arrived join quarter_hours using (line, period) join members using (line)
  left join history.queue_windows on queue_windows.queue = members.queue and queue_windows.start = quarter_hours.start
  group by all
),
former_slots as (
  select day, slot, count(*) as times from history.windows anti join kit.excluded_days using (day) group by all
),
former as (
  select queue, day, slot, sum(offered) / any_value(times) as offered
  from history.queue_windows join former_slots using (day, slot)
  semi join members using (queue)
  group by all
),
-- as many weeks back that the period has ended before the annotation begins
weeks as (
  select line, period, quarters, week
  from arrived cross join range(1, 11) as series (week)
  where 7 * 96 * week >= apart
),
former_quarters as (
  select line, period, quarters, week, day - (7 * week)::integer as former, slot
  from weeks join quarter_hours using (line, period)
),
complete as (
  select line, period, week
  from former_quarters join former_slots on former_slots.day = former and former_slots.slot = former_quarters.slot
  group by line, period, week, quarters having count(*) = quarters
  qualify row_number() over (partition by line, period order by week) <= 8
    and count(*) over (partition by line, period) >= 4
),
counted as (
  select line, period, week, coalesce(sum(former.offered), 0) as offered
  from former_quarters
  semi join complete using (line, period, week)
  join members using (line)
  left join former
    on former.queue = members.queue and former.day = former_quarters.former and former.slot = former_quarters.slot
  group by line, period, week
),
usual as (
  select
    line, period, median(offered) as usual, quantile_cont(offered, 0.25) as low, quantile_cont(offered, 0.75) as high,
    count(*) as weeks
  from counted group by line, period
)
select
  line, period, strftime(starts, '%Y-%m-%dT%H:%M:%SZ') as starts, strftime(ends, '%Y-%m-%dT%H:%M:%SZ') as ends,
  now.offered::integer as offered, rounded(usual, 1) as usual, rounded(low, 1) as low, rounded(high, 1) as high,
  coalesce(weeks, 0)::integer as weeks
from arrived join now using (line, period) left join usual using (line, period)
order by line, starts
