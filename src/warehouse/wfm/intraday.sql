-- wfm.intraday: one row per window of the newest 175 days and queue or group: contacts, and time of reps.
-- A sum is null if any row lacks the count, as it would be too low. Without contacts, none was answered in time. A mean over
-- several rows is null unless each has its number of contacts. A sum of rep time is null unless every logged-in rep has it and
-- none is inconsistent. `merged` are the minutes over which the window's reps are reported together (see merged_minutes), 0 if they
-- are withheld, null without any; `block` is the first window of these, `block_reps` their distinct reps. wfm.merged has the figures.
-- Needs: wfm.queue_windows, wfm.queue_versions, wfm.rep_windows, wfm.queue_names, kit.settings, kit.queue_groups
with settings as (
  select min_reps from kit.settings
),
newest as (
  select max(instance_ts) as newest from wfm.queue_windows
),
contacts as (
  select
    window_start(instance_ts) as start,
    coalesce(names.queue, queue_label(rows.queue_name)) as queue,
    case when count(*) = count(assignments) then sum(assignments) end as assigned,
    case when count(*) = count(abandons) then sum(abandons) end as abandoned,
    case
      when bool_and(case when not contradicts then within_threshold end is not null or assignments + abandons = 0)
        then sum(case when not contradicts then within_threshold end)
    end as within,
    case
      when count(*) = count(assignments + abandons) then weighted_mean(wait_seconds, assignments + abandons)
    end as wait,
    case when count(*) = count(assignments) then weighted_mean(handle_seconds, handle_weight(assignments)) end as handle,
    case when count(*) = count(assignments) then weighted_mean(wrap_seconds, handle_weight(assignments)) end as wrap,
    max(reps) as reps,
    bool_or(contradicts) as contacts_contradict
  from wfm.queue_windows as rows cross join newest
  left join wfm.queue_names as names
    on names.queue_id is not distinct from rows.queue_id and names.queue_name is not distinct from rows.queue_name
  where instance_ts > newest - interval 175 days
  group by all
),
versions as (
  select
    window_start(instance_ts) as start, coalesce(names.queue, queue_label(rows.queue_name)) as queue,
    assignments, abandons, within_threshold, run
  from wfm.queue_versions as rows cross join newest
  left join wfm.queue_names as names
    on names.queue_id is not distinct from rows.queue_id and names.queue_name is not distinct from rows.queue_name
  where instance_ts > newest - interval 175 days
),
first_delivered as (
  select
    start, queue,
    case when count(*) = count(assignments) then sum(assignments) end as first_assigned,
    case when count(*) = count(abandons) then sum(abandons) end as first_abandoned,
    case
      when bool_and(within_threshold is not null or assignments + abandons = 0) then sum(within_threshold)
    end as first_within
  from versions join (select start, queue, min(run) as run from versions group by all) using (start, queue, run)
  group by all
),
queues as (
  from contacts left join first_delivered using (start, queue)
),
memberships as (
  from kit.queue_groups
  union all
  select distinct 'All queues', queue from queues
  union all
  select distinct 'All queues', queue from wfm.queue_names
),
either as (
  from queues
  union all by name
  select
    start,
    queue_group as queue,
    case when count(*) = count(assigned) then sum(assigned) end as assigned,
    case when count(*) = count(abandoned) then sum(abandoned) end as abandoned,
    case when bool_and(within is not null or assigned + abandoned = 0) then sum(within) end as within,
    case when count(*) = count(assigned + abandoned) then weighted_mean(wait, assigned + abandoned) end as wait,
    case when count(*) = count(assigned) then weighted_mean(handle, handle_weight(assigned)) end as handle,
    case when count(*) = count(assigned) then weighted_mean(wrap, handle_weight(assigned)) end as wrap,
    null as reps,
    bool_or(contacts_contradict) as contacts_contradict,
    case when count(*) = count(first_assigned) then sum(first_assigned) end as first_assigned,
    case when count(*) = count(first_abandoned) then sum(first_abandoned) end as first_abandoned,
    case
      when bool_and(first_within is not null or first_assigned + first_abandoned = 0) then sum(first_within)
    end as first_within
  from queues join (select distinct queue_group, queue from memberships) using (queue)
  group by start, queue_group
),
-- the feed repeats a rep in each queue; here each counts once per queue and once per group, including all queues. A part that
-- exceeds its whole by rounding alone is set to the whole; any other excess is inconsistent.
membership_rows as (
  select
    window_start(instance_ts) as start, coalesce(names.queue, queue_label(rows.queue_name)) as queue,
    rep_id, logged_in, available, busy,
    case when utilized_available > available then available else utilized_available end as utilized_available,
    case when utilized_busy > busy then busy else utilized_busy end as utilized_busy,
    contradicts
  from wfm.rep_windows as rows cross join newest
  left join wfm.queue_names as names
    on names.queue_id is not distinct from rows.queue_id and names.queue_name is not distinct from rows.queue_name
  where instance_ts > newest - interval 175 days and rep_id is not null
),
rep_time as (
  select
    start, queue, rep_id, max(logged_in) as logged_in, max(available) as available, max(busy) as busy,
    max(utilized_available) as utilized_available, max(utilized_busy) as utilized_busy, bool_or(contradicts) as contradicts
  from (
    from membership_rows
    union all by name
    select membership_rows.* replace (queue_group as queue) from membership_rows join kit.queue_groups using (queue)
    union all by name
    select * replace ('All queues' as queue) from membership_rows
  )
  group by start, queue, rep_id
),
staff as (
  select
    start,
    queue,
    case when count(*) = count(logged_in) then count(*) filter (logged_in > 0) end as reps,
    case when count(*) = count(logged_in) then sum(logged_in) end as logged_in,
    case when count(*) filter (logged_in > 0 and available is null or contradicts) = 0 then sum(available) end as available,
    case when count(*) filter (logged_in > 0 and busy is null or contradicts) = 0 then sum(busy) end as busy,
    case
      when count(*) filter (logged_in > 0 and utilized_available is null or contradicts) = 0 then sum(utilized_available)
    end as utilized_available,
    case
      when count(*) filter (logged_in > 0 and utilized_busy is null or contradicts) = 0 then sum(utilized_busy)
    end as utilized_busy,
    bool_or(contradicts) as reps_contradict
  from rep_time
  group by all
),
-- local times are computed once per window, not per row, as they are expensive
local_times as (
  select *, start - to_minutes(minute) as hour, minute >= 30 as second
  from (
    select start, local_date(start) as day, local_slot(start) as slot, split_part(local_slot(start), ':', 2)::integer as minute
    from (select start from either union select start from staff)
  )
),
windows as (
  select
    * exclude (either.reps, staff.reps, queue_group),
    coalesce(staff.reps, either.reps) as reps,
    coalesce(coalesce(staff.reps, either.reps) > 0, false) or handle is not null as tells_reps,
    coalesce(queue_group, '') as cell,
    queue in (select queue_group from memberships) as is_group
  from either full join staff using (start, queue) left join kit.queue_groups using (queue) join local_times using (start)
),
-- Averages of few reps reveal single persons: the reps of an hour are merged until there are enough.
rep_hours as (
  select queue, day, hour, rep_id, bool_or(not second) as first_half, bool_or(second) as second_half
  from rep_time join local_times using (start) where logged_in > 0 group by all
),
hour_reps as (
  select
    queue, hour, count(*) as hour_reps, count(*) filter (first_half) as first_reps, count(*) filter (second_half) as second_reps
  from rep_hours group by all
),
-- without a membership feed the most reps of a window are the fewest that its hour can have
hours as (
  select
    queue, day, hour, cell, is_group,
    min(coalesce(reps, 0)) filter (tells_reps) as quarters,
    least(
      case when bool_or(tells_reps and not second) then greatest(any_value(first_reps), max(reps) filter (not second), 0) end,
      case when bool_or(tells_reps and second) then greatest(any_value(second_reps), max(reps) filter (second), 0) end
    ) as halves,
    greatest(any_value(hour_reps), max(reps), 0) as hour_reps
  from windows left join hour_reps using (queue, hour)
  group by all
  having bool_or(tells_reps)
),
few as (
  from hours cross join settings where merged_minutes(quarters, halves, hour_reps, null, min_reps) is null
),
rest as (
  select queue, day, greatest(any_value(reps), max(hour_reps)) as rest
  from few
  left join (
    select queue, day, count(distinct rep_id) as reps from rep_hours semi join few using (queue, hour) group by all
  ) as together using (queue, day)
  group by all
),
-- 10000: withheld. Where hours of a queue are, no other queue beside it has hours that are reported for the day: what is left of
-- the group's day would be the withheld ones.
own as (
  select
    * exclude (fewest),
    case when fewest = 1440 and max(fewest) over (partition by day, is_group, case when is_group then queue else cell end) > 1440
      then 10000 else fewest end as merged
  from (
    select hours.*, coalesce(merged_minutes(quarters, halves, hour_reps, rest, min_reps), 10000) as fewest
    from hours cross join settings left join rest using (queue, day)
  )
),
-- What a group shows less what its queues show gives away the queues that are merged more than the others, of a group or outside
-- of all: they must be two at least, with enough reps together, so the nearest others are merged as much as the most merged one.
-- If all of a group's queues are too few for that, the group is merged as much.
ordered as (
  select
    *, max(merged) over (partition by hour, cell) as most,
    row_number() over nearest as place, sum(quarters) over nearest as reps_so_far,
    count(*) over (partition by hour, cell) as queues, sum(quarters) over (partition by hour, cell) as all_reps
  from own
  where not is_group
  window nearest as (
    partition by hour, cell order by merged desc, quarters, queue rows between unbounded preceding and current row
  )
),
singles as (
  select
    queue, hour, cell, quarters, most > 15 and (queues < 2 or all_reps < min_reps) as exposed,
    case when most > 15 and (place <= 2 or reps_so_far - quarters < min_reps) then most else merged end as merged
  from ordered cross join settings
),
exposed_groups as (
  select cell as queue, hour, max(merged) as merged from singles where exposed and cell <> '' group by all
  union all
  select 'All queues', hour, max(merged)
  from singles cross join settings
  where merged > 15 and (exposed or cell = '')
  group by hour
  having count(*) < 2 or sum(quarters) < any_value(min_reps)
),
levels as (
  select
    queue, day, hour, hour_reps,
    case when least_fine = 1440 and max(least_fine) over (partition by queue, day) > 1440 then 10000 else least_fine end as merged
  from (
    select queue, own.day, hour, own.hour_reps, greatest(own.merged, singles.merged, exposed_groups.merged) as least_fine
    from own left join singles using (queue, hour) left join exposed_groups using (queue, hour)
  )
),
pools as (
  select queue, day, greatest(any_value(reps), max(hour_reps)) as pool_reps
  from levels
  left join (
    select queue, day, count(distinct rep_id) as reps
    from rep_hours semi join (from levels where merged = 1440) as pooled using (queue, hour) group by all
  ) as together using (queue, day)
  where merged = 1440
  group by all
),
told as (
  select
    windows.*,
    case when not tells_reps then null when levels.merged > 1440 then 0 else levels.merged end as merged,
    case levels.merged
      when 15 then reps
      when 30 then greatest(reps, case when second then second_reps else first_reps end)
      when 60 then greatest(reps, levels.hour_reps)
      when 1440 then pool_reps
    end as block_reps
  from windows
  left join levels using (queue, hour)
  left join hour_reps using (queue, hour)
  left join pools on pools.queue = windows.queue and pools.day = windows.day
)
-- rounded, as the last digits of a sum depend on the order of addition, which varies
select
  start, day, slot, queue, assigned::bigint as assigned,
  abandoned::bigint as abandoned, within::bigint as within,
  (case when contacts_contradict then 1 else 0 end + case when reps_contradict then 2 else 0 end)::integer as contradicts,
  reps::integer as reps,
  round(wait, 9) as wait, round(handle, 9) as handle, round(wrap, 9) as wrap, round(logged_in, 9) as logged_in,
  round(available, 9) as available, round(busy, 9) as busy, round(utilized_available, 9) as utilized_available,
  round(utilized_busy, 9) as utilized_busy,
  merged::integer as merged,
  case when merged > 0 then
    case merged when 1440 then min(start) over (partition by queue, day, merged) when 60 then hour
      when 30 then hour + to_minutes(case when second then 30 else 0 end) else start end
  end as block,
  case when merged > 0 then block_reps end::integer as block_reps,
  case
    when first_assigned <> assigned or first_abandoned <> abandoned or first_within <> within
      then (first_assigned + first_abandoned)::bigint
  end as first_offered
from told
