select
  "instance_ts", "conversation_id", "company_id", "company_subdivision", "company_segments", "customer_id",
  "agent_id", "external_customer_id", "conversation_end_ts", "auto_suggest_msgs", "auto_complete_msgs",
  "did_customer_timeout", "is_rep_resolved", "is_billable", "custom_auto_suggest_msgs",
  "custom_auto_complete_msgs", "drawer_msgs", "kb_search_msgs", "kb_recommendation_msgs", "issue_id",
  "rep_id", "company_name", "is_autopilot_timeout_msgs", "phrase_auto_complete_presented_msgs",
  "cume_phrase_auto_complete_presented", "phrase_auto_complete_msgs", "cume_phrase_auto_complete",
  "exclusive_phrase_auto_complete_msgs", "autopilot_timeout_msgs", "_file", "_line", "_run", "_rescued"
from (
  select
    "instance_ts", "conversation_id", "company_id", "company_subdivision", "company_segments", "customer_id",
    "agent_id", "external_customer_id", "conversation_end_ts", "auto_suggest_msgs", "auto_complete_msgs",
    "did_customer_timeout", "is_rep_resolved", "is_billable", "custom_auto_suggest_msgs",
    "custom_auto_complete_msgs", "drawer_msgs", "kb_search_msgs", "kb_recommendation_msgs", "issue_id",
    "rep_id", "company_name", "is_autopilot_timeout_msgs", "phrase_auto_complete_presented_msgs",
    "cume_phrase_auto_complete_presented", "phrase_auto_complete_msgs", "cume_phrase_auto_complete",
    "exclusive_phrase_auto_complete_msgs", "autopilot_timeout_msgs", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "issue_id"
      order by "instance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_rep_augmentation"
) as "delivered"
where "_rank" = 1
