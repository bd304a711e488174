select
  "instance_ts", "event_ts", "issue_id", "company_id", "company_subdivision", "company_segments",
  "customer_id", "rep_id", "referring_page_url", "event_id", "platform", "session_id", "auth_state", "params",
  "param_key", "param_value", "company_name", "current_page_url", "_file", "_line", "_run", "_rescued"
from (
  select
    "instance_ts", "event_ts", "issue_id", "company_id", "company_subdivision", "company_segments",
    "customer_id", "rep_id", "referring_page_url", "event_id", "platform", "session_id", "auth_state",
    "params", "param_key", "param_value", "company_name", "current_page_url", "_file", "_line", "_run",
    "_rescued",
    row_number() over (
      partition by "event_id", "param_key"
      order by "instance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_customer_params"
) as "delivered"
where "_rank" = 1
