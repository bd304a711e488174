import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeAtomically } from "../sync/files.ts";
import { type Holder, holderIn, isAlive } from "../sync/lock.ts";

const name = "watch.json";

/** What a watcher notes of itself in `watch.json`, for other programs. Times are ISO, UTC. */
export interface WatchNote extends Holder {
  format: 1;
  everySeconds: number;
  round: string | null; // start of the last round
  outcome: string | null; // of the last finished round, in a line
  lastSuccess: string | null; // end of the last round without a failure
  failures: number; // rounds in a row that failed
  next: string | null; // start of the next round; null while one is under way, or there is none
}

/** A watcher as `status` tells of it. */
export interface WatchStatus extends Omit<WatchNote, "format" | "started"> {
  running: boolean; // false: it died, as it takes its note away when it ends
  late: boolean; // it runs, and its next round is long due
}

export function writeNote(project: { data: string }, note: WatchNote): void {
  writeAtomically(project.data, name, `${JSON.stringify(note)}\n`);
}

export function removeNote(project: { data: string }): void {
  rmSync(join(project.data, name), { force: true });
}

/** The watcher of a data folder; null when there is none, or the last one ended as it should. */
export function readWatch(project: { data: string }, now: Date): WatchStatus | null {
  const note = readNote(project);
  if (note === null) return null;
  const { format: _, started: __, ...rest } = note;
  const due = Date.parse(note.next ?? note.round ?? note.since) + Math.max(note.everySeconds, 600) * 1000;
  const running = isAlive(note);
  return { ...rest, running, late: running && due < now.getTime() };
}

function readNote(project: { data: string }): WatchNote | null {
  try {
    const note = JSON.parse(readFileSync(join(project.data, name), "utf8")) as WatchNote;
    return note?.format === 1 && holderIn(note) !== null ? note : null;
  } catch {
    return null;
  }
}
