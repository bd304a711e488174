select
  "instance_ts", "issue_id", "company_id", "voice_intent_code", "voice_intent_name", "company_name", "_file",
  "_line", "_run", "_rescued"
from (
  select
    "instance_ts", "issue_id", "company_id", "voice_intent_code", "voice_intent_name", "company_name",
    "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "issue_id", "company_id"
      order by "instance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_voice_intents"
) as "delivered"
where "_rank" = 1
