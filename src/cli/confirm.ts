import { createInterface } from "node:readline";
import { CliError } from "../base/errors.ts";
import type { Output } from "./output.ts";

/** Asks whether to write what was shown. Throws CliError if the answer is no, or if stdin is no terminal. */
export async function confirm(
  { output, signal }: { output: Output; signal: AbortSignal },
  { stdinTaken = false } = {},
): Promise<void> {
  if (stdinTaken || output.json || !process.stdin.isTTY || !process.stderr.isTTY)
    throw new CliError(
      "usage",
      "nothing was written: there is no terminal to confirm on",
      "add --yes to write what is shown above",
    );
  output.say("write this? [y/N]");
  const answers = createInterface({ input: process.stdin, terminal: false, signal });
  let answer = "";
  for await (const line of answers) {
    answer = line.trim();
    break;
  }
  answers.close();
  signal.throwIfAborted();
  if (!/^y(es)?$/i.test(answer)) throw new CliError("interrupted", "nothing was written");
}
