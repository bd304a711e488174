// The real `asapp-kit watch --json` as a child process, and its rounds as they come.
import { type ChildProcess, spawn } from "node:child_process";
import type { Round } from "../src/cli/watch-run.ts";
import { awsEnv, bin, cleanEnv } from "./cli-kit.ts";

export interface Watcher {
  child: ChildProcess;
  rounds: Round[];
  closed: Promise<number | null>;
  stderr(): string;
  until(what: (round: Round) => boolean): Promise<Round>; // the first round from now on that is so
}

export function startWatcher(folder: string, args: string[], env: Record<string, string> = awsEnv): Watcher {
  const child = spawn(process.execPath, [bin, "watch", "--json", ...args], {
    cwd: folder,
    env: cleanEnv(env),
  });
  const rounds: Round[] = [];
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const check of waiting) check();
  };
  let rest = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) rounds.push(JSON.parse(line));
    wake();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const closed = new Promise<number | null>((resolve) => child.on("close", resolve));
  void closed.then(wake);
  return {
    child,
    rounds,
    closed,
    stderr: () => stderr,
    until: (what) =>
      new Promise((resolve, reject) => {
        let at = rounds.length;
        const check = () => {
          for (; at < rounds.length; at++) {
            if (!what(rounds[at]!)) continue;
            waiting.delete(check);
            resolve(rounds[at]!);
            return;
          }
          if (child.exitCode !== null) reject(new Error(`ended with ${child.exitCode}: ${stderr}`));
        };
        waiting.add(check);
      }),
  };
}
