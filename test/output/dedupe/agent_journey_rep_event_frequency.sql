select
  "instance_ts", "company_marker", "rep_id", "event_type", "event_count", "disconnected_count",
  "disconnected_seconds", "_file", "_line", "_run", "_rescued"
from (
  select
    "instance_ts", "company_marker", "rep_id", "event_type", "event_count", "disconnected_count",
    "disconnected_seconds", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "rep_id", "event_type", "company_marker", "instance_ts"
      order by "instance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_agent_journey_rep_event_frequency"
) as "delivered"
where "_rank" = 1
