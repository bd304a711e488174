-- wfm.runs: one row per run of queue_wfm, with the time from which it was known.
-- Needs: kit.partitions
select run, min(known_at) as known_at from kit.partitions where feed = 'queue_wfm' and known_at is not null group by run
