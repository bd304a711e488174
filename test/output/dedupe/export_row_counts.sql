select
  "export_name", "company_name", "export_date", "export_interval", "exported_rows", "export_job", "_file",
  "_line", "_run", "_rescued"
from (
  select
    "export_name", "company_name", "export_date", "export_interval", "exported_rows", "export_job", "_file",
    "_line", "_run", "_rescued",
    row_number() over (
      partition by "export_date", coalesce("export_name", "export_job"), "export_interval"
      order by "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_export_row_counts"
) as "delivered"
where "_rank" = 1
