-- One row per feed and kind of oddity: impossible values in the data, their number, and an example.
-- Ships: feed, kind, what, count, first_day, last_day, example
select
  feed, kind, what, count,
  strftime(first_day, '%Y-%m-%d') as first_day,
  strftime(last_day, '%Y-%m-%d') as last_day,
  example
from kit.oddities
order by feed, kind
