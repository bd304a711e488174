select
  "code", "name", "intent_type", "short_description", "flow_name", "default_disambiguation", "actions",
  "company_name", "deleted_ts", "_file", "_line", "_run", "_rescued"
from (
  select
    "code", "name", "intent_type", "short_description", "flow_name", "default_disambiguation", "actions",
    "company_name", "deleted_ts", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "code"
      order by "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_intents"
) as "delivered"
where "_rank" = 1
