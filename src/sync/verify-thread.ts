import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { Bomb, type Expected, type Verified, Verifier, verifyBuffer, WrongBytes } from "./verifier.ts";

const spareBatches: Buffer<ArrayBuffer>[] = [];
const maxSpare = 64;

/** The size of the batches in which an object is written to disk and passed to the verifying thread. */
export const batchBytes = 512 * 1024;

/** Memory for a batch, reused where possible: allocating and collecting it costs as much as an MD5 of its content. */
export function takeBatch(): Buffer<ArrayBuffer> {
  return spareBatches.pop() ?? Buffer.allocUnsafeSlow(batchBytes);
}

/** Returns memory that is no longer read. */
export function returnBatch(memory: ArrayBuffer): void {
  if (memory.byteLength === batchBytes && spareBatches.length < maxSpare) spareBatches.push(Buffer.from(memory));
}

/** The next bytes of an object. */
interface Piece {
  id: number; // of the object
  expected: Expected | null; // with the first piece of an object
  bytes: [from: number, to: number]; // within the task's memory
  last: boolean;
  path: string | null; // a sound small object is written to this file
}

type Task = { memory: ArrayBuffer; pieces: Piece[] } | { dropped: number }; // the id of an object that is given up

interface Verdict {
  id: number;
  verified: Verified | null;
  wrong: string | null; // what is wrong with the bytes
  bomb: boolean;
  disk: { code: string | undefined; path: string | undefined; message: string } | null; // the write error
}

interface Answer {
  memory: ArrayBuffer; // of the task
  verdicts: Verdict[];
}

/** Small objects for a thread, collected in one buffer. */
interface Collection {
  memory: Buffer<ArrayBuffer>;
  filled: number;
  pieces: Piece[];
}

interface Thread {
  worker: Worker;
  collection: Collection | null;
  waiting: Map<number, { resolve: (verified: Verified | null) => void; reject: (error: unknown) => void }>;
}

const maxThreads = 4;
const fewObjects = 200; // verifying so many small objects takes as long as starting a thread
const resourceLimits = { maxYoungGenerationSizeMb: 3 }; // V8's default takes 12 MiB more, and is no faster
const threads: Thread[] = [];
let serial = 0;
let verifiedHere = 0;

/**
 * Verifies a whole small object and writes it to `path`, in another thread once there are many: this is half the work of a
 * sync. `bytes` may be reused as soon as it returns. Rejects with WrongBytes or the file system's error.
 */
export async function keepSmall(bytes: Buffer, path: string, expected: Expected): Promise<Verified> {
  if (threads.length === 0 && ++verifiedHere < fewObjects) {
    const verified = verifyBuffer(bytes, expected);
    if (verified !== null) {
      writeFileSync(path, bytes);
      return verified;
    }
  }
  const id = ++serial;
  const thread = freeThread();
  if (thread.collection !== null && thread.collection.filled + bytes.length > batchBytes) sendCollection(thread);
  if (thread.collection === null) {
    thread.collection = { memory: takeBatch(), filled: 0, pieces: [] };
    setImmediate(sendCollection, thread);
  }
  const { collection } = thread;
  const from = collection.filled;
  bytes.copy(collection.memory, from);
  collection.filled += bytes.length;
  collection.pieces.push({ id, expected, bytes: [from, collection.filled], last: true, path });
  const verified = await verdictOn(thread, id);
  if (verified === null) throw new Error(`no verdict on ${path}`);
  return verified;
}

/**
 * Verifies an object in another thread, batch by batch, while this one serves network and disk. The memory of a batch is
 * transferred to that thread and then reused: do not touch it afterwards.
 */
export class ThreadVerifier {
  private readonly id = ++serial;
  private readonly thread = freeThread();
  private expected: Expected | null;

  constructor(expected: Expected) {
    this.expected = expected;
  }

