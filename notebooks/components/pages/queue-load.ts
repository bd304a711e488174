import type { HeatDay } from "../metrics/heatmap.js";
import { datasetUrl, fetchRows, piece } from "./day-fetch.js";

/** Every queue together, a group of kit.yaml, or one queue. */
export type QueueKind = "all" | "group" | "queue";

/** What the whole days of the last four weeks say about a queue, as data-loaders/queue-load.json.sql ships it. */
export interface QueueLoad {
  queue: string; // "All queues" is every queue together
  kind: QueueKind;
  part: number; // the file of heatmap/ that holds its days
  days: number; // on which anything came
  contacts: number;
  abandoned: number;
  busiest: number; // contacts in the busiest half-hour of the day, mean of its days
  busiest_slot: string; // "11:30", local
  handled: number;
  handle_mean: number | null; // seconds; null: too few, held back
  concurrency: number | null; // chats at once of the reps who served it, while they had any
  patience: number | null; // mean seconds, exponential; null: too few abandons to tell
  excluded: string[]; // days among them that kit.yaml excludes, left out
}

/** The days of one queue, and the days on which any queue had data. Parts are fetched when they are looked at. */
export async function heatDays(index: { href: string }, loads: readonly QueueLoad[], queue: string) {
  const part = loads.find((load) => load.queue === queue)?.part ?? 0;
  const [all, own] = await Promise.all([0, part].map((number) => piece(heatPart(index, loads, number))));
  return {
    known: [...new Set(all!.rows.map(({ day }) => day))],
    rows: own!.rows.filter((row) => row.queue === queue),
    problem: all!.problem ?? own!.problem,
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
