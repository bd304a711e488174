select
  "company_id", "company_subdivision", "company_segments", "first_utterance_ts", "first_utterance_text",
  "issue_created_ts", "last_event_ts", "last_srs_event_ts", "conversation_end_ts", "issue_id", "session_id",
  "session_type", "session_event_type", "internal_session_id", "internal_session_type",
  "internal_user_identifier", "internal_user_session_type", "external_session_id", "external_session_type",
  "external_user_id", "external_user_type", "external_issue_id", "external_channel", "customer_id",
  "escalated_to_chat", "platform", "device_type", "first_agent_id", "last_agent_id", "external_agent_id",
  "assigned_to_rep_time", "disposition_event_type", "disposition_ts", "termination_event_type",
  "disposition_notes", "ended_resolved", "ended_unresolved", "ended_timeout", "ended_auto", "ended_other",
  "app_version_asapp", "app_version_client", "session_metadata", "last_sequence_id", "issue_queue_id",
  "issue_queue_name", "csat_rating", "sentiment_valence", "deep_link_queue", "end_srs_selection",
  "trigger_link", "auth_state", "auth_external_token_id", "auth_source", "auth_external_user_type",
  "auth_external_user_id", "is_review_required", "mid_issue_auth_ts", "first_rep_id", "last_rep_id",
  "external_rep_id", "company_name", "first_voice_customer_state", "first_voice_customer_state_ts",
  "first_voice_identified_customer_state_ts", "first_voice_verified_customer_state_ts", "merged_ts",
  "desk_mode_flag", "desk_mode_string", "current_page_url", "raw_current_page_url", "_file", "_line", "_run",
  "_rescued"
from (
  select
    "company_id", "company_subdivision", "company_segments", "first_utterance_ts", "first_utterance_text",
    "issue_created_ts", "last_event_ts", "last_srs_event_ts", "conversation_end_ts", "issue_id", "session_id",
    "session_type", "session_event_type", "internal_session_id", "internal_session_type",
    "internal_user_identifier", "internal_user_session_type", "external_session_id", "external_session_type",
    "external_user_id", "external_user_type", "external_issue_id", "external_channel", "customer_id",
    "escalated_to_chat", "platform", "device_type", "first_agent_id", "last_agent_id", "external_agent_id",
    "assigned_to_rep_time", "disposition_event_type", "disposition_ts", "termination_event_type",
    "disposition_notes", "ended_resolved", "ended_unresolved", "ended_timeout", "ended_auto", "ended_other",
    "app_version_asapp", "app_version_client", "session_metadata", "last_sequence_id", "issue_queue_id",
    "issue_queue_name", "csat_rating", "sentiment_valence", "deep_link_queue", "end_srs_selection",
    "trigger_link", "auth_state", "auth_external_token_id", "auth_source", "auth_external_user_type",
    "auth_external_user_id", "is_review_required", "mid_issue_auth_ts", "first_rep_id", "last_rep_id",
    "external_rep_id", "company_name", "first_voice_customer_state", "first_voice_customer_state_ts",
    "first_voice_identified_customer_state_ts", "first_voice_verified_customer_state_ts", "merged_ts",
    "desk_mode_flag", "desk_mode_string", "current_page_url", "raw_current_page_url", "_file", "_line",
    "_run", "_rescued",
    row_number() over (
      partition by "issue_id"
      order by "conversation_end_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_convos_metadata_ended"
) as "delivered"
where "_rank" = 1
