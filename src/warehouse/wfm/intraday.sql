-- wfm.intraday: one row per window of the newest 175 days and queue or group: contacts, and time of reps.
-- A sum is null if any row lacks the count, as it would be too low. Without contacts, none was answered in time. A mean over
-- several rows is null unless each has its number of contacts. A sum of rep time is null unless every logged-in rep has it and
-- none is inconsistent.
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
windows as (
  select
    * exclude (either.reps, staff.reps, queue_group),
    coalesce(staff.reps, either.reps) as reps,
    coalesce(coalesce(staff.reps, either.reps), 0) < min_reps as few,
    coalesce(queue_group, '') as cell,
    queue in (select queue_group from memberships) as is_group
  from either full join staff using (start, queue) left join kit.queue_groups using (queue) cross join settings
),
-- Averages of few reps reveal single persons. If a single queue of a group, or of those outside all groups, were withheld, its
-- figure could be computed from the group's, so the next smallest is withheld as well; without another queue, the group's figure
-- is withheld.
cells as (
  select start, cell from windows where few and handle is not null and not is_group group by all having count(*) = 1
),
next_smallest as (
  select start, queue, true as next
  from windows semi join cells using (start, cell)
  where not few and handle is not null and not is_group
  qualify row_number() over (partition by start, cell order by reps, queue) = 1
),
held as (
  select *, few and (reps > 0 or handle is not null) or coalesce(next, false) as held_back
  from windows left join next_smallest using (start, queue)
),
alone as (
  select start, queue_group as queue, count(*) as held_queues
  from held join (select distinct queue_group, queue from memberships) as memberships using (queue)
  where held_back and handle is not null and not is_group
  group by start, queue_group
),
-- local times are computed once per window, not per row, as they are expensive
local_times as (
  select start, local_date(start) as day, local_slot(start) as slot from (select distinct start from windows)
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
  coalesce(held_back, false) or is_group and coalesce(held_queues, 0) = 1 as small,
  case
    when first_assigned <> assigned or first_abandoned <> abandoned or first_within <> within
      then (first_assigned + first_abandoned)::bigint
  end as first_offered
from held
left join alone using (start, queue)
join local_times using (start)
