select
  "instance_ts", "timestamp_req", "timestamp_reply", "conversation_id", "agent_id", "company_id",
  "company_subdivision", "company_segments", "requested_agent_transfer", "group_transfer_to",
  "group_transfer_to_name", "group_transfer_from", "group_transfer_from_name", "actual_agent_transfer",
  "accepted", "is_auto_transfer", "exit_transfer_event_type", "transfer_button_clicks", "issue_id", "rep_id",
  "requested_rep_transfer", "actual_rep_transfer", "company_name", "requested_group_transfer_id",
  "requested_group_transfer_name", "route_code_to", "route_code_from", "_file", "_line", "_run", "_rescued"
from (
  select
    "instance_ts", "timestamp_req", "timestamp_reply", "conversation_id", "agent_id", "company_id",
    "company_subdivision", "company_segments", "requested_agent_transfer", "group_transfer_to",
    "group_transfer_to_name", "group_transfer_from", "group_transfer_from_name", "actual_agent_transfer",
    "accepted", "is_auto_transfer", "exit_transfer_event_type", "transfer_button_clicks", "issue_id",
    "rep_id", "requested_rep_transfer", "actual_rep_transfer", "company_name", "requested_group_transfer_id",
    "requested_group_transfer_name", "route_code_to", "route_code_from", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "issue_id", "rep_id", "timestamp_req"
      order by "instance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_transfers"
) as "delivered"
where "_rank" = 1
