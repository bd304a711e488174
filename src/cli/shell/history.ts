import { appendFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { replaceFile } from "../../base/files.ts";

const maxEntries = 1000;
const maxEntryLength = 20_000; // characters
const maxFileSize = 2_000_000; // bytes

/** The statements and commands of all sessions of this user. The file has one entry per line, as JSON. */
export interface History {
  entries: string[]; // the newest first; one may have several lines
  add(entry: string): void;
}

/** The file of $ASAPP_KIT_HISTORY, by default below the user's state folder; null when that is empty. */
export function historyFile(env: NodeJS.ProcessEnv = process.env): string | null {
  if (env.ASAPP_KIT_HISTORY !== undefined) return env.ASAPP_KIT_HISTORY || null;
  const state = env.XDG_STATE_HOME || env.LOCALAPPDATA || join(homedir(), ".local", "state");
  return join(state, "asapp-kit", "sql-history");
}

/**
 * Opens the history. Its file is readable by this user alone, and holds at most twice the last thousand entries. An entry that
 * begins with a space is not kept. `warn` is called once when the file cannot be read or written.
 */
export function openHistory(file: string | null, warn: (reason: string) => void): History {
  let usable = file;
  const attempt = <T>(task: (file: string) => T): T | undefined => {
    if (usable === null) return undefined;
    try {
      return task(usable);
    } catch (error) {
      usable = null;
      warn((error as Error).message);
      return undefined;
    }
  };
  const entries = attempt(readEntries) ?? [];
  return {
    entries,
    add(entry) {
      if (/^\s|^$/.test(entry) || entry.length > maxEntryLength || entry === entries[0]) return;
      const before = entries.indexOf(entry);
      if (before >= 0) entries.splice(before, 1);
      entries.unshift(entry);
      entries.length = Math.min(entries.length, maxEntries);
      attempt((file) => {
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
      return []; // an incomplete line of a killed process
    }
  });
  const entries = [...new Set(all.reverse())].slice(0, maxEntries);
  if (lines.length > 2 * maxEntries || size > maxFileSize) {
    const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).reverse();
    replaceFile(file, (draft) => writeFileSync(draft, text.join(""), { mode: 0o600 }));
  }
  return entries;
}
