// The real `asapp-kit watch --json` as a child process, and its rounds as they come.
import { type ChildProcess, spawn } from "node:child_process";
import type { Round } from "../src/commands/steps/round.ts";
import { awsEnv, bin, cleanEnv } from "./cli-kit.ts";
import { within } from "./wait.ts";

export interface Watcher {
  child: ChildProcess;
  rounds: Round[];
  closed: Promise<number | null>;
  stderr(): string;
  until(what: string, is: (round: Round) => boolean): Promise<Round>; // the first round from now on that is so
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
    until: (what, is) => {
      let at = rounds.length;
      let check = () => {};
      const round = new Promise<Round>((resolve, reject) => {
        check = () => {
          for (; at < rounds.length; at++) if (is(rounds[at]!)) return resolve(rounds[at]!);
          if (child.exitCode !== null) reject(new Error(`ended with ${child.exitCode}: ${stderr}`));
        };
        waiting.add(check);
        check();
      });
      const state = () => `the last of ${rounds.length} was ${JSON.stringify(rounds.at(-1))}; ${stderr}`;
      return within(`a round with ${what}`, round, { state }).finally(() => waiting.delete(check));
    },
  };
}
