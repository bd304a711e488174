-- kit.row_counts: one row per partition, hour or day that export_row_counts counts, and per partition without a count: the rows
-- announced and the rows delivered before dedupe (quarantined lines count as delivered). Both spellings of its key are read, and
-- all spellings of intervals:
--
-- export_date           export_interval        counted
-- 2026-09-01            hr=05/mi=15, 05:15     the partition dt=2026-09-01/hr=05/mi=15
-- 2026-09-01            hr=05, 05, 5           all of dt=2026-09-01/hr=05
-- 2026-09-01T05:15…     15m, 1h, null          the partition of that minute if it exists, else the hour
-- 2026-09-01[T00:00…]   1d, daily, null        all of the day
--
-- state: match, short (fewer delivered), over (more delivered), not published (no count for the partition), waiting (the
-- partition is not complete). Counts of other feeds and of days outside the data are left out.
-- Needs: kit.partitions
-- Given: written
with parsed as (
  select
    feed,
    try_cast(left(day, 10) as DATE) as dt,
    regexp_extract(span, '^(?:hr=)?(\d{1,2})(?:(?:/mi=|:|/)(\d{1,2}).*)?$', ['hr', 'mi']) as named,
    regexp_extract(day, '[t ](\d\d):(\d\d)', ['hr', 'mi'], 'i') as clock,
    regexp_matches(span, '^(1 ?d|d|day|daily|24 ?h)') or span = '' and regexp_matches(day, '[Tt ]00:00') as daily,
    announced
  from written
  where announced is not null
),
counts as (
  select
    feed, dt,
    case
      when named.hr <> '' then lpad(named.hr, 2, '0')
      when clock.hr <> '' and not daily then clock.hr
    end as hr,
    case
      when named.mi <> '' then lpad(named.mi, 2, '0')
      when named.hr = '' and clock.hr <> '' and not daily then clock.mi
    end as mi,
    sum(announced)::BIGINT as announced
  from parsed
  group by all
),
delivered_partitions as (
  select
    p.feed, p.dt, p.hr, p.mi, p.state in ('complete', 'empty', 'replaced', 'expired') as complete,
    p.lines - p.blank as delivered
  from kit.partitions as p
),
span as (
  select feed, min(dt) as first, max(dt) as last from delivered_partitions group by all
),
-- rows delivered per partition (level 0), hour (1) and day (3)
delivered as (
  select
    feed, dt, hr, mi, grouping(hr, mi) as level, sum(delivered)::BIGINT as delivered,
    count(*) as partitions, count(*) filter (not complete) as unfinished
  from delivered_partitions
  group by grouping sets ((feed, dt, hr, mi), (feed, dt, hr), (feed, dt))
),
-- the exact minute if the feed has such a partition, else the hour
placed as (
  select
    c.feed, c.dt, c.hr, m.mi, sum(c.announced)::BIGINT as announced,
    case when m.mi is not null then 0 when c.hr is not null then 1 else 3 end as level
  from counts as c
  join span as s on s.feed = c.feed and c.dt between s.first and s.last
  left join delivered as m on m.feed = c.feed and m.dt = c.dt and m.hr = c.hr and m.mi = c.mi and m.level = 0
  group by all
),
matched as (
  select
    p.feed, p.dt, p.hr, p.mi, p.announced, coalesce(d.delivered, 0)::BIGINT as delivered,
    coalesce(d.partitions, 0) as partitions, coalesce(d.unfinished, 0) as unfinished
  from placed as p
  left join delivered as d
    on d.feed = p.feed and d.dt = p.dt and d.level = p.level
    and coalesce(d.hr, '') = coalesce(p.hr, '') and coalesce(d.mi, '') = coalesce(p.mi, '')
),
uncounted as (
  select h.feed, h.dt, h.hr, h.mi, cast(null as BIGINT) as announced, h.delivered, 1 as partitions, 0 as unfinished
  from delivered_partitions as h
  where h.complete and h.feed <> 'export_row_counts' and exists (select 1 from counts)
    and not exists (from placed as p where p.level = 3 and p.feed = h.feed and p.dt = h.dt)
    and not exists (from placed as p where p.level = 1 and p.feed = h.feed and p.dt = h.dt and p.hr = h.hr)
    and not exists (
      from placed as p where p.level = 0 and p.feed = h.feed and p.dt = h.dt and p.hr = h.hr and p.mi = h.mi
    )
)
select
  feed, dt, hr, mi, announced, delivered, delivered - announced as difference,
  case
    when announced is null then 'not published'
    when delivered = announced then 'match'
    when delivered > announced then 'over'
    when unfinished > 0 then 'waiting'
    else 'short'
  end as state
from (from matched union all from uncounted)
order by feed, dt, hr, mi
