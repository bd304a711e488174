-- The metrics as DuckDB macros, with the same definitions as in notebooks/components. `kit.macros` shows the comment above
-- each macro, whose last line is an example with its result. Durations are in seconds, or in minutes where the name says so;
-- shares are 0 to 1; unknown results are null.

-- # Ratios

-- The value if it is a valid count, duration or weight: 0 to 2^53. Anything else, including NaN, is null.
-- e.g. quantity(-1) is null
create or replace macro quantity(value) as
  case when value::double between 0 and 9007199254740991 then value::double + 0 end;

-- part / whole; null without a whole. May exceed 1.
-- e.g. ratio(3, 4) = 0.75
create or replace macro ratio(part, whole) as
  nullif(quantity(part) / nullif(quantity(whole), 0), 'infinity'::double);

-- part / whole where the part is contained in the whole; null if part > whole.
-- e.g. share(5, 4) is null
create or replace macro share(part, whole) as
  case when ratio(part, whole) <= 1 + 1e-9 then least(1, ratio(part, whole)) end;

-- A figure rounded to a number of decimal digits. The last digits of a sum depend on the order of addition, which varies: they
-- are dropped first, so that a figure halfway between two always rounds the same way.
-- e.g. rounded(0.1 + 0.2 + 0.15, 1) = 0.5 and rounded(0.44999999999999996, 1) = 0.5
create or replace macro rounded(figure, digits) as round(round(figure::double, 9), digits);

-- # Service level

-- The default formula of service_level, from `service_level.variant` in kit.yaml.
-- e.g. service_level_variant() = 'offered'
create or replace macro service_level_variant() as 'offered';

-- Numerator and denominator of a service level, as a struct {good, base}; null if counts are missing or inconsistent. See
-- service_level for the variants.
-- e.g. service_parts(1000, 60, 860, variant := 'offered').base = 1060
create or replace macro service_parts(
  answered, abandoned, answered_within,
  abandoned_within := null, abandoned_within_short := null, variant := null, within := null
) as case coalesce(variant, service_level_variant())
  when 'offered' then
    case when quantity(answered_within) <= quantity(answered)
      then {'good': quantity(answered_within), 'base': quantity(answered) + quantity(abandoned)} end
  when 'answered_only' then
    case when quantity(answered_within) <= quantity(answered)
      then {'good': quantity(answered_within), 'base': quantity(answered)} end
  when 'exclude_abandons' then
    case when quantity(answered_within) <= quantity(answered) and quantity(abandoned_within) <= quantity(abandoned)
      then {
        'good': quantity(answered_within),
        'base': quantity(answered) + quantity(abandoned) - quantity(abandoned_within)
      } end
  when 'credit_abandons' then
    case
      when quantity(within) <= quantity(answered) + quantity(abandoned)
        then {'good': quantity(within), 'base': quantity(answered) + quantity(abandoned)}
      when quantity(within) is null
        and quantity(answered_within) <= quantity(answered) and quantity(abandoned_within) <= quantity(abandoned)
        then {
          'good': quantity(answered_within) + quantity(abandoned_within),
          'base': quantity(answered) + quantity(abandoned)
        }
    end
  when 'credit_short_abandons' then
    case when quantity(answered_within) <= quantity(answered) and quantity(abandoned_within_short) <= quantity(abandoned)
      then {
        'good': quantity(answered_within) + quantity(abandoned_within_short),
        'base': quantity(answered) + quantity(abandoned)
      } end
  when 'exclude_short_abandons' then
    case when quantity(answered_within) <= quantity(answered) and quantity(abandoned_within_short) <= quantity(abandoned)
      then {
        'good': quantity(answered_within),
        'base': quantity(answered) + quantity(abandoned) - quantity(abandoned_within_short)
      } end
  else error('unknown service level variant: ' || variant
    || ' (offered, answered_only, exclude_abandons, credit_abandons, credit_short_abandons or exclude_short_abandons)')
end;

