import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, createWriteStream, openSync } from "node:fs";
import { basename } from "node:path";
import { finished } from "node:stream/promises";
import { limitConcurrency } from "../base/concurrency.ts";
import { CliError } from "../base/errors.ts";
import { diskError } from "../base/faults.ts";
import { SourceError } from "../sources/source.ts";
import { type Verified, Verifier, WrongBytes } from "./verifier.ts";

const limited = limitConcurrency(2);

/**
 * Runs the user's command (an argument list, no shell) with the encrypted file as standard input, writes its standard output
 * to `to`, and verifies that output like a delivered file.
 */
export async function decryptFile(
  command: string[],
  from: string,
  to: string,
  { signal, data, maxRatio }: { signal: AbortSignal; data: string; maxRatio?: number },
): Promise<Verified> {
  try {
    return await limited(() => decrypt(command, from, to, signal, maxRatio));
  } catch (error) {
    if (error instanceof WrongBytes)
      throw new SourceError("broken", `${basename(from)} decrypts to ${error.message}`, { cause: error });
    throw diskError(error, data);
  }
}

async function decrypt(
  command: string[],
  from: string,
  to: string,
  signal: AbortSignal,
  maxRatio = Number.POSITIVE_INFINITY,
): Promise<Verified> {
  const [program = "", ...args] = command;
  const input = openSync(from, "r");
  const child = spawn(program, args, { stdio: [input, "pipe", "pipe"], signal, windowsHide: true });
  closeSync(input);
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    if (stderr.length < 2000) stderr += text;
  });
  const ended = once(child, "close");
  ended.catch(() => {});
  const file = createWriteStream(to);
  const written = finished(file);
  written.catch(() => {});
  const verifier = new Verifier({ size: null, md5: null, checksum: null, gzip: to.endsWith(".gz"), maxRatio });
  let wrong: unknown = null;
  try {
    for await (const chunk of child.stdout as unknown as AsyncIterable<Buffer>) {
      if (wrong === null) await verifier.write(chunk).catch((error) => (wrong = error));
      if (!file.write(chunk)) await Promise.race([once(file, "drain"), written]);
    }
    file.end();
    await written;
    const [status] = (await ended) as [number | null];
    // The command's own error explains more than its incomplete output.
    if (status !== 0) {
      const why = stderr.trim().split("\n").at(-1) ?? "";
      throw new SourceError(
        "broken",
        `${basename(from)}: the decrypt command ended with ${status}${why && `: ${why}`}`,
      );
    }
    if (wrong !== null) throw wrong;
    return await verifier.finish();
  } catch (error) {
    child.kill("SIGKILL");
    if ((error as NodeJS.ErrnoException).syscall?.startsWith("spawn")) {
      throw new CliError(
        "config",
        `cannot run the decrypt command ${program} (${(error as NodeJS.ErrnoException).code})`,
        "correct `decrypt` in kit.yaml: a list of the program and its arguments, reading stdin and writing stdout",
      );
    }
    throw error;
  } finally {
    verifier.close();
    file.destroy();
  }
}
