-- One row per feed and export day: partitions (or hours, or days, as counted) by the agreement of export_row_counts with the delivered rows.
-- Ships: feed, day, announced, delivered, match, short, over, uncounted
select
  feed,
  strftime(dt, '%Y-%m-%d') as day,
  coalesce(sum(announced), 0)::bigint as announced,
  coalesce(sum(delivered) filter (announced is not null), 0)::bigint as delivered,
  count(*) filter (state = 'match') as match,
  count(*) filter (state = 'short') as short,
  count(*) filter (state = 'over') as over,
  count(*) filter (state = 'not published') as uncounted
from kit.row_counts
where state <> 'waiting'
group by all
order by day desc, feed