-- Share of contacts served within a threshold T, from counts. Variants: offered (answered within T / (answered +
-- abandoned)), answered_only (/ answered), exclude_abandons (/ (answered + abandoned after T)), credit_abandons (abandoned
-- within T count as good), credit_short_abandons (only short ones do), exclude_short_abandons (short ones are left out).
-- `within` is for feeds that count answered and abandoned together. Sum counts first: service_level(sum(answered), sum(abandoned), sum(answered_within)).
-- e.g. service_level(1000, 60, 860, variant := 'answered_only') = 0.86
create or replace macro service_level(
  answered, abandoned, answered_within,
  abandoned_within := null, abandoned_within_short := null, variant := null, within := null
) as ratio(
  service_parts(
    answered, abandoned, answered_within, abandoned_within, abandoned_within_short, variant, within
  ).good,
  service_parts(
    answered, abandoned, answered_within, abandoned_within, abandoned_within_short, variant, within
  ).base
);

-- How many more contacts served in time would have met the target (0 to 1); 0 if it is met.
-- e.g. shortfall(1000, 60, 830, target := 0.8, variant := 'offered') = 18
create or replace macro shortfall(
  answered, abandoned, answered_within,
  abandoned_within := null, abandoned_within_short := null, variant := null, within := null, target := 0.8
) as case when quantity(target) <= 1 and service_parts(
    answered, abandoned, answered_within, abandoned_within, abandoned_within_short, variant, within
  ).base > 0
  then greatest(0, ceil(round(
    quantity(target) * service_parts(
      answered, abandoned, answered_within, abandoned_within, abandoned_within_short, variant, within
    ).base - service_parts(
      answered, abandoned, answered_within, abandoned_within, abandoned_within_short, variant, within
    ).good, 9)))
end;

-- # Waits

-- Average speed of answer: waits of answered contacts / answered contacts, including zero waits, excluding abandoned contacts.
-- e.g. asa(4500, 300) = 15
create or replace macro asa(answered_wait_seconds, answered) as ratio(answered_wait_seconds, answered);

-- ASAPP's "time to assign": waits of assigned contacts / assigned, including zero waits.
-- e.g. time_to_assign(4500, 300) = 15
create or replace macro time_to_assign(assigned_wait_seconds, assigned) as ratio(assigned_wait_seconds, assigned);

-- ASAPP's "time in queue": waits so far of contacts still waiting / contacts still waiting.
-- e.g. time_in_queue(240, 4) = 60
create or replace macro time_in_queue(waiting_wait_seconds, waiting) as ratio(waiting_wait_seconds, waiting);

-- ASAPP's "average wait": waiting and assigned contacts together, including zero waits.
-- e.g. average_wait(4500, 300, 240, 4) = 4740 / 304
create or replace macro average_wait(assigned_wait_seconds, assigned, waiting_wait_seconds, waiting) as
  ratio(quantity(assigned_wait_seconds) + quantity(waiting_wait_seconds), quantity(assigned) + quantity(waiting));

-- Mean wait of all contacts, answered or abandoned.
-- e.g. mean_wait(5000, 300, 100) = 12.5
create or replace macro mean_wait(wait_seconds, answered, abandoned) as
  ratio(wait_seconds, quantity(answered) + quantity(abandoned));

-- Share of offered contacts that abandoned. Abandons before the short threshold, given as `short`, count as neither abandoned
-- nor offered.
-- e.g. abandon_rate(30, 120) = 0.2
create or replace macro abandon_rate(abandoned, answered, short := 0) as
  case when quantity(short) <= quantity(abandoned)
    then share(quantity(abandoned) - quantity(short), quantity(abandoned) - quantity(short) + quantity(answered)) end;

-- Mean patience, assumed exponential: total waiting time of all contacts, answered or abandoned / abandons. Needs waits per
-- contact (issue_queues); null if nobody abandoned.
-- e.g. patience_seconds(20, 6000) = 300
create or replace macro patience_seconds(abandoned, total_wait_seconds) as
  case when ratio(abandoned, total_wait_seconds) is not null then ratio(total_wait_seconds, abandoned) end;

-- # Handling

-- Average handle time: assignment to disposition / assignments. For chat it includes idle gaps and overlaps.
-- e.g. aht(9000, 20) = 450
create or replace macro aht(handle_seconds, handled) as ratio(handle_seconds, handled);

-- Share of handle time that is wrap-up.
-- e.g. wrap_share(900, 9000) = 0.1
create or replace macro wrap_share(wrap_seconds, handle_seconds) as share(wrap_seconds, handle_seconds);

-- Mean seconds to respond: total seconds / responses, never a mean of means.
-- e.g. response_time(1200, 40) = 30
create or replace macro response_time(response_seconds, responses) as ratio(response_seconds, responses);

