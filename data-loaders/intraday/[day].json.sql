-- One row per queue and 15-minute window of one local day, "All queues" included: what came, how it was handled, who was
-- there, and what came at the same local time in the weeks before.
-- Ships: queue, start, assigned, abandoned, within, wait, handle, wrap, reps, logged_in, available, busy,
--   utilized_available, utilized_busy, small, weeks
with settings as (
  select min_reps from kit.settings
),
contacts as (
  select
    window_start(instance_ts) as start,
    queue_name as queue,
    sum(assignments) as assigned,
    sum(abandons) as abandoned,
    sum(within_threshold) as within,
    weighted_mean(wait_seconds, assignments + abandons) as wait,
    weighted_mean(handle_seconds, greatest(assignments, 1)) as handle,
    weighted_mean(wrap_seconds, greatest(assignments, 1)) as wrap,
    max(reps) as reps
  from wfm.queue_windows
  where instance_ts between date $day - 1 and date $day + 2 and local_date(instance_ts) = date $day
    and queue_name is not null
  group by all
),
all_contacts as (
  from contacts
  union all by name
  select
    start,
    'All queues' as queue,
    sum(assigned) as assigned,
    sum(abandoned) as abandoned,
    sum(within) as within,
    weighted_mean(wait, assigned + abandoned) as wait,
    weighted_mean(handle, greatest(assigned, 1)) as handle,
    weighted_mean(wrap, greatest(assigned, 1)) as wrap,
    null as reps
  from contacts
  group by start
),
-- the feed repeats a rep in each queue: once per queue, and once for all of them together
rep_time as (
  select
    window_start(instance_ts) as start,
    case when grouping(queue_name) = 1 then 'All queues' else queue_name end as queue,
    rep_id,
    max(logged_in) as logged_in,
    max(available) as available,
    max(busy) as busy,
    max(utilized_available) as utilized_available,
    max(utilized_busy) as utilized_busy
  from wfm.rep_windows
  where instance_ts between date $day - 1 and date $day + 2 and local_date(instance_ts) = date $day
    and rep_id is not null
  group by grouping sets (
    (window_start(instance_ts), queue_name, rep_id),
    (window_start(instance_ts), rep_id)
  )
),
staff as (
  select
    start,
    queue,
    count(*) filter (logged_in > 0) as reps,
    sum(logged_in) as logged_in,
    sum(available) as available,
    sum(busy) as busy,
    sum(utilized_available) as utilized_available,
    sum(utilized_busy) as utilized_busy
  from rep_time
  group by all
),
windows as (
  select * exclude (all_contacts.reps, staff.reps), coalesce(staff.reps, all_contacts.reps) as reps
  from all_contacts full join staff using (start, queue)
),
-- Averages about few reps are averages about a person. Where one queue alone would be held back, its figure could be
-- worked out from "All queues", so the next smallest goes with it.
ranked as (
  select
    *,
    coalesce(reps, 0) < min_reps as few,
    queue = 'All queues' as is_all,
    count(*) filter (coalesce(reps, 0) < min_reps and handle is not null and queue <> 'All queues') over (partition by start) as few_queues,
    row_number() over (
      partition by start, queue = 'All queues', coalesce(reps, 0) < min_reps, handle is null order by reps, queue
    ) as place
  from windows cross join settings
),
held as (
  select
    *,
    few and (reps > 0 or handle is not null)
      or few_queues = 1 and not is_all and not few and handle is not null and place = 1 as small
  from ranked
),
-- history: assignments by rep_convos, abandons by issue_queues, on the same weekday or, in UTC, beside it
queue_names as (
  select queue_id::varchar as queue_id, arg_max(queue_name, exit_queue_ts) as queue from issue_queues group by all
),
former_days as (
  select week, date $day - 7 * week::integer as former_day from range(1, 11) as weeks (week)
),
events as (
  select local_date(issue_assigned_ts) as former_day, window_start(issue_assigned_ts) as former_start, queue
  from rep_convos join queue_names on queue_names.queue_id = rep_convos.queue_id::varchar
  where issue_assigned_ts between date $day - 72 and date $day - 5
    and (date $day - issue_assigned_ts::date) % 7 in (0, 1, 6)
  union all
  select local_date(exit_queue_ts), window_start(exit_queue_ts), queue_name
  from issue_queues
  where abandoned and exit_queue_ts between date $day - 72 and date $day - 5
    and (date $day - exit_queue_ts::date) % 7 in (0, 1, 6)
),
counted as (
  select former_day, former_start, queue, count(*) as offered
  from events semi join former_days using (former_day)
  where queue is not null
  group by all
),
-- every window of a former day that has data at all; where the clock went back, the mean of the two
former_windows as (
  select former_day, week, start as former_start, local_slot(start) as slot
  from former_days semi join counted using (former_day),
    generate_series(former_day - interval 1 day, former_day + interval 2 days, interval 15 minutes) as series (start)
  where local_date(start) = former_day
),
former as (
  select week, slot, queue, sum(coalesce(offered, 0)) / count(distinct former_start) as offered
  from former_windows
  cross join (select distinct queue from counted)
  left join counted using (former_day, former_start, queue)
  group by all
),
all_former as (
  from former
  union all by name
  select week, slot, 'All queues' as queue, sum(offered) as offered from former group by all
),
weeks as (
  select slot, queue, [by_week[week] for week in range(1, list_max(map_keys(by_week)) + 1)] as weeks
  from (select slot, queue, map(list(week), list(offered)) as by_week from all_former group by slot, queue)
),
day_windows as (
  select start, local_slot(start) as slot
  from generate_series((date $day - 1)::timestamp, (date $day + 2)::timestamp, interval 15 minutes) as series (start)
  where local_date(start) = date $day
)
select
  queue,
  start,
  assigned::bigint as assigned,
  abandoned::bigint as abandoned,
  within::bigint as within,
  round(wait, 1) as wait,
  case when not small then round(handle, 1) end as handle,
  case when not small then round(wrap, 1) end as wrap,
  case when not small then reps::bigint end as reps,
  case when not small then round(logged_in, 2) end as logged_in,
  case when not small then round(available, 2) end as available,
  case when not small then round(busy, 2) end as busy,
  case when not small then round(utilized_available, 2) end as utilized_available,
  case when not small then round(utilized_busy, 2) end as utilized_busy,
  coalesce(small, false) as small,
  weeks
from held
full join (select start, queue, weeks from day_windows join weeks using (slot)) using (start, queue)
order by queue <> 'All queues', queue, start
