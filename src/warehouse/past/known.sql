-- One row per partition, with the time at which its content was known. The export writes the marker last, so the marker's time in
-- the bucket is when the partition was complete; a data file that is newer than its marker belongs to a re-export. A feed's usual delay is the median time from the end of a run to its marker.
--
-- marker's time       usual delay     known at
-- unknown             any             the end of the run
-- before the run      any             the end of the run: a clock is wrong
-- of a re-export      any             the marker's time
-- any other           at most a day   the marker's time
-- any other           more            the end of the run: the bucket is a copy, its times are those of copying
--
-- `sync.known_by` in kit.yaml decides for the last two rows alike.
-- Given: partitions, setting
with runs as (
  select *, run_start + to_minutes(case when hr is null then 1440 when mi is null then 60 else 15 end) as run_end
  from (
    select *, dt::timestamp + to_hours(coalesce(hr, '0')::bigint) + to_minutes(coalesce(mi, '0')::bigint) as run_start
    from partitions
  )
),
delays as (
  select feed, median(epoch(completed_at) - epoch(run_end)) > 86400 as copied from runs group by feed
)
select
  runs.* exclude (run_start),
  case when trusted then greatest(completed_at, written_at) else run_end end as known_at,
  case when trusted then 'marker' else 'run' end as known_by
from (
  select
    runs.*,
    coalesce(completed_at >= run_start, false)
      and (state = 'replaced' or case known_by when 'auto' then not coalesce(copied, false) else known_by = 'marker' end) as trusted
  from runs join delays using (feed) cross join setting
) as runs
