select
  "instance_ts", "issue_id", "company_id", "company_subdivision", "company_segments", "customer_id",
  "issue_created_ts", "issue_disconnect_ts", "issue_cutoff_ts", "next_callback_issue_id",
  "next_callback_issue_created_ts", "time_btwn_next_callback_issue_seconds", "callback_prev_issue_id",
  "callback_prev_issue_created_ts", "callback_prev_issue_disconnect_ts",
  "time_btwn_callback_prev_issue_seconds", "company_name", "_file", "_line", "_run", "_rescued"
from (
  select
    "instance_ts", "issue_id", "company_id", "company_subdivision", "company_segments", "customer_id",
    "issue_created_ts", "issue_disconnect_ts", "issue_cutoff_ts", "next_callback_issue_id",
    "next_callback_issue_created_ts", "time_btwn_next_callback_issue_seconds", "callback_prev_issue_id",
    "callback_prev_issue_created_ts", "callback_prev_issue_disconnect_ts",
    "time_btwn_callback_prev_issue_seconds", "company_name", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "issue_id"
      order by "instance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_issue_callback_3d"
) as "delivered"
where "_rank" = 1
