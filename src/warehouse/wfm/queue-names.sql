-- wfm.queue_names: one row per queue id and name in the WFM feeds, with the label on pages. Missing names come from dim_queues.
-- Needs: wfm.queue_windows, wfm.rep_windows, main.dim_queues
select
  queue_id, queue_name,
  queue_label(coalesce(case when trim(queue_name) <> '' then queue_name end, listed.name)) as queue
from (
  select queue_id, queue_name from wfm.queue_windows union select queue_id, queue_name from wfm.rep_windows
) left join (
  select queue_id::varchar as queue_id, arg_max(queue_name, _run) as name
  from dim_queues where trim(queue_name) <> '' and queue_id is not null group by all
) as listed using (queue_id)
