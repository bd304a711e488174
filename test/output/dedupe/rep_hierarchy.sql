select
  "subordinate_agent_id", "superior_agent_id", "reporting_relationship", "subordinate_rep_id",
  "superior_rep_id", "company_name", "_file", "_line", "_run", "_rescued"
from (
  select
    "subordinate_agent_id", "superior_agent_id", "reporting_relationship", "subordinate_rep_id",
    "superior_rep_id", "company_name", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by coalesce("subordinate_rep_id", "subordinate_agent_id"),
        coalesce("superior_rep_id", "superior_agent_id")
      order by "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_rep_hierarchy"
) as "delivered"
where "_rank" = 1
