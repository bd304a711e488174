select
  "instance_ts", "company_id", "company_marker", "rep_id", "queue_id", "queue_name", "lin_logged_in_min",
  "lin_avail_min", "lin_busy_min", "lin_ute_total_min", "lin_ute_avail_min", "lin_ute_busy_min", "_file",
  "_line", "_run", "_rescued"
from (
  select
    "instance_ts", "company_id", "company_marker", "rep_id", "queue_id", "queue_name", "lin_logged_in_min",
    "lin_avail_min", "lin_busy_min", "lin_ute_total_min", "lin_ute_avail_min", "lin_ute_busy_min", "_file",
    "_line", "_run", "_rescued",
    row_number() over (
      partition by "instance_ts", "company_id", "rep_id", "queue_id"
      order by "instance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_queue_membership_wfm"
) as "delivered"
where "_rank" = 1
