select
  "instance_ts", "created_ts", "conversation_id", "company_subdivision", "company_segments", "sequence_id",
  "sender_id", "sender_type", "utterance_type", "sent_to_agent", "utterance", "issue_id", "sent_to_rep",
  "utterance_start_ts", "utterance_end_ts", "company_name", "event_uuid", "_file", "_line", "_run", "_rescued"
from (
  select
    "instance_ts", "created_ts", "conversation_id", "company_subdivision", "company_segments", "sequence_id",
    "sender_id", "sender_type", "utterance_type", "sent_to_agent", "utterance", "issue_id", "sent_to_rep",
    "utterance_start_ts", "utterance_end_ts", "company_name", "event_uuid", "_file", "_line", "_run",
    "_rescued",
    row_number() over (
      partition by "issue_id", "sender_id", "created_ts"
      order by "instance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_utterances"
) as "delivered"
where "_rank" = 1
