import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { Bomb, type Expected, type Verified, Verifier, verifyBuffer, WrongBytes } from "./verify.ts";

const spare: Buffer<ArrayBuffer>[] = [];
const mostSpare = 64;

/** The size of the pieces in which an object is written to disk and passed to the checking thread. */
export const batchBytes = 512 * 1024;

/** Memory for a piece, reused where possible: allocating and collecting it costs as much as an MD5 of its content. */
export function takeBatch(): Buffer<ArrayBuffer> {
  return spare.pop() ?? Buffer.allocUnsafeSlow(batchBytes);
}

/** Returns memory that is no longer read. */
export function returnBatch(memory: ArrayBuffer): void {
  if (memory.byteLength === batchBytes && spare.length < mostSpare) spare.push(Buffer.from(memory));
}

/** The next bytes of an object, or their end. The first message of an object carries the expectation. */
interface Check {
  id: number;
  expected: Expected | null;
  bytes: [from: number, to: number] | null; // within the task's memory; null: the object is given up
  last: boolean;
  path: string | null; // a whole small object is written to this file if it is sound
}

interface Task {
  memory: ArrayBuffer | null;
  checks: Check[];
}

interface Verdict {
  id: number;
  verified: Verified | null;
  wrong: string | null; // the defect of the bytes
  bomb: boolean;
  disk: { code: string | undefined; path: string | undefined; message: string } | null; // the error of writing
}

interface Answer {
  memory: ArrayBuffer; // of the task
  verdicts: Verdict[];
}

/** Small objects for a thread, one after the other in one buffer. */
interface Tray {
  memory: Buffer<ArrayBuffer>;
  filled: number;
  checks: Check[];
}

interface Thread {
  worker: Worker;
  tray: Tray | null;
  waiting: Map<number, { resolve: (verified: Verified | null) => void; reject: (error: unknown) => void }>;
}

const mostThreads = 4;
const fewObjects = 200; // as many small objects take as long as starting a thread
const threads: Thread[] = [];
let serial = 0;
let checkedHere = 0;

/**
 * Checks a whole small object and writes it to `path`, in another thread once there are many: checking, opening and writing
 * them is half the work of a sync. `bytes` may be reused as soon as it returns. Rejects with WrongBytes or the file system's
 * error.
 */
export async function keepSmall(bytes: Buffer, path: string, expected: Expected): Promise<Verified> {
  if (threads.length === 0 && ++checkedHere < fewObjects) {
    const verified = verifyBuffer(bytes, expected);
    if (verified !== null) {
      writeFileSync(path, bytes);
      return verified;
    }
  }
  const id = ++serial;
  const thread = freeThread();
  if (thread.tray !== null && thread.tray.filled + bytes.length > batchBytes) sendTray(thread);
  if (thread.tray === null) {
    thread.tray = { memory: takeBatch(), filled: 0, checks: [] };
    setImmediate(sendTray, thread);
  }
  const { tray } = thread;
  const from = tray.filled;
  bytes.copy(tray.memory, from);
  tray.filled += bytes.length;
  tray.checks.push({ id, expected, bytes: [from, tray.filled], last: true, path });
  return (await verdictOn(thread, id))!;
}

/**
 * Checks an object in another thread, piece by piece, while this one serves network and disk. The memory of a piece is
 * transferred to that thread and then reused: do not touch it afterwards.
 */
export class ThreadVerifier {
  private readonly id = ++serial;
  private readonly thread = freeThread();
  private expected: Expected | null;

  constructor(expected: Expected) {
    this.expected = expected;
  }

  /** Resolves when the next piece may follow; after the last with the verdict. Rejects with WrongBytes. */
  write(bytes: Buffer<ArrayBuffer>, last: boolean): Promise<Verified | null> {
    const { id, expected, thread } = this;
    this.expected = null;
    const { buffer: memory, byteOffset: from, length } = bytes;
    send(thread, memory, [{ id, expected, bytes: [from, from + length], last, path: null }]);
    return verdictOn(thread, id);
  }

  close(): void {
    send(this.thread, null, [{ id: this.id, expected: null, bytes: null, last: true, path: null }]);
  }
}

function send({ worker }: Thread, memory: ArrayBuffer | null, checks: Check[]): void {
  worker.postMessage({ memory, checks } satisfies Task, memory === null ? [] : [memory]);
}

function sendTray(thread: Thread): void {
  const { tray } = thread;
  thread.tray = null;
  if (tray !== null) send(thread, tray.memory.buffer, tray.checks);
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
  if (threads.length < Math.min(mostThreads, availableParallelism())) return startThread();
  return threads.reduce((least, thread) => (thread.waiting.size < least.waiting.size ? thread : least));
}

function startThread(): Thread {
  const worker = new Worker(new URL(import.meta.url), { workerData: "verify" });
  const thread: Thread = { worker, tray: null, waiting: new Map() };
  const settle = (id: number) => {
    const asked = thread.waiting.get(id);
    thread.waiting.delete(id);
    if (thread.waiting.size === 0) worker.unref();
    return asked;
  };
  worker.on("message", ({ memory, verdicts }: Answer) => {
    returnBatch(memory);
    for (const { id, verified, wrong, bomb, disk } of verdicts) {
      if (disk !== null) settle(id)?.reject(Object.assign(new Error(disk.message), disk));
      else if (bomb) settle(id)?.reject(new Bomb(wrong!));
      else if (wrong !== null) settle(id)?.reject(new WrongBytes(wrong));
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
  port.on("message", async ({ memory, checks }: Task) => {
    if (memory === null) {
      for (const { id } of checks) {
        open.get(id)?.close();
        open.delete(id);
      }
      return;
    }
    const verdicts: Verdict[] = [];
    for (const check of checks) verdicts.push(await judge(check, memory, open));
    port.postMessage({ memory, verdicts } satisfies Answer, [memory]);
  });
}

async function judge(
  { id, expected, bytes, last, path }: Check,
  memory: ArrayBuffer,
  open: Map<number, Verifier>,
): Promise<Verdict> {
  const [from, to] = bytes!;
  const piece = Buffer.from(memory, from, to - from);
  const verdict: Verdict = { id, verified: null, wrong: null, bomb: false, disk: null };
  const held = open.get(id);
  try {
    verdict.verified = held === undefined && last ? verifyBuffer(piece, expected!) : null;
    if (verdict.verified === null) {
      const verifier = held ?? new Verifier(expected!);
      open.set(id, verifier);
      await verifier.write(piece);
      if (last) verdict.verified = await verifier.finish();
    }
    if (path !== null) writeFileSync(path, piece);
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
