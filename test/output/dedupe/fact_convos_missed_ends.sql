select
  "company_id", "issue_id", "conversation_end_ts", "instance_ts", "_file", "_line", "_run", "_rescued"
from (
  select
    "company_id", "issue_id", "conversation_end_ts", "instance_ts", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "company_id", "issue_id", "conversation_end_ts"
      order by "instance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_fact_convos_missed_ends"
) as "delivered"
where "_rank" = 1
