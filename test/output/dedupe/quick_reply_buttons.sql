select
  "instance_ts", "company_id", "company_subdivision", "company_segments", "final_intent_code",
  "escalated_to_chat", "escalation_requested", "quick_reply_button_text", "quick_reply_button_index",
  "quick_reply_displayed_count", "quick_reply_selected_count", "company_name", "_file", "_line", "_run",
  "_rescued"
from (
  select
    "instance_ts", "company_id", "company_subdivision", "company_segments", "final_intent_code",
    "escalated_to_chat", "escalation_requested", "quick_reply_button_text", "quick_reply_button_index",
    "quick_reply_displayed_count", "quick_reply_selected_count", "company_name", "_file", "_line", "_run",
    "_rescued",
    row_number() over (
      partition by "final_intent_code", "quick_reply_button_text", "escalated_to_chat",
        "escalation_requested", "quick_reply_button_index"
      order by "instance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_quick_reply_buttons"
) as "delivered"
where "_rank" = 1
