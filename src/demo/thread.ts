import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { Filled } from "./bucket.ts";
import { type DemoOptions, startDemo } from "./demo.ts";

export interface DemoThread {
  url: string;
  filled: Filled;
  close(): Promise<void>;
}

/** As `startDemo`, in a thread of its own: simulating keeps a core busy for a while, and the caller free to be stopped. */
export async function startDemoThread(options: DemoOptions, signal: AbortSignal): Promise<DemoThread> {
  // Most of what it makes lives shorter than a row: with room for that, collecting it takes a tenth less time.
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
