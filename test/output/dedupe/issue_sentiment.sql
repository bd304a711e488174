select
  "instance_ts", "conversation_id", "score", "status", "issue_id", "company_name", "created_ts", "_file",
  "_line", "_run", "_rescued"
from (
  select
    "instance_ts", "conversation_id", "score", "status", "issue_id", "company_name", "created_ts", "_file",
    "_line", "_run", "_rescued",
    row_number() over (
      partition by "issue_id"
      order by "instance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_issue_sentiment"
) as "delivered"
where "_rank" = 1
