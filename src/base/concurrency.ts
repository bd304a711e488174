/** Returns a function that runs at most `limit` tasks at once, and queues the others in their order. */
export function limitConcurrency(limit: number): <T>(task: () => Promise<T>) => Promise<T> {
  let running = 0;
  const queue: (() => void)[] = [];
  return async (task) => {
    if (running >= limit) await new Promise<void>((resolve) => queue.push(resolve));
    else running += 1;
    try {
      return await task();
    } finally {
      const next = queue.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

/**
 * Runs a task for each item, at most `limit` at once, and returns the results in the order of the items. Each worker takes its
 * next item when it is free, so a generator is read lazily; `worker` is its number, from 0, for what each worker owns.
 * After the first failure, of a task or of the items, no worker takes another item; it is thrown once all have ended.
 */
export async function mapConcurrently<T, R>(
  limit: number,
  items: Iterable<T>,
  task: (item: T, worker: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const failures: unknown[] = [];
  const iterator = items[Symbol.iterator]();
  let taken = 0;
  const runWorker = async (_: unknown, worker: number) => {
    try {
      while (failures.length === 0) {
        const item = iterator.next();
        if (item.done) return;
        const index = taken++;
        results[index] = await task(item.value, worker);
      }
    } catch (error) {
      failures.push(error);
    }
  };
  await Promise.all(Array.from({ length: limit }, runWorker));
  if (failures.length > 0) throw failures[0];
  return results;
}
