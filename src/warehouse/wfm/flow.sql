-- history.flow: one row per window and queue or group in which contacts came, left or waited. `entered` the queue, or assigned to
-- a rep without it (`direct`): together what Live Insights counts as offered. `gone`: visits that ended, `timed_out` of them by
-- CUSTOMER_TIMEDOUT. `waiting` at the window's end: contacts that entered before it and had not left by then, the longest of
-- them since `waits_since`; a visit counts for 31 days at most.
-- Needs: history.visits, history.contacts, history.windows, kit.queue_groups
with memberships as (
  select queue, queue as parent from (select queue from history.visits union select queue from history.contacts)
  union
  select queue, queue_group from kit.queue_groups
  union
  select queue, 'All queues' from (select queue from history.visits union select queue from history.contacts)
),
events as (
  select queue, window_start(entered_at) as start, count(*) as entered from history.visits group by all
  union all by name
  select queue, window_start(moment) as start, count(*) as direct from history.contacts where direct group by all
  union all by name
  select
    queue, window_start(left_at) as start, count(*) as gone,
    count(*) filter (upper(exit_event) = 'CUSTOMER_TIMEDOUT') as timed_out
  from history.visits where left_at is not null group by all
),
flows as (
  select
    parent as queue, start, sum(entered) as entered, sum(direct) as direct, sum(gone) as gone, sum(timed_out) as timed_out
  from events join memberships using (queue)
  group by all
),
-- the windows at whose end a visit still waits: from that of its entry on
spans as (
  select
    queue, issue, entered_at,
    unnest(generate_series(
      window_start(entered_at), least(waits_until, entered_at + interval 31 days) - interval 15 minutes, interval 15 minutes
    )) as start
  from history.visits
),
waits as (
  select
    parent as queue, start, count(distinct coalesce(issue, queue || ' ' || entered_at)) as waiting,
    min(entered_at) as waits_since
  from spans join memberships using (queue)
  group by all
)
select
  start, day, slot, queue, coalesce(entered, 0)::integer as entered, coalesce(direct, 0)::integer as direct,
  coalesce(gone, 0)::integer as gone, coalesce(timed_out, 0)::integer as timed_out,
  coalesce(waiting, 0)::integer as waiting, waits_since
from flows full join waits using (queue, start) join history.windows using (start)
