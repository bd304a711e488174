import { type CliError, exitCodes } from "../base/errors.ts";
import { bytes, count, duration } from "../base/words.ts";
import { visibleLines } from "./visible.ts";

/** How far a step has come. */
export interface Progress {
  step: string; // "listing", "downloading", …
  done: number;
  total: number | null; // null: not known yet
  unit: string; // what is counted: "partitions"
  bytes?: number;
  totalBytes?: number;
  rate?: number; // bytes a second
  secondsLeft?: number | null;
}

/**
 * stdout carries results and nothing else; the rest goes to stderr, as JSON lines with --json. What a terminal shows has
 * its control characters escaped, wherever the text comes from; a pipe or file gets a result as it is.
 */
export interface Output {
  json: boolean;
  terminal: boolean; // stdout is one
  width: number; // of the terminal, in characters
  closed: boolean; // whoever read stdout has gone (`| head`)
  result(text: string): Promise<void>;
  document(value: unknown): Promise<void>;
  say(text: string): void;
  warn(text: string, next?: string): void;
  error(error: CliError, debug: boolean): void;
  event(event: object): void; // a line of JSON, with --json only
  progress(progress: Progress): void;
  close(): void; // takes the progress bar away
}

type Stream = NodeJS.WriteStream;

export interface Effects {
  stdout: Stream;
  stderr: Stream;
  env: Record<string, string | undefined>;
  clock: () => number; // milliseconds
}

const here: Effects = {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  clock: () => performance.now(),
};

export function openOutput({ json = false } = {}, effects: Effects = here): Output {
  const { stdout, stderr, env, clock } = effects;
  const paint = painter(stderr, env);
  const bar = openBar(json, effects);
  const line = (text: string) => {
    bar.clear();
    stderr.write(`${text}\n`);
  };
  const people = (text: string) => indent(visibleLines(text));
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
      else line(`${paint("warning:", 33)} ${people(text)}${next === undefined ? "" : `\n  next: ${people(next)}`}`);
    },
    error(error, debug) {
      const { exit, message } = error;
      const next = error.next ?? null;
      const trace = debug ? stackOf(error) : null;
      if (json) event({ event: "error", exit, code: exitCodes[exit], message, next, ...(trace && { trace }) });
      else {
        line(`${paint("asapp-kit:", 31)} ${people(message)}${next === null ? "" : `\n  next: ${people(next)}`}`);
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

// On a terminal one line that redraws itself; elsewhere a line when a step begins or ends, and now and again between.
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
      const turn = progress.step !== step || progress.done === progress.total;
      if (!turn && now - last < every) return;
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

/** One line of progress: step, count, bytes, rate and time left, as far as they are known. */
export function progressText(progress: Progress, barWidth = 0): string {
  const { step, done, total, unit, bytes: got = 0, totalBytes = 0, rate = 0, secondsLeft = null } = progress;
  const share = totalBytes > 0 ? got / totalBytes : total ? done / total : 0;
  const filled = Math.min(barWidth, Math.round(share * barWidth));
  const parts = [`${step} ${count(done)}${total === null ? "" : `/${count(total)}`} ${unit}`];
  if (barWidth > 0 && total) parts.unshift(`[${"#".repeat(filled)}${" ".repeat(barWidth - filled)}]`);
  if (totalBytes > 0) parts.push(`${bytes(got)} of ${bytes(totalBytes)}`);
  if (rate > 0) parts.push(`${bytes(rate)}/s`);
  if (secondsLeft !== null && share < 1) parts.push(`${duration(secondsLeft)} left`);
  return parts.join("  ");
}

/** Colours a text if the stream is a terminal and nobody asked for none. */
export function painter(stream: Stream, env: Effects["env"] = process.env) {
  const colours = Boolean(stream.isTTY) && !env.NO_COLOR && env.TERM !== "dumb";
  return (text: string, code: number) => (colours ? `\x1b[${code}m${text}\x1b[0m` : text);
}

function stackOf(error: CliError): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${error.cause.stack}` : "";
  return `${error.stack}${cause}`;
}

/** For JSON.stringify: what a JSON number cannot hold is written as text, digit for digit. */
export function exact(_key: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value !== "bigint") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

const indent = (text: string) => text.replaceAll("\n", "\n  ");
const fit = (text: string, width: number) => (text.length > width ? text.slice(0, width) : text);
