import { type Centre, company, isOpen, type Queue } from "../simulator/centre.ts";
import { localTime } from "../simulator/zone.ts";
import { figures, type Row, sum } from "./issue-state.ts";
import { byRep, repTime, type Stretch } from "./rep-time.ts";
import { minutes, spelling } from "./spelling.ts";
import type { QueueEvents } from "./timeline.ts";

const noEvents: QueueEvents = { answers: [], abandons: [], dispositions: [] };

/**
 * One row per queue and window. Waits are those of assignments and abandons that happened in the window, zero for
 * assignments past the queue; handle and wrap-up time are those of dispositions in it; the threshold counts hold
 * answered contacts only. `isReported` is true for events that this run includes, which late ones may not be.
 */
export function queueWfm(
  { queues, zone }: Pick<Centre, "queues" | "zone">,
  eventsOf: (queue: Queue) => QueueEvents | undefined,
  window: number,
  parts: readonly Stretch[],
  isReported: (at: number, late: number) => boolean,
): Row[] {
  const local = localTime(window, zone);
  const reps = new Set(parts.map((part) => part.shift.rep));
  return queues.flatMap((queue) => {
    const events = eventsOf(queue) ?? noEvents;
    const abandons = events.abandons.filter((visit) => isReported(visit.exitedAt, visit.late));
    const dispositions = events.dispositions
      .filter(({ assignment }) => isReported(assignment.endedAt, assignment.late))
      .flatMap(({ issue, assignment }) => figures(issue, assignment, Infinity).durations ?? []);
    if (!isOpen(queue, local.weekday, local.minutes) && events === noEvents) return [];
    const waits = [
      ...events.answers.map(({ wait }) => wait),
      ...abandons.map((visit) => visit.exitedAt - visit.enteredAt),
    ];
    const under = (limit: number) => events.answers.filter(({ wait }) => wait < limit * 1000).length;
    const mean = (values: number[]) =>
      values.length > 0 ? sum(values, (value) => value) / values.length / 1000 : null;
    return {
      instance_ts: spelling.plainSeconds(window),
      company_marker: company.marker,
      queue_id: queue.id,
      queue_name: queue.name,
      rep_id: null,
      total_assignments: events.answers.length,
      total_abandons: abandons.length,
      avg_handle_time_seconds: mean(dispositions.map(({ handle }) => handle)),
      avg_wrap_time_seconds: mean(dispositions.map(({ wrap }) => wrap)),
      avg_wait_time_seconds: mean(waits),
      waits_under_30s: under(30),
      waits_under_60s: under(60),
      waits_under_120s: under(120),
      reps_in_queue: [...reps].filter((rep) => rep.queues.includes(queue)).length,
    };
  });
}

/** One row per rep, queue and window, with the rep's full time in each of their queues. */
export function queueMembershipWfm(window: number, parts: readonly Stretch[], cutoff: number): Row[] {
  return [...byRep(parts)].flatMap(([rep, stretches]) => {
    const time = repTime(stretches, cutoff);
    return rep.queues.map((queue) => ({
      instance_ts: spelling.plainSeconds(window),
      company_id: company.id,
      company_marker: company.marker,
      rep_id: String(rep.id),
      queue_id: String(queue.id),
      queue_name: queue.name,
      lin_logged_in_min: minutes(time.loggedIn),
      lin_avail_min: minutes(time.available),
      lin_busy_min: minutes(time.busy),
      lin_ute_total_min: minutes(time.utilized),
      lin_ute_avail_min: minutes(time.utilizedAvailable),
      lin_ute_busy_min: minutes(time.utilizedBusy),
    }));
  });
}
