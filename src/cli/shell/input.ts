import { createInterface } from "node:readline";
import type { Completion } from "./complete.ts";

/** The line that is being typed on the terminal. */
export interface Input {
  ask(prompt: string): void;
  typed(): string; // so far
  discard(prompt: string): void; // what is typed, and begins a new line
  recall(entries: string[]): void; // what the arrow keys go through, the newest first
  aside<T>(task: () => Promise<T>): Promise<T>; // leaves the terminal to another program
  close(): void;
}

export interface Listener {
  line(text: string): void; // one that was recalled may have several lines
  interrupt(): void; // Ctrl-C
  end(): void; // Ctrl-D, or the terminal went
  complete(before: string, after: string): Promise<Completion>;
}

export function openInput(history: string[], listener: Listener): Input {
  const { stdin, stdout } = process;
  const complete = (before: string, done: (error: Error | null, found: Completion) => void) => {
    if (/^\s*$/.test(before)) done(null, [["  "], ""]);
    else
      listener.complete(before, lines.line.slice(before.length)).then(
        (found) => done(null, found),
        () => done(null, [[], ""]),
      );
  };
  const lines = createInterface({
    input: stdin,
    output: stdout,
    terminal: true,
    completer: complete,
    history: [...history],
    historySize: 2000,
    removeHistoryDuplicates: true,
    tabSize: 2,
  });
  let recalled: string[] = []; // readline's own list, which it shows with each line
  lines.on("history", (list: string[]) => {
    recalled = list;
  });
  lines.on("line", (text) => listener.line(text.replaceAll("\r", "\n"))); // Node 24 joins lines so
  lines.on("SIGINT", () => listener.interrupt());
  lines.on("close", () => listener.end());
  return {
    ask(prompt) {
      lines.setPrompt(prompt);
      lines.prompt();
    },
    typed: () => lines.line,
    discard(prompt) {
      lines.write(null, { ctrl: true, name: "e" });
      stdout.write("^C\n");
      lines.setPrompt(prompt);
      lines.write(null, { ctrl: true, name: "u" });
    },
    recall(entries) {
      recalled.splice(0, recalled.length, ...entries);
    },
    async aside(task) {
      lines.pause();
      stdin.setRawMode(false);
      try {
        return await task();
      } finally {
        stdin.setRawMode(true);
        lines.resume();
      }
    },
    close: () => lines.close(),
  };
}
