select
  "company_id", "stripped_trigger_link", "customer_id", "company_name", "company_subdivision", "created_ts",
  "instance_ts", "app_id", "company_segments", "raw_trigger_link", "_file", "_line", "_run", "_rescued"
from (
  select
    "company_id", "stripped_trigger_link", "customer_id", "company_name", "company_subdivision", "created_ts",
    "instance_ts", "app_id", "company_segments", "raw_trigger_link", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "company_id", "stripped_trigger_link", "customer_id", "company_name",
        "company_subdivision", "created_ts", "instance_ts", "app_id", "company_segments", "raw_trigger_link",
        "_rescued"
      order by "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_sdk_events"
) as "delivered"
where "_rank" = 1
