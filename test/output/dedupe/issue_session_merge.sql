select
  "instance_ts", "company_id", "company_name", "issue_id", "customer_id", "session_id", "issue_created_ts",
  "first_issue_id", "first_issue_created_ts", "last_issue_id", "last_issue_created_ts", "_file", "_line",
  "_run", "_rescued"
from (
  select
    "instance_ts", "company_id", "company_name", "issue_id", "customer_id", "session_id", "issue_created_ts",
    "first_issue_id", "first_issue_created_ts", "last_issue_id", "last_issue_created_ts", "_file", "_line",
    "_run", "_rescued",
    row_number() over (
      partition by "company_id", "issue_id", "session_id"
      order by "instance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_issue_session_merge"
) as "delivered"
where "_rank" = 1
