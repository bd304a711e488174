-- One row: the contacts of all queues on the newest local day for which issue_queues and rep_convos are complete, by what the
-- formulas of the service level count, and who entered a queue or was assigned without one. None without such a day.
-- Ships: day, answered, abandoned, answered_within, abandoned_within, abandoned_short, entered, direct
with last_day as (
  select max(day) as day from history.windows where whole
),
contacts as (
  select
    count(*) filter (not abandoned) as answered,
    count(*) filter (abandoned) as abandoned,
    count(*) filter (not abandoned and wait <= service_level_seconds) as answered_within,
    count(*) filter (abandoned and wait <= service_level_seconds) as abandoned_within,
    count(*) filter (abandoned and wait < service_level_short_seconds) as abandoned_short
  from history.contacts semi join last_day using (day) cross join kit.settings
),
flow as (
  select coalesce(sum(entered), 0)::bigint as entered, coalesce(sum(direct), 0)::bigint as direct
  from history.flow semi join last_day using (day)
  where queue = 'All queues'
)
select strftime(day, '%Y-%m-%d') as day, contacts.*, flow.*
from last_day cross join contacts cross join flow
where day is not null
