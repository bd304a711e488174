-- One row per feed and export day (UTC): partitions by state.
-- Ships: feed, day, complete, empty, replaced, waiting, overdue, failed, other
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
from kit.partitions
where dt >= (select max(dt) from kit.partitions) - 60
group by all
order by feed, day
