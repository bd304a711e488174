import { allQueues, type WindowRow } from "../notebooks/components/metrics/interval.ts";

/** A window of all queues in which nothing happened, but for what `values` says. */
export function windowRow(start: string, values: Partial<WindowRow> = {}): WindowRow {
  return {
    queue: allQueues,
    start: Date.parse(start),
    assigned: 0,
    abandoned: 0,
    within: 0,
    wait: null,
    handle: null,
    wrap: null,
    reps: null,
    logged_in: null,
    available: null,
    busy: null,
    utilized_available: null,
    utilized_busy: null,
    merged: 15,
    first_offered: null,
    weeks: null,
    usual_offered: null,
    usual_abandoned: null,
    usual_within: null,
    usual_wait: null,
    usual_handle: null,
    usual_available: null,
    scheduled: null,
    forecast: null,
    forecast_handle: null,
    forecast_issued: null,
    ...values,
  };
}
