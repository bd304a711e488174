-- One row per queue of the intraday feed, busiest first, after "All queues" and the groups of kit.yaml.
-- `kind` is all, group or queue; `members` are the queues of a group.
-- Ships: queue, kind, members
with busy as (
  select queue, sum(coalesce(assignments, 0) + coalesce(abandons, 0)) as offered
  from wfm.queue_windows as queue_rows
  join wfm.queue_names as names
    on names.queue_id is not distinct from queue_rows.queue_id and names.queue_name is not distinct from queue_rows.queue_name
  where instance_ts is not null
  group by all
),
groups as (
  select queue_group as queue, list(queue order by queue) as members from kit.queue_groups group by all
)
select queue, kind, members
from (
  select 'All queues' as queue, 'all' as kind, null::varchar[] as members, 0 as place, null as offered
  union all
  select queue, 'group', members, 1, null from groups
  union all
  select queue, 'queue', null, 2, offered from busy
)
order by place, offered desc nulls last, queue
