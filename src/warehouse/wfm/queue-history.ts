import { quoteText } from "../../duckdb/quote.ts";

/** The name under which pages show every queue together. */
export const allQueues = "All queues";

/** What contacts of a queue without a name stand under. */
export const noName = "(no name)";

/** Of a feed that names queues by their id: the newest name of each, where it has one. */
export const newestNames = (from: string, newest: string) => `
  select queue_id::varchar as queue_id, arg_max(queue_name, ${newest}) as name
  from ${from} where trim(queue_name) <> '' and queue_id is not null group by all`;

// One row per contact of a queue, in windows of which both feeds have come: assignments by rep_convos, abandons by
// issue_queues. An assignment waited as long as the visit to the queue that it ended, and not at all without one. Its queue is
// that of its id, by whichever feed names it; without an id that of the visit.
export const contacts = `
with queue_names as (
  select queue_id, queue_label(coalesce(own.name, listed.name)) as queue
  from (${newestNames("issue_queues", "exit_queue_ts")}) as own
  full join (${newestNames("dim_queues", "_run")}) as listed using (queue_id)
),
visits as (
  select
    issue_id::varchar as issue, issue_queues.rep_id::varchar as rep, coalesce(queue_names.queue, queue_label(queue_name)) as queue,
    exit_queue_ts as left_at, coalesce(abandoned, false) as abandoned, quantity(enqueue_time) as wait
  from issue_queues left join queue_names on queue_names.queue_id = issue_queues.queue_id::varchar
  where exit_queue_ts is not null
),
assignments as (
  select
    issue_assigned_ts as moment,
    coalesce(
      queue_names.queue, any_value(visits.queue) filter (abs(epoch(left_at) - epoch(issue_assigned_ts)) <= 1), ${quoteText(noName)}
    ) as queue,
    rep_convos.rep_id::varchar as rep,
    coalesce(max(wait) filter (abs(epoch(left_at) - epoch(issue_assigned_ts)) <= 1), 0) as wait,
    any_value(quantity(handle_time_seconds)) as handle
  from rep_convos
  left join queue_names on queue_names.queue_id = rep_convos.queue_id::varchar
  left join (from visits where not abandoned) as visits
    on visits.issue = rep_convos.issue_id::varchar and visits.rep = rep_convos.rep_id::varchar
  where issue_assigned_ts is not null
  group by rep_convos.issue_id, rep_convos.rep_id, issue_assigned_ts, queue_names.queue
),
told as (
  select moment::timestamp as moment, queue, false as abandoned, rep, wait, handle from assignments
  union all by name
  select left_at::timestamp as moment, queue, true as abandoned, wait from visits where abandoned
)
select told.*, day
from told join history.windows on start = window_start(moment)`;

// The last digits of a sum depend on the order of adding, which is another one each time.
export const settled = (sum: string, name = sum) => `round(${sum}, 9) as ${name}`;

// Times of the local clock that come twice are two windows here; `slot` is the same for both.
export const queueWindows = `
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
    start, ${quoteText(allQueues)}, sum(offered), sum(abandoned), sum(answered_within), sum(abandoned_within),
    sum(abandoned_short), sum(wait)
  from counted group by start
)
select
  start, day, slot, queue,
  offered::integer as offered, abandoned::integer as abandoned, parts.good::integer as good, parts.base::integer as base,
  ${settled("wait::double", "wait")}
from (
  select *, service_parts(offered - abandoned, abandoned, answered_within, abandoned_within, abandoned_short) as parts
  from either
) join history.windows using (start)`;

// The baseline of a day is made of days before it alone: the last eight same weekdays with data within ten weeks, four at
// least, as on the Today page; excluded days are neither scored nor in one. Half-hours that the clock shows twice count as
// the mean of the two.
export const scored = `
with days as (
  select distinct day from history.queue_windows anti join kit.excluded_days using (day)
),
quarters as (
  select day, start, local_slot(start, 30) as slot
  from days, generate_series(day - interval 1 day, day + interval 2 days, interval 15 minutes) as series (start)
  where local_date(start) = day
),
half_hours as (
  select quarters.day, quarters.slot, min(start) as start, count(*) as windows
  from quarters left join history.windows using (start)
  group by all having count(*) = count(windows.start)
),
came as (
  select queue, quarters.day, quarters.slot, sum(offered) as offered
  from history.queue_windows join quarters using (start)
  group by all
),
told as (
  select queue, day, slot, start, windows, coalesce(offered, 0) * 2 / windows as offered
  from half_hours
  cross join (select distinct queue from history.queue_windows)
  left join came using (queue, day, slot)
),
usual as (
  select
    queue, day, slot, start, offered,
    list_slice(
      list(offered) over (
        partition by queue, slot, isodow(day) order by day
        range between interval 70 days preceding and interval 7 days preceding
      ), -8, -1
    ) as before
  from told
),
forecasts as (
  select queue, local_date(window_start) as day, local_slot(window_start, 30) as slot, sum(contacts) as forecast,
    count(*) as planned
  from wfm.forecast group by all
)
select
  usual.queue, usual.day, usual.slot, usual.start, usual.offered::double as offered,
  case when len(before) >= 4 then list_median(before) end as baseline,
  least(coalesce(len(before), 0), 8)::integer as weeks,
  case when planned >= windows then forecast * 2 / windows end as forecast
from usual
join half_hours using (day, slot)
left join forecasts on forecasts.queue = usual.queue and forecasts.day = usual.day and forecasts.slot = usual.slot`;
