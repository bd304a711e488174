-- One row per queue or group of a local day, "All queues" included: contacts, handling, staff and baseline of each of its
-- 15-minute windows. Each list has one value per window of the day, the first at `start`. `weeks` holds the contacts offered
-- 1, 2, 3 … weeks before, from history, null where incomplete; `usual_*` combine the last eight such days of the WFM feeds
-- without excluded ones: sums, means and medians of the figures in their own files.
-- Waits and handle times of few contacts are averaged with their neighbours: a window with fewer than min_contacts has the
-- mean of its block of windows with at least as many; a queue with fewer in the day has none. Those of groups and of all
-- queues are computed from the shipped figures of their queues, so that no difference reveals more.
-- Reach: 70 days before $days
-- Ships: queue, start, assigned, abandoned, within, wait, handle, wrap, reps, logged_in, available, busy,
--   utilized_available, utilized_busy, merged, contradicts, first_offered, weeks, usual_offered, usual_abandoned, usual_within,
--   usual_wait, usual_handle, usual_available, scheduled, forecast, forecast_handle, forecast_issued
with requested as (
  select unnest($days)::date as day
),
windows as (
  select start, local_date(start) as day, local_slot(start) as slot
  from (select min(day) - interval 71 days as first, max(day) + interval 2 days as last from requested),
    generate_series(first, last, interval 15 minutes) as series (start)
),
day_windows as (
  select *, row_number() over (partition by day order by start) as place from windows semi join requested using (day)
),
settings as (
  select min_contacts from kit.settings
),
former_days as (
  select day, week, day - 7 * week::integer as former from requested, range(1, 11) as weeks (week)
),
-- expensive relations, each read once
intraday as materialized (
  from wfm.merged semi join (from requested union select former from former_days) as days (day) using (day)
),
day_rows as (
  select * exclude (slot) from intraday semi join requested using (day)
),
singles as (
  from day_rows
  where queue <> 'All queues' and queue not in (select queue_group from kit.queue_groups)
),
blocks as (
  select
    day, queue, unnest(list(start order by start)) as start,
    unnest(contact_blocks(list(case when handle is not null then handle_weight(assigned) end order by start), any_value(min_contacts))) as handle_block,
    unnest(contact_blocks(list(case when wait is not null then assigned + abandoned end order by start), any_value(min_contacts))) as wait_block
  from singles cross join settings
  group by day, queue
),
handle_means as (
  select
    day, queue, handle_block, weighted_mean(handle, handle_weight(assigned)) as handle,
    weighted_mean(wrap, handle_weight(assigned)) as wrap
  from singles join blocks using (day, queue, start)
  where handle is not null
  group by all
),
wait_means as (
  select day, queue, wait_block, weighted_mean(wait, assigned + abandoned) as wait
  from singles join blocks using (day, queue, start)
  group by all
),
own_means as (
  select
    singles.day, singles.queue, singles.start, singles.assigned, singles.abandoned,
    case when singles.handle is not null and handle_block is not null then handle_means.handle end as handle,
    case when singles.wrap is not null and handle_block is not null then handle_means.wrap end as wrap,
    case when singles.wait is not null and wait_block is not null then wait_means.wait end as wait
  from singles
  join blocks using (day, queue, start)
  left join handle_means using (day, queue, handle_block)
  left join wait_means using (day, queue, wait_block)
),
means as (
  select day, queue, start, handle, wrap, wait from own_means
  union all
  select
    day, queue_group, start, weighted_mean(handle, handle_weight(assigned)), weighted_mean(wrap, handle_weight(assigned)),
    weighted_mean(wait, assigned + abandoned)
  from own_means join (
    from kit.queue_groups union all select distinct 'All queues', queue from singles
  ) as parents using (queue)
  group by all
),
-- an unknown mean of a group stays unknown
displayed as (
  select
    day_rows.* replace (
      case when day_rows.handle is not null then means.handle end as handle,
      case when day_rows.wrap is not null then means.wrap end as wrap,
      case when day_rows.wait is not null then means.wait end as wait
    )
  from day_rows left join means using (day, queue, start)
),
past as materialized (
  from history.queue_windows semi join (select former as day from former_days) using (day)
),
past_windows as materialized (
  from history.windows semi join (select former as day from former_days) using (day)
),
-- the weeks back to the first with any data on that day
known_days as (
  select former_days.*, seen.day is not null as seen
  from former_days left join (select distinct day from past) as seen on seen.day = former
  qualify week <= max(week) filter (seen.day is not null) over (partition by former_days.day)
),
-- where the clock went back, the mean of the two
counted as (
  select queue, day as former, slot, sum(offered) / any_value(times) as offered
  from past
  join (select day, slot, count(*) as times from past_windows group by all) as slots using (day, slot)
  semi join (select former as day from known_days where seen) using (day)
  group by all
),
-- a quarter-hour that the former day lacked, or that was not delivered, is null
weeks as (
  select day, queue, list(offered order by week) as weeks
  from (
    select
      day, queue, week,
      case when seen then list(case when former_slots.slot is not null then coalesce(offered, 0) end order by place) end as offered
    from known_days
    join (select distinct known_days.day, queue from counted join known_days using (former)) as queues using (day)
    join day_windows using (day)
    left join (select distinct day as former, slot from past_windows) as former_slots using (former, slot)
    left join counted using (former, queue, slot)
    group by day, queue, week, seen
  )
  group by day, queue
),
usual_days as (
  select day, former
  from former_days
  semi join (select distinct day as former from intraday) using (former)
  anti join (select day as former from kit.excluded_days) using (former)
  qualify row_number() over (partition by day order by week) <= 8 and count(*) over (partition by day) >= 4
),
usual as (
  select
    usual_days.day,
    queue,
    slot,
    sum(assigned + abandoned) as usual_offered,
    sum(abandoned) filter (assigned is not null) as usual_abandoned,
    case when bool_and(within is not null or coalesce(assigned + abandoned, 0) = 0)
      then sum(within) filter (assigned + abandoned is not null) end as usual_within,
    if_enough(
      weighted_mean(wait, assigned + abandoned),
      sum(assigned + abandoned) filter (wait is not null), any_value(min_contacts)
    ) as usual_wait,
    if_enough(
      weighted_mean(handle, handle_weight(assigned)),
      sum(assigned) filter (handle is not null), any_value(min_contacts)
    ) as usual_handle,
    usual(available) as usual_available
  from intraday join usual_days on former = intraday.day cross join settings
  group by all
),
-- of each window of the forecast, when the version in force was issued
issues as (
  select queue, window_start, max(issued_at) as issued from wfm.forecast_versions where issued_at <= window_start group by all
),
-- the customer's plan; a group has the sum of its queues if each has a plan
planned as (
  select queue, window_start as start, contacts as forecast, aht_seconds as forecast_handle,
    epoch(issued)::bigint // 60 as forecast_issued
  from wfm.forecast left join issues using (queue, window_start)
  union all by name
  select queue, window_start as start, scheduled_fte as scheduled from wfm.schedule
),
plans as (
  select
    day, queue, start, sum(forecast) as forecast, sum(scheduled) as scheduled, max(forecast_handle) as forecast_handle,
    max(forecast_issued) as forecast_issued
  from planned join day_windows using (start)
  group by all
),
memberships as (
  select day, queue_group, queue from kit.queue_groups cross join requested
  union all
  select distinct day, 'All queues', queue from displayed
  where queue <> 'All queues' and queue not in (select queue_group from kit.queue_groups)
),
all_plans as (
  from plans
  union all by name
  select
    day,
    queue_group as queue,
    start,
    case when count(forecast) = members then sum(forecast) end as forecast,
    case when count(scheduled) = members then sum(scheduled) end as scheduled,
    case when count(forecast) = members and bool_and(forecast_handle is not null or forecast = 0)
      then weighted_mean(forecast_handle, forecast) end as forecast_handle,
    case when count(forecast) = members and count(forecast_issued) = members then min(forecast_issued) end as forecast_issued
  from plans
  join memberships using (day, queue)
  join (select day, queue_group, count(*) as members from memberships group by all) using (day, queue_group)
  anti join (select distinct day, queue as queue_group from plans) using (day, queue_group)
  group by day, queue_group, start, members
),
queues as (
  select day, queue from displayed union select day, queue from weeks
),
shown as (
  select
    day,
    queue,
    list_sort(list({
      'place': place,
      'start': start,
      'assigned': assigned,
      'abandoned': abandoned,
      'within': within,
      'wait': rounded(wait, 1),
      'handle': rounded(handle, 1),
      'wrap': rounded(wrap, 1),
      'reps': reps,
      'logged_in': rounded(logged_in, 1),
      'available': rounded(available, 1),
      'busy': rounded(busy, 1),
      'utilized_available': rounded(utilized_available, 1),
      'utilized_busy': rounded(utilized_busy, 1),
      'merged': merged,
      'contradicts': coalesce(contradicts, 0),
      'first_offered': first_offered,
      'usual_offered': usual_offered::bigint,
      'usual_abandoned': usual_abandoned::bigint,
      'usual_within': usual_within::bigint,
      'usual_wait': rounded(usual_wait, 0),
      'usual_handle': rounded(usual_handle, 0),
      'usual_available': rounded(usual_available, 1),
      'scheduled': rounded(scheduled, 2),
      'forecast': rounded(forecast, 2),
      'forecast_handle': rounded(forecast_handle, 0),
      'forecast_issued': forecast_issued
    })) as cells
  from queues
  join day_windows using (day)
  left join displayed using (day, queue, start)
  left join usual using (day, queue, slot)
  left join all_plans using (day, queue, start)
  group by day, queue
)
select
  day,
  queue,
  cells[1].start as start,
  [cell.assigned for cell in cells] as assigned,
  [cell.abandoned for cell in cells] as abandoned,
  [cell.within for cell in cells] as within,
  [cell.wait for cell in cells] as wait,
  [cell.handle for cell in cells] as handle,
  [cell.wrap for cell in cells] as wrap,
  [cell.reps for cell in cells] as reps,
  [cell.logged_in for cell in cells] as logged_in,
  [cell.available for cell in cells] as available,
  [cell.busy for cell in cells] as busy,
  [cell.utilized_available for cell in cells] as utilized_available,
  [cell.utilized_busy for cell in cells] as utilized_busy,
  [cell.merged for cell in cells] as merged,
  [cell.contradicts for cell in cells] as contradicts,
  [cell.first_offered for cell in cells] as first_offered,
  weeks,
  [cell.usual_offered for cell in cells] as usual_offered,
  [cell.usual_abandoned for cell in cells] as usual_abandoned,
  [cell.usual_within for cell in cells] as usual_within,
  [cell.usual_wait for cell in cells] as usual_wait,
  [cell.usual_handle for cell in cells] as usual_handle,
  [cell.usual_available for cell in cells] as usual_available,
  [cell.scheduled for cell in cells] as scheduled,
  [cell.forecast for cell in cells] as forecast,
  [cell.forecast_handle for cell in cells] as forecast_handle,
  [cell.forecast_issued for cell in cells] as forecast_issued
from shown left join weeks using (day, queue)
order by day, queue <> 'All queues', queue
