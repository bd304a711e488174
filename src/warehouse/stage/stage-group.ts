import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isFatal } from "../../base/faults.ts";
import { inGroups } from "../../base/groups.ts";
import type { Database } from "../../duckdb/database.ts";
import type { StagedDay } from "../snapshot/detail.ts";
import { type CountedFile, countFiles, type DayFiles, DayRefused } from "./day-files.ts";
import { type Written, writeParquets } from "./inspect.ts";
import { UnreadableFile } from "./line-counts.ts";
import type { Scratch } from "./scratch.ts";
import type { SharedSchema } from "./shared-schema.ts";
import { type DayPlace, examine, keepDay, type OpenDay, openDay } from "./stage-day.ts";
import { dayColumn, doesNotFit, type StageQuery, stageColumns, stageSelect, templateLine } from "./stage-sql.ts";
import { type DayState, firstState, next } from "./stage-step.ts";

const mostLines = 20_000; // of a day
const mostTogether = { count: 32, size: 60_000 }; // days, lines

/** Cuts days of one feed into groups to be read together: small ones, in their order; a large one is alone. */
export function groupDays<Day extends Pick<DayFiles, "files" | "before">>(days: readonly Day[]): Day[][] {
  const sizeOf = (day: Day) => {
    const lines = day.before ? Number.POSITIVE_INFINITY : linesOf(day);
    return lines <= mostLines ? lines : Number.POSITIVE_INFINITY;
  };
  return inGroups(days, sizeOf, mostTogether);
}

function linesOf({ files }: Pick<DayFiles, "files">): number {
  return files.reduce((sum, { lines }) => sum + (lines ?? Number.POSITIVE_INFINITY), 0);
}

/** What became of days that were read together. */
export type GroupOutcome =
  | { is: "read"; staged: ReadonlyMap<string, StagedDay>; apart: ReadonlySet<string> } // by dt; apart: not read with others
  | { is: "stopped"; by: string | null }; // the dt of the day that stopped it, when DuckDB tells

/** Days to be staged next: by themselves, together, or as they are staged already. */
export type GroupPart =
  | { as: "staged"; dt: string; day: StagedDay }
  | { as: "alone"; dt: string }
  | { as: "together"; dts: readonly string[] };

/** Failures of groups after which the days of a feed are read one by one: reading in vain would cost more than is gained. */
export const mostFailures = 3;

// the group                        its days                                                    failures
// stopped by one of its days       those before it together, it alone, those after it together 1
// stopped, cause unknown           one by one                                                  all there may be
// read: settled days               staged
// read: days set apart             alone
// read: days to be read again      the first alone, which may teach the schema; the others     1 if there are others
//                                  together
/** What becomes of days that were read together. Pure. */
export function afterGroup(dts: readonly string[], outcome: GroupOutcome): { parts: GroupPart[]; failures: number } {
  const together = (some: readonly string[]): GroupPart[] => (some.length === 0 ? [] : [{ as: "together", dts: some }]);
  if (outcome.is === "stopped") {
    if (outcome.by === null) return { parts: dts.map((dt) => ({ as: "alone", dt })), failures: mostFailures };
    const at = dts.indexOf(outcome.by);
    const alone: GroupPart = { as: "alone", dt: outcome.by };
    return { parts: [...together(dts.slice(0, at)), alone, ...together(dts.slice(at + 1))], failures: 1 };
  }
  const { staged, apart } = outcome;
  const [first, ...others] = dts.filter((dt) => !staged.has(dt) && !apart.has(dt));
  const read = dts.flatMap((dt): GroupPart[] => {
    const day = staged.get(dt);
    if (day) return [{ as: "staged", dt, day }];
    return apart.has(dt) ? [{ as: "alone", dt }] : [];
  });
  const again: GroupPart[] = first === undefined ? [] : [{ as: "alone", dt: first }, ...together(others)];
  return { parts: [...read, ...again], failures: others.length > 0 ? 1 : 0 };
}

/**
 * Stages several small days with one query, which takes longer to plan than a few hundred rows to read. What it leaves out
 * is for `stageDay`, which finds out why: days of which a line is no object or a value does not fit; all of them when a line
 * or a key stops the query. The files of a day are the same bytes either way. Throws what concerns more than one day.
 */
