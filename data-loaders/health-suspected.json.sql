-- One row per event of the last 28 days that the annotations lack and that the figures suggest, newest first:
--
-- outage     half-hours in a row with at most a quarter of a queue's baseline: together at least 20 contacts expected, at most a
--            tenth of them offered, while the other queues have at least half of theirs; both queue feeds are complete there
-- transfer   at least 15 contacts of one queue enter another within five minutes, where at most a quarter is usual
-- end        at least 20 visits to a queue, or conversations, end by the same way within a minute, where at most a quarter is usual,
--            and which does not happen at that time of day on three other days
-- Ships: kind, queue, other_queue, way, starts, ends, contacts, usual
with last as (
  select max(day) - 28 as day from history.windows
),
base as (
  select * from history.scored
  where day > (select day from last) and queue not in (select queue_group from kit.queue_groups) and baseline > 0
),
low as (
  select queue, start, base.offered, base.baseline, all_queues.offered - base.offered as others,
    all_queues.baseline - base.baseline as others_usual,
    epoch(start)::bigint // 1800 - row_number() over (partition by queue order by start) as run
  from base join (select day, slot, offered, baseline from base where queue = 'All queues') as all_queues using (day, slot)
  where queue <> 'All queues' and base.offered <= 0.25 * base.baseline
),
outages as (
  select 'outage' as kind, queue, null as other_queue, null as way, min(start) as starts, max(start) + interval 30 minutes as ends,
    sum(offered) as contacts, sum(baseline) as usual
  from low group by queue, run
  having count(*) >= 2 and sum(baseline) >= 20 and sum(offered) <= 0.1 * sum(baseline)
    and sum(others) >= 0.5 * sum(others_usual) and sum(others_usual) >= 20
),
visits as (
  from history.visits where day > (select day from last)
),
-- where each contact was: waiting in a queue, or with a rep of one, whom some reach without waiting
places as (
  select issue, queue, entered_at as moment from visits
  union all
  select issue_id::varchar, queue, issue_assigned_ts
  from rep_convos join history.queue_names on queue_names.queue_id = rep_convos.queue_id::varchar
  where issue_assigned_ts >= (select day from last)
),
moved as (
  select former, queue, time_bucket(interval 5 minutes, moment) as start, count(*) as contacts
  from (select *, lag(queue) over (partition by issue order by moment, queue) as former from places)
  where former <> queue group by all
),
entered as (
  select queue, count(distinct time_bucket(interval 5 minutes, moment)) as times from places group by queue
),
transfers as (
  select former, queue, start, contacts, (sum(contacts) over (partition by former, queue) - contacts) / times as usual
  from moved join entered using (queue)
  qualify contacts >= greatest(15, 4 * usual, usual + 8 * sqrt(usual))
),
-- those of minutes in a row are one
ends as (
  select queue, exit_event as way, date_trunc('minute', left_at) as start from visits
  where exit_event is not null and exit_event <> 'NEW_REP' and left_at is not null
  union all
  select null, concat_ws(', ', termination_event_type, disposition_event_type), date_trunc('minute', conversation_end_ts)
  from convos_metadata_ended
  where conversation_end_ts >= (select day from last) and termination_event_type is not null
),
ended as (
  select queue, way, start, count(*) as contacts from ends group by all
),
ended_usual as (
  select *, (sum(contacts) over (partition by queue, way) - contacts) / count(*) over (partition by queue, way) as usual
  from ended
  qualify contacts >= greatest(20, 4 * usual, usual + 8 * sqrt(usual))
),
bulk_ends as (
  select *, strftime(local(start), '%H:%M') as clock from ended_usual
  qualify count(*) over (partition by queue, way, clock) < 4
),
bulk as (
  select 'transfer' as kind, former as queue, queue as other_queue, null as way, min(start) as starts,
    max(start) + interval 5 minutes as ends, sum(contacts) as contacts, sum(usual) as usual
  from (
    select *, epoch(start)::bigint // 300 - row_number() over (partition by former, queue order by start) as run from transfers
  )
  group by former, queue, run
  union all
  select 'end', queue, null, way, min(start), max(start) + interval 1 minute, sum(contacts), sum(usual)
  from (
    select *, epoch(start)::bigint // 60 - row_number() over (partition by queue, way order by start) as run from bulk_ends
  )
  group by queue, way, run
),
-- conversations that end in bulk end their visits too: told once, with the queue
suspected as (
  from outages union all by name from bulk
),
distinct_events as (
  select * from suspected
  where kind <> 'end' or queue is not null or not exists (
    select 1 from suspected as other
    where other.kind = 'end' and other.queue is not null
      and other.starts < suspected.ends + interval 5 minutes and other.ends > suspected.starts - interval 5 minutes
  )
),
named as (
  select starts_at, coalesce(ends_at, starts_at + interval 1 hour) as ends_at, unnest(if(len(queues) = 0, [null], queues)) as name
  from wfm.annotations
),
covered as (
  select starts_at, ends_at, name as queue from named
  union all
  select starts_at, ends_at, groups.queue from named join kit.queue_groups as groups on queue_group = name
)
select
  kind, queue, other_queue, way, strftime(starts, '%Y-%m-%dT%H:%M:%SZ') as starts, strftime(ends, '%Y-%m-%dT%H:%M:%SZ') as ends,
  contacts::integer as contacts, rounded(usual, 1) as usual
from distinct_events
where not exists (
  select 1 from covered
  where starts_at < ends and ends_at > starts
    and (covered.queue is null or distinct_events.queue is null or covered.queue in (distinct_events.queue, other_queue))
)
order by starts desc, kind, queue
limit 30
