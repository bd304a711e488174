-- history.visits: one row per visit to a queue, on the local `day` of its entry. It waits from `entered_at` up to `waits_until`:
--
-- entry   exit   later event of the issue   waits_until
-- yes     yes    -                          the exit; nothing where that is before the entry
-- no      yes    -                          the exit, from enqueue_time before it
-- yes     no     yes                        that event: its next visit, or an assignment
-- yes     no     no                         a day after the entry: its exit may never be exported
-- Needs: main.issue_queues, main.rep_convos, history.queue_names
with visits as (
  select
    issue_id::varchar as issue,
    issue_queues.rep_id::varchar as rep,
    coalesce(queue_names.queue, queue_label(queue_name)) as queue,
    coalesce(
      enter_queue_ts::timestamp, exit_queue_ts::timestamp - to_seconds(least(quantity(enqueue_time), 1e9)), exit_queue_ts::timestamp
    ) as entered_at,
    exit_queue_ts::timestamp as left_at,
    coalesce(abandoned, false) as abandoned,
    coalesce(quantity(enqueue_time), quantity(epoch(exit_queue_ts) - epoch(enter_queue_ts))) as wait,
    nullif(regexp_replace(exit_queue_eventtype, '^\s+|\s+$', '', 'g'), '') as exit_event
  from issue_queues left join history.queue_names on queue_names.queue_id = issue_queues.queue_id::varchar
  where isfinite(enter_queue_ts) or isfinite(exit_queue_ts)
),
events as (
  select issue_id::varchar as issue, enter_queue_ts::timestamp as moment from issue_queues
  union all
  select issue_id::varchar, issue_assigned_ts::timestamp from rep_convos
),
next_events as (
  select open.issue, entered_at, min(moment) as moment
  from (select distinct issue, entered_at from visits where left_at is null) as open
  join events on events.issue = open.issue and moment > entered_at
  group by all
),
-- local times are computed once per window, as they are expensive
local_days as (
  select start, local_date(start) as day from (select distinct window_start(entered_at) as start from visits)
)
select
  visits.*,
  coalesce(left_at, next_events.moment, entered_at + interval 1 day) as waits_until,
  left_at is null and next_events.moment is null as without_exit,
  day
from visits
left join next_events using (issue, entered_at)
join local_days on start = window_start(entered_at)
