import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openProject } from "../src/config/project.ts";
import type { Database } from "../src/duckdb/database.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { answer } from "./answer.ts";

export interface LargeCentre {
  database: Database;
  load: <T>(loader: string, parameters?: Record<string, string>) => Promise<T[]>; // rows of "intraday/[day]"
  close: () => void;
}

/** A project in New York with those settings of its site, and three queues of many days in its catalog. */
export async function largeCentre(site: string, days: number): Promise<LargeCentre> {
  const folder = mkdtempSync(join(tmpdir(), "asapp-centre-"));
  const config = join(folder, "kit.yaml");
  writeFileSync(config, `timezone: America/New_York\ndata: data\nsite: ${site}\n`);
  const project = openProject(config);
  const database = await openCatalog(project);
  await fillLarge(database, { queues: 3, days });
  const close = () => {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { database, load: (...of) => answer(project, database, ...of), close };
}

/**
 * Puts a contact centre of `queues` queues and `days` days, open from 8 to 20 UTC, into an open catalog, in place of what
 * was synced: by SQL, which takes seconds where exports of that size would take an hour. The last day is the one given,
 * and has data up to 18:00 UTC.
 */
export async function fillLarge(
  database: Database,
  { queues = 50, days = 90, last = "2026-09-16" } = {},
): Promise<void> {
  const [first, through] = [`(date '${last}' - ${days - 1})`, `(timestamp '${last} 18:00:00')`];
  const chance = (...of: string[]) => `(hash(${of.join(", ")}) % 100000 / 100000.0)`;
  const statements = [
    `create table windows as
      select ts::timestamp as start, hour(ts) * 4 + minute(ts) // 15 - 32 as w
      from generate_series(${first}::timestamp, ${through} - interval 15 minutes, interval 15 minutes) as s (ts)`,
    `create table queue_list as select q, 'Queue ' || lpad((q + 1)::varchar, 2, '0') as queue_name,
      14.0 / sqrt(q + 1) as rate from range(${queues}) as s (q)`,
    `create table visits as
      select row_number() over () as id, start, q, queue_name, w,
        start + to_seconds((${chance("id0", "1")} * 890)::bigint) as moment,
        ${chance("id0", "2")} < 0.06 as abandoned,
        case when ${chance("id0", "3")} < 0.6 then 1.0 else round(${chance("id0", "4")} * 240, 1) end as wait,
        round(120 + 700 * ${chance("id0", "5")}, 1) as handle
      from (
        select *, hash(start, q, k) as id0 from windows cross join queue_list,
          range((case when w between 0 and 47
            then rate * (1 - abs(w - 20) / 40.0) * (0.5 + ${chance("start", "q")}) else 0 end)::bigint) as n (k)
      )`,
    `create table big_reps as
      select start, w, r, (r + 11 * n) % ${queues} as q, round(9 + 6 * ${chance("start", "r")}, 1) as available
      from windows cross join range(${queues * 5}) as reps (r) cross join range(3) as places (n)
      where w between (r % 3) * 8 and 31 + (r % 3) * 8`,
    `create or replace view issue_queues as
      select id::varchar as issue_id, (id % 97)::varchar as rep_id, q::varchar as queue_id, queue_name, moment as exit_queue_ts,
        moment - to_seconds(wait::bigint) as enter_queue_ts, abandoned, wait as enqueue_time,
        case when abandoned then 'CUSTOMER_TIMEDOUT' else 'NEW_REP' end as exit_queue_eventtype
      from main.visits where abandoned or wait > 1`,
    `create or replace view rep_convos as
      select id::varchar as issue_id, (id % 97)::varchar as rep_id, q::varchar as queue_id, moment as issue_assigned_ts,
        handle as handle_time_seconds
      from main.visits where not abandoned`,
    `create or replace view rep_utilized as
      select distinct start as instance_ts, r::varchar as rep_id, available as lin_avail_min, 15.0 as lin_logged_in_min,
        available * 1.4 as cum_ute_total_min, available as lin_ute_total_min, 45.0 as cum_logged_in_min,
        available * 0.7 as lin_utilization_level_light_min, available * 0.3 as lin_utilization_level_full_min,
        0.0 as lin_utilization_level_over_min, 15 - available as workload_level_no_min, available * 0.7 as workload_level_light_min,
        available * 0.3 as workload_level_full_min, 0.0 as workload_level_over_min, 0.0 as flex_protect_min,
        available * 60 as cum_weighted_seconds
      from main.big_reps`,
    `create table queue_told as
      select windows.start as instance_ts, queue_list.q::varchar as queue_id, queue_list.queue_name, count(id) filter (not abandoned) as assignments,
        count(id) filter (abandoned) as abandons, count(id) filter (not abandoned and wait <= 60) as within_threshold,
        avg(wait) as wait_seconds, avg(handle) as handle_seconds, avg(handle) * 0.1 as wrap_seconds, 15 as reps,
        false as contradicts
      from windows cross join queue_list left join main.visits on visits.start = windows.start and visits.q = queue_list.q
      group by all`,
    "create or replace view wfm.queue_windows as from main.queue_told",
    "create or replace view wfm.days as select distinct local_date(start) as day from main.windows order by day desc limit 92",
    "create or replace view wfm.queue_versions as select *, '1' as run from main.queue_told",
    `create or replace view wfm.queue_states as
      select instance_ts as start, local_date(instance_ts) as day, queue_name as queue, instance_ts + interval 40 minutes as known_at,
        assignments as assigned, abandons as abandoned, within_threshold as within, handle_seconds as handle
      from main.queue_told`,
    `create or replace view wfm.rep_windows as
      select start as instance_ts, q::varchar as queue_id, queue_name, r::varchar as rep_id, 15.0 as logged_in, available, 15 - available as busy,
        available as utilized, available * 0.7 as utilized_available, (15 - available) * 0.5 as utilized_busy, false as contradicts
      from main.big_reps join main.queue_list using (q)`,
    `update kit.feeds set data_through = ${through}
      where feed in ('issue_queues', 'rep_convos', 'queue_wfm', 'queue_membership_wfm')`,
    `create or replace view history.windows as
      select start, local_date(start) as day, local_slot(start) as slot, local_date(start) < local_date(${through}) as whole
      from main.windows`,
    `create or replace view history.rep_windows as
      select start, local_date(start) as day, split_part(local_slot(start), ':', 2)::integer as minute from main.windows`,
    `create or replace view history.days as
      select distinct feed, day, whole
      from history.windows, (values ('rep_utilized'), ('queue_membership_wfm')) as feeds (feed)`,
    `create or replace view history.through as select null::timestamp as conversations, ${through} as queues`,
  ];
  for (const statement of statements) await database.run(statement);
}
