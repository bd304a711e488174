select
  "company_id", "issue_id", "rep_id", "rep_assigned_ts", "disposition_event", "disposition_notes_txt",
  "disposition_notes_valid", "crm_offered_ts", "crm_outcome_ts", "crm_is_success", "crm_error_type",
  "crm_error_source", "presented_tags", "selected_tags", "notes_presented_tags", "notes_selected_tags",
  "assignment_end_presented_tags", "assignment_end_selected_tags", "presented_tags_ct_distinct",
  "selected_tags_ct_distinct", "notes_presented_tags_ct_distinct", "notes_selected_tags_ct_distinct",
  "assignment_end_presented_tags_ct_distinct", "assignment_end_selected_tags_ct_distinct", "company_name",
  "auto_summary_txt", "_file", "_line", "_run", "_rescued"
from (
  select
    "company_id", "issue_id", "rep_id", "rep_assigned_ts", "disposition_event", "disposition_notes_txt",
    "disposition_notes_valid", "crm_offered_ts", "crm_outcome_ts", "crm_is_success", "crm_error_type",
    "crm_error_source", "presented_tags", "selected_tags", "notes_presented_tags", "notes_selected_tags",
    "assignment_end_presented_tags", "assignment_end_selected_tags", "presented_tags_ct_distinct",
    "selected_tags_ct_distinct", "notes_presented_tags_ct_distinct", "notes_selected_tags_ct_distinct",
    "assignment_end_presented_tags_ct_distinct", "assignment_end_selected_tags_ct_distinct", "company_name",
    "auto_summary_txt", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "company_id", "issue_id", "rep_id", "rep_assigned_ts"
      order by "rep_assigned_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_rep_assignment_disposition"
) as "delivered"
where "_rank" = 1
