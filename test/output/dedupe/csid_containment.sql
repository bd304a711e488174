select
  "instance_ts", "company_id", "company_subdivision", "company_segments", "customer_id",
  "external_customer_id", "csid", "csid_start_ts", "csid_end_ts", "agents_involved", "included_issues",
  "is_contained", "event_count", "fgsrs_event_count", "was_enqueued", "rep_msgs", "messages_sent",
  "has_customer_utterance", "attempted_escalate", "last_platform", "last_device_type", "first_auth_source",
  "last_auth_source", "distinct_auth_source_path", "first_auth_external_user_type",
  "last_auth_external_user_type", "first_auth_external_user_id", "last_auth_external_user_id",
  "first_auth_external_token_id", "last_auth_external_token_id", "reps_involved", "company_name", "_file",
  "_line", "_run", "_rescued"
from (
  select
    "instance_ts", "company_id", "company_subdivision", "company_segments", "customer_id",
    "external_customer_id", "csid", "csid_start_ts", "csid_end_ts", "agents_involved", "included_issues",
    "is_contained", "event_count", "fgsrs_event_count", "was_enqueued", "rep_msgs", "messages_sent",
    "has_customer_utterance", "attempted_escalate", "last_platform", "last_device_type", "first_auth_source",
    "last_auth_source", "distinct_auth_source_path", "first_auth_external_user_type",
    "last_auth_external_user_type", "first_auth_external_user_id", "last_auth_external_user_id",
    "first_auth_external_token_id", "last_auth_external_token_id", "reps_involved", "company_name", "_file",
    "_line", "_run", "_rescued",
    row_number() over (
      partition by "company_id", "csid"
      order by "instance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_csid_containment"
) as "delivered"
where "_rank" = 1
