-- history.windows: one row per quarter-hour for which both queue feeds are complete; `whole` if the entire local day is. Any other
-- quarter-hour may lack assignments or abandons and is not counted.
-- Given: complete
with in_both as (
  select start from complete group by start having count(*) = 2
),
-- local times are computed once per window
local_times as (
  select start, local_date(start) as day, local_slot(start) as slot
  from (
    select unnest(generate_series(min(start) - interval 1 day, max(start) + interval 1 day, interval 15 minutes)) as start
    from in_both
  )
)
select start, day, slot, whole
from (
  select
    local_times.*, in_both.start is not null as complete,
    bool_and(in_both.start is not null) over (partition by day) as whole
  from local_times left join in_both using (start)
)
where complete
