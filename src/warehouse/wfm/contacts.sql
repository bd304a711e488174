-- history.contacts: one row per contact of a queue, in windows for which both feeds are complete: assignments from rep_convos,
-- abandons from issue_queues. The wait of an assignment is that of the queue visit it ended, or zero without one (`direct`). Its
-- queue is that of its id, named by either feed; without an id, that of the visit.
-- Needs: main.rep_convos, history.visits, history.queue_names, history.windows
with
-- an inner join: for such a condition of an outer one DuckDB compares every row with every other
ended as (
  select
    issue_id, rep_convos.rep_id, issue_assigned_ts, any_value(visits.queue) as queue, max(wait) as wait
  from rep_convos join history.visits on visits.issue = issue_id::varchar
  where not abandoned and (visits.rep is null or visits.rep = rep_convos.rep_id::varchar)
    and abs(epoch(left_at) - epoch(issue_assigned_ts)) <= 1
  group by all
),
assignments as (
  select
    rep_convos.issue_assigned_ts as moment,
    coalesce(queue_names.queue, any_value(ended.queue), '(no name)') as queue,
    rep_convos.rep_id::varchar as rep,
    count(ended.queue) = 0 as direct,
    case when count(ended.queue) = 0 then 0 else max(wait) end as wait,
    any_value(quantity(handle_time_seconds)) as handle
  from rep_convos
  left join history.queue_names on queue_names.queue_id = rep_convos.queue_id::varchar
  left join ended
    on ended.issue_id = rep_convos.issue_id and ended.rep_id is not distinct from rep_convos.rep_id
    and ended.issue_assigned_ts = rep_convos.issue_assigned_ts
  where rep_convos.issue_assigned_ts is not null
  group by rep_convos.issue_id, rep_convos.rep_id, rep_convos.issue_assigned_ts, queue_names.queue
),
contacts as (
  select moment::timestamp as moment, queue, false as abandoned, direct, rep, wait, handle from assignments
  union all by name
  select left_at as moment, queue, true as abandoned, false as direct, wait
  from history.visits where abandoned and left_at is not null
)
select contacts.*, day
from contacts join history.windows on start = window_start(moment)
