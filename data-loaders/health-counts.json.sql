-- One row per feed and export day that export_row_counts tells about: rows announced and rows delivered.
-- Ships: feed, day, announced, delivered
select feed, strftime(dt, '%Y-%m-%d') as day, sum(announced)::bigint as announced, sum(delivered)::bigint as delivered
from kit.row_counts
where announced is not null and state <> 'waiting'
group by all
order by day desc, feed
