-- One row per alert of kit.yaml and queue, group or feed, in the order of kit.yaml: how often it would have fired in the last
-- eight weeks, each moment by what was known at it.
-- Ships: alert, subject, condition, replayed, days, fired, days_fired, median_minutes, longest_minutes, minutes_before_end,
--   over_by_itself, brief, unfounded, on_since
from kit.alerts
