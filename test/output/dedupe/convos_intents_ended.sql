select
  "conversation_id", "first_agent_id", "customer_id", "first_utterance_ts", "first_utterance_text",
  "first_intent_code", "first_intent_code_alt", "final_intent_code", "intent_path", "disambig_count",
  "ftd_visit", "faq_id", "final_action_destination", "is_first_intent_correct", "issue_id", "first_rep_id",
  "company_name", "_file", "_line", "_run", "_rescued"
from (
  select
    "conversation_id", "first_agent_id", "customer_id", "first_utterance_ts", "first_utterance_text",
    "first_intent_code", "first_intent_code_alt", "final_intent_code", "intent_path", "disambig_count",
    "ftd_visit", "faq_id", "final_action_destination", "is_first_intent_correct", "issue_id", "first_rep_id",
    "company_name", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "issue_id"
      order by "first_utterance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_convos_intents_ended"
) as "delivered"
where "_rank" = 1
