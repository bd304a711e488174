-- One row per local day and queue, "All queues" included: contacts offered, abandoned and answered in time, from history.
-- `complete` says that the day is over and all of it has come.
-- Ships: day, queue, complete, offered, assigned, abandoned, within, handled, handle_mean
with settings as (
  select service_level_seconds as seconds, min_contacts, min_reps from kit.settings
),
abandons as (
  select day, queue, count(*) as abandoned from history.contacts where abandoned group by all
),
answers as (
  select
    day,
    queue,
    count(*) as assigned,
    count(*) filter (wait <= seconds) as within,
    count(handle) as handled,
    sum(handle) as handle_seconds,
    count(distinct rep) as reps
  from history.contacts cross join settings
  where not abandoned
  group by all
),
both_sides as (
  select
    day, queue, coalesce(assigned, 0) as assigned, coalesce(abandoned, 0) as abandoned, coalesce(within, 0) as within,
    coalesce(handled, 0) as handled, handle_seconds, coalesce(reps, 0) as reps
  from answers full join abandons using (day, queue)
),
with_total as (
  from both_sides
  union all by name
  select
    day, 'All queues' as queue, sum(assigned) as assigned, sum(abandoned) as abandoned, sum(within) as within,
    sum(handled) as handled, sum(handle_seconds) as handle_seconds, max(reps) as reps
  from both_sides group by day
),
whole as (
  select distinct day from history.windows where whole
)
select
  strftime(day, '%Y-%m-%d') as day,
  queue,
  whole.day is not null as complete,
  (assigned + abandoned)::bigint as offered,
  assigned::bigint as assigned,
  abandoned::bigint as abandoned,
  within::bigint as within,
  handled::bigint as handled,
  case when handled >= min_contacts and reps >= min_reps then round(handle_seconds / handled, 3) end as handle_mean
from with_total left join whole using (day) cross join settings
order by day, queue <> 'All queues', queue
