select
  "rep_id", "rep_name", "status_description", "status_start_ts", "status_end_ts", "status_time_seconds",
  "company_name", "company_id", "_file", "_line", "_run", "_rescued"
from (
  select
    "rep_id", "rep_name", "status_description", "status_start_ts", "status_end_ts", "status_time_seconds",
    "company_name", "company_id", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "company_id", "rep_id", "status_description", "status_start_ts"
      order by "status_end_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_admin_activity"
) as "delivered"
where "_rank" = 1
