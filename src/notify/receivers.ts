import { spawn } from "node:child_process";
import { CliError } from "../base/errors.ts";
import type { Channel } from "../config/alerts-option.ts";
import { postMessage, webhookHost } from "../http/webhook.ts";
import { type AlertMessage, slackAlert } from "./message.ts";

export interface SendOptions {
  signal?: AbortSignal | undefined;
  timeout?: number; // milliseconds
  env?: NodeJS.ProcessEnv;
}

/** Tells one receiver, in one attempt. Throws CliError("postFailed") unless it took the message, and CliError("config") where kit.yaml is wrong. */
export async function send(channel: Channel, message: AlertMessage, options: SendOptions = {}): Promise<void> {
  const { signal, env = process.env } = options;
  if (channel.kind === "program") return runProgram(channel.command, message, options);
  const url = env[channel.variable];
  if (!url)
    throw new CliError("config", `the variable ${channel.variable} is not set`, `export ${channel.variable}=https://…`);
  webhookHost(url, `the variable ${channel.variable}`);
  const { timeout = 15_000 } = options;
  await postMessage(url, channel.kind === "slack" ? slackAlert(message) : message, { signal, timeout, attempts: 1 });
}

const longestError = 2000;

/**
 * Runs the user's program (an argument list, no shell) with the message as JSON on its standard input. Its own processes are
 * ended with it when it takes too long.
 */
async function runProgram(
  [program = "", ...args]: string[],
  message: AlertMessage,
  { signal, timeout = 30_000 }: SendOptions,
): Promise<void> {
  const failed = (text: string, next: string, cause?: unknown) => new CliError("postFailed", text, next, { cause });
  const grouped = process.platform !== "win32"; // a group of its own, to end as a whole
  const child = spawn(program, args, { stdio: ["pipe", "ignore", "pipe"], detached: grouped, windowsHide: true });
  const end = () => {
    if (child.pid === undefined) return;
    try {
      if (grouped) process.kill(-child.pid, "SIGKILL");
      else child.kill("SIGKILL");
    } catch {
      // it has ended
    }
  };
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = `${stderr}${text}`.slice(-longestError);
  });
  child.stdin?.on("error", () => {}); // it may end without reading
  child.stdin?.end(`${JSON.stringify(message)}\n`);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    end();
  }, timeout);
  signal?.addEventListener("abort", end);
  try {
    const status = await new Promise<number | string>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, killed) => resolve(code ?? killed ?? "unknown"));
    });
    signal?.throwIfAborted();
    const said = stderr.trim().split("\n").at(-1) ?? "";
    if (late)
      throw failed(
        `program ${program} did not end within ${timeout / 1000} s`,
        "it was ended; look whether it told anybody",
      );
    if (status !== 0)
      throw failed(
        `program ${program} ended with ${status}${said === "" ? "" : `: ${said.slice(0, 200)}`}`,
        "run it by hand, with the message of docs/alerts.md on its standard input",
      );
  } catch (error) {
    const { syscall, code } = error as NodeJS.ErrnoException;
    if (!syscall?.startsWith("spawn")) throw error;
    throw failed(
      `cannot run program ${program} (${code})`,
      "correct `program` in kit.yaml: a list of the program and its arguments",
      error,
    );
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
    child.stderr?.destroy();
  }
}
