import { spawn } from "node:child_process";
import { setImmediate } from "node:timers/promises";
import { textWidth } from "../table.ts";

/** Whether a text is higher or wider than the terminal. */
export function exceeds(text: string, { rows = 24, columns = 80 }: { rows?: number; columns?: number }): boolean {
  const lines = text.split("\n");
  return lines.length > rows - 1 || lines.some((line) => line.length > columns && textWidth(line) > columns);
}

/** The pager: $PAGER, by default less; null when $PAGER is empty. */
export function pagerCommand(env: NodeJS.ProcessEnv = process.env): string | null {
  return (env.PAGER ?? (process.platform === "win32" ? "more" : "less")) || null;
}

/** Shows a text in the pager until the user quits it. False when the program is missing. */
export async function page(text: string, command: string): Promise<boolean> {
  const child = spawn(command, {
    shell: true,
    stdio: ["pipe", "inherit", "inherit"],
    env: { ...process.env, LESS: process.env.LESS ?? "SRX" },
  });
  child.stdin.on("error", () => {}); // the user quit before the end
  // Ctrl-C is meant for the pager, but reaches every program of the terminal.
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
    // A Ctrl-C that ended the pager may reach this process a turn later.
    for (let turn = 0; turn < 2; turn++) await setImmediate();
    for (const listener of listeners) process.on("SIGINT", listener);
    process.off("SIGINT", ignore);
  }
}

function ignore(): void {}
