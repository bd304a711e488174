select
  "created_ts", "agent_id", "crm_agent_id", "name", "max_slot", "disabled_time", "agent_status", "rep_id",
  "crm_rep_id", "rep_status", "company_name", "_file", "_line", "_run", "_rescued"
from (
  select
    "created_ts", "agent_id", "crm_agent_id", "name", "max_slot", "disabled_time", "agent_status", "rep_id",
    "crm_rep_id", "rep_status", "company_name", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "rep_id"
      order by "created_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_reps"
) as "delivered"
where "_rank" = 1
