select
  "sms_flow_id", "external_session_id", "message_sent_result", "message_sent_result_status_code",
  "message_character_count", "partner_triggered_ts", "provider_sent_ts", "provider_status_ts",
  "company_subdivision", "company_segments", "company_id", "company_name", "_file", "_line", "_run",
  "_rescued"
from (
  select
    "sms_flow_id", "external_session_id", "message_sent_result", "message_sent_result_status_code",
    "message_character_count", "partner_triggered_ts", "provider_sent_ts", "provider_status_ts",
    "company_subdivision", "company_segments", "company_id", "company_name", "_file", "_line", "_run",
    "_rescued",
    row_number() over (
      partition by "sms_flow_id"
      order by "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_sms_events"
) as "delivered"
where "_rank" = 1