-- Mean of means, each weighted by its own denominator (aggregate). Rows without a weight or a mean are left out.
-- e.g. (select weighted_mean(mean, weight) from (values (300, 10), (null, 0), (500, 30)) t(mean, weight)) = 450
create or replace macro weighted_mean(mean, weight) as
  sum(quantity(mean) * quantity(weight))
    / nullif(sum(quantity(weight)) filter (where quantity(mean) is not null), 0);

-- The weight of a mean handle or wrap-up time: contacts assigned. The feeds average over dispositions but do not count them; a
-- window with dispositions and no assignment gets weight 1.
-- e.g. handle_weight(0) = 1
create or replace macro handle_weight(assigned) as
  case when quantity(assigned) is not null then greatest(quantity(assigned), 1) end;

-- # Small cells. Means, shares and percentiles of few contacts reveal persons and are withheld. `minimum` is min_contacts or
-- min_reps of kit.settings.

-- A figure if it is based on enough contacts, answers or reps; else null.
-- e.g. if_enough(431.5, 12, 10) = 431.5 and if_enough(431.5, 9, 10) is null
create or replace macro if_enough(figure, behind, minimum) as
  case when quantity(behind) >= greatest(quantity(minimum), 1) then figure end;

-- Over how many minutes the reps of an hour are reported together: the fewest at which each part of the hour has at least `minimum`
-- distinct reps, from `quarters` and `halves`, the fewest reps in a quarter-hour and a half-hour of it, and `hour`, its reps;
-- 1440 if only all such hours of the day, with `rest` reps, have enough together; null if they are withheld.
-- e.g. merged_minutes(3, 4, 6, null, 5) = 60 and merged_minutes(5, 6, 8, null, 5) = 15
create or replace macro merged_minutes(quarters, halves, hour, rest, minimum) as case
  when quantity(quarters) >= greatest(quantity(minimum), 1) then 15
  when quantity(halves) >= greatest(quantity(minimum), 1) then 30
  when quantity(hour) >= greatest(quantity(minimum), 1) then 60
  when quantity(rest) >= greatest(quantity(minimum), 1) then 1440
end;

-- Divides a list of counts into blocks of neighbours with at least `minimum` contacts and returns the block of each: a figure
-- withheld for one window is shown for several together. The remainder joins the last block; null if there are too few in all.
-- e.g. contact_blocks([4, 7, 0, 12, 3], 10) = [1, 1, 2, 2, 2]
create or replace macro contact_blocks(counts, minimum) as
  list_transform(
    [list_reduce(
      list_transform(list_zip(counts, list_resize([minimum], len(counts), minimum)), lambda p: {
        'c': coalesce(quantity(p[1]), 0), 'm': greatest(quantity(p[2]), 1), 'n': 0::double, 'id': 1, 'ids': []::integer[]
      }),
      lambda s, x: {
        'c': x.c, 'm': x.m,
        'n': case when s.n + x.c >= x.m then 0::double else s.n + x.c end,
        'id': case when s.n + x.c >= x.m then s.id + 1 else s.id end,
        'ids': list_append(s.ids, s.id)
      },
      {'c': 0::double, 'm': 0::double, 'n': 0::double, 'id': 1, 'ids': []::integer[]}
    )],
    lambda r: list_transform(
      list_zip(r.ids, list_resize([r.id - 1], len(r.ids), r.id - 1)),
      lambda p: case when p[2] > 0 then least(p[1], p[2]) end
    ))[1];

-- # Occupancy. Time may be in any unit, as long as both arguments share it. Linear time counts a minute once however many chats
-- were open, cumulative time once per chat or slot.

-- Voice: handle / (handle + available), logged-in time only.
-- e.g. occupancy(40, 20) = 40 / 60
create or replace macro occupancy(handle, available) as share(handle, quantity(handle) + quantity(available));

-- Chat: available time with at least one chat / available time (lin_ute_avail_min / lin_avail_min).
-- e.g. linear_occupancy(9, 12) = 0.75
create or replace macro linear_occupancy(utilized_available, available) as share(utilized_available, available);

-- Logged-in time with at least one chat (lin_ute_total_min / lin_logged_in_min). Available time is not the right base.
-- e.g. utilized_share(12, 15) = 0.8
create or replace macro utilized_share(utilized, logged_in) as share(utilized, logged_in);

