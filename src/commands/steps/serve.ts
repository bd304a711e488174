import type { Context } from "../../cli/command.ts";
import type { Output } from "../../cli/output.ts";
import { serveSite } from "../../site/serve.ts";

export const defaultPort = 3000;

/** Serves a built site until Ctrl-C, which is no error here. */
export async function serveUntilStopped(
  folder: string,
  { port, allowed }: { port: number | undefined; allowed: string[] },
  { output, signal }: Pick<Context, "output" | "signal">,
): Promise<void> {
  signal.throwIfAborted();
  const server = await serveSite(folder, { port: port ?? defaultPort, allowed });
  const stopped = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  await announce(server.url, port, output);
  await stopped;
  await server.close();
}

/** Prints the site's URL, with a warning if the requested port was taken. */
export async function announce(url: string, requested: number | undefined, output: Output): Promise<void> {
  const { port } = new URL(url);
  if (requested !== undefined && Number(port) !== requested) output.warn(`port ${requested} is in use, took ${port}`);
  if (output.json) output.event({ event: "serving", url });
  else await output.result(`serving ${url} (Ctrl-C stops it)\n`);
}
