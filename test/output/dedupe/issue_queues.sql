select
  "instance_ts", "agent_id", "conversation_id", "company_subdivision", "company_segments", "enter_queue_ts",
  "exit_queue_ts", "queue_id", "queue_name", "abandoned", "enqueue_time", "exit_queue_eventtype", "rep_id",
  "enter_queue_eventtype", "enter_queue_eventflags", "enter_queue_flow_name", "enter_queue_message_name",
  "exit_queue_eventflags", "issue_id", "company_name", "_file", "_line", "_run", "_rescued"
from (
  select
    "instance_ts", "agent_id", "conversation_id", "company_subdivision", "company_segments", "enter_queue_ts",
    "exit_queue_ts", "queue_id", "queue_name", "abandoned", "enqueue_time", "exit_queue_eventtype", "rep_id",
    "enter_queue_eventtype", "enter_queue_eventflags", "enter_queue_flow_name", "enter_queue_message_name",
    "exit_queue_eventflags", "issue_id", "company_name", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "issue_id", "queue_id", "enter_queue_ts"
      order by "instance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_issue_queues"
) as "delivered"
where "_rank" = 1