-- Observed concurrency: chat time / time with at least one chat (cum_ute_total_min / lin_ute_total_min). At least 1; not
-- the slot cap.
-- e.g. concurrency(5000, 3600) = 5000 / 3600
create or replace macro concurrency(cumulative, linear) as
  case when ratio(cumulative, linear) >= 1 - 1e-9 then greatest(1, ratio(cumulative, linear)) end;

-- Slots in use while available (cum_ute_avail_min / cum_avail_min). Above 1 where reps hold more chats than slots.
-- e.g. slot_utilization(18, 24) = 0.75
create or replace macro slot_utilization(cumulative_utilized, cumulative_available) as
  ratio(cumulative_utilized, cumulative_available);

-- Slots in use while logged in: cum_ute_total_min / (max_slots x lin_logged_in_min).
-- e.g. slot_load(18, 3, 12) = 0.5
create or replace macro slot_load(cumulative_utilized, slots, logged_in) as
  ratio(cumulative_utilized, quantity(slots) * quantity(logged_in));

-- (handle + available) / paid time, which no export has.
-- e.g. utilization(300, 90, 480) = 0.8125
create or replace macro utilization(handle, available, paid) as ratio(quantity(handle) + quantity(available), paid);

-- # Staffing. Indicative: reps who serve several queues violate the assumption of one queue and one skill.
-- Inside list_reduce, use only its two parameters: DuckDB 1.5 takes other columns from the wrong row if the lists of two rows
-- differ in length. So the list itself carries them.
-- Erlang A is only on the staffing page (components/metrics/erlang-a.ts): its integrals are computed adaptively, which a SQL
-- expression cannot do.

-- Offered load in erlangs, the number of agents kept busy without a pause: contacts x AHT / interval.
-- e.g. workload_agents(6, 600) = 4
create or replace macro workload_agents(contacts, aht_seconds, interval_seconds := 900) as
  case when quantity(contacts) = 0 and quantity(interval_seconds) > 0 then 0
    else ratio(quantity(contacts) * quantity(aht_seconds), interval_seconds) end;

-- Full-time equivalents of rep minutes. Count each rep once per window before summing: the feed repeats reps per queue.
-- e.g. fte(25) = 25 / 15
create or replace macro fte(minutes, interval_minutes := 15) as ratio(minutes, interval_minutes);

-- Available minus required agents: above zero is overstaffed.
-- e.g. net_staffing(12.5, 14) = -1.5
create or replace macro net_staffing(available, required) as quantity(available) - quantity(required);

-- Rounded up to whole agents, after rounding to 9 decimals.
-- e.g. whole_agents(21 / (1 - 0.3::double)) = 30
create or replace macro whole_agents(agents) as ceil(round(quantity(agents) * 1e9) / 1e9);

-- Agents to schedule so that `net` remain: net / (1 - shrinkage).
-- e.g. whole_agents(gross_up(14, 0.3)) = 20
create or replace macro gross_up(net, shrinkage) as
  case when quantity(shrinkage) < 1 then ratio(net, 1 - quantity(shrinkage)) end;

-- Effective concurrency of a slot cap of 1 to 5; null otherwise. Prefer observed concurrency.
-- e.g. chat_factor(3) = 2.5
create or replace macro chat_factor(cap) as
  case cap::double when 1 then 1::double when 2 then 1.7::double when 3 then 2.5::double when 4 then 2.9::double
    when 5 then 3.5::double end;

-- AHT for a staffing model where one rep holds several chats: AHT / concurrency.
-- e.g. effective_aht(600, 2.5) = 240
create or replace macro effective_aht(aht_seconds, concurrency) as
  case when quantity(concurrency) >= 1 then ratio(aht_seconds, concurrency) end;

-- Erlang B: the share of contacts that find all agents busy if nobody waits.
-- e.g. round(erlang_b(10, 14), 6) = 0.056819
create or replace macro erlang_b(erlangs, agents) as
  case when quantity(erlangs) <= 90000 and quantity(agents) <= 100000 and quantity(agents) = floor(quantity(agents))
    then list_reduce(
      list_transform(range(1, quantity(agents)::bigint + 1), lambda n: {'n': n::double, 'a': quantity(erlangs), 'b': 1::double}),
      lambda s, x: {'n': x.n, 'a': x.a, 'b': (x.a * s.b) / (x.n + x.a * s.b)},
      {'n': 0::double, 'a': 0::double, 'b': 1::double}
    ).b end;

