-- One row per feed and export day (UTC) of the newest 60: partitions by state.
-- Ships: feed, day, complete, empty, replaced, waiting, overdue, failed, other
with newest as (
  select max(dt) as newest from kit.partitions where timely(dt::timestamp, run) is not null
)
select
  feed,
  strftime(dt, '%Y-%m-%d') as day,
  count(*) filter (state = 'complete') as complete,
  count(*) filter (state = 'empty') as empty,
  count(*) filter (state = 'replaced') as replaced,
  count(*) filter (state = 'waiting') as waiting,
  count(*) filter (state = 'overdue') as overdue,
  count(*) filter (state = 'failed') as failed,
  count(*) filter (state not in ('complete', 'empty', 'replaced', 'waiting', 'overdue', 'failed')) as other
from kit.partitions cross join newest
where dt between newest - 60 and newest
group by all
order by feed, day
