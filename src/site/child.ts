import { spawn } from "node:child_process";
import { join, relative } from "node:path";
import { kitRoot, slashes } from "../base/kit-folders.ts";
import { isRunning } from "../base/process.ts";
import { type Project, projectFolder } from "../config/project.ts";
import { workspaceOf } from "./workspace.ts";

/** Set by the kit's commands, which compute all datasets before Framework starts. */
export const datasetsReady = "ASAPP_KIT_DATASETS_READY";
/** Set for the loaders of a plain `observable build`: the first one computes all datasets. */
export const computeAll = "ASAPP_KIT_COMPUTE_ALL";
/** Where Framework writes the site; the build command swaps it into place afterwards. */
export const siteOutput = "ASAPP_KIT_SITE_OUTPUT";
/** The inputs of the pages, which every page then carries. */
export const pagesBuiltFrom = "ASAPP_KIT_PAGES";

const parentProcess = "ASAPP_KIT_PARENT"; // the id of the process that a child must not outlive

export interface FrameworkRun {
  args: string[];
  project: Project;
  env?: Record<string, string>;
  signal?: AbortSignal | undefined;
  onLine?: (line: string) => void; // Framework's output, without colours
}

export interface FrameworkExit {
  code: number | null;
  output: string; // the last 40 lines
}

/** Runs Framework as a child process in the kit's folder: no terminal, no telemetry, no browser. */
export function runFramework({ args, project, env = {}, signal, onLine }: FrameworkRun): {
  exit: Promise<FrameworkExit>;
  stop: () => void;
} {
  const framework = join(kitRoot, "node_modules", "@observablehq", "framework", "dist", "bin", "observable.js");
  const child = spawn(process.execPath, [framework, ...args], {
    cwd: kitRoot,
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
    env: {
      ...process.env,
      OBSERVABLE_TELEMETRY_DISABLE: "true",
      NO_COLOR: "1",
      ...projectEnv(project),
      [datasetsReady]: "1",
      [parentProcess]: String(process.pid),
      ...env,
    },
  });
  const root = slashes(relative(kitRoot, workspaceOf(project).pages));
  const last: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const text of lines) {
        const line = text.replaceAll(root, "notebooks"); // name the source, not Framework's copy
        last.push(line);
        if (last.length > 40) last.shift();
        onLine?.(line);
      }
    });
  }
  const stop = () => child.kill("SIGTERM");
  signal?.addEventListener("abort", stop, { once: true });
  const exit = new Promise<FrameworkExit>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      signal?.removeEventListener("abort", stop);
      resolve({ code, output: last.join("\n").trim() });
    });
  });
  return { exit, stop };
}

/**
 * Ends this process soon after its parent, however that ended: a killed parent sends no signal. Does not keep the process
 * alive. Children of this process end with it in turn.
 */
export function endWithParent(env = process.env): void {
  const parent = Number(env[parentProcess]);
  env[parentProcess] = String(process.pid);
  if (!parent) return; // started by the user
  const exitIfOrphaned = () => {
    // On Windows an orphan keeps the id of its parent.
    if (process.ppid !== parent || !isRunning(parent)) process.exit(1);
  };
  setInterval(exitIfOrphaned, 500).unref();
}

function projectEnv({ configFile, root }: Project): Record<string, string> {
  return configFile === null ? { ASAPP_KIT_CONFIG: "", [projectFolder]: root } : { ASAPP_KIT_CONFIG: configFile };
}
