-- One row per queue that the intraday feed knows, busiest first, after "All queues".
-- Ships: queue
with busy as (
  select queue_name as queue, sum(coalesce(assignments, 0) + coalesce(abandons, 0)) as offered
  from wfm.queue_windows
  where queue_name is not null
  group by all
)
select 'All queues' as queue
union all
(select queue from busy order by offered desc, queue)
