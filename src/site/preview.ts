import { CliError } from "../base/errors.ts";
import { withLockFile } from "../base/lock.ts";
import type { Holder } from "../base/process.ts";
import type { Project } from "../config/project.ts";
import { runFramework } from "./child.ts";
import { computeDatasets } from "./dataset.ts";
import { allowedHosts } from "./request-guard.ts";
import { listenOnFreePort } from "./serve.ts";
import { workspaceOf } from "./workspace.ts";

export interface PreviewOptions {
  host?: string;
  port?: number; // the next free one if taken
  allowed?: string[]; // further host names to serve
  signal?: AbortSignal | undefined;
  onLine?: (line: string) => void;
}

export interface Preview {
  url: string;
  /** Resolves when Framework ends. */
  done: Promise<void>;
  close(): Promise<void>;
}

/**
 * Framework's live preview over this project's data: an open page shows an edited page or .sql file, and newly synced data,
 * within about a second. Resolves when the preview accepts requests.
 */
export async function previewSite(project: Project, options: PreviewOptions = {}): Promise<Preview> {
  const { host = "127.0.0.1", signal, onLine } = options;
  const onWait = (holder: Holder) => onLine?.(`waiting for a build (process ${holder.pid})`);
  await withLockFile(workspaceOf(project).lock, { wait: true, signal, onWait }, () =>
    computeDatasets(project, { signal }),
  );
  const port = await freePort(host, options.port ?? 3000);
  const url = `http://${host}:${port}/`;
  let ready = () => {};
  const listening = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const { exit, stop } = runFramework({
    args: ["preview", "--no-open", "--host", host, "--port", String(port)],
    project,
    env: { [allowedHosts]: (options.allowed ?? []).join(",") },
    signal,
    onLine(line) {
      if (line.includes(url)) ready();
      onLine?.(line);
    },
  });
  let stopped = false;
  const done = exit.then(({ code, output }) => {
    if (code === 0 || stopped || signal?.aborted) return;
    throw new CliError("build", `the preview ended:\n${output.split("\n").slice(-15).join("\n")}`);
  });
  await Promise.race([listening, done]);
  return {
    url,
    done,
    async close() {
      stopped = true;
      stop();
      await done;
    },
  };
}

async function freePort(host: string, firstPort: number): Promise<number> {
  const { createServer } = await import("node:http");
  const server = createServer();
  const port = await listenOnFreePort(server, host, firstPort);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
