-- One row per queue or group of one local day, "All queues" included: what came in each of its 15-minute windows, how it
-- was handled, who was there, and what is usual. Each list has one value per window of the day, the first at `start`.
-- `weeks` holds the contacts offered 1, 2, 3 … weeks before, null for a week without data, from history; `usual_*` are the
-- last eight such days of the WFM feeds together, excluded ones left out: sums, means and medians of what their own files show.
-- Reach: 70 days before $day
-- Ships: queue, start, assigned, abandoned, within, wait, handle, wrap, reps, logged_in, available, busy,
--   utilized_available, utilized_busy, small, first_offered, weeks, usual_offered, usual_abandoned, usual_within,
--   usual_wait, usual_handle, usual_available, scheduled, forecast
with day_windows as (
  select start, local_slot(start) as slot, row_number() over (order by start) as place
  from generate_series((date $day - 1)::timestamp, (date $day + 2)::timestamp, interval 15 minutes) as series (start)
  where local_date(start) = date $day
),
here as (
  from wfm.intraday where day = date $day
),
former_days as (
  select week, date $day - 7 * week::integer as day from range(1, 11) as weeks (week)
),
-- every window of a former day that has data at all; where the clock went back, the mean of the two
former_windows as (
  select day, week, local_slot(start) as slot, count(*) as times
  from former_days semi join (select distinct day from history.queue_windows) using (day),
    generate_series(day - interval 1 day, day + interval 2 days, interval 15 minutes) as series (start)
  where local_date(start) = day
  group by all
),
counted as (
  select queue, day, slot, sum(offered) as offered
  from history.queue_windows semi join former_days using (day)
  group by all
),
-- a quarter-hour that the former day did not have is null
weeks as (
  select queue, list(offered order by week) as weeks
  from (
    select
      queues.queue, known.week,
      case when former.week is not null
        then list(case when times is null then null else coalesce(offered, 0) / times end order by place) end as offered
    from (select distinct queue from counted) as queues
    cross join (select week from former_days where week <= (select max(week) from former_windows)) as known
    left join (select distinct week, day from former_windows) as former using (week)
    cross join day_windows
    left join former_windows on former_windows.week = known.week and former_windows.slot = day_windows.slot
    left join counted
      on counted.queue = queues.queue and counted.day = former.day and counted.slot = day_windows.slot
    group by queues.queue, known.week, former.week
  )
  group by queue
),
usual_days as (
  select day
  from former_days
  semi join (select distinct day from wfm.intraday) using (day)
  anti join kit.excluded_days using (day)
  order by day desc
  limit 8
),
usual as (
  select
    queue,
    slot,
    sum(assigned + abandoned) as usual_offered,
    sum(abandoned) as usual_abandoned,
    sum(within) as usual_within,
    weighted_mean(wait, assigned + abandoned) as usual_wait,
    weighted_mean(case when not small then handle end, greatest(assigned, 1)) as usual_handle,
    usual(case when not small then available end) as usual_available
  from wfm.intraday semi join usual_days using (day)
  where (select count(*) from usual_days) >= 4
  group by all
),
-- what the customer planned; a group has the sum of its queues where each has a plan
planned as (
  select queue, window_start(window_start) as start, sum(contacts) as forecast, null::double as scheduled
  from wfm.forecast where local_date(window_start) = date $day group by all
  union all by name
  select queue, window_start(window_start) as start, null::double as forecast, sum(scheduled_fte) as scheduled
  from wfm.schedule where local_date(window_start) = date $day group by all
),
memberships as (
  from kit.queue_groups
  union all
  select distinct 'All queues', queue from here
  where queue <> 'All queues' and queue not in (select queue_group from kit.queue_groups)
),
plans as (
  select queue, start, sum(forecast) as forecast, sum(scheduled) as scheduled from planned group by all
),
all_plans as (
  from plans
  union all by name
  select
    queue_group as queue,
    start,
    case when count(forecast) = members then sum(forecast) end as forecast,
    case when count(scheduled) = members then sum(scheduled) end as scheduled
  from plans
  join memberships using (queue)
  join (select queue_group, count(*) as members from memberships group by all) using (queue_group)
  where queue_group not in (select queue from plans)
  group by queue_group, start, members
),
queues as (
  select distinct queue from here union select queue from weeks
)
select
  queues.queue,
  min(day_windows.start) as start,
  list(assigned order by place) as assigned,
  list(abandoned order by place) as abandoned,
  list(within order by place) as within,
  list(round(wait, 1) order by place) as wait,
  list(case when not small then round(handle, 1) end order by place) as handle,
  list(case when not small then round(wrap, 1) end order by place) as wrap,
  list(case when not small then reps end order by place) as reps,
  list(case when not small then round(logged_in, 1) end order by place) as logged_in,
  list(case when not small then round(available, 1) end order by place) as available,
  list(case when not small then round(busy, 1) end order by place) as busy,
  list(case when not small then round(utilized_available, 1) end order by place) as utilized_available,
  list(case when not small then round(utilized_busy, 1) end order by place) as utilized_busy,
  list(case when small then 1 else 0 end order by place) as small,
  list(first_offered order by place) as first_offered,
  any_value(weeks) as weeks,
  list(usual_offered::integer order by place) as usual_offered,
  list(usual_abandoned::integer order by place) as usual_abandoned,
  list(usual_within::integer order by place) as usual_within,
  list(round(usual_wait) order by place) as usual_wait,
  list(round(usual_handle) order by place) as usual_handle,
  list(round(usual_available, 1) order by place) as usual_available,
  list(round(scheduled, 2) order by place) as scheduled,
  list(round(forecast, 2) order by place) as forecast
from queues
cross join day_windows
left join here on here.queue = queues.queue and here.start = day_windows.start
left join usual on usual.queue = queues.queue and usual.slot = day_windows.slot
left join all_plans on all_plans.queue = queues.queue and all_plans.start = day_windows.start
left join weeks on weeks.queue = queues.queue
group by queues.queue
order by queues.queue <> 'All queues', queues.queue
