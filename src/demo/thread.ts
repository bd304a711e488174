import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { FillSummary } from "./bucket.ts";
import { type DemoOptions, startDemo } from "./demo.ts";

export interface DemoThread {
  url: string;
  filled: FillSummary;
  close(): Promise<void>;
}

/** As `startDemo`, in a worker thread: simulating keeps a core busy, and the caller must stay responsive to signals. */
export async function startDemoThread(options: DemoOptions, signal: AbortSignal): Promise<DemoThread> {
  // Most objects are short-lived: a larger young generation saves a tenth of the time.
  const resourceLimits = { maxYoungGenerationSizeMb: 128 };
  const worker = new Worker(new URL(import.meta.url), { workerData: options, resourceLimits });
  try {
    const [demo] = (await once(worker, "message", { signal })) as [Omit<DemoThread, "close">];
    return {
      ...demo,
      close: async () => {
        await worker.terminate();
      },
    };
  } catch (error) {
    await worker.terminate();
    throw error;
  }
}

if (!isMainThread && parentPort !== null) {
  const { url, filled } = await startDemo(workerData as DemoOptions);
  parentPort.postMessage({ url, filled });
}
