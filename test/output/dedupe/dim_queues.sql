select
  "company_id", "queue_key", "queue_id", "queue_name", "company_name", "_file", "_line", "_run", "_rescued"
from (
  select
    "company_id", "queue_key", "queue_id", "queue_name", "company_name", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "queue_key"
      order by "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_dim_queues"
) as "delivered"
where "_rank" = 1
