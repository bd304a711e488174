-- history.scored: one row per half-hour and queue or group of a day with data: contacts offered, baseline and forecast. A day's
-- baseline uses earlier days only: the last eight of the same weekday with data within ten weeks, at least four, as on the Today
-- page. Excluded days are neither scored nor in a baseline. A repeated half-hour counts as the mean of the two.
-- Needs: history.queue_windows, history.windows, kit.excluded_days, wfm.forecast
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
delivered as (
  select queue, quarters.day, quarters.slot, sum(offered) as offered
  from history.queue_windows join quarters using (start)
  group by all
),
counted as (
  select queue, day, slot, start, windows, coalesce(offered, 0) * 2 / windows as offered
  from half_hours
  cross join (select distinct queue from history.queue_windows)
  left join delivered using (queue, day, slot)
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
  from counted
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
left join forecasts on forecasts.queue = usual.queue and forecasts.day = usual.day and forecasts.slot = usual.slot
