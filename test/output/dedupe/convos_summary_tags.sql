select
  "instance_ts", "issue_id", "company_id", "company_subdivision", "company_segments", "rep_id", "queue_id",
  "queue_name", "disposition_ts", "summary_tag_presented", "summary_tag_selected_bool", "disposition_notes",
  "company_name", "_file", "_line", "_run", "_rescued"
from (
  select
    "instance_ts", "issue_id", "company_id", "company_subdivision", "company_segments", "rep_id", "queue_id",
    "queue_name", "disposition_ts", "summary_tag_presented", "summary_tag_selected_bool", "disposition_notes",
    "company_name", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "issue_id", "company_id", "summary_tag_presented"
      order by "instance_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_convos_summary_tags"
) as "delivered"
where "_rank" = 1
