-- history.contacts: one row per contact of a queue, in windows for which both feeds are complete: assignments from rep_convos,
-- abandons from issue_queues. The wait of an assignment is that of the queue visit it ended, or zero without one. Its queue is
-- that of its id, named by either feed; without an id, that of the visit.
-- Needs: main.issue_queues, main.rep_convos, main.dim_queues, history.windows
with queue_names as (
  select queue_id, queue_label(coalesce(own.name, listed.name)) as queue
  from (
    select queue_id::varchar as queue_id, arg_max(queue_name, exit_queue_ts) as name
    from issue_queues where trim(queue_name) <> '' and queue_id is not null group by all
  ) as own
  full join (
    select queue_id::varchar as queue_id, arg_max(queue_name, _run) as name
    from dim_queues where trim(queue_name) <> '' and queue_id is not null group by all
  ) as listed using (queue_id)
),
visits as (
  select
    issue_id::varchar as issue, issue_queues.rep_id::varchar as rep, coalesce(queue_names.queue, queue_label(queue_name)) as queue,
    exit_queue_ts as left_at, coalesce(abandoned, false) as abandoned, quantity(enqueue_time) as wait
  from issue_queues left join queue_names on queue_names.queue_id = issue_queues.queue_id::varchar
  where exit_queue_ts is not null
),
assignments as (
  select
    issue_assigned_ts as moment,
    coalesce(
      queue_names.queue, any_value(visits.queue) filter (abs(epoch(left_at) - epoch(issue_assigned_ts)) <= 1), '(no name)'
    ) as queue,
    rep_convos.rep_id::varchar as rep,
    coalesce(max(wait) filter (abs(epoch(left_at) - epoch(issue_assigned_ts)) <= 1), 0) as wait,
    any_value(quantity(handle_time_seconds)) as handle
  from rep_convos
  left join queue_names on queue_names.queue_id = rep_convos.queue_id::varchar
  left join (from visits where not abandoned) as visits
    on visits.issue = rep_convos.issue_id::varchar and visits.rep = rep_convos.rep_id::varchar
  where issue_assigned_ts is not null
  group by rep_convos.issue_id, rep_convos.rep_id, issue_assigned_ts, queue_names.queue
),
contacts as (
  select moment::timestamp as moment, queue, false as abandoned, rep, wait, handle from assignments
  union all by name
  select left_at::timestamp as moment, queue, true as abandoned, wait from visits where abandoned
)
select contacts.*, day
from contacts join history.windows on start = window_start(moment)