-- Erlang C: the share of contacts that wait. 1 if demand exceeds staff.
-- e.g. round(erlang_c_wait(100, 180, 14, 1800), 6) = 0.174132
create or replace macro erlang_c_wait(contacts, aht_seconds, agents, interval_seconds := 900) as
  list_transform(
    [{'a': workload_agents(contacts, aht_seconds, interval_seconds), 'n': quantity(agents)}],
    lambda q: case
      when erlang_b(q.a, q.n) is null or (q.a = 0 and q.n = 0) then null
      when q.a = 0 then 0
      when q.n <= q.a then 1
      else least(1, (q.n * erlang_b(q.a, q.n)) / (q.n - q.a * (1 - erlang_b(q.a, q.n))))
    end)[1];

-- Erlang C: share answered within the target. 0 if demand exceeds staff.
-- e.g. round(erlang_c_service_level(100, 180, 14, 20, 1800), 6) = 0.88835
create or replace macro erlang_c_service_level(contacts, aht_seconds, agents, target_seconds, interval_seconds := 900) as
  list_transform(
    [{
      'a': workload_agents(contacts, aht_seconds, interval_seconds), 'n': quantity(agents),
      'w': erlang_c_wait(contacts, aht_seconds, agents, interval_seconds),
      'h': case when quantity(contacts) = 0 then coalesce(quantity(aht_seconds), 0) else quantity(aht_seconds) end,
      't': quantity(target_seconds)
    }],
    lambda q: case
      when q.w is null or q.t is null or q.h is null then null
      when q.a = 0 then 1
      when q.n <= q.a then 0
      else 1 - q.w * exp((-(q.n - q.a) * q.t) / q.h)
    end)[1];

-- Erlang C: average speed of answer. Null if demand exceeds staff, as waits grow without bound.
-- e.g. round(erlang_c_asa(100, 180, 14, 1800), 4) = 7.8359
create or replace macro erlang_c_asa(contacts, aht_seconds, agents, interval_seconds := 900) as
  list_transform(
    [{
      'a': workload_agents(contacts, aht_seconds, interval_seconds), 'n': quantity(agents),
      'w': erlang_c_wait(contacts, aht_seconds, agents, interval_seconds), 'h': quantity(aht_seconds)
    }],
    lambda q: case
      when q.w is null then null
      when q.a = 0 then 0
      when q.n > q.a and isfinite((q.w * q.h) / (q.n - q.a)) then (q.w * q.h) / (q.n - q.a)
    end)[1];

-- The smallest number of agents whose Erlang C service level reaches the target, with occupancy at or under the cap. Agents
-- to schedule: whole_agents(gross_up(…, shrinkage)).
-- e.g. erlang_c_required(100, 180, 20, 0.8, interval_seconds := 1800, max_occupancy := 0.7) = 15
create or replace macro erlang_c_required(
  contacts, aht_seconds, target_seconds, service_level_target, interval_seconds := 900, max_occupancy := 1
) as list_transform(
  [{
    'a': workload_agents(contacts, aht_seconds, interval_seconds), 'h': quantity(aht_seconds),
    't': quantity(target_seconds), 'level': quantity(service_level_target), 'cap': quantity(max_occupancy)
  }],
  lambda q: case
    when q.a is null or q.a > 90000 or q.t is null or q.level is null or q.level >= 1 or q.cap is null or q.cap = 0
      or q.cap > 1 then null
    when q.a = 0 then 0
    else greatest(
      list_reduce(
        list_transform(
          range(1, least(100000, ceil(q.a + 10 * sqrt(q.a) + 50))::bigint + 1),
          lambda n: {
            'n': n::double, 'a': q.a, 'h': q.h, 't': q.t, 'level': q.level, 'b': 1::double, 'found': 0::double
          }),
        lambda s, x: {
          'n': x.n, 'a': x.a, 'h': x.h, 't': x.t, 'level': x.level,
          'b': (x.a * s.b) / (x.n + x.a * s.b),
          'found': case
            when s.found > 0 then s.found
            when x.n > x.a and 1 - least(1,
              (x.n * ((x.a * s.b) / (x.n + x.a * s.b))) / (x.n - x.a * (1 - (x.a * s.b) / (x.n + x.a * s.b)))
            ) * exp((-(x.n - x.a) * x.t) / x.h) >= x.level - 1e-12 then x.n
            else 0
          end
        },
        {
          'n': 0::double, 'a': 0::double, 'h': 0::double, 't': 0::double, 'level': 0::double, 'b': 1::double,
          'found': 0::double
        }
      ).found,
      whole_agents(q.a / q.cap)
    )
  end)[1];

