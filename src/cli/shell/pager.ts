import { spawn } from "node:child_process";
import { setImmediate } from "node:timers/promises";
import { textWidth } from "../table.ts";

/** Whether a text is higher or wider than the terminal. */
export function exceeds(text: string, { rows = 24, columns = 80 }: { rows?: number; columns?: number }): boolean {
  const lines = text.split("\n");
  return lines.length > rows - 1 || lines.some((line) => line.length > columns && textWidth(line) > columns);
}

/** The program that shows long texts: $PAGER, else less; null when $PAGER is empty. */
export function pagerCommand(env: NodeJS.ProcessEnv = process.env): string | null {
  return (env.PAGER ?? (process.platform === "win32" ? "more" : "less")) || null;
}

/** Lets the pager show a text until the user leaves it. False when there is no such program. */
export async function page(text: string, command: string): Promise<boolean> {
  const child = spawn(command, {
    shell: true,
    stdio: ["pipe", "inherit", "inherit"],
    env: { ...process.env, LESS: process.env.LESS ?? "SRX" },
  });
  child.stdin.on("error", () => {}); // left before the end
  // Ctrl-C is for the pager, and reaches every program of the terminal.
  const listeners = process.listeners("SIGINT");
  process.removeAllListeners("SIGINT");
  process.on("SIGINT", ignore);
  try {
    child.stdin.end(text);
    return await new Promise((resolve) => {
      child.on("error", () => resolve(false));
      child.on("close", (code) => resolve(code !== 127 && code !== 126));
    });
  } finally {
    // A Ctrl-C that ended the pager may reach this program a turn later.
    for (let turn = 0; turn < 2; turn++) await setImmediate();
    for (const listener of listeners) process.on("SIGINT", listener);
    process.off("SIGINT", ignore);
  }
}

function ignore(): void {}
