import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeAtomically } from "../base/files.ts";
import { withLockFile } from "../base/lock.ts";
import { type Names, namesOf, noNames } from "../base/names.ts";
import { allOfKind, type Fields, isFields, isText, readStored } from "../base/stored.ts";

/** The record of something made: of which inputs, and as what. */
export interface Made<T = string> {
  of: string; // hashInputs of its inputs
  as: T; // a mark of what was made, "" where nobody looks at it
}

/** What the parts of a project's site were made of. Null or no entry: nobody knows. */
export interface SiteState {
  libraries: Made | null; // Framework's library cache
  datasets: Made | null; // all answers together, as Framework's own commands judge them
  answers: Names<Made>; // by dataset; marked by size and time of its file
  rows: Names<Made<Record<string, string>>>; // by kept relation; marked by hashes of its rows by day
}

// record                                     what is there   made of its present inputs
// none: never made, being made, unreadable   any             no
// of other inputs                            any             no
// of these inputs                            marked other    no: changed or removed since
// of these inputs                            marked so       yes
/** Whether a part is made of its present inputs; if not, it is stale. `mark` is that of what is there now. */
export function isMadeOf(made: Made | null | undefined, inputs: string, mark = ""): boolean {
  return made?.of === inputs && made.as === mark;
}

/** A hash of inputs. None may stand for several: each counts with its length. */
export function hashInputs(...inputs: (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const input of inputs) hash.update(`${Buffer.byteLength(input)}:`).update(input);
  return hash.digest("hex");
}

/** A hash of a file's content; "none" without one. */
export function hashFile(file: string): string {
  return existsSync(file) ? hashInputs(readFileSync(file)) : "none";
}

export const noState = (): SiteState => ({ libraries: null, datasets: null, answers: noNames(), rows: noNames() });

const stateFile = "site.state.json";
const format = 1;

/** The state recorded in Framework's cache folder. What cannot be read is stale, never an error. */
export function readState(cache: string): SiteState {
  try {
    return readStored(cache, stateFile, format, stateIn).value ?? noState();
  } catch {
    return noState();
  }
}

/**
 * Hands `work` the present state and a function that records parts, which replace those recorded before; other parts stay.
 * Between processes and within one, one `work` runs at a time: none undoes the record of another. The lock is not that of
 * the build, whose Framework, a child, records too.
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

const tagName = "asapp-kit";

/** The tag by which a page carries the inputs of the pages: a site can be moved, or be another project's. */
export function pagesTag(inputs: string): string {
  return `<meta name="${tagName}" content="${inputs}">`;
}

/** What the pages of a built site were made of; null without a site or a tag. */
export function pagesMade(site: string): Made | null {
  const index = join(site, "index.html");
  if (!existsSync(index)) return null;
  const of = new RegExp(`<meta name="${tagName}" content="(\\w+)">`).exec(readFileSync(index, "utf8"))?.[1];
  return of === undefined ? null : { of, as: "" };
}

function stateIn({ libraries, datasets, answers, rows }: Fields): SiteState | null {
  const isMade = (value: unknown): value is Made => isRecord(value) && isText(value.as);
  const isMadeOrNull = (value: unknown) => value === null || isMade(value);
  const isRows = (value: unknown): value is Made<Record<string, string>> =>
    isRecord(value) && isFields(value.as) && allOfKind(value.as, isText) !== null;
  const isValid =
    [libraries, datasets].every(isMadeOrNull) &&
    allOfKind(answers, isMade) !== null &&
    allOfKind(rows, isRows) !== null;
  if (!isValid) return null;
  return {
    libraries: libraries as Made | null,
    datasets: datasets as Made | null,
    answers: namesOf(Object.entries(answers as Record<string, Made>)),
    rows: namesOf(Object.entries(rows as Record<string, Made<Record<string, string>>>)),
  };
}

function isRecord(value: unknown): value is { of: string; as: unknown } {
  return isFields(value) && isText(value.of);
}
