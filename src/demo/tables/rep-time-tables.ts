import { company } from "../simulator/centre.ts";
import type { Status } from "../simulator/log.ts";
import type { Row } from "./issue-state.ts";
import { byRep, repTime, type Stretch, windowLength } from "./rep-time.ts";
import { minutes, seconds, spelling } from "./spelling.ts";

/** One row per rep and 15-minute window, from the window's stretches. Time after the cutoff does not count yet. */
export function repUtilized(window: number, parts: readonly Stretch[], cutoff: number, exportedTo: number): Row[] {
  return [...byRep(parts)].map(([rep, stretches]) => {
    const time = repTime(stretches, cutoff);
    const labor = time.available + time.cumulativeBusy;
    const clicks = stretches.filter(
      (part) => part.from === part.spell.from && part.spell.status !== "Available",
    ).length;
    const ratio = (part: number) => (labor > 0 ? Math.round((part / labor) * 10_000) / 10_000 : null);
    return {
      instance_ts: spelling.plainSeconds(window),
      export_ts: spelling.plainSeconds(exportedTo),
      company_id: company.id,
      rep_id: String(rep.id),
      rep_name: rep.name,
      max_slots: rep.slots,
      cum_logged_in_min: minutes(time.loggedIn * rep.slots),
      lin_logged_in_min: minutes(time.loggedIn),
      cum_avail_min: minutes(time.available * rep.slots),
      lin_avail_min: minutes(time.available),
      cum_busy_min: minutes(time.busy * rep.slots),
      lin_busy_min: minutes(time.busy),
      cum_prebreak_min: minutes(time.preBreak * rep.slots),
      lin_prebreak_min: minutes(time.preBreak),
      cum_ute_total_min: minutes(time.cumulative),
      lin_ute_total_min: minutes(time.utilized),
      cum_ute_avail_min: minutes(time.cumulativeAvailable),
      lin_ute_avail_min: minutes(time.utilizedAvailable),
      cum_ute_busy_min: minutes(time.cumulativeBusy),
      lin_ute_busy_min: minutes(time.utilizedBusy),
      cum_ute_prebreak_min: minutes(time.cumulativePreBreak),
      lin_ute_prebreak_min: minutes(time.utilizedPreBreak),
      labor_min: minutes(labor),
      busy_clicks_ct: clicks,
      ute_ratio: ratio(time.cumulative),
      act_ratio: ratio(time.cumulativeAvailable),
      company_name: company.name,
      desk_mode: "CHAT",
      lin_utilization_level_over_min: 0,
      lin_utilization_level_full_min: minutes(time.full),
      lin_utilization_level_light_min: minutes(time.light),
      workload_level_no_min: minutes(time.loggedIn - time.utilized),
      workload_level_over_min: 0,
      workload_level_full_min: minutes(time.full),
      workload_level_light_min: minutes(time.light),
      flex_protect_min: 0,
    };
  });
}

const statusIds: Record<Status, string> = {
  Available: "1",
  "Pre-Break": "2",
  "Coffee Break": "3",
  "Lunch Break": "4",
  Coaching: "5",
  "End of Shift": "6",
};

/** One row per rep, window and spell in a status. The two parts of its time add up to the time in the window. */
export function repActivity(window: number, parts: readonly Stretch[], cutoff: number, exportedTo: number): Row[] {
  const rows: Row[] = [];
  for (const [rep, stretches] of byRep(parts)) {
    for (const spell of new Set(stretches.map((part) => part.spell))) {
      const time = repTime(
        stretches.filter((part) => part.spell === spell),
        cutoff,
      );
      if (time.loggedIn === 0) continue;
      const start = Math.max(spell.from, window);
      const ended = spell.to < exportedTo;
      rows.push({
        instance_ts: spelling.plainSeconds(window),
        update_ts: spelling.plainMillis(Math.min(spell.to, cutoff, window + windowLength)),
        export_ts: spelling.plainSeconds(exportedTo),
        status_id: statusIds[spell.status],
        status_description: spell.status === "Available" ? "ACTIVE" : "BUSY",
        orig_status_description: spell.status,
        in_status_starting_ts: spelling.isoMicro(start),
        linear_ute_time: seconds(time.utilized),
        cumul_ute_time: seconds(time.cumulative),
        unutilized_time: seconds(time.loggedIn - time.utilized),
        window_status_time: seconds(time.loggedIn),
        total_status_time: seconds(Math.min(spell.to, exportedTo) - spell.from),
        max_slots: rep.slots,
        status_end_ts: ended ? spelling.isoMicro(spell.to) : null,
        rep_id: rep.id,
        rep_name: rep.name,
        company_name: company.name,
        desk_mode: "CHAT",
      });
    }
  }
  return rows;
}
