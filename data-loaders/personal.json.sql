-- One row per declaration of a loader: personal columns that its dataset ships on purpose, with the reason.
-- Ships: dataset, columns, reason
select dataset, columns, reason
from (
  select unnest(from_json($declared, '[{"dataset": "VARCHAR", "columns": "VARCHAR", "reason": "VARCHAR"}]'), recursive := true)
)
order by dataset, columns
