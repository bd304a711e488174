-- history.slots: one row per quarter-hour for which rep_utilized is complete: minutes of all reps by load, that is by their chats
-- compared with their slots, and minutes of slots and chats. All chats count in `all_*`, only active ones in
-- `active_*`. `merged` are the minutes over which reps are reported together (see merged_minutes), 0 if they are withheld; figures
-- are the means of these windows, `reps` their distinct reps. A sum is null unless every logged-in rep has the figure.
-- Needs: main.rep_utilized, history.rep_windows, kit.settings
with settings as (
  select min_reps from kit.settings
),
rows as (
  select
    window_start(instance_ts) as start, rep_id::varchar as rep, quantity(lin_logged_in_min) as logged_in,
    quantity(lin_utilization_level_light_min) as all_light,
    quantity(lin_utilization_level_full_min) as all_full,
    quantity(lin_utilization_level_over_min) as all_over,
    quantity(workload_level_no_min) as active_none,
    quantity(workload_level_light_min) as active_light,
    quantity(workload_level_full_min) as active_full,
    quantity(workload_level_over_min) as active_over,
    quantity(flex_protect_min) as flex,
    quantity(cum_logged_in_min) as slots,
    quantity(cum_ute_total_min) as chats,
    quantity(cum_weighted_seconds) as effort_seconds
  from rep_utilized
  where rep_id is not null
),
-- a rep has a row for each desk mode and number of slots; together they cannot be logged in for more than the window
rep_rows as (
  select
    start, rep, sum(logged_in) as logged_in,
    case when count(*) = count(columns(* exclude (start, rep, logged_in)))
      then sum(columns(* exclude (start, rep, logged_in))) end as '\0'
  from rows
  group by start, rep
  having sum(rows.logged_in) > 0
),
reps as (
  select
    start, day, start - to_minutes(minute) as hour, minute >= 30 as second, rep, least(15, rep_rows.logged_in) as logged_in,
    columns('^(all_|active_|flex)') * least(1, 15 / rep_rows.logged_in) as '\0', slots, chats, effort_seconds
  from rep_rows join history.rep_windows using (start)
),
windows as (
  select
    start, any_value(day) as day, any_value(hour) as hour, any_value(second) as second, count(*) as reps,
    case when count(*) = count(columns(* exclude (start, day, hour, second, rep)))
      then sum(columns(* exclude (start, day, hour, second, rep))) end as '\0'
  from reps group by start
),
hours as (
  select day, hour, quarters, least(first_reps, second_reps) as halves, first_reps, second_reps, hour_reps
  from (
    select
      day, hour, count(distinct rep) as hour_reps, nullif(count(distinct rep) filter (not second), 0) as first_reps,
      nullif(count(distinct rep) filter (second), 0) as second_reps
    from reps group by all
  ) join (select day, hour, min(reps) as quarters from windows group by all) using (day, hour)
),
few as (
  select day, hour from hours cross join settings where merged_minutes(quarters, halves, hour_reps, null, min_reps) is null
),
rest as (
  select day, count(distinct rep) as rest from reps semi join few using (day, hour) group by all
),
levels as (
  select hours.*, rest, coalesce(merged_minutes(quarters, halves, hour_reps, rest, min_reps), 0) as merged
  from hours cross join settings left join rest using (day)
),
told as (
  select
    windows.* exclude (reps), merged,
    case merged
      when 15 then start when 30 then hour + to_minutes(case when second then 30 else 0 end) when 60 then hour
      when 1440 then day::timestamp
    end as block,
    case merged
      when 15 then reps when 30 then case when second then second_reps else first_reps end when 60 then hour_reps
      when 1440 then rest
    end as reps
  from windows join levels using (day, hour)
),
means as (
  select
    start, merged, reps,
    case when merged > 0 and count(*) over same_block = count(columns(* exclude (start, day, hour, second, merged, block, reps))) over same_block
      then round(avg(columns(* exclude (start, day, hour, second, merged, block, reps))) over same_block, 9) end as '\0'
  from told
  window same_block as (partition by day, merged, block)
)
-- rounded, as the last digits of a sum depend on the order of addition, which varies
select
  rep_windows.start, day, case when means.start is null then 15 else merged end::integer as merged,
  case when means.start is null then 0 when merged > 0 then reps end::integer as reps,
  case when means.start is null then 0 else columns('^(logged_in|all_|active_|flex|slots|chats|effort_)') end as '\0'
from history.rep_windows left join means using (start)
