-- history.contacts: one row per contact of a queue, in windows for which both feeds are complete: assignments from rep_convos,
-- abandons from issue_queues. The wait of an assignment is that of the queue visit it ended, or zero without one (`direct`). Its
-- queue is that of its id, named by either feed; without an id, that of the visit.
-- Needs: main.rep_convos, history.visits, history.queue_names, history.windows
with assignments as (
  select
    issue_assigned_ts as moment,
    coalesce(queue_names.queue, any_value(visits.queue), '(no name)') as queue,
    rep_convos.rep_id::varchar as rep,
    count(visits.left_at) = 0 as direct,
    case when count(visits.left_at) = 0 then 0 else max(wait) end as wait,
    any_value(quantity(handle_time_seconds)) as handle
  from rep_convos
  left join history.queue_names on queue_names.queue_id = rep_convos.queue_id::varchar
  left join (from history.visits where not abandoned) as visits
    on visits.issue = rep_convos.issue_id::varchar
    and coalesce(visits.rep, rep_convos.rep_id::varchar) is not distinct from rep_convos.rep_id::varchar
    and abs(epoch(left_at) - epoch(issue_assigned_ts)) <= 1
  where issue_assigned_ts is not null
  group by rep_convos.issue_id, rep_convos.rep_id, issue_assigned_ts, queue_names.queue
),
contacts as (
  select moment::timestamp as moment, queue, false as abandoned, direct, rep, wait, handle from assignments
  union all by name
  select left_at as moment, queue, true as abandoned, false as direct, wait
  from history.visits where abandoned and left_at is not null
)
select contacts.*, day
from contacts join history.windows on start = window_start(moment)
