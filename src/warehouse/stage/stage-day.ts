import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isFatal } from "../../base/faults.ts";
import type { Database } from "../../duckdb/database.ts";
import { type Found, isTime } from "../schema/typing.ts";
import type { StagedDay } from "../snapshot/detail.ts";
import { type CountedFile, countFiles, type DayFiles } from "./day-files.ts";
import { cleanedSource, type DaySource, rawSource } from "./day-source.ts";
import { type DayEvidence, daySummary, installDay } from "./day-summary.ts";
import { dayTypes, foundIn, keysOf } from "./discover.ts";
import { type RescuedValues, rescuedValues, rowsByFile, type Written, writeParquet } from "./inspect.ts";
import { keylessRows } from "./keyless.ts";
import { QuarantineFile } from "./quarantine.ts";
import type { Scratch } from "./scratch.ts";
import { type SharedSchema, unknownKeys } from "./shared-schema.ts";
import { rescuedName, rowsAreLost, type StageQuery, stageColumns, stageSelect, templateLine } from "./stage-sql.ts";
import { type DayState, firstState, next, type Outcome } from "./stage-step.ts";
import { fits, type Reuse, reusable, reuseSelect } from "./staged-files.ts";

export interface StageContext {
  data: string; // absolute data folder
  tmp: string; // absolute folder of this run, not there before it
  maxRatio: number; // see countFile
  scratch?: Scratch; // for one day at a time
}

/** A day being staged: what is read and where it goes. */
export interface OpenDay {
  db: Database;
  context: StageContext;
  shared: SharedSchema;
  day: DayFiles; // with only the files to read
  reuse: Reuse | null; // the rows of its other files
  counted: readonly CountedFile[];
  folder: string; // absolute
  parquet: string; // absolute
  quarantine: QuarantineFile;
  source: DaySource;
}

/**
 * Stages one day: typed if every value fits, as text if some do not, line by line if a line is odd (see `next`). Takes over
 * the rows of files staged before. Throws UnreadableFile, DayRefused, and DuckDB's errors about disk and memory.
 */
export async function stageDay(
  db: Database,
  context: StageContext,
  day: DayFiles,
  shared: SharedSchema,
): Promise<StagedDay> {
  const reuse = reusable(context.data, day.files, day.before ?? null);
  if (reuse === null || !fits(reuse, shared.current().columns)) return stageFiles(db, context, day, shared, null);
  try {
    return await stageFiles(db, context, day, shared, reuse);
  } catch (error) {
    if (isFatal(error)) throw error;
    return stageFiles(db, context, day, shared, null); // the schema has outgrown it, or it is damaged
  }
}

