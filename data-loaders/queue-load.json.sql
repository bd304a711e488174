-- One row per queue, "All queues" first, then by volume: what its last four whole weeks say about staffing, from history.
-- `part` is the file of heatmap/ that holds the queue's days.
-- Ships: queue, part, days, contacts, abandoned, busiest, busiest_slot, handled, handle_mean, concurrency, patience
with settings as (
  select service_level_seconds as seconds, min_contacts, min_reps from kit.settings
),
-- the first day that is not over in both feeds
today as (
  select local(min(data_through))::date as today from kit.feeds where feed in ('issue_queues', 'rep_convos')
),
queue_names as (
  select queue_id::varchar as queue_id, arg_max(queue_name, exit_queue_ts) as queue from issue_queues group by all
),
visits as (
  select
    issue_id::varchar as issue, rep_id::varchar as rep, queue_name as queue, exit_queue_ts as left_at,
    coalesce(abandoned, false) as abandoned, enqueue_time as wait
  from issue_queues cross join today
  where exit_queue_ts between today - 30 and today + 2 and queue_name is not null
),
assignments as (
  select
    issue_assigned_ts as moment, queue_names.queue, rep_id::varchar as rep, any_value(handle_time_seconds) as handle,
    coalesce(max(wait) filter (abs(epoch(left_at) - epoch(issue_assigned_ts)) <= 1), 0) as wait
  from rep_convos
  cross join today
  join queue_names on queue_names.queue_id = rep_convos.queue_id::varchar
  left join (from visits where not abandoned) as visits
    on visits.issue = rep_convos.issue_id::varchar and visits.rep = rep_convos.rep_id::varchar
  where issue_assigned_ts between today - 30 and today + 2
  group by rep_convos.issue_id, rep_id, issue_assigned_ts, queue_names.queue
),
contacts as (
  select moment, queue, false as abandoned, wait, handle, rep from assignments
  union all by name
  select left_at as moment, queue, true as abandoned, wait from visits where abandoned
),
recent as (
  select *, local_date(moment) as day, local_slot(moment, 30) as slot
  from contacts cross join today
  where local_date(moment) >= today - 28 and local_date(moment) < today
),
-- each contact for its queue, and for all of them together
either as (
  from recent
  union all by name
  select * replace ('All queues' as queue) from recent
),
slots as (
  select queue, slot, count(*) as contacts from either group by all
),
open_days as (
  select queue, count(distinct day) as days from either group by all
),
busiest as (
  select queue, max(slots.contacts) / max(days) as busiest, arg_max(slot, slots.contacts) as busiest_slot
  from slots join open_days using (queue)
  group by all
),
rep_minutes as (
  select rep_id::varchar as rep, sum(cum_ute_total_min) as cumulative, sum(lin_ute_total_min) as linear
  from rep_utilized cross join today
  where instance_ts between today - 30 and today + 2
    and local_date(instance_ts) >= today - 28 and local_date(instance_ts) < today
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
    count(*) as contacts,
    count(*) filter (abandoned) as abandoned,
    sum(wait) as waited,
    count(handle) as handled,
    sum(handle) as handle_seconds,
    count(distinct rep) as reps
  from either
  group by all
),
-- Averages about few reps are averages about a person. Where one queue alone would be held back, its figure could be
-- worked out from "All queues", so the next smallest goes with it.
ranked as (
  select
    *,
    reps < min_reps or handled < min_contacts as few,
    queue = 'All queues' as is_all,
    count(*) filter ((reps < min_reps or handled < min_contacts) and handled > 0 and queue <> 'All queues') over () as few_queues,
    row_number() over (
      partition by queue = 'All queues', reps < min_reps or handled < min_contacts order by handled, queue
    ) as place
  from totals cross join settings
)
select
  queue,
  case when is_all then 0 else md5_number_lower(queue)::ubigint % 8 + 1 end::integer as part,
  days,
  contacts,
  abandoned,
  round(busiest, 2) as busiest,
  busiest_slot,
  handled,
  case when not few and not (few_queues = 1 and not is_all and place = 1) then round(handle_seconds / handled, 1) end as handle_mean,
  case when reps >= min_reps then round(concurrency, 3) end as concurrency,
  case when abandoned >= min_contacts then round(patience_seconds(abandoned, waited), 1) end as patience
from ranked
join open_days using (queue)
join busiest using (queue)
left join chats_at_once using (queue)
order by not is_all, -contacts, queue
