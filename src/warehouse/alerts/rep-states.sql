-- One row per quarter-hour, queue or group, and moment from which a run's figures of its reps were known. A rep counts once; a sum
-- is null if a logged-in rep lacks it or contradicts.
-- Needs: wfm.rep_versions, wfm.queue_names, kit.queue_groups, kit.partitions
with runs as (
  select run, min(known_at) as known_at from kit.partitions where feed = 'queue_membership_wfm' and known_at is not null group by run
),
delivered as (
  select
    window_start(instance_ts) as start, coalesce(names.queue, queue_label(rows.queue_name)) as queue,
    rep_id, logged_in, available, contradicts, run
  from wfm.rep_versions as rows
  left join wfm.queue_names as names
    on names.queue_id is not distinct from rows.queue_id and names.queue_name is not distinct from rows.queue_name
  where rep_id is not null and instance_ts >= $first::timestamp - interval 1 day
),
subjects as (
  select * rename (queue as subject) from delivered
  union all by name
  select delivered.* exclude (queue), queue_group as subject from delivered join kit.queue_groups using (queue)
  union all by name
  select * exclude (queue), 'All queues' as subject from delivered
),
reps as (
  select
    start, subject, run, rep_id, max(logged_in) as logged_in, max(available) as available, bool_or(contradicts) as contradicts
  from subjects where $chosen group by all
),
totals as (
  select
    start, subject, run,
    case when count(*) = count(logged_in) then count(*) filter (logged_in > 0) end as reps,
    case when count(*) filter (logged_in > 0 and available is null or contradicts) = 0 then sum(available) end as available
  from reps group by all
)
-- rounded, as the last digits of a sum depend on the order of addition, which varies
select start, subject, known_at, max_by(reps, run) as reps, round(max_by(available, run), 9) as available
from totals join runs using (run)
group by all
