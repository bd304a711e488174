-- One row per queue or group and local day of the newest 84: the deviation of the baseline over its half-hours and,
-- with a forecast, that of the forecast, and of the baseline in the half-hours of the forecast.
-- `distance` is sum |expected - offered|, `error` sum (expected - offered), `floor` the distance that chance alone makes.
-- Sums are rounded twice: their last digits depend on the order of addition and would round a 5 up or down by chance.
-- Ships: queue, kind, day, complete, n, without, contacts, expected, distance, error, floor
with scored as materialized (
  from history.scored where day > (select max(day) - 84 from history.scored)
),
guesses as (
  select queue, day, 'baseline' as kind, offered, baseline as expected from scored
  union all
  select queue, day, 'forecast', offered, forecast from scored where forecast is not null
  union all
  select queue, day, 'same', offered, baseline from scored where forecast is not null
)
select
  queue,
  kind,
  strftime(day, '%Y-%m-%d') as day,
  day in (select day from history.windows where whole) as complete,
  count(expected) as n,
  count(*) filter (expected is null) as without,
  rounded(sum(offered) filter (expected is not null), 1) as contacts,
  rounded(sum(expected), 1) as expected,
  rounded(sum(abs(expected - offered)), 1) as distance,
  rounded(sum(expected - offered), 1) as error,
  rounded(coalesce(sum(expected * noise_floor(expected)), 0), 2) as floor
from guesses
group by queue, kind, day
having count(expected) > 0
order by queue, kind, day
