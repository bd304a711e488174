import { createInterface } from "node:readline";
import type { Completion } from "./complete.ts";

/** The input line of the terminal. */
export interface Input {
  ask(prompt: string): void;
  typed(): string; // the line so far
  discard(prompt: string): void; // drops the line, and begins a new one
  recall(entries: string[]): void; // sets what the arrow keys recall, newest first
  aside<T>(task: () => Promise<T>): Promise<T>; // gives the terminal to another program
  close(): void;
}

export interface Listener {
  line(text: string): void; // a recalled one may have several lines
  interrupt(): void; // Ctrl-C
  end(): void; // Ctrl-D, or the terminal was closed
  complete(before: string, after: string): Promise<Completion>;
}

export function openInput(history: string[], listener: Listener): Input {
  const { stdin, stdout } = process;
  const complete = (before: string, done: (error: Error | null, completion: Completion) => void) => {
    if (/^\s*$/.test(before)) done(null, [["  "], ""]);
    else
      listener.complete(before, lines.line.slice(before.length)).then(
        (completion) => done(null, completion),
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
  let recalled: string[] = []; // readline's own list
  lines.on("history", (list: string[]) => {
    recalled = list;
  });
  lines.on("line", (text) => listener.line(text.replaceAll("\r", "\n"))); // Node 24 joins lines with \r
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
