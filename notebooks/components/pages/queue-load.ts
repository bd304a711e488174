import type { HeatDay } from "../metrics/heatmap.js";
import type { CloseDay } from "../metrics/queues/close-backtest.js";
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
  const of = (part: number) => partRows<HeatDay>(datasetUrl(index.href, `heatmap/${part}.json`), loads, part);
  const [all, own] = await Promise.all([piece(of(0)), piece(of(partOf(loads, queue)))]);
  return {
    known: [...new Set(all.rows.map(({ day }) => day))],
    rows: own.rows.filter((row) => row.queue === queue),
    problem: all.problem ?? own.problem,
  };
}

/** The days of one queue for the backtest of the service level at close. */
export async function closeDays(index: { href: string }, loads: readonly QueueLoad[], queue: string) {
  const part = partOf(loads, queue);
  const { rows, problem } = await piece(partRows<CloseDay>(datasetUrl(index.href, `close/${part}.json`), loads, part));
  return { rows: rows.filter((row) => row.queue === queue), problem };
}

function partOf(loads: readonly QueueLoad[], queue: string): number {
  return loads.find((load) => load.queue === queue)?.part ?? 0;
}

const parts = new Map<string, Promise<unknown[]>>();

async function partRows<Row>(url: string, loads: readonly QueueLoad[], part: number): Promise<Row[]> {
  if (!loads.some((load) => load.part === part)) return [];
  const rows = parts.get(url) ?? fetchRows<Row>(url);
  parts.set(url, rows);
  rows.catch(() => parts.delete(url));
  return rows as Promise<Row[]>;
}
