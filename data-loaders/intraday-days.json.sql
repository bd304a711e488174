-- One row per local day with WFM windows, newest 92: which of its windows have arrived, and up to when.
-- Ships: day, arrived, through
with told as (
  select distinct window_start(instance_ts) as start from wfm.queue_windows where instance_ts is not null
),
-- A finished run without a row for a window says that nothing came in it. Runs follow their windows by half an hour or
-- so; exports that name a partition after its window fit as well.
runs as (
  select dt::timestamp + to_hours(coalesce(hr, '0')::bigint) + to_minutes(coalesce(mi, '0')::bigint) as run
  from kit.partitions
  where feed = 'queue_wfm' and state in ('complete', 'empty', 'replaced', 'expired')
),
through as (
  select greatest(
    (select max(start) + interval 15 minutes from told),
    (select window_start(max(run) - interval 20 minutes) from runs)
  ) as through
),
windows as (
  select start, local_date(start) as day
  from (select min(start) as first, max(start) as last from told),
    generate_series(first - interval 1 day, last + interval 1 day, interval 15 minutes) as series (start)
),
covered as (
  select distinct start
  from (select distinct run from runs),
    generate_series(window_start(run) - interval 45 minutes, window_start(run), interval 15 minutes) as series (start)
  where run <= start + interval 45 minutes
),
days as (
  select
    strftime(day, '%Y-%m-%d') as day,
    string_agg(
      case when told.start is not null or covered.start is not null and windows.start < through.through then '1' else '0' end,
      '' order by windows.start
    ) as arrived,
    max(windows.start + interval 15 minutes)
      filter (told.start is not null or covered.start is not null and windows.start < through.through) as through
  from windows
  left join told using (start)
  left join covered using (start)
  cross join through
  group by windows.day
  having count(told.start) > 0
  order by day desc
  limit 92
)
from days order by day
