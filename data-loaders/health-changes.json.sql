-- One row per column that was added, was removed or changed its type, newest first.
-- Ships: feed, day, class, change, field, before, after
select feed, strftime(dt, '%Y-%m-%d') as day, replace(class, '_', ' ') as class, change, "column" as field, "from" as before, "to" as after
from kit.schema_changes
order by day desc, feed, field
