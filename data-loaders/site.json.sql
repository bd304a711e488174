-- One row: title, settings behind the figures, and freshness of the site.
-- Ships: title, timezone, target, seconds, variant, threshold_counts, min_reps, min_contacts, week_start, open_hours,
--   excluded_days, synced_at, grace_minutes, forecast, feeds, missing
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
  (select max(finished_at) from kit.sync) as synced_at,
  grace_minutes,
  forecast,
  feeds,
  missing
from kit.settings cross join arrivals cross join mapping cross join excluded
