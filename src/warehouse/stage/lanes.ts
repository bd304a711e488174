import { availableParallelism } from "node:os";
import { mapConcurrently } from "../../base/concurrency.ts";
import { type Database, openDatabase } from "../../duckdb/database.ts";

const memoryLimit = "1500MB";

/** Days read at once: one thread per day, so that lines keep their numbers, and several days to keep the cores busy. */
export function lanes(): number {
  return Math.max(2, Math.min(4, availableParallelism()));
}

/** Runs the work on several connections at once. When one fails, `stop` ends the others, and then its error is thrown. */
export async function inLanes(
  count: number,
  signal: AbortSignal | undefined,
  work: (db: Database, lane: number) => Promise<void>,
  stop: () => void,
): Promise<void> {
  // One connection per lane. With a second thread, DuckDB would have one of the two spin while it waits.
  const db = await openDatabase({ threads: 1, memoryLimit });
  const links = [db];
  const interrupt = () => {
    for (const link of links) link.interrupt();
  };
  signal?.addEventListener("abort", interrupt);
  try {
    while (links.length < count) links.push(await db.connect());
    await mapConcurrently(links.length, links, async (link, lane) => {
      try {
        await work(link, lane);
      } catch (error) {
        stop();
        throw error;
      }
    });
  } finally {
    signal?.removeEventListener("abort", interrupt);
    for (const link of links.reverse()) link.close();
  }
}