-- # Forecasts and baselines

-- sum|forecast - actual| / sum actual over the intervals that have both (aggregate). Null if a number is negative.
-- e.g. (select wape(f, a) from (values (2, 0), (8, 10)) t(f, a)) = 0.4
create or replace macro wape(forecast, actual) as
  case when count(*) filter (where forecast is not null and actual is not null
      and (quantity(forecast) is null or quantity(actual) is null)) = 0
    then ratio(
      sum(abs(quantity(forecast) - quantity(actual))),
      sum(quantity(actual)) filter (where forecast is not null)) end;

-- sum(forecast - actual) / sum actual (aggregate). Above zero the forecast was too high.
-- e.g. (select bias(f, a) from (values (2, 0), (8, 10)) t(f, a)) = 0
create or replace macro bias(forecast, actual) as
  case when count(*) filter (where forecast is not null and actual is not null
      and (quantity(forecast) is null or quantity(actual) is null)) = 0
    then case when sum(quantity(forecast) - quantity(actual)) < 0
      then -ratio(
        -sum(quantity(forecast) - quantity(actual)),
        sum(quantity(actual)) filter (where forecast is not null))
      else ratio(
        sum(quantity(forecast) - quantity(actual)),
        sum(quantity(actual)) filter (where forecast is not null)) end end;

-- Mean of |forecast - actual| / actual (aggregate); null if any actual is zero.
-- e.g. (select mape(f, a) from (values (2, 0), (8, 10)) t(f, a)) is null
create or replace macro mape(forecast, actual) as
  case when count(*) filter (where forecast is not null and actual is not null
      and (quantity(forecast) is null or ratio(abs(quantity(forecast) - quantity(actual)), actual) is null)) = 0
    then avg(ratio(abs(quantity(forecast) - quantity(actual)), actual)) end;

-- The WAPE of a perfect forecast of the rate: sqrt(2 / (pi volume)), volume per interval.
-- e.g. round(noise_floor(250), 4) = 0.0505
create or replace macro noise_floor(volume) as
  case when quantity(volume) > 0 and isfinite(sqrt(2 / (pi() * quantity(volume))))
    then sqrt(2 / (pi() * quantity(volume))) end;

-- The usual: median over the same weekday and time of earlier weeks (aggregate); null with fewer than `least` values.
-- e.g. (select usual(v) from (values (1), (2), (3), (10)) t(v)) = 2.5
create or replace macro usual(value, least := 4) as
  case when count(quantity(value)) >= greatest(1, least) then median(quantity(value)) end;

-- Lower quartile of the values behind usual(); null with fewer than `least`.
-- e.g. (select usual_low(v) from (values (1), (2), (3), (10)) t(v)) = 1.75
create or replace macro usual_low(value, least := 4) as
  case when count(quantity(value)) >= greatest(1, least) then quantile_cont(quantity(value), 0.25) end;

-- Upper quartile of the values behind usual(); null with fewer than `least`.
-- e.g. (select usual_high(v) from (values (1), (2), (3), (10)) t(v)) = 4.75
create or replace macro usual_high(value, least := 4) as
  case when count(quantity(value)) >= greatest(1, least) then quantile_cont(quantity(value), 0.75) end;

-- Lower end of the range in which a count of arrivals falls 19 times out of 20: expected - 2 sqrt(expected).
-- e.g. noise_low(100) = 80
create or replace macro noise_low(expected) as
  case when quantity(expected) is not null then greatest(0, quantity(expected) - 2 * sqrt(quantity(expected))) end;

-- Upper end of the range in which a count of arrivals falls 19 times out of 20: expected + 2 sqrt(expected).
-- e.g. noise_high(100) = 120
create or replace macro noise_high(expected) as quantity(expected) + 2 * sqrt(quantity(expected));

