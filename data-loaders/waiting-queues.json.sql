-- One row per queue with visits or contacts, busiest first, after "All queues" and the groups of kit.yaml. `kind` is all, group or
-- queue.
-- Ships: queue, kind
with busy as (
  select queue, sum(entered + direct) as contacts
  from history.flow
  where queue <> 'All queues' and queue not in (select queue_group from kit.queue_groups)
  group by all
),
queues as (
  from busy
  union all
  select distinct queue, 0 from history.contacts where queue not in (select queue from busy)
)
select queue, kind
from (
  select 'All queues' as queue, 'all' as kind, 0 as place, null as contacts
  union all
  select distinct queue_group, 'group', 1, null from kit.queue_groups
  union all
  select queue, 'queue', 2, contacts from queues
)
order by place, contacts desc nulls last, queue
