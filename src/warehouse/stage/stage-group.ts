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
import { examine, keepDay, type OpenDay, openDay, type StageContext } from "./stage-day.ts";
import { dayColumn, doesNotFit, type StageQuery, stageColumns, stageSelect, templateLine } from "./stage-sql.ts";
import { type DayState, firstState, next } from "./stage-step.ts";

const mostLines = 20_000; // of a day
const mostTogether = { count: 32, size: 60_000 }; // days, lines

/** Groups the days of one feed to be read together: small days in order, a large day alone. */
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

/** The outcome of reading days together. */
export type GroupOutcome =
  | { is: "read"; staged: ReadonlyMap<string, StagedDay>; apart: ReadonlySet<string> } // by dt; apart: not read with others
  | { is: "stopped"; by: string | null }; // dt of the day that stopped it, if DuckDB names it

/** What to do with days next. */
export type GroupPart =
  | { as: "staged"; dt: string; day: StagedDay }
  | { as: "alone"; dt: string }
  | { as: "together"; dts: readonly string[] };

/** Failed groups after which the days of a feed are read one by one: more failures would cost more than groups save. */
export const mostFailures = 3;

// the group                        its days                                                    failures
// stopped by one of its days       those before it together, it alone, those after it together 1
// stopped, cause unknown           one by one                                                  all there may be
// read: settled days               staged
// read: days set apart             alone
// read: days to be read again      the first alone, which may teach the schema; the others     1 if there are others
//                                  together
/** The next steps for days that were read together. Pure. */
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
 * Stages several small days with one query, as planning a query takes longer than reading a few hundred rows. `stageDay`
 * stages the days that it leaves out: those with a line that is no object or a value that does not fit; all when a line or a
 * key stops the query. The files of a day are the same bytes either way. Throws errors that concern more than one day.
 */
export async function stageGroup(
  db: Database,
  context: GroupContext,
  days: readonly DayFiles[],
  shared: SharedSchema,
): Promise<GroupOutcome> {
  const plain: PlainDay[] = [];
  const apart = new Set<string>();
  const [first] = days;
  if (first === undefined) return { is: "read", staged: new Map(), apart };
  const folder = join(context.tmp, `${first.feed}-${first.dt}-together`);
  context.scratch.clear();
  mkdirSync(folder, { recursive: true });
  try {
    for (const day of days) {
      const read = await readPlain(context, day);
      if (read) plain.push(read);
      else apart.add(day.dt);
    }
    if (plain.length === 0) return { is: "read", staged: new Map(), apart };
    return { is: "read", staged: await stagePlain(db, context, plain, shared, folder), apart };
  } catch (error) {
    if (isFatal(error)) throw error;
    return { is: "stopped", by: dayIn((error as Error).message, plain) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type GroupContext = StageContext & { scratch: Scratch };

function dayIn(message: string, plain: readonly PlainDay[]): string | null {
  const unfit = plain[Number(message.split(doesNotFit)[1]) - 1];
  const odd = unfit ?? plain.find(({ path }) => message.includes(`"${path}"`));
  return odd?.day.dt ?? null;
}

/** A day whose lines all begin an object, without a number too long for a DOUBLE. */
interface PlainDay {
  day: DayFiles;
  counted: CountedFile[];
  path: string; // all its lines
}

async function readPlain(context: GroupContext, day: DayFiles): Promise<PlainDay | null> {
  const unpacked: Buffer[] = [];
  const memory = { clear: () => {}, write: (bytes: Buffer) => String(unpacked.push(bytes) - 1) };
  let counted: CountedFile[];
  try {
    counted = await countFiles({ ...context, scratch: memory }, day.files);
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
  const path = context.scratch.write(Buffer.concat(bytes));
  if (path === null) return null;
  return { day, path, counted: counted.map((counts) => ({ ...counts, readAt: path })) };
}

const newline = 10;
const lineEnd = Buffer.from([newline]);

async function stagePlain(
  db: Database,
  context: StageContext,
  plain: readonly PlainDay[],
  shared: SharedSchema,
  folder: string,
): Promise<Map<string, StagedDay>> {
  const state = firstState([], shared.current());
  const query = groupQuery(plain, state, folder);
  writeFileSync(query.template, templateLine(query));
  const written = await writeParquets(db, stageSelect(query), dayColumn, folder);
  const staged = new Map<string, StagedDay>();
  for (const [i, plainDay] of plain.entries()) {
    const file = written.get(i + 1);
    if (file === undefined) continue;
    try {
      const kept = await keepIfSettled({ db, context, shared, folder }, plainDay, state, file);
      if (kept) staged.set(plainDay.day.dt, kept);
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
    parts: plain.flatMap(({ counted }, i) =>
      counted
        .map(({ file: { path, run }, lines }) => ({ day: i + 1, file: path, run, rows: lines }))
        .filter(({ rows }) => rows > 0),
    ),
    longest: 0,
  };
}

/** Stages a day from rows that were read with others; null if it must be read again, alone. */
async function keepIfSettled(
  group: Pick<OpenDay, "db" | "context" | "shared" | "folder">,
  { day, counted }: PlainDay,
  state: DayState,
  written: Written & { path: string },
): Promise<StagedDay | null> {
  const open = openDay({ ...group, day, counted, reuse: null, parquet: written.path });
  const step = next(state, await examine(open, state, written), open.shared.rules);
  return step.do === "keep" ? keepDay(open, state, step.evidence) : null;
}