-- The day's contacts if its rest deviates from the usual as the day so far did. Before `damp_until` of a usual day is in, the
-- deviation is damped in proportion. Null for usual days of fewer than `least_contacts`.
-- e.g. project_day(4032, 3600, 4400) = 8960
create or replace macro project_day(so_far, usual_so_far, usual_rest, damp_until := 0.25, least_contacts := 100) as
  case when quantity(usual_so_far) + quantity(usual_rest) >= greatest(quantity(coalesce(least_contacts, 100)), 5e-324)
      and quantity(coalesce(least_contacts, 100)) is not null and quantity(coalesce(damp_until, 0.25)) is not null
    then quantity(so_far) + quantity(usual_rest) * (1
      + least(1, quantity(usual_so_far) / (quantity(usual_so_far) + quantity(usual_rest)) / quantity(coalesce(damp_until, 0.25)))
        * (coalesce(ratio(so_far, usual_so_far), 1) - 1)) end;

-- # Confidence

-- Lower end of the Wilson score interval of k successes in n trials; z defaults to 95 %.
-- e.g. round(wilson_low(81, 263), 4) = 0.2553
create or replace macro wilson_low(k, n, z := 1.959963984540054) as
  case when quantity(n) >= 1 and quantity(k) <= quantity(n) and quantity(z) is not null then case when quantity(k) = 0 then 0 else greatest(0, (
    quantity(k) / quantity(n) + quantity(z) * quantity(z) / quantity(n) / 2
    - quantity(z) * sqrt((quantity(k) / quantity(n)) * greatest(0, 1 - quantity(k) / quantity(n)) / quantity(n)
      + quantity(z) * quantity(z) / quantity(n) / (4 * quantity(n)))
  ) / (1 + quantity(z) * quantity(z) / quantity(n))) end end;

-- Upper end of the Wilson score interval of k successes in n trials; z defaults to 95 %.
-- e.g. round(wilson_high(81, 263), 4) = 0.3662
create or replace macro wilson_high(k, n, z := 1.959963984540054) as
  case when quantity(n) >= 1 and quantity(k) <= quantity(n) and quantity(z) is not null then case when quantity(k) = quantity(n) then 1 else least(1, (
    quantity(k) / quantity(n) + quantity(z) * quantity(z) / quantity(n) / 2
    + quantity(z) * sqrt((quantity(k) / quantity(n)) * greatest(0, 1 - quantity(k) / quantity(n)) / quantity(n)
      + quantity(z) * quantity(z) / quantity(n) / (4 * quantity(n)))
  ) / (1 + quantity(z) * quantity(z) / quantity(n))) end end;

-- # Queues

-- Names that pages use for something other than a queue, in lower case: the total, contacts without a name, and the groups in
-- kit.yaml.
-- e.g. list_contains(reserved_queue_names(), 'all queues')
create or replace macro reserved_queue_names() as ['all queues', '(no name)'];

-- A queue's label on pages and in history: "(no name)" without a name, "Sales (queue)" if the name is also that of a group or
-- the total. Invisible blanks are made visible, so that names that look alike can be distinguished.
-- e.g. queue_label('Chat ') = 'Chat␣'
create or replace macro queue_label(name) as
  case
    when name is null or regexp_full_match(name, '[\s\p{Z}\x{200b}\x{feff}\x{2060}]*') then '(no name)'
    when list_contains(reserved_queue_names(), lower(regexp_replace(name, '( \(queue\))+$', ''))) then name || ' (queue)'
    when regexp_matches(name, '^ | $|  |[\t\n\r\x{85}\x{a0}\x{1680}\x{2000}-\x{200b}\x{2028}-\x{2029}\x{202f}\x{205f}\x{2060}\x{3000}\x{feff}]')
      then regexp_replace(
        regexp_replace(replace(replace(name, ' ', '␣'), chr(9), '⇥'), '[\n\r\x{85}\x{2028}\x{2029}]', '⏎', 'g'),
        '[\x{a0}\x{1680}\x{2000}-\x{200b}\x{202f}\x{205f}\x{2060}\x{3000}\x{feff}]', '⍽', 'g')
    else name
  end;

-- The file of a queue, 1 to 16, in datasets that are divided into parts; part 0 is for all queues and the groups.
-- e.g. queue_part('Chat') between 1 and 16
create or replace macro queue_part(queue) as md5_number_lower(queue)::ubigint % 16 + 1;

