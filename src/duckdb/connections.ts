import { mapConcurrently } from "../base/concurrency.ts";
import type { Database } from "./database.ts";

/**
 * Works on the items on `count` new connections, each item on a free one; `mapConcurrently` has the order and the failures.
 * The signal interrupts what runs on them. The connections are closed at the end.
 */
export async function onConnections<T, R>(
  database: Database,
  count: number,
  items: Iterable<T>,
  work: (connection: Database, item: T, number: number) => Promise<R>,
  signal?: AbortSignal,
): Promise<R[]> {
  const connections: Database[] = [];
  const interrupt = () => {
    for (const connection of connections) connection.interrupt();
  };
  signal?.addEventListener("abort", interrupt);
  try {
    while (connections.length < count) connections.push(await database.connect());
    return await mapConcurrently(count, items, (item, i) => work(connections[i] ?? database, item, i));
  } finally {
    signal?.removeEventListener("abort", interrupt);
    for (const connection of connections) connection.close();
  }
}
