import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { returnBatch } from "./batch.ts";
import { type Expected, type Verified, Verifier, verifyBuffer, WrongBytes } from "./verify.ts";

/** The next bytes of an object; null bytes give it up. Its first task says what is expected. */
interface Task {
  id: number;
  expected: Expected | null;
  bytes: Uint8Array<ArrayBuffer> | null;
  last: boolean;
}

interface Answer {
  id: number;
  verified: Verified | null;
  wrong: string | null; // what is wrong with the bytes
  memory: ArrayBuffer; // of the bytes
}

interface Thread {
  worker: Worker;
  waiting: Map<number, { resolve: (verified: Verified | null) => void; reject: (error: unknown) => void }>;
}

const mostThreads = 4;
const threads: Thread[] = [];
let serial = 0;

/**
 * Checks an object in another thread, piece by piece, so that this one can see to the network and the disk. The pieces'
 * memory goes over to it, and from there to whoever takes the next batch: do not touch them afterwards.
 */
export class ThreadVerifier {
  private readonly id = ++serial;
  private readonly thread = freeThread();
  private expected: Expected | null;

  constructor(expected: Expected) {
    this.expected = expected;
  }

  /** Resolves when the next piece may come; with the verdict after the last. Rejects with WrongBytes. */
  write(bytes: Buffer<ArrayBuffer>, last: boolean): Promise<Verified | null> {
    const { id, expected, thread } = this;
    this.expected = null;
    return new Promise((resolve, reject) => {
      if (thread.waiting.size === 0) thread.worker.ref();
      thread.waiting.set(id, { resolve, reject });
      thread.worker.postMessage({ id, expected, bytes, last } satisfies Task, [bytes.buffer]);
    });
  }

  close(): void {
    this.thread.worker.postMessage({ id: this.id, expected: null, bytes: null, last: true } satisfies Task);
  }
}

function freeThread(): Thread {
  const idle = threads.find(({ waiting }) => waiting.size === 0);
  if (idle !== undefined) return idle;
  if (threads.length < Math.min(mostThreads, Math.max(1, availableParallelism() - 1))) return startThread();
  return threads.reduce((least, thread) => (thread.waiting.size < least.waiting.size ? thread : least));
}

function startThread(): Thread {
  const worker = new Worker(new URL(import.meta.url), { workerData: "verify" });
  const thread: Thread = { worker, waiting: new Map() };
  const settle = (id: number) => {
    const asked = thread.waiting.get(id);
    thread.waiting.delete(id);
    if (thread.waiting.size === 0) worker.unref();
    return asked;
  };
  worker.on("message", ({ id, verified, wrong, memory }: Answer) => {
    returnBatch(memory);
    if (wrong === null) settle(id)?.resolve(verified);
    else settle(id)?.reject(new WrongBytes(wrong));
  });
  worker.on("error", (error) => {
    threads.splice(threads.indexOf(thread), 1);
    for (const id of [...thread.waiting.keys()]) settle(id)?.reject(error);
  });
  worker.unref();
  threads.push(thread);
  return thread;
}

function serve(port: NonNullable<typeof parentPort>): void {
  const open = new Map<number, Verifier>();
  port.on("message", async ({ id, expected, bytes, last }: Task) => {
    const held = open.get(id);
    if (bytes === null) {
      held?.close();
      open.delete(id);
      return;
    }
    const memory = bytes.buffer;
    const answer: Answer = { id, verified: null, wrong: null, memory };
    try {
      const piece = Buffer.from(memory, bytes.byteOffset, bytes.length);
      answer.verified = held === undefined && last ? verifyBuffer(piece, expected!) : null;
      if (answer.verified === null) {
        const verifier = held ?? new Verifier(expected!);
        open.set(id, verifier);
        await verifier.write(piece);
        if (last) answer.verified = await verifier.finish();
      }
    } catch (error) {
      if (!(error instanceof WrongBytes)) throw error;
      answer.wrong = error.message;
    }
    if (last) open.delete(id);
    port.postMessage(answer, [memory]);
  });
}

if (!isMainThread && parentPort !== null && workerData === "verify") serve(parentPort);
