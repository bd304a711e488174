-- history.windows: one row per quarter-hour of which both feeds of queues have come; `whole` where all of the local day
-- have. In any other an assignment or an abandon may be missing, so that nothing is counted there.
-- Given: complete
with in_both as (
  select start from complete group by start having count(*) = 2
),
-- the local clock is asked once per window
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
    local_times.*, in_both.start is not null as here,
    bool_and(in_both.start is not null) over (partition by day) as whole
  from local_times left join in_both using (start)
)
where here
