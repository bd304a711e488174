select
  "instance_ts", "company_id", "company_subdivision", "company_segments", "customer_id", "rep_id",
  "opportunity_ts", "issue_id", "platform", "device_type", "first_opportunity", "triggered_when_busy",
  "triggered_outside_hours", "queue_id", "queue_name", "intent_code", "event_type", "previous_event_type",
  "flow_name", "by_request", "by_end_srs", "by_api_error", "by_design", "by_other", "enqueued_ts",
  "exit_queue_ts", "abandoned_ts", "assigned_ts", "escalation_initiated_ts", "rep_first_response_ts",
  "dispositioned_ts", "customer_end_ts", "disposition_event_type", "cust_utterance_count",
  "rep_utterance_count", "cust_response_ct", "rep_response_ct", "is_ghost_customer", "handle_time_seconds",
  "lead_time_seconds", "wrap_up_time_seconds", "accepted_wait_ts", "is_transfer", "is_reengagement",
  "is_conversation_initiation", "company_name", "from_queue_id", "from_queue_name", "from_rep_id",
  "is_check_in_reengagement", "desk_mode_flag", "desk_mode_string", "merged_from_issue_id", "merged_ts",
  "exclusive_phrase_auto_complete_msgs", "autopilot_ending_msgs_ct", "_file", "_line", "_run", "_rescued"
from (
  select
    "instance_ts", "company_id", "company_subdivision", "company_segments", "customer_id", "rep_id",
    "opportunity_ts", "issue_id", "platform", "device_type", "first_opportunity", "triggered_when_busy",
    "triggered_outside_hours", "queue_id", "queue_name", "intent_code", "event_type", "previous_event_type",
    "flow_name", "by_request", "by_end_srs", "by_api_error", "by_design", "by_other", "enqueued_ts",
    "exit_queue_ts", "abandoned_ts", "assigned_ts", "escalation_initiated_ts", "rep_first_response_ts",
    "dispositioned_ts", "customer_end_ts", "disposition_event_type", "cust_utterance_count",
    "rep_utterance_count", "cust_response_ct", "rep_response_ct", "is_ghost_customer", "handle_time_seconds",
    "lead_time_seconds", "wrap_up_time_seconds", "accepted_wait_ts", "is_transfer", "is_reengagement",
    "is_conversation_initiation", "company_name", "from_queue_id", "from_queue_name", "from_rep_id",
    "is_check_in_reengagement", "desk_mode_flag", "desk_mode_string", "merged_from_issue_id", "merged_ts",
    "exclusive_phrase_auto_complete_msgs", "autopilot_ending_msgs_ct", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "issue_id", "customer_id", "opportunity_ts"
      order by "instance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_live_agent_opportunities"
) as "delivered"
where "_rank" = 1
