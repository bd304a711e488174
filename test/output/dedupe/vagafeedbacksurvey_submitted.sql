select
  "instance_ts", "event_ts", "company_marker", "customer_id", "issue_id", "survey_type", "question",
  "question_category", "question_type", "answer", "ordering", "_file", "_line", "_run", "_rescued"
from (
  select
    "instance_ts", "event_ts", "company_marker", "customer_id", "issue_id", "survey_type", "question",
    "question_category", "question_type", "answer", "ordering", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "instance_ts", "event_ts", "company_marker", "customer_id", "issue_id", "survey_type",
        "question", "question_category", "question_type", "answer", "ordering", "_rescued"
      order by "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_vagafeedbacksurvey_submitted"
) as "delivered"
where "_rank" = 1
