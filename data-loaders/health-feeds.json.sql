-- One row per feed of the registry or the bucket: partitions by state, rows, duplicates and freshness.
-- Ships: feed, kind, about, cadence_minutes, partitions, complete, empty, waiting, overdue, failed, delivered, kept,
--   duplicates, ties, quarantined, first_day, through, unlisted, to_come
select
  feed,
  kind,
  doc as about,
  cadence_minutes,
  partitions,
  complete,
  empty,
  waiting,
  overdue,
  failed,
  rows_delivered as delivered,
  rows as kept,
  duplicates,
  ties,
  quarantined,
  strftime(first_day, '%Y-%m-%d') as first_day,
  data_through as through,
  unlisted is not null as unlisted,
  feed in (select feed from kit.oddities where kind = 'partition time') as to_come
from kit.feeds
order by partitions > 0 desc, feed
