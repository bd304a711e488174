import { appendFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { replaceFile } from "../../base/files.ts";

const kept = 1000;
const longest = 20_000; // characters of an entry
const largest = 2_000_000; // bytes of the file

/** What was typed before, over all sessions of this user. The file has one entry a line, as JSON. */
export interface History {
  entries: string[]; // the newest first; one may have several lines
  add(entry: string): void;
}

/** The file of $ASAPP_KIT_HISTORY, else one below the user's state folder; null when it is set to nothing. */
export function historyFile(env: NodeJS.ProcessEnv = process.env): string | null {
  if (env.ASAPP_KIT_HISTORY !== undefined) return env.ASAPP_KIT_HISTORY || null;
  const state = env.XDG_STATE_HOME || env.LOCALAPPDATA || join(homedir(), ".local", "state");
  return join(state, "asapp-kit", "sql-history");
}

/**
 * Opens the history. Nobody else can read its file, and it never grows beyond twice the last thousand entries. What
 * begins with a space is not kept. `warn` is told once when the file cannot be read or written.
 */
export function openHistory(file: string | null, warn: (reason: string) => void): History {
  let writable = file !== null;
  const trying = <T>(task: (file: string) => T): T | undefined => {
    if (!writable) return undefined;
    try {
      return task(file!);
    } catch (error) {
      writable = false;
      warn((error as Error).message);
      return undefined;
    }
  };
  const entries = trying(readEntries) ?? [];
  return {
    entries,
    add(entry) {
      if (/^\s|^$/.test(entry) || entry.length > longest || entry === entries[0]) return;
      const before = entries.indexOf(entry);
      if (before >= 0) entries.splice(before, 1);
      entries.unshift(entry);
      entries.length = Math.min(entries.length, kept);
      trying((file) => {
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
        appendFileSync(file, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
      });
    },
  };
}

function readEntries(file: string): string[] {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) return [];
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  const all = lines.flatMap((line) => {
    try {
      const entry: unknown = JSON.parse(line);
      return typeof entry === "string" ? [entry] : [];
    } catch {
      return []; // half a line of a process that was killed
    }
  });
  const entries = [...new Set(all.reverse())].slice(0, kept);
  if (lines.length > 2 * kept || size > largest) {
    const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).reverse();
    replaceFile(file, (draft) => writeFileSync(draft, text.join(""), { mode: 0o600 }));
  }
  return entries;
}
