import * as http from "node:http";
import * as https from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import type { Picture } from "../../notebooks/components/picture.ts";
import { CliError } from "../errors.ts";
import { openAgents } from "../sync/agents.ts";

export interface PostOptions {
  signal?: AbortSignal | undefined;
  timeout?: number; // milliseconds for one attempt
  wait?: number; // milliseconds before the second attempt, then twice as long
  onRetry?: (reason: string) => void;
}

/** What an incoming webhook of Slack takes: text for notifications, and blocks. Pictures only by their address. */
export function slackMessage(
  { kicker, title, lead, charts, notes }: Picture,
  { image, link }: { image?: string | undefined; link?: string | undefined } = {},
) {
  const facts = charts.map(({ title }) => `• ${title}`).join("\n");
  return {
    text: cut(escapeSlack(`${title}. ${lead}`), 3000),
    blocks: [
      { type: "header", text: { type: "plain_text", text: cut(title, 150), emoji: false } },
      { type: "section", text: { type: "mrkdwn", text: cut(escapeSlack(`${lead}\n${facts}`), 3000) } },
      ...(image ? [{ type: "image", image_url: image, alt_text: cut(`${title}. ${lead}`, 2000) }] : []),
      ...(link
        ? [{ type: "section", text: { type: "mrkdwn", text: `<${escapeSlack(link)}|Open the page>` } }]
        : []),
      {
        type: "context",
        elements: [kicker, ...notes]
          .slice(0, 10)
          .map((note) => ({ type: "mrkdwn", text: cut(escapeSlack(note), 2000) })),
      },
    ],
  };
}

/**
 * Posts a message to a webhook: three attempts while the service is busy, failing or out of reach. An attempt that gets
 * no answer in time is not repeated, as the message may have arrived. Throws CliError("postFailed"), which never holds
 * more of the address than its host.
 */
export async function postMessage(
  url: string,
  message: unknown,
  { signal, timeout = 15_000, wait = 1000, onRetry }: PostOptions = {},
): Promise<void> {
  const host = webhookHost(url);
  for (let attempt = 1; ; attempt++) {
    const answer = await send(url, JSON.stringify(message), timeout, signal);
    if ("status" in answer && answer.status >= 200 && answer.status < 300) return;
    const problem = problemOf(answer, host, timeout);
    if (!problem.again || attempt === 3) throw problem.error;
    onRetry?.(problem.error.message);
    const pause = Math.min(60_000, problem.after ?? wait * 2 ** (attempt - 1));
    await delay(pause, undefined, { signal });
  }
}

/** "https://hooks.example.com/…": as much of a webhook's address as may be shown. Throws CliError("usage"). */
export function webhookHost(url: string): string {
  const wrong = () =>
    new CliError(
      "usage",
      "--post needs the http or https address of an incoming webhook, or env:NAME for a variable that holds it",
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

type Answer = { status: number; text: string; retryAfter: number | null } | { failure: string };

function send(url: string, body: string, timeout: number, signal?: AbortSignal): Promise<Answer> {
  const agents = openAgents(url, 1);
  const { request } = url.startsWith("https:") ? https : http;
  return new Promise<Answer>((resolve, reject) => {
    const headers = {
      "content-type": "application/json; charset=utf-8",
      "content-length": Buffer.byteLength(body),
    };
    const call = request(url, { method: "POST", headers, agent: agents.agent, ...(signal && { signal }) });
    const timer = setTimeout(
      () => call.destroy(Object.assign(new Error(), { code: "ETIMEDOUT_KIT" })),
      timeout,
    );
    const done = (answer: Answer) => {
      clearTimeout(timer);
      resolve(answer);
    };
    call.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        if (text.length < 2000) text += chunk;
      });
      response.on("end", () => {
        const seconds = Number(response.headers["retry-after"] ?? Number.NaN);
        const retryAfter = Number.isFinite(seconds) ? seconds * 1000 : null;
        done({ status: response.statusCode ?? 0, text: text.trim(), retryAfter });
      });
    });
    call.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      if (signal?.aborted) reject(error);
      else resolve({ failure: error.code ?? error.message });
    });
    call.end(body);
  }).finally(() => agents.close());
}

// What to make of an answer that is not 2xx; the texts are Slack's.
function problemOf(answer: Answer, host: string, timeout: number) {
  const failed = (message: string, next: string) => new CliError("postFailed", message, next);
  if ("failure" in answer) {
    const late = answer.failure === "ETIMEDOUT_KIT";
    return {
      again: !late,
      error: late
        ? failed(
            `${host} did not answer within ${timeout / 1000} s`,
            "look whether the message arrived before posting again",
          )
        : failed(
            `cannot reach ${host}: ${answer.failure}`,
            "check the network, HTTPS_PROXY and the host's name",
          ),
    };
  }
  const { status, text, retryAfter } = answer;
  const said = /^[\w .:-]{1,80}$/.test(text) ? ` (${text})` : "";
  const message = `${host} answered ${status}${said}`;
  if (status === 429)
    return { again: true, after: retryAfter, error: failed(message, "wait a minute, then again") };
  if (status >= 500)
    return { again: true, error: failed(message, "the service has a problem; try again later") };
  if (status >= 300 && status < 400)
    return {
      again: false,
      error: failed(message, "it redirects, which is not followed; use the final address"),
    };
  const next =
    { 400: "it did not like the message; check that it is a Slack-compatible incoming webhook" }[status] ??
    "check the webhook: it may be revoked, mistyped, or its channel archived";
  return { again: false, error: failed(message, next) };
}

function cut(text: string, most: number): string {
  const letters = [...text];
  return letters.length <= most ? text : `${letters.slice(0, most - 1).join("")}…`;
}

function escapeSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
