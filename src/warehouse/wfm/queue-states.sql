-- wfm.queue_states: one row per quarter-hour of the newest 92 days, queue and moment from which a run's figures of it were known. A
-- run delivers every row of its quarter-hours: the newest one counts until the next. A sum is null if any row lacks the count.
-- Needs: wfm.queue_versions, wfm.queue_names, kit.partitions
with runs as (
  select run, min(known_at) as known_at from kit.partitions where feed = 'queue_wfm' and known_at is not null group by run
),
-- local days are computed once per quarter-hour, as they are expensive
starts as (
  select start, local_date(start) as day
  from (select distinct window_start(instance_ts) as start from wfm.queue_versions where instance_ts is not null)
  qualify day > max(day) over () - 92
),
delivered as (
  select
    window_start(instance_ts) as start, coalesce(names.queue, queue_label(versions.queue_name)) as queue, known_at, run,
    case when count(*) = count(assignments) then sum(assignments) end as assigned,
    case when count(*) = count(abandons) then sum(abandons) end as abandoned,
    case
      when bool_and(within_threshold is not null or assignments + abandons = 0) then coalesce(sum(within_threshold), 0)
    end as within,
    weighted_mean(handle_seconds, handle_weight(assignments)) as handle
  from wfm.queue_versions as versions join runs using (run)
  left join wfm.queue_names as names
    on names.queue_id is not distinct from versions.queue_id and names.queue_name is not distinct from versions.queue_name
  where window_start(instance_ts) in (select start from starts)
  group by all
)
-- rounded, as the last digits of a sum depend on the order of addition, which varies
select
  start, day, queue, known_at, max_by(assigned, run)::bigint as assigned, max_by(abandoned, run)::bigint as abandoned,
  max_by(within, run)::bigint as within, round(max_by(handle, run), 9) as handle
from delivered join starts using (start)
group by start, day, queue, known_at
