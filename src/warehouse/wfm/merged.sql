-- wfm.merged: one row per row of wfm.intraday, as it may be shown. Handle time and rep time are those of the window's block, in
-- which enough reps worked, null where withheld; a block's rep time is divided equally among its windows with reps.
-- Needs: wfm.intraday
with blocks as (
  select
    queue, block,
    weighted_mean(handle, handle_weight(assigned)) as handle,
    weighted_mean(wrap, handle_weight(assigned)) as wrap,
    count(*) filter (reps > 0) as staffed,
    case when count(*) filter (reps > 0 and logged_in is null) = 0 then sum(logged_in) end as logged_in,
    case when count(*) filter (reps > 0 and available is null) = 0 then sum(available) end as available,
    case when count(*) filter (reps > 0 and busy is null) = 0 then sum(busy) end as busy,
    case
      when count(*) filter (reps > 0 and utilized_available is null) = 0 then sum(utilized_available)
    end as utilized_available,
    case when count(*) filter (reps > 0 and utilized_busy is null) = 0 then sum(utilized_busy) end as utilized_busy
  from wfm.intraday
  where merged > 15
  group by all
)
select
  intraday.* exclude (block_reps) replace (
    case when merged = 15 then reps when reps > 0 then block_reps end as reps,
    case
      when merged = 15 then intraday.handle when intraday.handle is not null then round(blocks.handle, 9)
    end as handle,
    case when merged = 15 then intraday.wrap when intraday.wrap is not null then round(blocks.wrap, 9) end as wrap,
    case
      when merged = 15 then intraday.logged_in when reps > 0 then round(blocks.logged_in / staffed, 9)
    end as logged_in,
    case
      when merged = 15 then intraday.available when reps > 0 then round(blocks.available / staffed, 9)
    end as available,
    case when merged = 15 then intraday.busy when reps > 0 then round(blocks.busy / staffed, 9) end as busy,
    case
      when merged = 15 then intraday.utilized_available when reps > 0 then round(blocks.utilized_available / staffed, 9)
    end as utilized_available,
    case
      when merged = 15 then intraday.utilized_busy when reps > 0 then round(blocks.utilized_busy / staffed, 9)
    end as utilized_busy
  )
from wfm.intraday as intraday left join blocks using (queue, block)
