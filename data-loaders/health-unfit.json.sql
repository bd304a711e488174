-- One row per feed and column with values that do not fit, without the values.
-- Ships: feed, column, type, unfit, delivered, whole, since
select feed, "column", type, "values" as unfit, delivered, whole, strftime(first_day, '%Y-%m-%d') as since
from kit.unfit
order by whole desc, feed, "column"
