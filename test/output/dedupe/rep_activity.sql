select
  "instance_ts", "update_ts", "export_ts", "agent_id", "company_subdivision", "company_segments",
  "agent_name", "status_id", "status_description", "orig_status_description", "in_status_starting_ts",
  "linear_ute_time", "cumul_ute_time", "unutilized_time", "window_status_time", "total_status_time",
  "max_slots", "status_end_ts", "rep_id", "rep_name", "company_name", "desk_mode", "last_dispositioned_ts",
  "company_id", "_file", "_line", "_run", "_rescued"
from (
  select
    "instance_ts", "update_ts", "export_ts", "agent_id", "company_subdivision", "company_segments",
    "agent_name", "status_id", "status_description", "orig_status_description", "in_status_starting_ts",
    "linear_ute_time", "cumul_ute_time", "unutilized_time", "window_status_time", "total_status_time",
    "max_slots", "status_end_ts", "rep_id", "rep_name", "company_name", "desk_mode", "last_dispositioned_ts",
    "company_id", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "company_id", "instance_ts", "rep_id", "status_id", "in_status_starting_ts"
      order by "export_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_rep_activity"
) as "delivered"
where "_rank" = 1
