-- One row per local day and queue, "All queues" included: contacts offered, abandoned and answered in time, from history.
-- Ships: day, queue, complete, offered, assigned, abandoned, within, handled, handle_mean
with settings as (
  select service_level_seconds as seconds, min_contacts, min_reps from kit.settings
),
queue_names as (
  select queue_id::varchar as queue_id, arg_max(queue_name, exit_queue_ts) as queue from issue_queues group by all
),
visits as (
  select
    issue_id::varchar as issue, rep_id::varchar as rep, queue_name as queue, exit_queue_ts as left_at,
    coalesce(abandoned, false) as abandoned, enqueue_time as wait
  from issue_queues
  where exit_queue_ts is not null
),
abandons as (
  select local_date(left_at) as day, queue, count(*) as abandoned from visits where abandoned group by all
),
-- an assignment waited as long as the visit to the queue that it ended, and not at all without one
assignments as (
  select
    local_date(issue_assigned_ts) as day, queue_names.queue, rep_id::varchar as rep,
    any_value(handle_time_seconds) as handle,
    coalesce(max(wait) filter (abs(epoch(left_at) - epoch(issue_assigned_ts)) <= 1), 0) as wait
  from rep_convos
  left join queue_names on queue_names.queue_id = rep_convos.queue_id::varchar
  left join (from visits where not abandoned) as visits
    on visits.issue = rep_convos.issue_id::varchar and visits.rep = rep_convos.rep_id::varchar
  where issue_assigned_ts is not null
  group by rep_convos.issue_id, rep_id, issue_assigned_ts, queue_names.queue
),
answers as (
  select
    day, queue,
    count(*) as assigned,
    count(*) filter (wait <= seconds) as within,
    count(handle) as handled,
    sum(handle) as handle_seconds,
    count(distinct rep) as reps
  from assignments cross join settings
  group by day, queue
),
both_sides as (
  select
    day, queue, coalesce(assigned, 0) as assigned, coalesce(abandoned, 0) as abandoned, coalesce(within, 0) as within,
    coalesce(handled, 0) as handled, handle_seconds, coalesce(reps, 0) as reps
  from answers full join abandons using (day, queue)
),
with_total as (
  from both_sides
  union all by name
  select
    day, 'All queues' as queue, sum(assigned) as assigned, sum(abandoned) as abandoned, sum(within) as within,
    sum(handled) as handled, sum(handle_seconds) as handle_seconds, max(reps) as reps
  from both_sides group by day
),
through as (
  select local(min(data_through)) as moment from kit.feeds where feed in ('issue_queues', 'rep_convos')
)
select
  strftime(day, '%Y-%m-%d') as day,
  coalesce(queue, 'Unknown') as queue,
  coalesce(day + 1 <= moment, false) as complete,
  (assigned + abandoned)::bigint as offered,
  assigned::bigint as assigned,
  abandoned::bigint as abandoned,
  within::bigint as within,
  handled::bigint as handled,
  case when handled >= min_contacts and reps >= min_reps then round(handle_seconds / handled, 3) end as handle_mean
from with_total cross join settings cross join through
order by day, queue <> 'All queues', queue
