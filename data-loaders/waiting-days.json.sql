-- One row per local day with a file in waiting/, the newest 90, oldest first; `through` is the end of its newest quarter-hour for
-- which issue_queues and rep_convos are complete.
-- Ships: day, through
select strftime(day, '%Y-%m-%d') as day, through
from (
  select day, max(start) + interval 15 minutes as through from history.windows group by day order by day desc limit 90
)
order by day
