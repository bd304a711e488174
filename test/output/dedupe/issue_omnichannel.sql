select
  "instance_ts", "issue_id", "company_id", "omni_source", "opaque_id", "external_intent", "external_group",
  "first_utterance", "event_ts", "third_party_customer_id", "external_context_1", "external_context_2",
  "created_ts", "company_name", "_file", "_line", "_run", "_rescued"
from (
  select
    "instance_ts", "issue_id", "company_id", "omni_source", "opaque_id", "external_intent", "external_group",
    "first_utterance", "event_ts", "third_party_customer_id", "external_context_1", "external_context_2",
    "created_ts", "company_name", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "company_id", "issue_id", "third_party_customer_id"
      order by "instance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_issue_omnichannel"
) as "delivered"
where "_rank" = 1
