import { availableParallelism } from "node:os";
import { onConnections } from "../../duckdb/connections.ts";
import { type Database, openDatabase } from "../../duckdb/database.ts";

const memoryLimit = "1500MB";

/** Units read at once: one thread per day, so that lines keep their numbers, and several days to keep the cores busy. */
const mostLanes = Math.max(2, Math.min(4, availableParallelism()));

/** Works on the units on several connections at once. Throws the first error once what runs has ended. */
export async function inLanes<T>(
  units: readonly T[],
  signal: AbortSignal | undefined,
  work: (db: Database, unit: T, lane: number) => Promise<void>,
): Promise<void> {
  // One thread in all: with a second one, DuckDB would have one of the two spin while it waits.
  const db = await openDatabase({ threads: 1, memoryLimit });
  try {
    await onConnections(db, Math.min(units.length, mostLanes), units, work, signal);
  } finally {
    db.close();
  }
}
