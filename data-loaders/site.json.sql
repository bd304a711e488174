-- One row: title, settings behind the figures, and freshness of the site.
-- Ships: title, timezone, target, seconds, variant, threshold_counts, min_reps, min_contacts, week_start, open_hours,
--   excluded_days, annotations, synced_at, grace_minutes, forecast, feeds, missing, receipt
with arrivals as (
  select
    coalesce(to_json(list({
      'feed': feed,
      'cadence_minutes': cadence_minutes,
      'through': strftime(data_through, '%Y-%m-%dT%H:%M:%SZ'),
      'overdue': overdue,
      'failed': failed,
      'unlisted': unlisted is not null,
      'to_come': feed in (select feed from kit.oddities where kind = 'partition time')
    } order by feed)), '[]'::json) as feeds
  from kit.feeds
  where partitions > 0 or unlisted is not null
),
-- metrics of a feed with data that lacks the column named in kit.yaml
mapping as (
  select coalesce(to_json(list({'feed': feed, 'metric': metric} order by feed, metric)), '[]'::json) as missing
  from kit.wfm_columns join (select feed from kit.feeds where rows > 0) as here using (feed)
  where not delivered
),
excluded as (
  select coalesce(to_json(list({'day': strftime(day, '%Y-%m-%d'), 'name': name} order by day)), '[]'::json) as excluded_days
  from kit.excluded_days
),
-- the queues and groups on whose charts an annotation is drawn: those it names, the groups of these queues, the queues of these
-- groups
named as (
  select line, unnest(queues) as queue from wfm.annotations
),
shown as (
  select line, list(distinct queue order by queue) as queues
  from (
    from named
    union all
    select line, queue_group from named join kit.queue_groups using (queue)
    union all
    select line, groups.queue from named join kit.queue_groups as groups on queue_group = named.queue
  )
  group by line
),
-- the newest of those that begin by a week after the data, as many as a page can carry
noted as (
  select coalesce(to_json(list({
    'line': line,
    'from': strftime(starts_at, '%Y-%m-%dT%H:%M:%SZ'),
    'to': strftime(ends_at, '%Y-%m-%dT%H:%M:%SZ'),
    'whole_days': whole_days,
    'what': what,
    'kind': kind,
    'queues': notes.queues,
    'shown_for': coalesce(shown.queues, []),
    'exclude': exclude
  } order by starts_at, line)), '[]'::json) as annotations
  from (
    from wfm.annotations
    where starts_at < (select coalesce(max(data_through) + interval 7 days, 'infinity'::timestamp) from kit.feeds)
    order by starts_at desc, line limit 200
  ) as notes left join shown using (line)
)
select
  title,
  timezone,
  service_level_target as target,
  service_level_seconds as seconds,
  service_level_variant as variant,
  threshold_counts,
  min_reps,
  min_contacts,
  week_start,
  open_hours::json as open_hours,
  excluded_days,
  annotations,
  (select max(finished_at) from kit.sync) as synced_at,
  grace_minutes,
  forecast,
  feeds,
  missing,
  {
    'kit': kit_version,
    'settings': (select string_agg(digest, '.' order by place) from kit.figure_settings)
  } as receipt
from kit.settings cross join arrivals cross join mapping cross join excluded cross join noted
