import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { concernsAll } from "../../base/errors.ts";
import { inGroups } from "../../base/groups.ts";
import type { Database } from "../../duckdb/database.ts";
import type { StagedDay } from "../snapshot/detail.ts";
import { DayRefused, type Surveyed, surveyFiles } from "./day-files.ts";
import { writeParquets } from "./inspect.ts";
import type { Scratch } from "./scratch.ts";
import { type DayFiles, type DayPlace, DayStaging, type FeedSchema } from "./stage-day.ts";
import { dayColumn, doesNotFit, type StageQuery, stageSelect, templateLine } from "./stage-sql.ts";
import { UnreadableFile } from "./survey.ts";

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
export interface GroupResult {
  staged: Map<string, StagedDay>; // by dt
  apart: Set<string>; // by dt: no days to be read with others
  odd: string | null; // the day that stopped it, when DuckDB tells
  failed: boolean;
}

/**
 * Stages several small days with one query, which takes longer to plan than a few hundred rows to read. What it leaves out
 * is for `stageDay`, which finds out why: days of which a line is no object or a value does not fit; all of them when a line
 * or a key stops the query. The files of a day are the same bytes either way. Throws what concerns more than one day.
 */
export async function stageGroup(
  db: Database,
  place: DayPlace & { scratch: Scratch },
  days: readonly DayFiles[],
  schema: FeedSchema,
): Promise<GroupResult> {
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
    const staged = plain.length === 0 ? new Map() : await stagePlain(db, place, plain, schema, folder);
    return { staged, apart, odd: null, failed: false };
  } catch (error) {
    if (concernsAll(error)) throw error;
    const { message } = error as Error;
    const unfit = plain[Number(message.split(doesNotFit)[1]) - 1];
    const odd = unfit ?? plain.find(({ path }) => message.includes(`"${path}"`));
    return { staged: new Map(), apart, odd: odd?.day.dt ?? null, failed: true };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A day of which every line begins an object, and no number is longer than a DOUBLE. */
interface PlainDay {
  day: DayFiles;
  surveys: Surveyed[];
  path: string; // all its lines
}

async function readPlain(place: DayPlace & { scratch: Scratch }, day: DayFiles): Promise<PlainDay | null> {
  const unpacked: Buffer[] = [];
  const memory = { clear: () => {}, write: (bytes: Buffer) => String(unpacked.push(bytes) - 1) };
  let surveys: Surveyed[];
  try {
    surveys = await surveyFiles({ ...place, scratch: memory }, day.files);
  } catch (error) {
    if (error instanceof UnreadableFile || error instanceof DayRefused) return null;
    throw error;
  }
  const full = surveys.filter(({ lines }) => lines > 0);
  const isPlain = full.every(
    ({ odd, long, lossy, readAt }) => odd + long + lossy === 0 && !readAt.endsWith(".gz"),
  );
  if (full.length === 0 || !isPlain) return null;
  const bytes = full.flatMap(({ readAt }) => {
    const file = unpacked[Number(readAt)] ?? readFileSync(readAt);
    return file.at(-1) === newline ? [file] : [file, lineEnd];
  });
  const path = place.scratch.write(Buffer.concat(bytes));
  if (path === null) return null;
  return { day, path, surveys: surveys.map((survey) => ({ ...survey, readAt: path })) };
}

const newline = 10;
const lineEnd = Buffer.from([newline]);

async function stagePlain(
  db: Database,
  place: DayPlace,
  plain: readonly PlainDay[],
  schema: FeedSchema,
  folder: string,
): Promise<Map<string, StagedDay>> {
  const known = schema.columns;
  const stagings = plain.map(
    ({ day, surveys }) => new DayStaging(db, place, day, schema, surveys, join(folder, day.dt), null),
  );
  const [columns] = stagings.map((staging) => staging.stageColumns(known));
  const query: StageQuery = {
    columns: columns!,
    path: "typed",
    cleaned: false,
    template: join(folder, "template.json"),
    files: plain.map(({ day, path }) => ({ path, file: day.dt, run: "", rows: 0 })),
    parts: plain.flatMap(({ day, surveys }, i) =>
      day.files
        .map(({ path, run }, at) => ({ day: i + 1, file: path, run, rows: surveys[at]!.lines }))
        .filter(({ rows }) => rows > 0),
    ),
    longest: 0,
  };
  writeFileSync(query.template, templateLine(query));
  const written = await writeParquets(db, stageSelect(query), dayColumn, folder);
  const staged = new Map<string, StagedDay>();
  for (const [i, staging] of stagings.entries()) {
    const { dt } = plain[i]!.day;
    const file = written.get(i + 1);
    if (file === undefined) continue;
    mkdirSync(join(folder, dt));
    renameSync(file.path, staging.parquet);
    try {
      const day = await staging.settle(file);
      if (day) staged.set(dt, day);
    } catch (error) {
      if (concernsAll(error)) throw error;
    }
  }
  return staged;
}
