import { type CliError, exitCodes } from "../base/errors.ts";
import { bytes, count, duration } from "../base/words.ts";
import { visibleLines } from "./visible.ts";

/** The progress of a step. */
export interface Progress {
  step: string; // "listing", "downloading", …
  done: number;
  total: number | null; // null: not known yet
  unit: string; // of `done` and `total`: "partitions"
  bytes?: number;
  totalBytes?: number;
  rate?: number; // bytes a second
  secondsLeft?: number | null;
}

/**
 * stdout carries results only; the rest goes to stderr, with --json as JSON lines. On a terminal control characters are
 * escaped; a pipe or file gets a result unchanged.
 */
export interface Output {
  json: boolean;
  terminal: boolean; // stdout is a terminal
  width: number; // of the terminal, in characters
  closed: boolean; // the reader of stdout has gone (`| head`)
  result(text: string): Promise<void>;
  document(value: unknown): Promise<void>;
  say(text: string): void;
  warn(text: string, next?: string): void;
  error(error: CliError, debug: boolean): void;
  event(event: object): void; // a JSON line, with --json only
  progress(progress: Progress): void;
  close(): void; // removes the progress bar
}

type Stream = NodeJS.WriteStream;

export interface Effects {
  stdout: Stream;
  stderr: Stream;
  env: Record<string, string | undefined>;
  clock: () => number; // milliseconds
}

const processEffects: Effects = {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  clock: () => performance.now(),
};

export function openOutput({ json = false } = {}, effects: Effects = processEffects): Output {
  const { stdout, stderr, env, clock } = effects;
  const paint = painter(stderr, env);
  const bar = openBar(json, effects);
  const line = (text: string) => {
    bar.clear();
    stderr.write(`${text}\n`);
  };
  const readable = (text: string) => indent(visibleLines(text));
  const event = (value: object) => {
    if (json) line(JSON.stringify(value));
  };
  const output: Output = {
    json,
    terminal: Boolean(stdout.isTTY),
    width: stdout.columns ?? 120,
    closed: false,
    result: (text) =>
      new Promise((resolve) => {
        bar.clear();
        if (output.closed) resolve();
        else stdout.write(stdout.isTTY ? visibleLines(text) : text, () => resolve());
      }),
    document: (value) => output.result(`${JSON.stringify(value, exact, 2)}\n`),
    say: (text) => (json ? event({ event: "message", message: text }) : line(visibleLines(text))),
    warn(text, next) {
      if (json) event({ event: "warning", message: text, next: next ?? null });
      else line(`${paint("warning:", 33)} ${readable(text)}${next === undefined ? "" : `\n  next: ${readable(next)}`}`);
    },
    error(error, debug) {
      const { exit, message } = error;
      const next = error.next ?? null;
      const trace = debug ? stackOf(error) : null;
      if (json) event({ event: "error", exit, code: exitCodes[exit], message, next, ...(trace && { trace }) });
      else {
        line(`${paint("asapp-kit:", 31)} ${readable(message)}${next === null ? "" : `\n  next: ${readable(next)}`}`);
        if (trace !== null) line(trace);
      }
    },
    event,
    progress: (progress) => bar.show(progress, clock()),
    close: () => bar.clear(),
  };
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      if (stream === stdout) output.closed = true;
    });
  }
  return output;
}

// On a terminal one line that is redrawn; elsewhere a line when a step begins or ends, and every ten seconds.
function openBar(json: boolean, { stderr, env }: Effects) {
  const live = Boolean(stderr.isTTY) && env.TERM !== "dumb";
  const every = live ? 100 : 10_000;
  let step = "";
  let last = 0;
  let drawn = false;
  const clear = () => {
    if (drawn) stderr.write("\r\x1b[K");
    drawn = false;
  };
  return {
    clear,
    show(progress: Progress, now: number) {
      if (json) return;
      const isTurn = progress.step !== step || progress.done === progress.total;
      if (!isTurn && now - last < every) return;
      step = progress.step;
      last = now;
      clear();
      if (!live) stderr.write(`${progressText(progress)}\n`);
      else {
        stderr.write(fit(progressText(progress, 20), (stderr.columns ?? 80) - 1));
        drawn = true;
      }
    },
  };
}

/** Progress in one line: step, count, bytes, rate and time left, as far as known. */
export function progressText(progress: Progress, barWidth = 0): string {
  const { step, done, total, unit, bytes: bytesDone = 0, totalBytes = 0, rate = 0, secondsLeft = null } = progress;
  const share = totalBytes > 0 ? bytesDone / totalBytes : total ? done / total : 0;
  const filled = Math.min(barWidth, Math.round(share * barWidth));
  const parts = [`${step} ${count(done)}${total === null ? "" : `/${count(total)}`} ${unit}`];
  if (barWidth > 0 && total) parts.unshift(`[${"#".repeat(filled)}${" ".repeat(barWidth - filled)}]`);
  if (totalBytes > 0) parts.push(`${bytes(bytesDone)} of ${bytes(totalBytes)}`);
  if (rate > 0) parts.push(`${bytes(rate)}/s`);
  if (secondsLeft !== null && share < 1) parts.push(`${duration(secondsLeft)} left`);
  return parts.join("  ");
}

/** Colours text if the stream is a terminal, unless NO_COLOR is set. */
export function painter(stream: Stream, env: Effects["env"] = process.env) {
  const colours = Boolean(stream.isTTY) && !env.NO_COLOR && env.TERM !== "dumb";
  return (text: string, code: number) => (colours ? `\x1b[${code}m${text}\x1b[0m` : text);
}

function stackOf(error: CliError): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${error.cause.stack}` : "";
  return `${error.stack}${cause}`;
}

/** A replacer for JSON.stringify: a number that JSON cannot hold exactly becomes text. */
export function exact(_key: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value !== "bigint") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

const indent = (text: string) => text.replaceAll("\n", "\n  ");
const fit = (text: string, width: number) => (text.length > width ? text.slice(0, width) : text);
