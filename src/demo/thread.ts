import { on } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { FillSummary } from "./bucket.ts";
import { type DemoOptions, startDemo } from "./demo.ts";

export interface DemoThread {
  url: string;
  filled: Promise<FillSummary>; // once the simulation has ended
  close(): Promise<void>;
}

/** As `startDemo`, in a worker thread: simulating keeps a core busy, and the caller must stay responsive to signals. */
export async function startDemoThread(
  options: Omit<DemoOptions, "onListening">,
  signal: AbortSignal,
): Promise<DemoThread> {
  // Most objects are short-lived: a larger young generation saves a tenth of the time.
  const resourceLimits = { maxYoungGenerationSizeMb: 128 };
  const worker = new Worker(new URL(import.meta.url), { workerData: options, resourceLimits });
  const messages = on(worker, "message", { signal }); // keeps those that nobody waits for yet
  const next = async () => (await messages.next()).value[0];
  const close = async () => {
    await worker.terminate();
  };
  try {
    const url: string = await next();
    const filled: Promise<FillSummary> = next();
    filled.catch(() => {}); // the caller may fail first, and never ask
    return { url, filled, close };
  } catch (error) {
    await close();
    throw error;
  }
}

if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  const onListening = (url: string) => port.postMessage(url);
  const { filled } = await startDemo({ ...(workerData as DemoOptions), onListening });
  port.postMessage(filled);
}
