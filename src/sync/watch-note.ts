import { rmSync } from "node:fs";
import { join } from "node:path";
import { writeAtomically } from "../base/files.ts";
import { type Holder, isAlive, parseHolder } from "../base/process.ts";
import { type Fields, isText, readStored, type Stored } from "../base/stored.ts";

export const watchName = "watch.json";

/** The state of a watcher in `watch.json`, for other programs. Times are ISO, UTC. */
export interface WatchNote extends Holder {
  format: 1;
  everySeconds: number;
  round: string | null; // start of the last round
  outcome: string | null; // of the last finished round, one line
  lastSuccess: string | null; // end of the last round without a failure
  failures: number; // consecutive failed rounds
  next: string | null; // start of the next round; null during a round, or when none follows
}

/** The state of a watcher as `status` shows it. */
export interface WatchStatus extends Omit<WatchNote, "format" | "started"> {
  running: boolean; // false: it was killed, since it removes its note when it ends
  late: boolean; // running, and its next round is overdue
}

export function writeNote(project: { data: string }, note: WatchNote): void {
  writeAtomically(project.data, watchName, `${JSON.stringify(note)}\n`);
}

export function removeNote(project: { data: string }): void {
  rmSync(join(project.data, watchName), { recursive: true, force: true });
}

/** The watcher of a data folder; null when there is none, or the last one ended normally. */
export function readWatch(project: { data: string }, now: Date): WatchStatus | null {
  const note = readNote(project).value;
  if (note === null) return null;
  const { format: _, started: __, ...rest } = note;
  const due = Date.parse(note.next ?? note.round ?? note.since) + Math.max(note.everySeconds, 600) * 1000;
  const running = isAlive(note);
  return { ...rest, running, late: running && due < now.getTime() };
}

/** Why the note of a watcher is unreadable; null when it is readable, or missing. */
export function watchDamage(project: { data: string }): string | null {
  return readNote(project).damage;
}

function readNote({ data }: { data: string }): Stored<WatchNote> {
  return readStored(data, watchName, 1, noteIn);
}

function noteIn(fields: Fields): WatchNote | null {
  const { everySeconds, failures, ...times } = fields as Partial<WatchNote>;
  const { round = null, outcome = null, lastSuccess = null, next = null } = times;
  if (parseHolder(fields) === null || typeof everySeconds !== "number" || typeof failures !== "number") return null;
  if (![round, outcome, lastSuccess, next].every((text) => text === null || isText(text))) return null;
  return fields as object as WatchNote;
}
