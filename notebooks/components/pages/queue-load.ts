import type { HeatDay } from "../metrics/heatmap.js";
import { datasetUrl, fetchRows, piece } from "./day-fetch.js";

/** All queues together, a group in kit.yaml, or one queue. */
export type QueueKind = "all" | "group" | "queue";

/** A queue over the complete days of the last four weeks, as data-loaders/queue-load.json.sql ships it. */
export interface QueueLoad {
  queue: string; // "All queues" is all of them together
  kind: QueueKind;
  part: number; // the file in heatmap/ with its days
  days: number; // with contacts
  contacts: number;
  abandoned: number;
  busiest: number; // contacts in the busiest half-hour, mean over days
  busiest_slot: string; // "11:30", local
  handled: number;
  handle_mean: number | null; // seconds; null: held back, too few
  concurrency: number | null; // concurrent chats of its reps while utilized
  patience: number | null; // mean seconds, exponential; null: too few abandons
  excluded: string[]; // days left out because kit.yaml excludes them
}

/** The days of one queue, and the days on which any queue has data. Parts are fetched on demand. */
export async function heatDays(index: { href: string }, loads: readonly QueueLoad[], queue: string) {
  const part = loads.find((load) => load.queue === queue)?.part ?? 0;
  const [all, own] = await Promise.all([piece(heatPart(index, loads, 0)), piece(heatPart(index, loads, part))]);
  return {
    known: [...new Set(all.rows.map(({ day }) => day))],
    rows: own.rows.filter((row) => row.queue === queue),
    problem: all.problem ?? own.problem,
  };
}

const parts = new Map<string, Promise<HeatDay[]>>();

async function heatPart(index: { href: string }, loads: readonly QueueLoad[], part: number): Promise<HeatDay[]> {
  if (!loads.some((load) => load.part === part)) return [];
  const url = datasetUrl(index.href, `heatmap/${part}.json`);
  let rows = parts.get(url);
  if (!rows) {
    rows = fetchRows<HeatDay>(url);
    parts.set(url, rows);
    rows.catch(() => parts.delete(url));
  }
  return rows;
}
