// Every wait of the tests has a bound, and says what it waited for.
import type { ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

/** Seconds: far above what anything here takes on a busy machine. */
const patience = 300;

/** The promise's value. Throws what it waited for after that many seconds; `state` adds how things stand then. */
export async function within<T>(
  what: string,
  promise: Promise<T>,
  { seconds = patience, state = () => "" }: { seconds?: number; state?: () => string } = {},
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const now = state();
      reject(new Error(`waited ${seconds} s for ${what}${now === "" ? "" : `: ${now}`}`));
    }, seconds * 1000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks every few milliseconds until the answer is true. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  options: { seconds?: number; state?: () => string } = {},
): Promise<void> {
  let given = false;
  const asking = async () => {
    while (!given && !(await holds())) await delay(10);
  };
  await within(what, asking(), options).finally(() => {
    given = true;
  });
}

/** The exit code of a program once all its output came, or null when a signal ended it. One that does not end is killed. */
export function ended(what: string, child: ChildProcess, seconds = 300): Promise<number | null> {
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return within(`the end of ${what}`, closed, { seconds }).catch((error) => {
    child.kill("SIGKILL");
    throw error;
  });
}

/** The text that comes next. */
export function output(what: string, stream: Readable): Promise<string> {
  return within(what, new Promise((resolve) => stream.once("data", (text) => resolve(String(text)))));
}
