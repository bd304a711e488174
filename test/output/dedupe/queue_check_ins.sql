select
  "issue_id", "customer_id", "company_id", "instance_ts", "check_in_ts", "wait_time_threshold_ts",
  "check_in_result", "check_in_result_ts", "company_name", "wait_time_threshold_ct_distinct", "queue_id",
  "queue_name", "opportunity_ts", "_file", "_line", "_run", "_rescued"
from (
  select
    "issue_id", "customer_id", "company_id", "instance_ts", "check_in_ts", "wait_time_threshold_ts",
    "check_in_result", "check_in_result_ts", "company_name", "wait_time_threshold_ct_distinct", "queue_id",
    "queue_name", "opportunity_ts", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "issue_id", "customer_id", "check_in_ts"
      order by "instance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_queue_check_ins"
) as "delivered"
where "_rank" = 1
