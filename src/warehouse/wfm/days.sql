-- history.days: one row per delivered feed of conversations or reps and local day, from the day before its first to the day after
-- its last; `whole` if the feed is complete for the day.
-- Given: complete
with every_window as (
  select feed, start, local_date(start) as day
  from (
    select
      feed, unnest(generate_series(min(start) - interval 1 day, max(start) + interval 1 day, interval 15 minutes)) as start
    from complete group by feed
  )
)
select feed, day, bool_and(complete.start is not null) as whole
from every_window left join complete using (feed, start)
group by feed, day
