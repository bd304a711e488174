-- One row per feed with data: its key, and the number of keys with several versions by what decided: declared order, run, tie.
-- Ships: feed, key, delivered, kept, by_order, by_run, by_tie, remark
select k.feed, k.key, f.rows_delivered as delivered, f.rows as kept, k.by_order, k.by_run, k.by_tie, k.suspect as remark
from kit.keys as k
join kit.feeds as f on f.feed = k.feed
where f.rows_delivered > 0
order by k.feed
