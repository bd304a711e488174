-- One row per queue or group, "All queues" first, then the groups, then by volume: the staffing inputs from the
-- complete days of its last four weeks, without excluded ones, from history. `part` is the file of heatmap/ with its days;
-- `kind` is all, group or queue.
-- Ships: queue, kind, part, days, contacts, abandoned, busiest, busiest_slot, handled, handle_mean, concurrency, patience,
--   excluded
with settings as (
  select min_contacts, min_reps from kit.settings
),
-- the first day that is not complete in both feeds
today as (
  select local(queues)::date as today from history.through
),
recent_days as (
  select distinct day from history.windows cross join today where whole and day >= today - 28
),
excluded as (
  select coalesce(to_json(list(strftime(day, '%Y-%m-%d') order by day)), '[]'::json) as excluded
  from recent_days semi join kit.excluded_days using (day)
),
recent as (
  select *, local_slot(moment, 30) as slot
  from history.contacts semi join recent_days using (day) anti join kit.excluded_days using (day)
),
-- each contact for its queue, for its group, and for all queues
either as (
  select *, 'queue' as kind from recent
  union all by name
  select recent.* replace (queue_group as queue), 'group' as kind from recent join kit.queue_groups using (queue)
  union all by name
  select * replace ('All queues' as queue), 'all' as kind from recent
),
slots as (
  select queue, slot, count(*) as contacts from either group by all
),
open_days as (
  select queue, count(distinct day) as days from either group by all
),
busiest as (
  select queue, max(slots.contacts) / max(days) as busiest, arg_min(slot, (-slots.contacts, slot)) as busiest_slot
  from slots join open_days using (queue)
  group by all
),
rep_minutes as (
  select rep_id::varchar as rep, sum(cum_ute_total_min) as cumulative, sum(lin_ute_total_min) as linear
  from rep_utilized cross join today
  where instance_ts between today - 30 and today + 2
    and local_date(instance_ts) in (from recent_days anti join kit.excluded_days using (day))
  group by all
),
chats_at_once as (
  select queue, concurrency(sum(cumulative), sum(linear)) as concurrency
  from (select distinct queue, rep from either where rep is not null) join rep_minutes using (rep)
  group by all
),
totals as (
  select
    queue,
    any_value(kind) as kind,
    count(*) as contacts,
    count(*) filter (abandoned) as abandoned,
    sum(wait) as waited,
    count(handle) as handled,
    sum(handle) as handle_seconds,
    count(distinct rep) as reps
  from either
  group by all
),
-- Averages of few reps reveal single persons. If a single queue of a group, or of those outside all groups, were withheld,
-- its figure could be computed from the group's, so the next smallest is withheld as well; without another queue, the
-- group's figure is withheld.
cells as (
  select totals.*, coalesce(queue_group, '') as cell, reps < min_reps or handled < min_contacts as few
  from totals left join kit.queue_groups using (queue) cross join settings
),
ranked as (
  select
    *,
    count(*) filter (few and handled > 0 and kind = 'queue') over (partition by cell) as few_queues,
    row_number() over (partition by kind, cell, few order by handled, queue) as place
  from cells
),
held as (
  select *, few or (few_queues = 1 and kind = 'queue' and place = 1) as held_back from ranked
),
alone as (
  select coalesce(queue_group, 'All queues') as queue, count(*) as held_queues
  from held join (from kit.queue_groups union all select null, queue from held) as memberships using (queue)
  where held_back and handled > 0 and kind = 'queue'
  group by all
)
select
  queue,
  kind,
  case when kind <> 'queue' then 0 else queue_part(queue) end::integer as part,
  days,
  contacts,
  abandoned,
  rounded(busiest, 2) as busiest,
  busiest_slot,
  handled,
  case when not held_back and not (kind <> 'queue' and coalesce(held_queues, 0) = 1)
    then rounded(handle_seconds / handled, 1) end as handle_mean,
  if_enough(rounded(concurrency, 3), reps, min_reps) as concurrency,
  if_enough(rounded(patience_seconds(abandoned, waited), 1), abandoned, min_contacts) as patience,
  excluded
from held
join open_days using (queue)
join busiest using (queue)
left join chats_at_once using (queue)
left join alone using (queue)
cross join settings
cross join excluded
order by kind <> 'all', kind <> 'group', -contacts, queue
