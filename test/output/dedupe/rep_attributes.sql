select
  "created_ts", "agent_id", "attribute_name", "attribute_value", "agent_attribute_id", "external_agent_id",
  "rep_id", "rep_attribute_id", "external_rep_id", "company_name", "_file", "_line", "_run", "_rescued"
from (
  select
    "created_ts", "agent_id", "attribute_name", "attribute_value", "agent_attribute_id", "external_agent_id",
    "rep_id", "rep_attribute_id", "external_rep_id", "company_name", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "rep_attribute_id", "rep_id", "created_ts"
      order by "created_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_rep_attributes"
) as "delivered"
where "_rank" = 1
