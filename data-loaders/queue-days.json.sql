-- One row per local day and queue, "All queues" included: contacts offered, abandoned and answered in time, from history.
-- `complete`: the whole day is over and delivered. The mean handle time of "All queues" is that of the queues that have one, so
-- that no difference reveals another.
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
means as (
  select *, if_enough(if_enough(handle_seconds / handled, handled, min_contacts), reps, min_reps) as handle_mean
  from both_sides cross join settings
),
with_total as (
  select day, queue, assigned, abandoned, within, handled, handle_mean from means
  union all by name
  select
    day, 'All queues' as queue, sum(assigned) as assigned, sum(abandoned) as abandoned, sum(within) as within,
    sum(handled) as handled, weighted_mean(handle_mean, handled) as handle_mean
  from means group by day
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
  rounded(handle_mean, 3) as handle_mean
from with_total left join whole using (day)
order by day, queue <> 'All queues', queue
