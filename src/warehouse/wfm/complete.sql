-- One row per feed and window that its finished partitions cover. A run of the WFM feeds covers the windows of the hour before it.
-- Given: partitions
select distinct feed, window_start(start) + to_minutes(15 * quarter) as start
from (
  select
    feed, dt::timestamp + to_hours(coalesce(hr, '0')::bigint) + to_minutes(coalesce(mi, '0')::bigint) as start,
    unnest(case when hr is null then range(96) when mi is null then range(4) else range(-3, 1) end) as quarter
  from partitions
  where state in ('complete', 'empty', 'replaced', 'expired') and timely(start, run) is not null
)
