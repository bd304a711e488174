-- One row per queue or group and number of minutes after the end of a quarter-hour: how far its figures of that moment are from
-- the present ones, over the quarter-hours with contacts of the newest 28 days that are whole and older than a day. `windows`
-- have contacts, of `known` some run had been exported by then; `settled` had their counts of contacts for good. The sums are
-- over the known ones: of contacts by the present counts, of absolute differences in contacts, in handle time weighted by
-- contacts, and in the service level's parts weighted by contacts.
-- Ships: queue, minutes, windows, known, settled, contacts, moved, handled, handle_moved, level_contacts, level_moved
with settings as (
  select min_contacts, threshold_counts = 'answered' as answered from kit.settings
),
recent as (
  select day from wfm.queue_states
  group by day
  having max(start) < (select max(known_at) from wfm.queue_states) - interval 1 day
  qualify row_number() over (order by day desc) <= 28
),
delays as (
  select unnest([20, 30, 40, 60, 90, 120, 180, 360]) as minutes
),
states as materialized (
  from wfm.queue_states semi join recent using (day)
),
final as (
  select start, queue, max_by({'assigned': assigned, 'abandoned': abandoned, 'within': within, 'handle': handle}, known_at) as now from states group by all
),
-- the newest state of a queue's quarter-hour by each moment; null before the first
single as (
  select
    start, queue, minutes, any_value(now) as now,
    max_by({'assigned': assigned, 'abandoned': abandoned, 'within': within, 'handle': handle}, known_at) filter (known_at <= start + interval 15 minutes + to_minutes(minutes)) as seen
  from final join states using (start, queue) cross join delays
  group by all
),
members as (
  from kit.queue_groups
  union all
  select 'All queues', queue from (select distinct queue from final)
),
either as (
  select
    start, queue, minutes, now.assigned, now.abandoned, now.within, now.handle, seen is not null as known,
    seen.assigned as seen_assigned, seen.abandoned as seen_abandoned, seen.within as seen_within, seen.handle as seen_handle
  from single
  union all by name
  select
    start, queue_group as queue, minutes,
    case when count(*) = count(now.assigned) then sum(now.assigned) end as assigned,
    case when count(*) = count(now.abandoned) then sum(now.abandoned) end as abandoned,
    case when count(*) = count(now.within) then sum(now.within) end as within,
    weighted_mean(now.handle, handle_weight(now.assigned)) as handle,
    bool_or(seen is not null) as known,
    sum(seen.assigned) as seen_assigned, sum(seen.abandoned) as seen_abandoned, sum(seen.within) as seen_within,
    weighted_mean(seen.handle, handle_weight(seen.assigned)) as seen_handle
  from single join members using (queue)
  group by all
),
scored as (
  select
    *, assigned + abandoned as offered, seen_assigned + seen_abandoned as seen_offered,
    service_level(
      assigned, abandoned, case when answered then within end, within := case when not answered then within end
    ) as level,
    service_level(
      seen_assigned, seen_abandoned, case when answered then seen_within end,
      within := case when not answered then seen_within end
    ) as seen_level
  from either cross join settings
  where assigned + abandoned > 0
)
select
  queue, minutes,
  count(*)::integer as windows,
  (count(*) filter (known))::integer as known,
  (count(*) filter (known and seen_assigned = assigned and seen_abandoned = abandoned))::integer as settled,
  (sum(offered) filter (known))::bigint as contacts,
  coalesce(sum(abs(seen_offered - offered)) filter (known), 0)::bigint as moved,
  rounded(sum(handle * assigned) filter (known and seen_handle is not null), 0) as handled,
  rounded(sum(abs(seen_handle - handle) * assigned) filter (known), 0) as handle_moved,
  (sum(offered) filter (known and seen_level is not null))::bigint as level_contacts,
  rounded(sum(abs(seen_level - level) * offered) filter (known), 2) as level_moved
from scored
group by queue, minutes
having sum(offered) >= any_value(min_contacts)
order by queue <> 'All queues', queue, minutes