-- # Time. Data is in UTC; only these macros use the zone of kit.yaml.

-- The zone of local times, from `timezone` in kit.yaml.
-- e.g. local_zone() = 'UTC'
create or replace macro local_zone() as 'UTC';

-- A UTC time as local time, for hours and days. It is printed with a Z like every time; for text use local_slot or
-- strftime(local(ts), '%H:%M').
-- e.g. local(timestamp '2026-09-01 05:15:00') = timestamp '2026-09-01 05:15:00'
create or replace macro local(ts) as timezone(local_zone(), timezone('UTC', ts::timestamp));

-- The local day of a UTC time.
-- e.g. local_date(timestamp '2026-09-01 05:15:00') = date '2026-09-01'
create or replace macro local_date(ts) as local(ts)::date;

-- The local weekday of a UTC time: 1, Monday, to 7, Sunday.
-- e.g. local_weekday(timestamp '2026-09-01 05:15:00') = 2
create or replace macro local_weekday(ts) as isodow(local(ts));

-- The local clock time of a UTC time, rounded down to 15, 30 or 60 minutes, for comparisons between days.
-- e.g. local_slot(timestamp '2026-09-01 05:15:00', 60) = '05:00'
create or replace macro local_slot(ts, minutes := 15) as
  case when minutes in (15, 30, 60)
    then strftime(time_bucket(to_minutes(minutes::bigint), local(ts)), '%H:%M')
    else error('an interval has 15, 30 or 60 minutes, not ' || minutes) end;

-- How many hours a time may be later than the run that delivers it, from `sync.future_hours` in kit.yaml.
-- e.g. future_hours() = 24
create or replace macro future_hours() as 24;

-- The latest plausible time as of the last update; later times were still in the future. Infinity if there are none.
-- e.g. horizon() = timestamp 'infinity'
create or replace macro horizon() as timestamp 'infinity';

-- The time in the name of a run (`_run`); for a run without hours, the end of its day.
-- e.g. run_time('2026-09-01 05') = timestamp '2026-09-01 05:00:00'
create or replace macro run_time(run) as
  case length(run)
    when 16 then try_cast(run as timestamp)
    when 13 then try_cast(run || ':00' as timestamp)
    when 10 then try_cast(run as timestamp) + interval 1 day
  end;

-- The time if it is plausible: null before 2010, more than future_hours() after the run that delivers it, or after the
-- horizon.
-- e.g. timely(timestamp '2031-01-01 00:00:00', '2026-09-01 05:15') is null
create or replace macro timely(ts, run) as
  case when ts::timestamp between timestamp '2010-01-01' and least(run_time(run) + to_hours(future_hours()), horizon())
    then ts end;

-- The start of the 15-minute window that contains a UTC time, in UTC.
-- e.g. window_start(timestamp '2026-09-01 05:29:59') = timestamp '2026-09-01 05:15:00'
create or replace macro window_start(ts) as time_bucket(interval 15 minutes, ts::timestamp);

-- The start of the local interval of 15, 30 or 60 minutes that contains a UTC time, in UTC. A clock change within an interval
-- starts a new one.
-- e.g. interval_start(timestamp '2026-09-01 05:45:00', 30) = timestamp '2026-09-01 05:30:00'
create or replace macro interval_start(ts, minutes := 15) as
  case
    when minutes = 15 then window_start(ts)
    when minutes not in (15, 30, 60) then error('an interval has 15, 30 or 60 minutes, not ' || minutes)
    when local(window_start(ts) - (local(window_start(ts)) - time_bucket(to_minutes(minutes::bigint), local(window_start(ts)))))
      = time_bucket(to_minutes(minutes::bigint), local(window_start(ts)))
      then window_start(ts) - (local(window_start(ts)) - time_bucket(to_minutes(minutes::bigint), local(window_start(ts))))
    else list_min(list_filter(
      range(window_start(ts) - interval 45 minutes, window_start(ts) + interval 15 minutes, interval 15 minutes),
      lambda t: local(t) - t = local(window_start(ts)) - window_start(ts)
        and time_bucket(to_minutes(minutes::bigint), local(t)) = time_bucket(to_minutes(minutes::bigint), local(window_start(ts)))))
  end;
