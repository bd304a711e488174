select
  "conversation_id", "company_id", "company_subdivision", "company_segments", "platform", "customer_id",
  "external_user_id", "customer_session_id", "success_rule_id", "success_event_details", "success_event_ts",
  "negation_rule_id", "negation_event_ts", "is_flow_success_event", "is_flow_success_issue", "issue_id",
  "company_name", "last_relevant_event_ts", "_file", "_line", "_run", "_rescued"
from (
  select
    "conversation_id", "company_id", "company_subdivision", "company_segments", "platform", "customer_id",
    "external_user_id", "customer_session_id", "success_rule_id", "success_event_details", "success_event_ts",
    "negation_rule_id", "negation_event_ts", "is_flow_success_event", "is_flow_success_issue", "issue_id",
    "company_name", "last_relevant_event_ts", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "issue_id"
      order by coalesce("success_event_ts", "negation_event_ts") desc nulls last, "_run" desc, "_file" desc,
        "_line" desc
    ) as "_rank"
  from "delivered_flow_completions"
) as "delivered"
where "_rank" = 1