async function stageFiles(
  db: Database,
  context: StageContext,
  day: DayFiles,
  shared: SharedSchema,
  reuse: Reuse | null,
): Promise<StagedDay> {
  const folder = join(context.tmp, `${day.feed}-${day.dt}`);
  const staged = new Set(reuse?.files.map(({ file }) => file));
  const files = day.files.filter(({ path }) => !staged.has(path));
  mkdirSync(folder, { recursive: true });
  try {
    const counted = await countFiles(context, files);
    const parquet = join(folder, "day.parquet");
    const open = openDay({ db, context, shared, day: { ...day, files }, reuse, counted, folder, parquet });
    try {
      return await readUntilKept(open, firstState(counted, shared.current(), reuse?.summary.spelled));
    } finally {
      open.quarantine.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A day before the first read. Its folder must exist once lines are quarantined. */
export function openDay(given: Omit<OpenDay, "quarantine" | "source">): OpenDay {
  const { reuse, counted, folder } = given;
  const quarantine = new QuarantineFile(join(folder, "quarantine.jsonl"));
  if (reuse?.quarantine) quarantine.addFile(reuse.quarantine);
  const types = typesIn(given);
  return { ...given, quarantine, source: rawSource(counted, types) };
}

async function cleaned(open: OpenDay): Promise<OpenDay> {
  const { context, day, folder, quarantine } = open;
  const source = await cleanedSource(context.data, day.files, join(folder, "clean"), quarantine, typesIn(open));
  return { ...open, source };
}

function typesIn({ db, parquet, reuse }: Pick<OpenDay, "db" | "parquet" | "reuse">) {
  return (query: DaySource["query"]) => dayTypes(db, parquet, query, reuse?.summary.found ?? {});
}

async function readUntilKept(day: OpenDay, first: DayState): Promise<StagedDay> {
  let open = day;
  for (let state = first; ; ) {
    if (state.path === "careful" && !open.source.query.cleaned) open = await cleaned(open);
    if (open.source.query.files.length === 0 && !open.reuse?.parquet) {
      const columns = state.reads === 0 ? [] : state.schema.columns;
      return keepDay(open, { ...state, schema: { ...state.schema, columns } }, noRows);
    }
    const step = next(state, await read(open, state), open.shared.rules);
    if (step.do === "refuse") throw step.error;
    if (step.do === "keep") return keepDay(open, state, step.evidence);
    state = step.state;
  }
}

const noRows: DayEvidence = { written: null, rescued: new Map(), found: new Map() };

/** Writes the day's rows to its Parquet file and examines them. */
async function read(open: OpenDay, state: DayState): Promise<Outcome> {
  const { db, reuse, shared, source, parquet } = open;
  const { schema } = state;
  if (reuse?.parquet && !fits(reuse, schema.columns)) return { is: "outgrown", schema: shared.current() };
  const template = join(open.folder, "template.json");
  const columns = stageColumns(schema, state.spelled);
  const path = state.path === "typed" ? "typed" : "text";
  const query: StageQuery = { columns, path, template, ...source.query };
  const selects = [
    ...(reuse?.parquet ? [reuseSelect(reuse.parquet, reuse, schema.columns)] : []),
    ...(query.files.length > 0 ? [stageSelect(query)] : []),
  ];
  writeFileSync(template, templateLine(query));
  let written: Written;
  try {
    const copy = () => writeParquet(db, selects, parquet);
    written = await (query.longest > longLine ? oneAtATime(copy) : copy());
  } catch (error) {
    return failed(open, error as Error);
  }
  if (!(await countsAgree(open, written))) return { is: "lost", schema: shared.current() };
  return examine(open, state, written);
}

/** The outcome that DuckDB's error means. Rethrows an error that is not about the lines. */
async function failed(open: OpenDay, error: Error): Promise<Outcome> {
  const { db, shared, source } = open;
  const { files, longest, cleaned } = source.query;
  const { message } = error;
  if (!/^(Invalid Input|Conversion) Error/.test(message)) throw error;
  if (!/has unknown key "/.test(message))
    return { is: message.includes(`Error: ${rowsAreLost}`) ? "lost" : "unfit", schema: shared.current() };
  const paths = files.map(({ path }) => path);
  let keys: string[];
  try {
    keys = await keysOf(db, paths, longest);
  } catch (other) {
    if (cleaned) throw other;
    return { is: "lost", schema: shared.current() }; // a line that is no JSON, before or after the key
  }
  // Only cleaned lines have the kit's own keys: the careful path refuses others.
  if (!cleaned && keys.some((key) => key.startsWith("\u0001"))) return { is: "lost", schema: shared.current() };
  const unknown = unknownKeys(shared.current(), keys);
  const evolves = shared.rules.onNewColumn === "evolve" && unknown.length > 0;
  const found = evolves ? await foundIn(db, paths, unknown, longest) : new Map<string, Set<Found>>();
  const learned = unknown.map((key) => ({ key, found: found.get(key) ?? new Set<Found>() }));
  return { is: "unknown", keys, unknown, error, schema: shared.learn({ keys: learned }) };
}

async function countsAgree({ db, reuse, source, parquet }: OpenDay, { rows }: Written): Promise<boolean> {
  const { query, details } = source;
  const listed = [...(reuse?.files ?? []), ...details].reduce((sum, file) => sum + file.rows, 0);
  if (rows !== listed) return false;
  if (!query.cleaned) return true; // the query itself has checked the file of each row
  const counted = await rowsByFile(db, parquet);
  return details.every(({ file, rows, lines }) => {
    const counts = counted.get(file) ?? { rows: 0, first: 1, last: 0 };
    return counts.rows === rows && counts.first >= 1 && counts.last <= lines;
  });
}

/** Examines the written rows of a day; the feed's schema learns from them. */
export async function examine(open: OpenDay, state: DayState, written: Written): Promise<Outcome> {
  const { db, shared, source, parquet } = open;
  const { columns } = state.schema;
  const rescued = written.filled("_rescued") ? await rescuedValues(db, parquet) : new Map<string, RescuedValues>();
  const unfit = columns.filter((column) => rescued.has(rescuedName(column)));
  const uncast = unfit.filter(({ name, type }) => isTime(type) && !state.spelled.has(name)).map(({ name }) => name);
  if (uncast.length > 0) return { is: "uncast", columns: uncast, schema: shared.current() };
  const { onTypeChange } = shared.rules;
  const found =
    onTypeChange === "widen"
      ? await source.types.all(columns, rescued, state.path !== "typed")
      : await source.types.undocumented(columns);
  const typed = unfit.filter(({ untyped }) => !untyped);
  const refused = onTypeChange === "fail" && typed.length > 0;
  const schema = refused ? shared.current() : shared.learn({ found });
  return { is: "written", unfit: typed, schema, evidence: { written, rescued, found } };
}

/** Installs the files of a day that was read. */
export async function keepDay(open: OpenDay, state: DayState, evidence: DayEvidence): Promise<StagedDay> {
  const { db, context, shared, day, reuse, counted, source, parquet, quarantine } = open;
  const { path, spelled, schema } = state;
  const { columns } = schema;
  const keyRules = { key: shared.rules.key, rescued: new Set(evidence.rescued.keys()) };
  const { written } = evidence;
  const keyless = written && (await keylessRows(db, { parquet, written }, columns, keyRules));
  const firstLines = counted.map(({ first }) => first);
  const { details } = source;
  const read = { ...evidence, day, path, columns, spelled, firstLines, details, reuse, keyless };
  const { summary, files } = daySummary(read, shared.rules.rangesOf);
  quarantine.close();
  return installDay(context.data, { parquet, quarantine: quarantine.path }, summary, files);
}

const longLine = 4_000_000; // bytes; DuckDB needs about ten times as much memory
let running: Promise<unknown> = Promise.resolve();

function oneAtATime<T>(task: () => Promise<T>): Promise<T> {
  const turn = running.then(task, task);
  running = turn.catch(() => {});
  return turn;
}
