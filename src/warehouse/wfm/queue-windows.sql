-- history.queue_windows: one row per window and queue or group with contacts. A repeated local time is two windows with the same
-- `slot`.
-- Needs: history.contacts, history.windows, kit.settings, kit.queue_groups
with counted as (
  select
    window_start(moment) as start,
    queue,
    count(*) as offered,
    count(*) filter (abandoned) as abandoned,
    count(*) filter (not abandoned and wait <= seconds) as answered_within,
    count(*) filter (abandoned and wait <= seconds) as abandoned_within,
    count(*) filter (abandoned and wait < short_seconds) as abandoned_short,
    sum(wait) as wait
  from history.contacts
  cross join (
    select service_level_seconds as seconds, service_level_short_seconds as short_seconds from kit.settings
  )
  group by all
),
either as (
  from counted
  union all
  select
    start, queue_group, sum(offered), sum(abandoned), sum(answered_within), sum(abandoned_within),
    sum(abandoned_short), sum(wait)
  from counted join kit.queue_groups using (queue) group by start, queue_group
  union all
  select
    start, 'All queues', sum(offered), sum(abandoned), sum(answered_within), sum(abandoned_within),
    sum(abandoned_short), sum(wait)
  from counted group by start
)
-- rounded, as the last digits of a sum depend on the order of addition, which varies
select
  start, day, slot, queue,
  offered::integer as offered, abandoned::integer as abandoned, parts.good::integer as good, parts.base::integer as base,
  round(wait::double, 9) as wait
from (
  select *, service_parts(offered - abandoned, abandoned, answered_within, abandoned_within, abandoned_short) as parts
  from either
) join history.windows using (start)
