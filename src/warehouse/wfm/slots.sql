-- history.slots: one row per quarter-hour for which rep_utilized is complete: minutes of all reps by load, that is by their chats
-- compared with their slots, and minutes of slots and chats. All chats count in `all_*`, only active ones in
-- `active_*`. `merged` are the minutes over which reps are reported together (see merged_minutes), 0 if they are withheld; figures
-- are the means of these windows, `reps` their distinct reps. A sum is null unless every logged-in rep has the figure.
-- Needs: main.rep_utilized, history.rep_windows, kit.settings
with settings as (
  select min_reps from kit.settings
),
-- a rep has a row for each desk mode and number of slots; together they cannot be logged in for more than the window
rep_rows as (
  select
    window_start(instance_ts) as start, rep_id::varchar as rep,
    sum(quantity(lin_logged_in_min)) as logged_in,
    case when count(*) = count(quantity(lin_utilization_level_light_min)) then sum(quantity(lin_utilization_level_light_min)) end as all_light,
    case when count(*) = count(quantity(lin_utilization_level_full_min)) then sum(quantity(lin_utilization_level_full_min)) end as all_full,
    case when count(*) = count(quantity(lin_utilization_level_over_min)) then sum(quantity(lin_utilization_level_over_min)) end as all_over,
    case when count(*) = count(quantity(workload_level_no_min)) then sum(quantity(workload_level_no_min)) end as active_none,
    case when count(*) = count(quantity(workload_level_light_min)) then sum(quantity(workload_level_light_min)) end as active_light,
    case when count(*) = count(quantity(workload_level_full_min)) then sum(quantity(workload_level_full_min)) end as active_full,
    case when count(*) = count(quantity(workload_level_over_min)) then sum(quantity(workload_level_over_min)) end as active_over,
    case when count(*) = count(quantity(flex_protect_min)) then sum(quantity(flex_protect_min)) end as flex,
    case when count(*) = count(quantity(cum_logged_in_min)) then sum(quantity(cum_logged_in_min)) end as slots,
    case when count(*) = count(quantity(cum_ute_total_min)) then sum(quantity(cum_ute_total_min)) end as chats,
    case when count(*) = count(quantity(cum_weighted_seconds)) then sum(quantity(cum_weighted_seconds)) end as effort_seconds
  from rep_utilized
  where rep_id is not null
  group by all
  having sum(quantity(lin_logged_in_min)) > 0
),
reps as (
  select
    rep_windows.*, start - to_minutes(minute) as hour, minute >= 30 as second, rep,
    least(15, logged_in) as logged_in,
    all_light * least(1, 15 / logged_in) as all_light,
    all_full * least(1, 15 / logged_in) as all_full,
    all_over * least(1, 15 / logged_in) as all_over,
    active_none * least(1, 15 / logged_in) as active_none,
    active_light * least(1, 15 / logged_in) as active_light,
    active_full * least(1, 15 / logged_in) as active_full,
    active_over * least(1, 15 / logged_in) as active_over,
    flex * least(1, 15 / logged_in) as flex,
    slots, chats, effort_seconds
  from rep_rows join history.rep_windows using (start)
),
windows as (
  select
    start, any_value(day) as day, any_value(hour) as hour, any_value(second) as second, count(*) as reps,
    case when count(*) = count(logged_in) then sum(logged_in) end as logged_in,
    case when count(*) = count(all_light) then sum(all_light) end as all_light,
    case when count(*) = count(all_full) then sum(all_full) end as all_full,
    case when count(*) = count(all_over) then sum(all_over) end as all_over,
    case when count(*) = count(active_none) then sum(active_none) end as active_none,
    case when count(*) = count(active_light) then sum(active_light) end as active_light,
    case when count(*) = count(active_full) then sum(active_full) end as active_full,
    case when count(*) = count(active_over) then sum(active_over) end as active_over,
    case when count(*) = count(flex) then sum(flex) end as flex,
    case when count(*) = count(slots) then sum(slots) end as slots,
    case when count(*) = count(chats) then sum(chats) end as chats,
    case when count(*) = count(effort_seconds) then sum(effort_seconds) end as effort_seconds
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
    case when merged > 0 then avg(logged_in) over same_block end as logged_in,
    case when merged > 0 then avg(all_light) over same_block end as all_light,
    case when merged > 0 then avg(all_full) over same_block end as all_full,
    case when merged > 0 then avg(all_over) over same_block end as all_over,
    case when merged > 0 then avg(active_none) over same_block end as active_none,
    case when merged > 0 then avg(active_light) over same_block end as active_light,
    case when merged > 0 then avg(active_full) over same_block end as active_full,
    case when merged > 0 then avg(active_over) over same_block end as active_over,
    case when merged > 0 then avg(flex) over same_block end as flex,
    case when merged > 0 then avg(slots) over same_block end as slots,
    case when merged > 0 then avg(chats) over same_block end as chats,
    case when merged > 0 then avg(effort_seconds) over same_block end as effort_seconds,
    count(all_light) over same_block as all_light_known,
    count(all_full) over same_block as all_full_known,
    count(all_over) over same_block as all_over_known,
    count(active_none) over same_block as active_none_known,
    count(active_light) over same_block as active_light_known,
    count(active_full) over same_block as active_full_known,
    count(active_over) over same_block as active_over_known,
    count(flex) over same_block as flex_known,
    count(slots) over same_block as slots_known,
    count(chats) over same_block as chats_known,
    count(effort_seconds) over same_block as effort_seconds_known,
    count(*) over same_block as windows
  from told
  window same_block as (partition by day, merged, block)
)
-- rounded, as the last digits of a sum depend on the order of addition, which varies
select
  rep_windows.start, day, coalesce(merged, case when means.start is null then 15 end)::integer as merged,
  case when means.start is null then 0 when merged > 0 then reps end::integer as reps,
  case when means.start is null then 0 else round(logged_in, 9) end as logged_in,
  case when means.start is null then 0 when all_light_known = windows then round(all_light, 9) end as all_light,
  case when means.start is null then 0 when all_full_known = windows then round(all_full, 9) end as all_full,
  case when means.start is null then 0 when all_over_known = windows then round(all_over, 9) end as all_over,
  case when means.start is null then 0 when active_none_known = windows then round(active_none, 9) end as active_none,
  case when means.start is null then 0 when active_light_known = windows then round(active_light, 9) end as active_light,
  case when means.start is null then 0 when active_full_known = windows then round(active_full, 9) end as active_full,
  case when means.start is null then 0 when active_over_known = windows then round(active_over, 9) end as active_over,
  case when means.start is null then 0 when flex_known = windows then round(flex, 9) end as flex,
  case when means.start is null then 0 when slots_known = windows then round(slots, 9) end as slots,
  case when means.start is null then 0 when chats_known = windows then round(chats, 9) end as chats,
  case when means.start is null then 0 when effort_seconds_known = windows then round(effort_seconds, 9) end as effort_seconds
from history.rep_windows left join means using (start)
