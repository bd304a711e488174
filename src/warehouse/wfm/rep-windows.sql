-- history.rep_windows: one row per quarter-hour for which rep_utilized is complete, on its local `day`.
-- Given: complete
select start, local_date(start) as day, split_part(local_slot(start), ':', 2)::integer as minute from complete
