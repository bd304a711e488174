select
  "instance_ts", "conversation_id", "last_agent_id", "question", "question_category", "question_type",
  "answer", "ordering", "issue_id", "last_rep_id", "company_name", "company_subdivision", "company_segments",
  "platform", "feedback_type", "feedback_form_type", "_file", "_line", "_run", "_rescued"
from (
  select
    "instance_ts", "conversation_id", "last_agent_id", "question", "question_category", "question_type",
    "answer", "ordering", "issue_id", "last_rep_id", "company_name", "company_subdivision",
    "company_segments", "platform", "feedback_type", "feedback_form_type", "_file", "_line", "_run",
    "_rescued",
    row_number() over (
      partition by "issue_id", "company_subdivision", "company_segments", "last_rep_id", "question",
        "instance_ts"
      order by "instance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_customer_feedback"
) as "delivered"
where "_rank" = 1
