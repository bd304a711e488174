import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeAtomically } from "../base/files.ts";
import { withLockFile } from "../base/lock.ts";
import { type Names, namesOf, noNames } from "../base/names.ts";
import { allOfKind, type Fields, isFields, isText, readStored } from "../base/stored.ts";

/** The record of a part that was built. */
export interface BuildRecord<T = string> {
  inputs: string; // their hashInputs
  output: T; // identifies what was built; "" where that is not checked
}

/** The records of the parts of a project's site. A part without one is stale. */
export interface SiteState {
  libraries: BuildRecord | null; // Framework's library cache
  datasets: BuildRecord | null; // all of them together, for Framework's own commands
  answers: Names<BuildRecord>; // by dataset; output: size and time of its file
  rows: Names<BuildRecord<Record<string, string>>>; // by kept relation; output: hashes of its rows by day
}

// record                                       present inputs   present output   up to date
// none: never built, being built, unreadable   any              any              no
// there                                        other            any              no
// there                                        the same         other            no: changed or removed since
// there                                        the same         the same         yes
/** Whether a part was built from its present inputs and is unchanged since. */
export function isUpToDate(record: BuildRecord | null | undefined, inputs: string, output = ""): boolean {
  return record?.inputs === inputs && record.output === output;
}

/** A hash of a list of inputs. Each is hashed with its length, so that no other list has the same hash. */
export function hashInputs(...inputs: (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const input of inputs) hash.update(`${Buffer.byteLength(input)}:`).update(input);
  return hash.digest("hex");
}

/** A hash of a file's content; "none" without one. */
export function hashFile(file: string): string {
  return existsSync(file) ? hashInputs(readFileSync(file)) : "none";
}

export const emptyState = (): SiteState => ({ libraries: null, datasets: null, answers: noNames(), rows: noNames() });

const stateFile = "site.state.json";
const format = 1;

/** The state of the site whose pages Framework caches in this folder. An unreadable file is an empty state, never an error. */
export function readState(cache: string): SiteState {
  try {
    return readStored(cache, stateFile, format, stateIn).value ?? emptyState();
  } catch {
    return emptyState();
  }
}

/**
 * Runs `work` with the present state and a function that replaces the records of the given parts. Only one `work` runs at a
 * time, in all processes, so that none overwrites the records of another. Its lock is not the build's: Framework, a child of
 * the build, records too.
 */
export async function withState<T>(
  cache: string,
  work: (state: SiteState, record: (parts: Partial<SiteState>) => void) => T | Promise<T>,
): Promise<T> {
  return withLockFile(join(cache, `${stateFile}.lock`), { wait: true, pollMs: 20 }, async () => {
    let state = readState(cache);
    return work(state, (parts) => {
      state = { ...state, ...parts };
      writeAtomically(cache, stateFile, JSON.stringify({ format, ...state }));
    });
  });
}

/** Renews what is not current, unless another process has done it by the time this one has the lock. */
export async function renew(
  cache: string,
  isCurrent: (state: SiteState) => boolean,
  work: (record: (parts: Partial<SiteState>) => void) => void | Promise<void>,
): Promise<void> {
  if (isCurrent(readState(cache))) return;
  await withState(cache, async (state, record) => {
    if (!isCurrent(state)) await work(record);
  });
}

const tagName = "asapp-kit";

/** The record of the pages, as a tag that each of them carries: a site can be moved, or be another project's. */
export function pagesTag(inputs: string): string {
  return `<meta name="${tagName}" content="${inputs}">`;
}

/** The record of the pages of a built site; null without a site or a tag. */
export function pagesRecord(site: string): BuildRecord | null {
  const index = join(site, "index.html");
  if (!existsSync(index)) return null;
  const inputs = new RegExp(`<meta name="${tagName}" content="(\\w+)">`).exec(readFileSync(index, "utf8"))?.[1];
  return inputs === undefined ? null : { inputs, output: "" };
}

function stateIn({ libraries, datasets, answers, rows }: Fields): SiteState | null {
  const isBuilt = (value: unknown): value is BuildRecord => isRecord(value) && isText(value.output);
  const isRows = (value: unknown): value is BuildRecord<Record<string, string>> =>
    isRecord(value) && isFields(value.output) && allOfKind(value.output, isText) !== null;
  const isValid =
    [libraries, datasets].every((value) => value === null || isBuilt(value)) &&
    allOfKind(answers, isBuilt) !== null &&
    allOfKind(rows, isRows) !== null;
  if (!isValid) return null;
  return {
    libraries: libraries as BuildRecord | null,
    datasets: datasets as BuildRecord | null,
    answers: namesOf(Object.entries(answers as Record<string, BuildRecord>)),
    rows: namesOf(Object.entries(rows as Record<string, BuildRecord<Record<string, string>>>)),
  };
}

function isRecord(value: unknown): value is { inputs: string; output: unknown } {
  return isFields(value) && isText(value.inputs);
}
