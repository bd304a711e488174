-- One row per local day and channel, "All channels" included: conversations started, and the outcome of those that ended.
-- `complete`: the day is complete in convos_metrics and its ended twin, and in other feeds that have data before and after it.
-- Ships: day, channel, complete, started, ended, assisted, handled, handle_mean, handle_p50, handle_p90, handle_bins,
--   queued, wait_p50, wait_p90, wait_bins, resolved, unresolved, timeout, auto, other, rated, satisfied
with settings as (
  select min_contacts from kit.settings
),
channels as (
  from (values
    ('web', 'Web'), ('ios', 'iOS'), ('android', 'Android'), ('applebiz', 'Apple Messages'), ('voice', 'Voice'), ('sms', 'SMS')
  ) as known (platform, channel)
),
begun as (
  select local_date(first_utterance_ts) as day, coalesce(channel, platform, 'Unknown') as channel
  from convos_metrics left join channels using (platform)
  where timely(first_utterance_ts, _run) is not null
),
ended as (
  select
    issue_id::varchar as issue,
    local_date(first_utterance_ts) as day,
    coalesce(channel, platform, 'Unknown') as channel,
    coalesce(assisted = 1, false) as assisted,
    case when assisted = 1 and quantity(total_handle_time) > 0 then quantity(total_handle_time) end as handle,
    case when quantity(time_in_queue) > 0 then quantity(time_in_queue) end as wait
  from convos_metrics_ended left join channels using (platform)
  where timely(first_utterance_ts, _run) is not null
),
endings as (
  select
    issue_id::varchar as issue,
    max(ended_resolved) as resolved,
    max(ended_unresolved) as unresolved,
    max(ended_timeout) as timeout,
    max(ended_auto) as auto,
    max(ended_other) as other
  from convos_metadata_ended
  group by all
),
-- the first rating question of a conversation, answered on a scale of five
ratings as (
  select
    issue_id::varchar as issue,
    arg_min(try_cast(answer as integer), (coalesce("ordering", 0), try_cast(answer as integer))) as rating
  from customer_feedback
  where question_category = 'rating' and try_cast(answer as integer) between 1 and 5
  group by all
),
all_begun as (
  select day, case when grouping(channel) = 1 then 'All channels' else channel end as channel, count(*) as started
  from begun
  group by grouping sets ((day, channel), (day))
),
all_ended as (
  select
    day,
    case when grouping(channel) = 1 then 'All channels' else channel end as channel,
    count(*) as ended,
    count(*) filter (assisted) as assisted,
    count(handle) as handled,
    avg(handle) as handle_mean,
    quantile_cont(handle, 0.5) as handle_p50,
    quantile_cont(handle, 0.9) as handle_p90,
    -- bin i counts 1.05^i up to 1.05^(i + 1) seconds
    histogram(greatest(0, floor(ln(handle) / ln(1.05)))::integer) filter (handle is not null) as handle_histogram,
    count(wait) as queued,
    quantile_cont(wait, 0.5) as wait_p50,
    quantile_cont(wait, 0.9) as wait_p90,
    histogram(greatest(0, floor(ln(wait) / ln(1.05)))::integer) filter (wait is not null) as wait_histogram,
    coalesce(sum(resolved), 0)::bigint as resolved,
    coalesce(sum(unresolved), 0)::bigint as unresolved,
    coalesce(sum(timeout), 0)::bigint as timeout,
    coalesce(sum(auto), 0)::bigint as auto,
    coalesce(sum(other), 0)::bigint as other,
    count(rating) as rated,
    count(*) filter (rating >= 4) as satisfied
  from ended left join endings using (issue) left join ratings using (issue)
  group by grouping sets ((day, channel), (day))
),
feed_days as (
  from history.days where feed in ('convos_metrics', 'convos_metrics_ended', 'convos_metadata_ended', 'customer_feedback')
),
whole as (
  select day from feed_days where feed = 'convos_metrics' and whole
    and day <= coalesce((select max(day) from feed_days where feed = 'convos_metrics_ended'), day)
  except select day from feed_days where not whole
),
-- If a single channel is withheld, or the withheld ones have too few contacts together, the total would reveal them: the
-- smallest other channel is withheld as well.
cells as (
  select day, channel, kind, contacts, contacts >= min_contacts as enough
  from (
    unpivot (select day, channel, handled, queued, rated from all_ended where channel <> 'All channels')
    on handled, queued, rated into name kind value contacts
  ) cross join settings
  where contacts > 0
),
seconds as (
  select day, channel, kind
  from cells join (
    select day, kind from cells cross join settings where not enough
    group by day, kind, min_contacts having count(*) = 1 or sum(contacts) < min_contacts
  ) using (day, kind)
  where enough
  qualify row_number() over (partition by day, kind order by contacts, channel) = 1
),
-- contacts behind a figure that may be shown; none where it is withheld for others
behind as (
  select
    day, channel,
    if(bool_or(kind = 'handled'), 0, null) as handled, if(bool_or(kind = 'queued'), 0, null) as queued,
    if(bool_or(kind = 'rated'), 0, null) as rated
  from seconds group by all
),
frame as (
  select day::date as day, channel
  from (select min(day) as first, max(day) as last from all_begun),
    generate_series(first, last, interval 1 day) as days (day),
    (select distinct channel from all_begun)
)
select
  strftime(day, '%Y-%m-%d') as day,
  channel,
  whole.day is not null as complete,
  coalesce(started, 0) as started,
  coalesce(ended, 0) as ended,
  coalesce(assisted, 0) as assisted,
  coalesce(all_ended.handled, 0) as handled,
  if_enough(rounded(handle_mean, 3), coalesce(behind.handled, all_ended.handled), min_contacts) as handle_mean,
  if_enough(rounded(handle_p50, 1), coalesce(behind.handled, all_ended.handled), min_contacts) as handle_p50,
  if_enough(rounded(handle_p90, 1), coalesce(behind.handled, all_ended.handled), min_contacts) as handle_p90,
  if_enough(
    [coalesce(handle_histogram[bin], 0) for bin in range(list_max(map_keys(handle_histogram)) + 1)],
    coalesce(behind.handled, all_ended.handled), min_contacts
  ) as handle_bins,
  coalesce(all_ended.queued, 0) as queued,
  if_enough(rounded(wait_p50, 1), coalesce(behind.queued, all_ended.queued), min_contacts) as wait_p50,
  if_enough(rounded(wait_p90, 1), coalesce(behind.queued, all_ended.queued), min_contacts) as wait_p90,
  if_enough(
    [coalesce(wait_histogram[bin], 0) for bin in range(list_max(map_keys(wait_histogram)) + 1)],
    coalesce(behind.queued, all_ended.queued), min_contacts
  ) as wait_bins,
  coalesce(resolved, 0) as resolved,
  coalesce(unresolved, 0) as unresolved,
  coalesce(timeout, 0) as timeout,
  coalesce(auto, 0) as auto,
  coalesce(other, 0) as other,
  coalesce(all_ended.rated, 0) as rated,
  if_enough(satisfied, coalesce(behind.rated, all_ended.rated), min_contacts) as satisfied
from frame
left join all_begun using (day, channel)
left join all_ended using (day, channel)
left join behind using (day, channel)
left join whole using (day)
cross join settings
order by day, channel <> 'All channels', sum(coalesce(started, 0)) over (partition by channel) desc, channel
