select
  "instance_ts", "conversation_id", "agent_id", "company_subdivision", "company_segments",
  "issue_assigned_ts", "agent_first_response_ts", "dispositioned_ts", "customer_end_ts",
  "disposition_event_type", "cust_utterance_count", "rep_utterance_count", "handle_time_seconds",
  "lead_time_seconds", "wrap_up_time_seconds", "rep_response_ct", "cust_response_ct", "auto_suggest_msgs",
  "auto_complete_msgs", "custom_auto_suggest_msgs", "custom_auto_complete_msgs", "drawer_msgs",
  "kb_search_msgs", "kb_recommendation_msgs", "is_ghost_customer", "first_response_seconds",
  "cume_rep_response_seconds", "max_rep_response_seconds", "avg_rep_response_seconds",
  "cume_cust_response_seconds", "issue_id", "rep_id", "rep_first_response_ts", "hold_ct",
  "cume_hold_time_seconds", "company_name", "client_mode", "cume_cross_talk_seconds", "desk_mode_flag",
  "desk_mode_string", "queue_id", "autopilot_timeout_msgs", "exclusive_phrase_auto_complete_msgs",
  "custom_click_to_insert_msgs", "ms_auto_suggest_msgs", "ms_auto_complete_msgs",
  "ms_auto_suggest_custom_msgs", "ms_auto_complete_custom_msgs", "autopilot_form_msgs",
  "click_to_insert_global_msgs", "autopilot_greeting_msgs", "augmented_msgs", "autopilot_ending_msgs_ct",
  "_file", "_line", "_run", "_rescued"
from (
  select
    "instance_ts", "conversation_id", "agent_id", "company_subdivision", "company_segments",
    "issue_assigned_ts", "agent_first_response_ts", "dispositioned_ts", "customer_end_ts",
    "disposition_event_type", "cust_utterance_count", "rep_utterance_count", "handle_time_seconds",
    "lead_time_seconds", "wrap_up_time_seconds", "rep_response_ct", "cust_response_ct", "auto_suggest_msgs",
    "auto_complete_msgs", "custom_auto_suggest_msgs", "custom_auto_complete_msgs", "drawer_msgs",
    "kb_search_msgs", "kb_recommendation_msgs", "is_ghost_customer", "first_response_seconds",
    "cume_rep_response_seconds", "max_rep_response_seconds", "avg_rep_response_seconds",
    "cume_cust_response_seconds", "issue_id", "rep_id", "rep_first_response_ts", "hold_ct",
    "cume_hold_time_seconds", "company_name", "client_mode", "cume_cross_talk_seconds", "desk_mode_flag",
    "desk_mode_string", "queue_id", "autopilot_timeout_msgs", "exclusive_phrase_auto_complete_msgs",
    "custom_click_to_insert_msgs", "ms_auto_suggest_msgs", "ms_auto_complete_msgs",
    "ms_auto_suggest_custom_msgs", "ms_auto_complete_custom_msgs", "autopilot_form_msgs",
    "click_to_insert_global_msgs", "autopilot_greeting_msgs", "augmented_msgs", "autopilot_ending_msgs_ct",
    "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "issue_id", "rep_id", "issue_assigned_ts"
      order by "instance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_rep_convos"
) as "delivered"
where "_rank" = 1
