-- history.queue_names: one row per queue id in issue_queues or dim_queues, with the label on pages: its newest name in either feed.
-- Needs: main.issue_queues, main.dim_queues
select queue_id, queue_label(coalesce(own.name, listed.name)) as queue
from (
  select queue_id::varchar as queue_id, arg_max(queue_name, coalesce(exit_queue_ts, enter_queue_ts)) as name
  from issue_queues where trim(queue_name) <> '' and queue_id is not null group by all
) as own
full join (
  select queue_id::varchar as queue_id, arg_max(queue_name, _run) as name
  from dim_queues where trim(queue_name) <> '' and queue_id is not null group by all
) as listed using (queue_id)
