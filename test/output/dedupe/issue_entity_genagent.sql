select
  "company_name", "issue_id", "instance_ts", "generative_agent_turns__turn_ct",
  "generative_agent_turns__turn_duration_ms_sum", "generative_agent_turns__utterance_ct",
  "generative_agent_turns__contains_escalation", "generative_agent_tasks__first_task_name",
  "generative_agent_tasks__last_task_name", "generative_agent_tasks__task_ct",
  "generative_agent_tasks__configuration_id", "generative_agent_tasks__used_hila",
  "generative_agent_monitoring__flagged_for_review", "generative_agent_monitoring__review_flags_ct",
  "generative_agent_monitoring__evaluation_ct", "_file", "_line", "_run", "_rescued"
from (
  select
    "company_name", "issue_id", "instance_ts", "generative_agent_turns__turn_ct",
    "generative_agent_turns__turn_duration_ms_sum", "generative_agent_turns__utterance_ct",
    "generative_agent_turns__contains_escalation", "generative_agent_tasks__first_task_name",
    "generative_agent_tasks__last_task_name", "generative_agent_tasks__task_ct",
    "generative_agent_tasks__configuration_id", "generative_agent_tasks__used_hila",
    "generative_agent_monitoring__flagged_for_review", "generative_agent_monitoring__review_flags_ct",
    "generative_agent_monitoring__evaluation_ct", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "issue_id"
      order by "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_issue_entity_genagent"
) as "delivered"
where "_rank" = 1
