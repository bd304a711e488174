-- One row per feed, export day and reason: unreadable lines, without their text.
-- Ships: feed, day, reason, lines
select feed, strftime(dt, '%Y-%m-%d') as day, reason, count(*) as lines
from kit.quarantine
group by all
order by day desc, feed, reason
