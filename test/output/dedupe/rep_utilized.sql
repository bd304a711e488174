select
  "instance_ts", "update_ts", "export_ts", "company_id", "company_subdivision", "company_segments", "rep_id",
  "rep_name", "max_slots", "cum_logged_in_min", "lin_logged_in_min", "cum_avail_min", "lin_avail_min",
  "cum_busy_min", "lin_busy_min", "cum_prebreak_min", "lin_prebreak_min", "cum_ute_total_min",
  "lin_ute_total_min", "cum_ute_avail_min", "lin_ute_avail_min", "cum_ute_busy_min", "lin_ute_busy_min",
  "cum_ute_prebreak_min", "lin_ute_prebreak_min", "labor_min", "busy_clicks_ct", "ute_ratio", "act_ratio",
  "company_name", "desk_mode", "lin_utilization_level_over_min", "lin_utilization_level_full_min",
  "lin_utilization_level_light_min", "workload_level_no_min", "workload_level_over_min",
  "workload_level_full_min", "workload_level_light_min", "flex_protect_min", "cum_weighted_min",
  "cum_weighted_seconds", "cum_ute_weighted_avail_unflexed_seconds", "cum_weighted_inactive_seconds", "_file",
  "_line", "_run", "_rescued"
from (
  select
    "instance_ts", "update_ts", "export_ts", "company_id", "company_subdivision", "company_segments",
    "rep_id", "rep_name", "max_slots", "cum_logged_in_min", "lin_logged_in_min", "cum_avail_min",
    "lin_avail_min", "cum_busy_min", "lin_busy_min", "cum_prebreak_min", "lin_prebreak_min",
    "cum_ute_total_min", "lin_ute_total_min", "cum_ute_avail_min", "lin_ute_avail_min", "cum_ute_busy_min",
    "lin_ute_busy_min", "cum_ute_prebreak_min", "lin_ute_prebreak_min", "labor_min", "busy_clicks_ct",
    "ute_ratio", "act_ratio", "company_name", "desk_mode", "lin_utilization_level_over_min",
    "lin_utilization_level_full_min", "lin_utilization_level_light_min", "workload_level_no_min",
    "workload_level_over_min", "workload_level_full_min", "workload_level_light_min", "flex_protect_min",
    "cum_weighted_min", "cum_weighted_seconds", "cum_ute_weighted_avail_unflexed_seconds",
    "cum_weighted_inactive_seconds", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "instance_ts", "rep_id", "desk_mode", "max_slots"
      order by "export_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_rep_utilized"
) as "delivered"
where "_rank" = 1