export async function stageGroup(
  db: Database,
  place: GroupPlace,
  days: readonly DayFiles[],
  shared: SharedSchema,
): Promise<GroupOutcome> {
  const folder = join(place.tmp, `${days[0]!.feed}-${days[0]!.dt}-together`);
  const plain: PlainDay[] = [];
  const apart = new Set<string>();
  place.scratch.clear();
  mkdirSync(folder, { recursive: true });
  try {
    for (const day of days) {
      const read = await readPlain(place, day);
      if (read) plain.push(read);
      else apart.add(day.dt);
    }
    if (plain.length === 0) return { is: "read", staged: new Map(), apart };
    return { is: "read", staged: await stagePlain(db, place, plain, shared, folder), apart };
  } catch (error) {
    if (isFatal(error)) throw error;
    return { is: "stopped", by: dayIn((error as Error).message, plain) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type GroupPlace = DayPlace & { scratch: Scratch };

function dayIn(message: string, plain: readonly PlainDay[]): string | null {
  const unfit = plain[Number(message.split(doesNotFit)[1]) - 1];
  const odd = unfit ?? plain.find(({ path }) => message.includes(`"${path}"`));
  return odd?.day.dt ?? null;
}

/** A day of which every line begins an object, and no number is longer than a DOUBLE. */
interface PlainDay {
  day: DayFiles;
  counted: CountedFile[];
  path: string; // all its lines
}

async function readPlain(place: GroupPlace, day: DayFiles): Promise<PlainDay | null> {
  const unpacked: Buffer[] = [];
  const memory = { clear: () => {}, write: (bytes: Buffer) => String(unpacked.push(bytes) - 1) };
  let counted: CountedFile[];
  try {
    counted = await countFiles({ ...place, scratch: memory }, day.files);
  } catch (error) {
    if (error instanceof UnreadableFile || error instanceof DayRefused) return null;
    throw error;
  }
  const full = counted.filter(({ lines }) => lines > 0);
  const isPlain = full.every(({ odd, long, lossy, readAt }) => odd + long + lossy === 0 && !readAt.endsWith(".gz"));
  if (full.length === 0 || !isPlain) return null;
  const bytes = full.flatMap(({ readAt }) => {
    const file = unpacked[Number(readAt)] ?? readFileSync(readAt);
    return file.at(-1) === newline ? [file] : [file, lineEnd];
  });
  const path = place.scratch.write(Buffer.concat(bytes));
  if (path === null) return null;
  return { day, path, counted: counted.map((counts) => ({ ...counts, readAt: path })) };
}

const newline = 10;
const lineEnd = Buffer.from([newline]);

async function stagePlain(
  db: Database,
  place: DayPlace,
  plain: readonly PlainDay[],
  shared: SharedSchema,
  folder: string,
): Promise<Map<string, StagedDay>> {
  const state = firstState([], shared.current());
  const query = groupQuery(plain, state, folder);
  writeFileSync(query.template, templateLine(query));
  const written = await writeParquets(db, stageSelect(query), dayColumn, folder);
  const staged = new Map<string, StagedDay>();
  for (const i of plain.keys()) {
    const file = written.get(i + 1);
    if (file === undefined) continue;
    const { dt } = plain[i]!.day;
    try {
      const kept = await keepIfSettled({ db, place, shared, folder }, plain[i]!, state, file);
      if (kept) staged.set(dt, kept);
    } catch (error) {
      if (isFatal(error)) throw error;
    }
  }
  return staged;
}

function groupQuery(plain: readonly PlainDay[], state: DayState, folder: string): StageQuery {
  return {
    columns: stageColumns(state.schema, state.spelled),
    path: "typed",
    cleaned: false,
    template: join(folder, "template.json"),
    files: plain.map(({ day, path }) => ({ path, file: day.dt, run: "", rows: 0 })),
    parts: plain.flatMap(({ day, counted }, i) =>
      day.files
        .map(({ path, run }, at) => ({ day: i + 1, file: path, run, rows: counted[at]!.lines }))
        .filter(({ rows }) => rows > 0),
    ),
    longest: 0,
  };
}

/** A day with the rows that were read with others; null where it must be read again, by itself. */
async function keepIfSettled(
  group: Pick<OpenDay, "db" | "place" | "shared" | "folder">,
  { day, counted }: PlainDay,
  state: DayState,
  written: Written & { path: string },
): Promise<StagedDay | null> {
  const open = openDay({ ...group, day, counted, reuse: null, parquet: written.path });
  const step = next(state, await examine(open, state, written), open.shared.rules);
  return step.do === "keep" ? keepDay(open, state, step.evidence) : null;
}
