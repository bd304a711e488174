import { CliError, reasonOf } from "../base/errors.ts";
import { toCliError } from "../base/faults.ts";
import { plural } from "../base/words.ts";
import type { Channel } from "../config/alerts-option.ts";
import { WebhookError } from "../http/webhook.ts";
import type { AlertState, Pending } from "../warehouse/alerts/alert-state.ts";
import { type AlertMessage, receiverName } from "./message.ts";

const firstPause = 60_000;
const longestPause = 3_600_000;
const keptFor = 7 * 24 * 3_600_000;

export interface Delivery {
  told: number; // messages taken
  problems: CliError[]; // one a receiver
}

/**
 * Tells the receivers what is pending, in order for each: after a failure the rest of that receiver waits, a minute at first,
 * then twice as long, an hour at most, or as long as it asks. `save` runs after each message that was taken: a process killed
 * between the two tells it again, under the same id. A message that no receiver took in a week is given up, which is said.
 */
export async function deliver(
  state: AlertState,
  send: (channel: Channel, message: AlertMessage) => Promise<void>,
  save: (state: AlertState) => void,
  { now, signal }: { now: () => number; signal?: AbortSignal | undefined },
): Promise<Delivery> {
  const problems: CliError[] = [];
  let told = 0;
  const replace = (entry: Pending, by: Pending[]) => {
    state.pending = state.pending.flatMap((one) => (one === entry ? by : [one]));
    save(state);
  };
  const channels = new Map(state.pending.map((entry) => [JSON.stringify(entry.channel), entry.channel]));
  for (const [key, channel] of channels) {
    const own = () => state.pending.filter((entry) => JSON.stringify(entry.channel) === key);
    for (let entry = own()[0]; entry !== undefined && !signal?.aborted; entry = own()[0]) {
      const waiting = own().length;
      if (now() - entry.since > keptFor) {
        replace(entry, []);
        problems.push(
          new CliError(
            "postFailed",
            `${receiverName(channel)} took no message for a week: ${entry.id} is given up`,
            entry.error ?? undefined,
          ),
        );
        continue;
      }
      // a clock that was set back makes no message wait longer than it would have
      if (entry.notBefore > now() && entry.notBefore - now() <= longestPause) {
        const { error } = entry;
        problems.push(unsent(channel, waiting, error ?? "it is to be tried again", "it is tried again"));
        break;
      }
      try {
        await send(channel, entry.message as AlertMessage);
      } catch (error) {
        if (signal?.aborted) throw error;
        const failure = toCliError(error);
        const asked = error instanceof WebhookError ? (error.retryAfterMs ?? 0) : 0;
        const pause = Math.min(longestPause, Math.max(asked, firstPause * 2 ** Math.min(entry.attempts, 10)));
        replace(entry, [
          { ...entry, attempts: entry.attempts + 1, notBefore: now() + pause, error: reasonOf(failure) },
        ]);
        problems.push(unsent(channel, waiting, reasonOf(failure), failure.next ?? "it is tried again"));
        break;
      }
      told++;
      replace(entry, []);
    }
  }
  return { told, problems };
}

function unsent(channel: Channel, waiting: number, reason: string, next: string): CliError {
  return new CliError(
    "postFailed",
    `${receiverName(channel)} has not taken ${plural(waiting, "alert message")}: ${reason}`,
    next,
  );
}
