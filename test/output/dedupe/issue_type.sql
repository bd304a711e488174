select
  "instance_ts", "prechat_survey_ts", "type_change_ts", "issue_id", "company_id", "company_subdivision",
  "company_segments", "customer_id", "queue_id", "rep_id", "issue_type", "initial_type", "subsidiary_name",
  "channel_type", "company_name", "_file", "_line", "_run", "_rescued"
from (
  select
    "instance_ts", "prechat_survey_ts", "type_change_ts", "issue_id", "company_id", "company_subdivision",
    "company_segments", "customer_id", "queue_id", "rep_id", "issue_type", "initial_type", "subsidiary_name",
    "channel_type", "company_name", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "company_id", "customer_id", "issue_id"
      order by "instance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_issue_type"
) as "delivered"
where "_rank" = 1
