import type { ExitName } from "../../base/errors.ts";
import { toCliError } from "../../base/faults.ts";
import { minute } from "../../base/words.ts";
import type { Project } from "../../config/project.ts";
import { cutStatements } from "../../duckdb/statements.ts";
import type { PastOptions } from "../../warehouse/catalog/catalog.ts";
import { formerSnapshot } from "../../warehouse/snapshot/snapshot.ts";
import { dataThrough } from "../../warehouse/snapshot/through.ts";
import type { TextFormat } from "../formats.ts";
import { type Output, painter } from "../output.ts";
import { visibleLines } from "../visible.ts";
import { type Completion, completeQuery } from "./complete.ts";
import { completeDotCommand, readDotCommand, type Shell } from "./dot-commands.ts";
import { historyFile, openHistory } from "./history.ts";
import { type Input, openInput } from "./input.ts";
import { exceeds, page, pagerCommand } from "./pager.ts";
import { runStatement } from "./results.ts";
import { Session } from "./session.ts";

export interface ShellOptions {
  past: PastOptions | undefined; // show what was known at a moment
  format: TextFormat;
  timezone: string | undefined;
  output: Output;
  signal: AbortSignal;
}

/** Reads statements and dot commands from the terminal until the user leaves. */
export async function runShell(project: Project, options: ShellOptions): Promise<ExitName> {
  const session = new Session(project, options.past);
  await session.open();
  try {
    return await converse(session, options);
  } finally {
    await session.close();
  }
}

async function converse(session: Session, { format, timezone, output, signal }: ShellOptions): Promise<ExitName> {
  const paint = painter(process.stdout);
  const say = (text: string) => void process.stdout.write(`${paint(visibleLines(text), 2)}\n`);
  const history = openHistory(historyFile(), (reason) => say(`the history is not kept: ${reason}`));
  const settings: Shell["settings"] = { format, timezone, maxRows: 1000, output: null, timer: false, pager: true };
  let unfinished = ""; // lines of a statement without its end
  let waiting: string[] = []; // lines typed while another ran
  let busy = false;
  let closed = false;
  let query: AbortController | null = null;
  let announced = false; // that there are newer data
  let finish: (exit: ExitName) => void;
  const finished = new Promise<ExitName>((resolve) => {
    finish = resolve;
  });

  const shell: Shell = { session, settings, say, show, execute, quit: () => input.close() };
  const input: Input = openInput(history.entries, {
    line(text) {
      waiting.push(text);
      void work();
    },
    interrupt() {
      waiting = [];
      if (query !== null) query.abort();
      else if (busy) return;
      else if (unfinished !== "" || input.typed() !== "") {
        unfinished = "";
        input.recall(history.entries);
        input.discard(prompt());
      } else {
        process.stdout.write("^C\n");
        say(".quit or Ctrl-D leaves");
        input.ask(prompt());
      }
    },
    end: leave,
    complete,
  });
  signal.addEventListener("abort", () => input.close(), { once: true });

  const through = dataThrough(formerSnapshot(session.project.data));
  const moment = session.past && `what was known at ${minute(session.past.moment, session.project.config.timezone)}`;
  const data = through === null ? "an empty warehouse" : `data through ${minute(through)}`;
  say(`SQL over ${moment ?? data}; .help lists commands`);
  input.ask(prompt());
  session.names().catch(() => {}); // so that Tab completes at once
  return await finished;

  function prompt(): string {
    if (unfinished === "") return "kit> ";
    return `  ${cutStatements(unfinished).inside || "-"}> `;
  }

  function leave(): void {
    closed = true;
    query?.abort();
    process.stdout.write("\n");
    if (!busy) finish(signal.aborted ? "interrupted" : "ok");
  }

  async function work(): Promise<void> {
    if (busy) return;
    busy = true;
    for (let line = waiting.shift(); line !== undefined && !closed; line = waiting.shift()) {
      try {
        await runLine(line);
      } catch (error) {
        report(error);
      }
      input.recall([...unfinished.split("\n").reverse().filter(Boolean), ...history.entries]);
    }
    if (unfinished === "" && !closed) await reload();
    busy = false;
    if (closed) finish(signal.aborted ? "interrupted" : "ok");
    else if (waiting.length > 0) await work();
    else input.ask(prompt());
  }

  async function runLine(line: string): Promise<void> {
    if (unfinished === "") {
      if (/^\s*([.\\]|help|quit|exit)/i.test(line)) history.add(line.trimEnd());
      const dot = readDotCommand(line);
      if (dot !== null) return await dot.command.run(dot.argument, shell);
    }
    const text = unfinished === "" ? line : `${unfinished}\n${line}`;
    const { whole, rest } = cutStatements(text);
    unfinished = rest;
    if (whole.length === 0) return;
    history.add(text.slice(0, text.length - rest.length).trimEnd());
    await execute(whole);
  }

  /** Runs the statements one by one, until one fails. */
  async function execute(statements: string[]): Promise<void> {
    for (const sql of statements) {
      query = new AbortController();
      const started = performance.now();
      try {
        const { text, note } = await runStatement(session, sql, settings, query.signal);
        const seconds = settings.timer ? `${((performance.now() - started) / 1000).toFixed(3)} s` : "";
        query = null;
        await show(text, note);
        const notes = [note, seconds].filter(Boolean).join(", ");
        if (notes !== "") say(notes);
      } finally {
        query = null;
      }
    }
  }

  async function show(text: string, note = ""): Promise<void> {
    const command = settings.pager ? pagerCommand() : null;
    if (command !== null && exceeds(text, process.stdout)) {
      if (await input.aside(() => page(visibleLines(note === "" ? text : `${text}${note}\n`), command))) return;
      settings.pager = false;
      say(`no pager: ${command}`);
    }
    await output.result(text);
  }

  function report(error: unknown): void {
    const { exit, message, next } = toCliError(error);
    process.stdout.write(`${exit === "interrupted" ? "interrupted" : paint(visibleLines(message), 31)}\n`);
    const hint = exit === "query" ? hintFor(message, session) : exit === "interrupted" ? undefined : next;
    if (hint !== undefined) say(hint);
  }

  /** Opens the data of a sync that finished meanwhile, unless that would drop what the user created. */
  async function reload(): Promise<void> {
    if (!session.outdated) return;
    if (session.changed) {
      if (!announced) say("there are newer data; .refresh shows them, and drops what you created here");
      announced = true;
      return;
    }
    try {
      await session.open();
      const through = dataThrough(formerSnapshot(session.project.data));
      say(`newer data${through === null ? "" : `, through ${minute(through)}`}`);
      session.names().catch(() => {});
    } catch (error) {
      report(error);
    }
  }

  async function complete(before: string, after: string): Promise<Completion> {
    const names = await session.names();
    if (unfinished === "" && /^\s*\./.test(before)) return completeDotCommand(before, names);
    const statement = unfinished === "" ? before : `${unfinished}\n${before}`;
    return await session.aside((helper) => completeQuery(statement, after, names, helper));
  }
}

function hintFor(message: string, session: Session): string | undefined {
  if (/^IO Error/.test(message) && session.outdated)
    return "the data changed since this catalog was opened: .refresh shows the new data";
  if (/^Permission Error|disabled by configuration|only read/.test(message))
    return "queries read the data folder only; .output FILE writes a result";
  if (/Table with name .* does not exist/.test(message)) return ".tables lists what there is";
  if (/column/i.test(message)) return ".schema TABLE lists its columns";
  return undefined;
}
