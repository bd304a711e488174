-- One row per local day of wfm.days, the newest 92 with WFM windows: which of its windows are complete for contacts and for
-- reps, the data-through time of contacts, and the digest of its partitions for receipts.
-- Ships: day, arrived, staffed, through, inputs
with reported as (
  select distinct 'queue_wfm' as feed, window_start(instance_ts) as start
  from wfm.queue_windows where instance_ts is not null
  union all
  select distinct 'queue_membership_wfm', window_start(instance_ts)
  from wfm.rep_windows where instance_ts is not null
),
-- A finished run without a row for a window means that nothing happened in it. Runs follow their windows by about half an
-- hour; exports that name a partition after its window fit as well.
runs as (
  select distinct feed, dt::timestamp + to_hours(coalesce(hr, '0')::bigint) + to_minutes(coalesce(mi, '0')::bigint) as run
  from kit.partitions
  where feed in (select feed from reported) and state in ('complete', 'empty', 'replaced', 'expired')
    and timely(dt::timestamp + to_hours(coalesce(hr, '0')::bigint), run) is not null
),
through as (
  select feed, greatest(max(start) + interval 15 minutes, window_start(max(run) - interval 20 minutes)) as through
  from (select feed, max(start) as start from reported group by feed) left join runs using (feed)
  group by feed
),
covered as (
  select distinct feed, start
  from runs, generate_series(window_start(run) - interval 45 minutes, window_start(run), interval 15 minutes) as series (start)
  where run <= start + interval 45 minutes
),
arrived as (
  from reported
  union
  from covered semi join through on through.feed = covered.feed and start < through
),
windows as (
  select start, local_date(start) as day
  from (select min(day) as first, max(day) as last from wfm.days),
    generate_series(first - interval 1 day, last + interval 2 days, interval 15 minutes) as series (start)
),
days as (
  select
    strftime(day, '%Y-%m-%d') as day,
    string_agg(case when contacts.start is null then '0' else '1' end, '' order by windows.start) as arrived,
    string_agg(case when reps.start is null then '0' else '1' end, '' order by windows.start) as staffed,
    max(contacts.start) + interval 15 minutes as through
  from windows
  left join (from arrived where feed = 'queue_wfm') as contacts using (start)
  left join (from arrived where feed = 'queue_membership_wfm') as reps using (start)
  group by windows.day
  having day in (from wfm.days)
)
select days.*, {
    'count': partitions,
    'names': names,
    'contents': contents,
    'known': strftime(date_trunc('second', known + interval 999 milliseconds), '%Y-%m-%dT%H:%M:%SZ')
  } as inputs
from days join kit.figure_inputs as inputs on strftime(inputs.day, '%Y-%m-%d') = days.day
order by days.day
