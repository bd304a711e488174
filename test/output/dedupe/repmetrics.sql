select
  "rep_id", "logged_in_time", "unassisted_issues", "total_chats", "disposition_count", "web_assign_count",
  "transfers_accepted", "max_response_time", "ios_issues_count", "sms_assign_count", "script_count",
  "company_subdivision", "total_disposition_time", "total_issues", "max_handle_time", "ios_assign_count",
  "max_first_response_time", "response_count", "unresolved_issues", "available_time", "sms_issues_count",
  "transfer_requests_received", "autosuggest_count", "total_response_time", "total_first_response_time",
  "instance_ts", "android_assign_count", "unknown_issues_count", "resolved_issues", "first_response_count",
  "transfers_requested", "max_slots", "timed_out_issues", "company_segments", "cumulative_utilization_time",
  "web_issues_count", "android_issues_count", "autocomplete_count", "active_issues_count",
  "manual_chats_count", "linear_utilization_time", "agent_id", "unknown_assign_count", "_file", "_line",
  "_run", "_rescued"
from (
  select
    "rep_id", "logged_in_time", "unassisted_issues", "total_chats", "disposition_count", "web_assign_count",
    "transfers_accepted", "max_response_time", "ios_issues_count", "sms_assign_count", "script_count",
    "company_subdivision", "total_disposition_time", "total_issues", "max_handle_time", "ios_assign_count",
    "max_first_response_time", "response_count", "unresolved_issues", "available_time", "sms_issues_count",
    "transfer_requests_received", "autosuggest_count", "total_response_time", "total_first_response_time",
    "instance_ts", "android_assign_count", "unknown_issues_count", "resolved_issues", "first_response_count",
    "transfers_requested", "max_slots", "timed_out_issues", "company_segments", "cumulative_utilization_time",
    "web_issues_count", "android_issues_count", "autocomplete_count", "active_issues_count",
    "manual_chats_count", "linear_utilization_time", "agent_id", "unknown_assign_count", "_file", "_line",
    "_run", "_rescued",
    row_number() over (
      partition by "rep_id", "logged_in_time", "unassisted_issues", "total_chats", "disposition_count",
        "web_assign_count", "transfers_accepted", "max_response_time", "ios_issues_count", "sms_assign_count",
        "script_count", "company_subdivision", "total_disposition_time", "total_issues", "max_handle_time",
        "ios_assign_count", "max_first_response_time", "response_count", "unresolved_issues",
        "available_time", "sms_issues_count", "transfer_requests_received", "autosuggest_count",
        "total_response_time", "total_first_response_time", "instance_ts", "android_assign_count",
        "unknown_issues_count", "resolved_issues", "first_response_count", "transfers_requested", "max_slots",
        "timed_out_issues", "company_segments", "cumulative_utilization_time", "web_issues_count",
        "android_issues_count", "autocomplete_count", "active_issues_count", "manual_chats_count",
        "linear_utilization_time", "agent_id", "unknown_assign_count", "_rescued"
      order by "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_repmetrics"
) as "delivered"
where "_rank" = 1
