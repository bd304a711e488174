select
  "text_sent", "company_id", "rep_id", "auto_suggestion", "action_id", "customer_id", "company_name",
  "external_customer_id", "company_subdivision", "is_custom", "suggested_msg", "external_session_id",
  "event_create_ts", "issue_id", "external_rep_id", "external_agent_id", "edits", "auto_completion",
  "original", "edited", "company_segments", "action_type", "agent_id", "_file", "_line", "_run", "_rescued"
from (
  select
    "text_sent", "company_id", "rep_id", "auto_suggestion", "action_id", "customer_id", "company_name",
    "external_customer_id", "company_subdivision", "is_custom", "suggested_msg", "external_session_id",
    "event_create_ts", "issue_id", "external_rep_id", "external_agent_id", "edits", "auto_completion",
    "original", "edited", "company_segments", "action_type", "agent_id", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "text_sent", "company_id", "rep_id", "auto_suggestion", "action_id", "customer_id",
        "company_name", "external_customer_id", "company_subdivision", "is_custom", "suggested_msg",
        "external_session_id", "event_create_ts", "issue_id", "external_rep_id", "external_agent_id", "edits",
        "auto_completion", "original", "edited", "company_segments", "action_type", "agent_id", "_rescued"
      order by "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_augmentation_analytics"
) as "delivered"
where "_rank" = 1
