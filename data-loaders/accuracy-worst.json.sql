-- One row per half-hour, ten of each queue or group in the newest 84 days: those furthest from the baseline.
-- Ships: queue, day, start, weeks, expected, offered
select queue, strftime(day, '%Y-%m-%d') as day, start, weeks, rounded(baseline, 1) as expected, rounded(offered, 1) as offered
from history.scored
where baseline is not null and day > (select max(day) from history.scored) - 84
qualify row_number() over (partition by queue order by abs(baseline - offered) desc, start desc) <= 10
order by queue, abs(baseline - offered) desc, start desc
