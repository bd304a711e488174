// Runs of queue_wfm as exports with markers of their own time, for tests of what was known when.
import { gzipSync } from "node:zlib";
import type { Kit } from "./sync-kit.ts";

/** The counts of a queue's quarter-hour; handle time in seconds. */
export type Told = [assigned: number, abandoned: number, within: number, handle?: number];

/** A run ("10/mi=30"), when its marker came ("10:42"), and what it told: by start ("10:00"), then by queue. */
export type ToldRun = [run: string, at: string, windows: Record<string, Record<string, Told>>];

/** Puts the runs of one UTC day into the kit's bucket. */
export function putRuns(kit: Kit, day: string, runs: readonly ToldRun[]): void {
  for (const [run, at, windows] of runs) {
    const folder = `queue_wfm/version=1/format=jsonl/dt=${day}/hr=${run}`;
    const rows = Object.entries(windows).flatMap(([start, queues]) =>
      Object.entries(queues).map(([queue_name, [assigned, abandoned, within, handle]]) => ({
        instance_ts: `${day}T${start}:00Z`,
        queue_id: queue_name.length,
        queue_name,
        rep_id: null,
        total_assignments: assigned,
        total_abandons: abandoned,
        waits_under_60s: within,
        avg_wait_time_seconds: 7,
        ...(handle !== undefined && { avg_handle_time_seconds: handle }),
      })),
    );
    const modified = new Date(`${day}T${at}:00Z`);
    const body = gzipSync(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    kit.put(`${folder}/queue_wfm.jsonl.gz`, body, { modified });
    kit.put(`${folder}/_SUCCESS`, "", { modified });
  }
}
