select
  "event_ts", "event_type", "conversation_id", "session_id", "flow_id", "flow_name", "event_name",
  "link_resolved_pil", "link_resolved_pdl", "issue_id", "company_name", "flow_type", "_file", "_line", "_run",
  "_rescued"
from (
  select
    "event_ts", "event_type", "conversation_id", "session_id", "flow_id", "flow_name", "event_name",
    "link_resolved_pil", "link_resolved_pdl", "issue_id", "company_name", "flow_type", "_file", "_line",
    "_run", "_rescued",
    row_number() over (
      partition by "issue_id", "event_ts", "event_type"
      order by "event_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_flow_detail"
) as "delivered"
where "_rank" = 1
