select
  "instance_ts", "company_marker", "queue_id", "queue_name", "rep_id", "total_assignments", "total_abandons",
  "avg_handle_time_seconds", "avg_wrap_time_seconds", "avg_wait_time_seconds", "waits_under_30s",
  "waits_under_60s", "waits_under_120s", "reps_in_queue", "_file", "_line", "_run", "_rescued"
from (
  select
    "instance_ts", "company_marker", "queue_id", "queue_name", "rep_id", "total_assignments",
    "total_abandons", "avg_handle_time_seconds", "avg_wrap_time_seconds", "avg_wait_time_seconds",
    "waits_under_30s", "waits_under_60s", "waits_under_120s", "reps_in_queue", "_file", "_line", "_run",
    "_rescued",
    row_number() over (
      partition by "instance_ts", "queue_name", "rep_id"
      order by "instance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_queue_wfm"
) as "delivered"
where "_rank" = 1
