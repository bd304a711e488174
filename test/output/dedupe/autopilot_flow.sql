select
  "instance_ts", "company_id", "issue_id", "customer_id", "rep_id", "rep_assigned_ts", "form_start_ts",
  "form_dismissed_event_ts", "form_presented_event_ts", "form_submitted_event_ts", "flow_id", "flow_name",
  "form_start_from", "is_secure_form", "queue_id", "asapp_mode", "company_name", "_file", "_line", "_run",
  "_rescued"
from (
  select
    "instance_ts", "company_id", "issue_id", "customer_id", "rep_id", "rep_assigned_ts", "form_start_ts",
    "form_dismissed_event_ts", "form_presented_event_ts", "form_submitted_event_ts", "flow_id", "flow_name",
    "form_start_from", "is_secure_form", "queue_id", "asapp_mode", "company_name", "_file", "_line", "_run",
    "_rescued",
    row_number() over (
      partition by "company_id", "issue_id", "form_start_ts"
      order by "instance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_autopilot_flow"
) as "delivered"
where "_rank" = 1