  /** Resolves when the next batch may follow, and after the last with the verdict. Rejects with WrongBytes. */
  write(bytes: Buffer<ArrayBuffer>, last: boolean): Promise<Verified | null> {
    const { id, expected, thread } = this;
    this.expected = null;
    const { buffer: memory, byteOffset: from, length } = bytes;
    send(thread, memory, [{ id, expected, bytes: [from, from + length], last, path: null }]);
    return verdictOn(thread, id);
  }

  close(): void {
    this.thread.worker.postMessage({ dropped: this.id } satisfies Task);
  }
}

function send({ worker }: Thread, memory: ArrayBuffer, pieces: Piece[]): void {
  worker.postMessage({ memory, pieces } satisfies Task, [memory]);
}

function sendCollection(thread: Thread): void {
  const { collection } = thread;
  thread.collection = null;
  if (collection !== null) send(thread, collection.memory.buffer, collection.pieces);
}

function verdictOn({ worker, waiting }: Thread, id: number): Promise<Verified | null> {
  return new Promise((resolve, reject) => {
    if (waiting.size === 0) worker.ref();
    waiting.set(id, { resolve, reject });
  });
}

function freeThread(): Thread {
  const idle = threads.find(({ waiting }) => waiting.size === 0);
  if (idle !== undefined) return idle;
  if (threads.length < Math.min(maxThreads, availableParallelism())) return startThread();
  return threads.reduce((least, thread) => (thread.waiting.size < least.waiting.size ? thread : least));
}

function startThread(): Thread {
  const worker = new Worker(new URL(import.meta.url), { workerData: "verify", resourceLimits });
  const thread: Thread = { worker, collection: null, waiting: new Map() };
  const settle = (id: number) => {
    const waiter = thread.waiting.get(id);
    thread.waiting.delete(id);
    if (thread.waiting.size === 0) worker.unref();
    return waiter;
  };
  worker.on("message", ({ memory, verdicts }: Answer) => {
    returnBatch(memory);
    for (const { id, verified, wrong, bomb, disk } of verdicts) {
      if (disk !== null) settle(id)?.reject(Object.assign(new Error(disk.message), disk));
      else if (wrong !== null) settle(id)?.reject(bomb ? new Bomb(wrong) : new WrongBytes(wrong));
      else settle(id)?.resolve(verified);
    }
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
  port.on("message", async (task: Task) => {
    if ("dropped" in task) {
      open.get(task.dropped)?.close();
      open.delete(task.dropped);
      return;
    }
    const { memory, pieces } = task;
    const verdicts: Verdict[] = [];
    for (const piece of pieces) verdicts.push(await verifyPiece(piece, memory, open));
    port.postMessage({ memory, verdicts } satisfies Answer, [memory]);
  });
}

async function verifyPiece(
  { id, expected, bytes: [from, to], last, path }: Piece,
  memory: ArrayBuffer,
  open: Map<number, Verifier>,
): Promise<Verdict> {
  const bytes = Buffer.from(memory, from, to - from);
  const verdict: Verdict = { id, verified: null, wrong: null, bomb: false, disk: null };
  try {
    if (expected !== null && last) verdict.verified = verifyBuffer(bytes, expected);
    if (verdict.verified === null) {
      const verifier = open.get(id) ?? (expected && new Verifier(expected));
      if (verifier === null) throw new Error(`no first piece of object ${id}`);
      open.set(id, verifier);
      await verifier.write(bytes);
      if (last) verdict.verified = await verifier.finish();
    }
    if (path !== null) writeFileSync(path, bytes);
  } catch (error) {
    const { code, path: where, message, syscall } = error as NodeJS.ErrnoException;
    verdict.bomb = error instanceof Bomb;
    if (error instanceof WrongBytes) verdict.wrong = message;
    else if (syscall !== undefined) verdict.disk = { code, path: where, message };
    else throw error;
  }
  if (last) open.delete(id);
  return verdict;
}

if (!isMainThread && parentPort !== null && workerData === "verify") serve(parentPort);
