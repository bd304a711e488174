select
  "company_subdivision", "company_segments", "first_utterance_ts", "conversation_id", "customer_id",
  "platform", "device_type", "assisted", "total_handle_time", "total_lead_time", "total_wrap_up_time",
  "total_session_time", "customer_sent_msgs", "agent_sent_msgs", "auto_generated_msgs",
  "first_rep_response_count", "total_seconds_to_first_rep_response", "agent_response_count",
  "customer_response_count", "total_rep_seconds_to_respond", "total_cust_seconds_to_respond", "time_in_queue",
  "auto_suggest_msgs", "auto_complete_msgs", "auto_wait_for_agent_msgs", "customer_wait_for_agent_msgs",
  "attempted_chat", "out_business_ct", "issue_id", "rep_sent_msgs", "rep_response_count",
  "auto_wait_for_rep_msgs", "customer_wait_for_rep_msgs", "hold_ct", "total_hold_time_seconds",
  "company_name", "_file", "_line", "_run", "_rescued"
from (
  select
    "company_subdivision", "company_segments", "first_utterance_ts", "conversation_id", "customer_id",
    "platform", "device_type", "assisted", "total_handle_time", "total_lead_time", "total_wrap_up_time",
    "total_session_time", "customer_sent_msgs", "agent_sent_msgs", "auto_generated_msgs",
    "first_rep_response_count", "total_seconds_to_first_rep_response", "agent_response_count",
    "customer_response_count", "total_rep_seconds_to_respond", "total_cust_seconds_to_respond",
    "time_in_queue", "auto_suggest_msgs", "auto_complete_msgs", "auto_wait_for_agent_msgs",
    "customer_wait_for_agent_msgs", "attempted_chat", "out_business_ct", "issue_id", "rep_sent_msgs",
    "rep_response_count", "auto_wait_for_rep_msgs", "customer_wait_for_rep_msgs", "hold_ct",
    "total_hold_time_seconds", "company_name", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "issue_id"
      order by "first_utterance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_convos_metrics_ended"
) as "delivered"
where "_rank" = 1
