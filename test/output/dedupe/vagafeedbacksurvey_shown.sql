select
  "instance_ts", "event_ts", "company_marker", "customer_id", "issue_id", "intent_code", "flow_id",
  "flow_name", "flow_version", "flow_type", "flow_tags", "is_external_survey", "client_type", "survey_shown",
  "_file", "_line", "_run", "_rescued"
from (
  select
    "instance_ts", "event_ts", "company_marker", "customer_id", "issue_id", "intent_code", "flow_id",
    "flow_name", "flow_version", "flow_type", "flow_tags", "is_external_survey", "client_type",
    "survey_shown", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "instance_ts", "event_ts", "company_marker", "customer_id", "issue_id", "intent_code",
        "flow_id", "flow_name", "flow_version", "flow_type", "flow_tags", "is_external_survey", "client_type",
        "survey_shown", "_rescued"
      order by "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_vagafeedbacksurvey_shown"
) as "delivered"
where "_rank" = 1
