select
  "issue_id", "cob_start_ts", "instance_ts", "_file", "_line", "_run", "_rescued"
from (
  select
    "issue_id", "cob_start_ts", "instance_ts", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "issue_id", "cob_start_ts"
      order by "instance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_cobrowsing"
) as "delivered"
where "_rank" = 1
