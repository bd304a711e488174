select
  "instance_ts", "issue_created_ts", "company_id", "company_subdivision", "company_segments", "issue_id",
  "entry_type", "treatment_type", "rule_name", "is_new_conversation", "is_new_user", "current_page_url",
  "referring_page_url", "client_uuid", "company_name", "_file", "_line", "_run", "_rescued"
from (
  select
    "instance_ts", "issue_created_ts", "company_id", "company_subdivision", "company_segments", "issue_id",
    "entry_type", "treatment_type", "rule_name", "is_new_conversation", "is_new_user", "current_page_url",
    "referring_page_url", "client_uuid", "company_name", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "issue_id"
      order by "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_issue_entry"
) as "delivered"
where "_rank" = 1
