-- One row per queue or group of a local day, "All queues" included: who came, waited and left in each of its 15-minute windows, and
-- the waits of its contacts. Each list has one value per window of the day, the first at `start`; null in a window for which
-- issue_queues or rep_convos is not complete. `waiting` and `oldest` (seconds, rounded up to the minute) are at the window's
-- end: entered before it, and not left by then. `answered_bands` and `abandoned_bands` count contacts of the window by wait, from 0
-- up to 10, 30, 60, 120, 300 s and longer. `answered_by` and `abandoned_by` count those of the day up to each of `steps` seconds.
-- `abandoned_wait` and `abandoned_longest` (rounded up to the minute) are the mean and the longest wait of the abandoned of the
-- window, or with few of them of its block of windows with at least min_contacts; null without any, or with few in the day.
-- `leavers` are the abandoned of the window behind them. Those of groups and of all queues are computed from the shipped ones.
-- Days of: issue_queues
-- Reach: 0 days before $days
-- Ships: queue, start, entered, direct, gone, waiting, oldest, answered, abandoned, timed_out, answered_bands, abandoned_bands,
--   leavers, abandoned_wait, abandoned_longest, steps, answered_by, abandoned_by, abandoned_short, gone_mean, gone_p50, gone_p90, exits
with requested as (
  select unnest($days)::date as day
),
day_windows as (
  select all_windows.*, row_number() over (partition by day order by start) as place, windows.start is not null as complete
  from (
    select start, local_date(start) as day
    from (select min(day) - interval 1 day as first, max(day) + interval 2 days as last from requested),
      generate_series(first, last, interval 15 minutes) as series (start)
  ) as all_windows
  semi join requested using (day)
  left join (select start from history.windows semi join requested using (day)) as windows using (start)
),
settings as (
  select service_level_seconds as seconds, service_level_short_seconds as short_seconds, min_contacts from kit.settings
),
steps as (
  select distinct unnest([
    0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 90, 105, 120, 150, 180, 210, 240, 300, 360, 420, 480, 540, 600, 720, 900,
    1200, 1500, 1800, 2700, 3600, seconds
  ])::double as step
  from settings
),
flow as (
  from history.flow semi join requested using (day)
),
queue_list as (
  select queue from flow where queue <> 'All queues' and queue not in (select queue_group from kit.queue_groups)
  union
  select queue from history.contacts semi join requested using (day)
),
memberships as (
  from kit.queue_groups
  union all
  select 'All queues', queue from queue_list
  union all
  select queue, queue from queue_list
),
served as (
  select
    day, queue_group as queue, window_start(moment) as start, abandoned, wait,
    case
      when wait <= 0 then 0 when wait <= 10 then 1 when wait <= 30 then 2 when wait <= 60 then 3 when wait <= 120 then 4
      when wait <= 300 then 5 when wait is not null then 6
    end as band
  from (from history.contacts semi join requested using (day)) as contacts join memberships using (queue)
),
outcomes as (
  select
    queue, start, count(*) filter (not abandoned) as answered, count(*) filter (abandoned) as abandoned,
    count(*) filter (not abandoned and band = 0) as answered_0, count(*) filter (abandoned and band = 0) as abandoned_0,
    count(*) filter (not abandoned and band = 1) as answered_1, count(*) filter (abandoned and band = 1) as abandoned_1,
    count(*) filter (not abandoned and band = 2) as answered_2, count(*) filter (abandoned and band = 2) as abandoned_2,
    count(*) filter (not abandoned and band = 3) as answered_3, count(*) filter (abandoned and band = 3) as abandoned_3,
    count(*) filter (not abandoned and band = 4) as answered_4, count(*) filter (abandoned and band = 4) as abandoned_4,
    count(*) filter (not abandoned and band = 5) as answered_5, count(*) filter (abandoned and band = 5) as abandoned_5,
    count(*) filter (not abandoned and band = 6) as answered_6, count(*) filter (abandoned and band = 6) as abandoned_6
  from served
  group by all
),
-- Statistics of few contacts are withheld. If those withheld of a group, or outside all groups, are too few together, the total
-- would reveal them: the smallest other queue is withheld as well; without one, the group's and that of all queues.
totals as (
  unpivot (
    select
      day, queue, coalesce(queue_group, '') as cell, count(*) as offered, count(*) filter (abandoned) as gone
    from served left join kit.queue_groups using (queue)
    group by all
  ) on offered, gone into name kind value contacts
),
singles as (
  select totals.*, contacts < min_contacts as few
  from totals cross join settings
  where contacts > 0 and queue <> 'All queues' and queue not in (select queue_group from kit.queue_groups)
),
revealed as (
  select day, cell, kind from singles cross join settings
  group by day, cell, kind, min_contacts
  having count(*) filter (few) > 0 and coalesce(sum(contacts) filter (few), 0) < min_contacts
    or count(*) filter (few) = 1
),
held as (
  select day, queue, cell, kind, contacts from singles where few
  union all
  select day, queue, cell, kind, contacts
  from singles semi join revealed using (day, cell, kind)
  where not few
  qualify row_number() over (partition by day, cell, kind order by contacts, queue) = 1
),
parents_held as (
  select day, kind, unnest([nullif(cell, ''), 'All queues']) as queue
  from held cross join settings
  group by day, kind, cell, min_contacts
  having count(*) = 1 or sum(contacts) < min_contacts
),
shown as (
  select day, queue, bool_or(kind = 'offered') as offered, bool_or(kind = 'gone') as gone
  from (
    from totals
    anti join held using (day, queue, kind)
    anti join parents_held using (day, queue, kind)
    cross join settings
    where contacts >= min_contacts
  )
  group by all
),
by_step as (
  select
    day, queue, step,
    sum(coalesce(answered, 0)) over steps_so_far as answered, sum(coalesce(abandoned, 0)) over steps_so_far as abandoned
  from (select distinct day, queue from served) cross join steps
  left join (
    select day, queue, step, count(*) filter (not abandoned) as answered, count(*) filter (abandoned) as abandoned
    from (from served where wait is not null) as served asof join steps on wait <= step
    group by all
  ) using (day, queue, step)
  window steps_so_far as (partition by day, queue order by step)
),
distributions as (
  select
    day, queue, list(step order by step) as steps, list(answered::integer order by step) as answered_by,
    list(abandoned::integer order by step) as abandoned_by
  from by_step group by all
),
gone as (
  select
    day, queue, count(*) filter (wait < short_seconds) as short, avg(wait) as mean, quantile_cont(wait, [0.5, 0.9]) as quantiles
  from served cross join settings
  where abandoned
  group by all
),
left_windows as (
  select day, queue, start, count(*) as leavers, avg(wait) as wait, max(wait) as longest
  from served semi join queue_list using (queue) semi join (from shown where gone) using (day, queue)
  where abandoned and wait is not null
  group by all
),
left_blocks as (
  select
    day, queue, unnest(list(start order by start)) as start,
    unnest(contact_blocks(list(leavers order by start), any_value(min_contacts))) as block
  from left_windows cross join settings
  group by day, queue
),
left_means as (
  select day, queue, block, weighted_mean(wait, leavers) as wait, max(longest) as longest
  from left_windows join left_blocks using (day, queue, start)
  where block is not null
  group by all
),
leavers as (
  select
    queue_group as queue, start, sum(leavers) as leavers, weighted_mean(means.wait, leavers) as wait,
    ceil(max(means.longest) / 60) * 60 as longest
  from left_windows join left_blocks using (day, queue, start)
  join left_means as means using (day, queue, block)
  join memberships using (queue)
  group by all
),
-- how the day's visits ended
exits as (
  select
    day, queue,
    to_json(list({'event': exit_event, 'abandoned': abandoned, 'exited': exited, 'visits': visits}
      order by visits desc, exit_event, abandoned)) as exits
  from (
    select day, queue_group as queue, exit_event, abandoned, not without_exit as exited, count(*) as visits
    from (from history.visits semi join requested using (day)) as visits join memberships using (queue)
    group by all
  )
  group by all
),
queues as (
  select distinct day, 'All queues' as queue from day_windows where complete
  union select day, queue from served
  union select day, queue from flow
),
-- the longest wait of a group or of all queues is that of a queue that shows its own
oldest as (
  select queue_group as queue, start, ceil(max(epoch(start + interval 15 minutes - waits_since)) / 60) * 60 as oldest
  from flow
  semi join (
    select day, queue
    from flow cross join settings
    where queue <> 'All queues' and queue not in (select queue_group from kit.queue_groups)
    group by day, queue, min_contacts
    having greatest(sum(entered + direct), max(waiting)) >= min_contacts
  ) as enough using (day, queue)
  join memberships using (queue)
  group by all
),
cells as (
  select
    day, queue, place, start, complete,
    coalesce(entered, 0) as entered, coalesce(direct, 0) as direct, coalesce(gone, 0) as gone, coalesce(waiting, 0) as waiting,
    case when waiting > 0 then oldest end as oldest,
    coalesce(answered, 0) as answered, coalesce(outcomes.abandoned, 0) as abandoned, coalesce(timed_out, 0) as timed_out,
    coalesce(leavers, 0) as leavers, leavers.wait as abandoned_wait, longest as abandoned_longest,
    [coalesce(n, 0) for n in [answered_0, answered_1, answered_2, answered_3, answered_4, answered_5, answered_6]] as answered_bands,
    [coalesce(n, 0) for n in [abandoned_0, abandoned_1, abandoned_2, abandoned_3, abandoned_4, abandoned_5, abandoned_6]] as abandoned_bands
  from queues
  join day_windows using (day)
  left join (select * exclude (day, slot) from flow) as flow using (queue, start)
  left join oldest using (queue, start)
  left join outcomes using (queue, start)
  left join leavers using (queue, start)
),
lists as (
  select
    day, queue, min(start) as start,
    list(case when complete then entered::integer end order by place) as entered,
    list(case when complete then direct::integer end order by place) as direct,
    list(case when complete then gone::integer end order by place) as gone,
    list(case when complete then waiting::integer end order by place) as waiting,
    list(case when complete then oldest::integer end order by place) as oldest,
    list(case when complete then answered::integer end order by place) as answered,
    list(case when complete then abandoned::integer end order by place) as abandoned,
    list(case when complete then timed_out::integer end order by place) as timed_out,
    list(case when complete then leavers::integer end order by place) as leavers,
    list(case when complete then rounded(abandoned_wait, 1) end order by place) as abandoned_wait,
    list(case when complete then abandoned_longest::integer end order by place) as abandoned_longest,
    list(case when complete then answered_bands end order by place) as answered_bands,
    list(case when complete then abandoned_bands end order by place) as abandoned_bands
  from cells group by all
)
select
  day, queue, start, entered, direct, lists.gone, waiting, oldest, answered, abandoned, timed_out,
  [[w[band]::integer for w in answered_bands] for band in range(1, 8)] as answered_bands,
  [[w[band]::integer for w in abandoned_bands] for band in range(1, 8)] as abandoned_bands,
  leavers, abandoned_wait, abandoned_longest,
  case when shown.offered then steps end as steps,
  case when shown.offered then answered_by end as answered_by,
  case when shown.offered then abandoned_by end as abandoned_by,
  coalesce(gone.short, 0)::integer as abandoned_short,
  case when shown.gone then rounded(gone.mean, 1) end as gone_mean,
  case when shown.gone then rounded(gone.quantiles[1], 1) end as gone_p50,
  case when shown.gone then rounded(gone.quantiles[2], 1) end as gone_p90,
  exits
from lists
left join shown using (day, queue)
left join distributions using (day, queue)
left join gone using (day, queue)
left join exits using (day, queue)
order by day, queue <> 'All queues', queue
