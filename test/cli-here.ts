import { Writable } from "node:stream";
import { main } from "../src/main.ts";
import type { Ran } from "./cli-kit.ts";

/** Runs `asapp-kit <args>` in this process, in that folder: for what a command does, where no program of its own matters. */
export async function runHere(args: string[], { cwd }: { cwd: string }): Promise<Ran> {
  const former = process.cwd();
  const [stdout, stderr] = [collector(), collector()];
  process.chdir(cwd);
  try {
    const streams = { stdout: stdout.stream, stderr: stderr.stream };
    const code = await main(args, { ...streams, env: { NO_COLOR: "1" }, clock: () => performance.now() });
    return { code, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    process.chdir(former);
  }
}

function collector() {
  const parts: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(part, _, done) {
      parts.push(String(part));
      done();
    },
  });
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => parts.join("") };
}
