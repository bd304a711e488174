import { setTimeout as delay } from "node:timers/promises";
import { CliError } from "../base/errors.ts";
import { type Head, Http } from "./http.ts";
import { HttpError } from "./http-error.ts";
import { basicLogin } from "./proxy.ts";
import { refusalOf, retryAfterMs, type WebhookAnswer } from "./webhook-answer.ts";

export interface PostOptions {
  signal?: AbortSignal | undefined;
  timeout?: number; // milliseconds for one attempt
  attempts?: number;
  wait?: number; // milliseconds before the second attempt, then twice as long
  onRetry?: (reason: string) => void;
}

/** A message that was not taken, or not as far as is known. */
export class WebhookError extends CliError {
  readonly retryAfterMs: number | null; // as the service asks

  constructor(message: string, next: string, retryAfterMs: number | null = null) {
    super("postFailed", message, next);
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Posts a message to a webhook: `attempts`, three by default, while the service is busy, failing or unreachable. A timeout or a truncated
 * answer is not retried, as the message may have arrived. Throws WebhookError, which shows only the host of the address.
 */
export async function postMessage(
  url: string,
  message: unknown,
  { signal, timeout = 15_000, attempts = 3, wait = 1000, onRetry }: PostOptions = {},
): Promise<void> {
  const host = webhookHost(url);
  for (let attempt = 1; ; attempt++) {
    const answer = await send(url, JSON.stringify(message), timeout, signal);
    const problem = problemOf(answer, host, timeout);
    if (problem === null) return;
    const pause = problem.after ?? wait * 2 ** (attempt - 1);
    if (!problem.again || attempt >= attempts || pause > longestPause) throw problem.error;
    onRetry?.(problem.error.message);
    await delay(pause, undefined, { signal });
  }
}

/** "https://hooks.example.com/…": a webhook's address without its secret. Throws CliError("usage"), whose message begins with `what`. */
export function webhookHost(url: string, what = "the address of a webhook"): string {
  const wrong = () =>
    new CliError(
      "usage",
      `${what} needs the http or https address of an incoming webhook`,
      "Slack shows it under Incoming Webhooks of your app; it is not printed here because it is a secret",
    );
  try {
    const { protocol, origin } = new URL(url);
    if (protocol !== "https:" && protocol !== "http:") throw wrong();
    return `${origin}/…`;
  } catch {
    throw wrong();
  }
}

const longestPause = 60_000;
const longestAnswer = 65_536; // characters; the rest is not read

type Answer = WebhookAnswer | { failure: string; status: number | null };

async function send(url: string, body: string, timeout: number, signal?: AbortSignal): Promise<Answer> {
  const to = new URL(url);
  const http = new Http({ connections: 1, idleMs: timeout });
  const late = AbortSignal.timeout(timeout);
  const text = new TextDecoder();
  let head = null as Head | null;
  let received = "";
  try {
    await http.send(
      {
        method: "POST",
        origin: to.origin,
        path: to.pathname + to.search,
        headers: { ...basicLogin("authorization", to), "content-type": "application/json; charset=utf-8" },
        body,
        signal: signal ? AbortSignal.any([signal, late]) : late,
      },
      (answer) => {
        head = answer;
        return (bytes) => {
          received += text.decode(bytes, { stream: true });
          if (received.length >= longestAnswer) throw new Flood();
          return undefined;
        };
      },
    );
  } catch (error) {
    signal?.throwIfAborted();
    const answer = answerOf(error, late.aborted, head);
    if (answer !== null) return answer;
  } finally {
    await http.close();
  }
  if (head === null) return { failure: "no answer", status: null };
  const { status, headers } = head;
  return { status, text: received.trim(), retryAfterMs: retryAfterMs(headers["retry-after"], Date.now()) };
}

class Flood extends Error {}

/** The failure in place of a complete answer; null if as much arrived as is read. */
function answerOf(error: unknown, late: boolean, head: Head | null): Answer | null {
  if (error instanceof Flood) return null;
  const status = head?.status ?? null;
  const { code, message } = error as NodeJS.ErrnoException;
  if (late || (error instanceof HttpError && code === "ETIMEDOUT")) return { failure: tooLate, status };
  if (error instanceof HttpError && error.status > 0) return { status: error.status, text: "", retryAfterMs: null };
  return { failure: code ?? message, status };
}

const tooLate = "too late";

// What to make of an answer; null when the message was taken. The texts are Slack's.
function problemOf(answer: Answer, host: string, timeout: number) {
  const failed = (message: string, next: string, after: number | null = null) => new WebhookError(message, next, after);
  if ("failure" in answer) {
    const { failure, status } = answer;
    const uncertain = "look whether the message arrived before posting again";
    if (failure === tooLate)
      return {
        again: false,
        error: failed(`${host} did not answer within ${timeout / 1000} s`, uncertain),
      };
    if (status !== null)
      return {
        again: status >= 500,
        error: failed(`${host} broke off its answer (${status})`, uncertain),
      };
    return {
      again: true,
      error: failed(`cannot reach ${host}: ${failure}`, "check the network, HTTPS_PROXY and the host's name"),
    };
  }
  const { status, retryAfterMs: after } = answer;
  const refusal = refusalOf(answer);
  if (refusal === null) return null;
  const message = `${host} ${refusal}`;
  const pause = after === null ? "a minute" : `${Math.ceil(after / 1000)} s`;
  if (status < 300)
    return {
      again: false,
      error: failed(
        message,
        "the message did not arrive as far as is known: check the address, and whether a proxy or a login lies before it",
      ),
    };
  if (status === 429) return { again: true, after, error: failed(message, `wait ${pause}, then again`, after) };
  if (status >= 500)
    return {
      again: true,
      after,
      error: failed(message, `the service has a problem; try again ${after === null ? "later" : `in ${pause}`}`, after),
    };
  if (status < 400)
    return {
      again: false,
      error: failed(
        message,
        "it redirects, to a login or another address, which is not followed; use the final address",
      ),
    };
  const next =
    {
      400: "it did not like the message; check that it is a Slack-compatible incoming webhook",
      407: "the proxy wants a login: put it into HTTPS_PROXY, http://user:password@host:port",
    }[status] ?? "check the webhook: it may be revoked, mistyped, or its channel archived";
  return { again: false, error: failed(message, next) };
}
