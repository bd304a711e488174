// Every wait of the tests has a bound, and says what it waited for.
import { setTimeout as delay } from "node:timers/promises";

/** Seconds: far above what anything here takes on a busy machine, below the timeout of a suite. */
const patience = 120;

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
