-- One row per local day: slots and chats of all reps in each of its 15-minute windows, from rep_utilized, which has no queues. Each
-- list has one value per window of the day, the first at `start`; null in a window that is not complete. Values are full-time
-- equivalents: minutes / 15. `merged` are the minutes over which few reps are reported together, 0 if they are withheld. `lacking`
-- are the columns that no row of the day has.
-- Days of: issue_queues
-- Reach: 0 days before $days
-- Ships: start, merged, reps, logged_in, all_light, all_full, all_over, active_none, active_light, active_full, active_over, flex, slots, chats, effort, lacking
with requested as (
  select unnest($days)::date as day
),
day_windows as (
  select day, all_windows.start, slots.* exclude (start, day)
  from (
    select start, local_date(start) as day
    from (select min(day) - interval 1 day as first, max(day) + interval 2 days as last from requested),
      generate_series(first, last, interval 15 minutes) as series (start)
  ) as all_windows
  semi join requested using (day)
  left join (from history.slots semi join requested using (day)) as slots using (day, start)
),
columns as (
  from (values
    ('all_light', 'lin_utilization_level_light_min'),
    ('all_full', 'lin_utilization_level_full_min'),
    ('all_over', 'lin_utilization_level_over_min'),
    ('active_none', 'workload_level_no_min'),
    ('active_light', 'workload_level_light_min'),
    ('active_full', 'workload_level_full_min'),
    ('active_over', 'workload_level_over_min'),
    ('flex', 'flex_protect_min'),
    ('slots', 'cum_logged_in_min'),
    ('chats', 'cum_ute_total_min'),
    ('effort_seconds', 'cum_weighted_seconds')
  ) as names (name, "column")
),
delivered as (
  select day, name
  from (
    unpivot (select day, all_light, all_full, all_over, active_none, active_light, active_full, active_over, flex, slots, chats, effort_seconds from day_windows where reps > 0)
    on all_light, all_full, all_over, active_none, active_light, active_full, active_over, flex, slots, chats, effort_seconds into name name value minutes
  )
  group by all
),
lacking as (
  select day, list("column" order by "column") as lacking
  from (select distinct day from day_windows where reps > 0) cross join columns anti join delivered using (day, name)
  group by all
)
select
  day,
  min(start) as start,
  list(merged order by start) as merged,
  list(reps order by start) as reps,
  list(rounded(logged_in / 15, 2) order by start) as logged_in,
  list(rounded(all_light / 15, 2) order by start) as all_light,
  list(rounded(all_full / 15, 2) order by start) as all_full,
  list(rounded(all_over / 15, 2) order by start) as all_over,
  list(rounded(active_none / 15, 2) order by start) as active_none,
  list(rounded(active_light / 15, 2) order by start) as active_light,
  list(rounded(active_full / 15, 2) order by start) as active_full,
  list(rounded(active_over / 15, 2) order by start) as active_over,
  list(rounded(flex / 15, 2) order by start) as flex,
  list(rounded(slots / 15, 2) order by start) as slots,
  list(rounded(chats / 15, 2) order by start) as chats,
  list(rounded(effort_seconds / 900, 2) order by start) as effort,
  any_value(lacking) as lacking
from day_windows left join lacking using (day)
group by day
having count(merged) > 0
order by day
