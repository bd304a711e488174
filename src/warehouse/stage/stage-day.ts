import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { concernsAll } from "../../base/errors.ts";
import { putFile, writeAtomically } from "../../base/files.ts";
import type { NewColumn, TypeChange } from "../../config/config.ts";
import type { Database } from "../../duckdb/database.ts";
import type { Feed } from "../../export/feed.ts";
import { type Found, isIdentifier, isTime } from "../schema/typing.ts";
import { type StagedDay, stagedDay } from "../snapshot/detail.ts";
import {
  type DayDetail,
  type DaySnapshot,
  type FileDetail,
  type Keyless,
  type Ranges,
  type StagedColumn,
  type StagePath,
  shortHash,
  type UnfitValues,
} from "../snapshot/snapshot.ts";
import { cleanFile } from "./careful.ts";
import { DayRefused, type ListedFile, type Surveyed, surveyFiles } from "./day-files.ts";
import { type DayTypes, dayTypes } from "./day-types.ts";
import { foundIn, keysOf } from "./discover.ts";
import { type RescuedValues, rescuedValues, rowsByFile, type Written, writeParquet } from "./inspect.ts";
import { keylessRows } from "./keyless.ts";
import { QuarantineFile } from "./quarantine.ts";
import { fits, type Reuse, reusable, reuseSelect } from "./reuse.ts";
import { withFound, withKeys } from "./schema.ts";
import type { Scratch } from "./scratch.ts";
import {
  rescuedName,
  rowsAreLost,
  type StageColumn,
  type StageQuery,
  stageSelect,
  templateLine,
} from "./stage-sql.ts";

/** What the days of one feed share while they are staged, several at a time. It only ever grows. */
export interface FeedSchema {
  columns: StagedColumn[];
  rescuedKeys: Set<string>; // keys that get no column
  key: Pick<Feed, "key" | "renamed">;
  rangesOf: ReadonlySet<string>; // documented columns whose least and largest values are noted
  onNewColumn: NewColumn;
  onTypeChange: TypeChange;
}

export interface DayFiles {
  feed: string;
  dt: string;
  source: string; // fingerprint, see DaySnapshot
  files: ListedFile[]; // in the order of run and path
  before?: DaySnapshot | null; // what is staged of it under the same rules
}

export interface DayPlace {
  data: string; // absolute data folder
  tmp: string; // absolute folder of this run, not there before it
  maxRatio: number; // see surveyFile
  scratch?: Scratch; // for one day at a time
}

interface Source {
  query: Pick<StageQuery, "files" | "longest" | "cleaned">;
  details: FileDetail[];
}

const mostAttempts = 20;
const mostRescuedKeys = 20_000;

/**
 * Stages one day: typed where every value fits, as text where some do not, line by line where a line does not. Rows of
 * files that are staged already are taken over. Adds to `schema` what the day brings. Throws UnreadableFile, DayRefused,
 * and DuckDB's own errors about disk and memory.
 */
export async function stageDay(
  db: Database,
  place: DayPlace,
  day: DayFiles,
  schema: FeedSchema,
): Promise<StagedDay> {
  const folder = join(place.tmp, `${day.feed}-${day.dt}`);
  const attempt = async (reuse: Reuse | null) => {
    const known = new Set(reuse?.files.map(({ file }) => file));
    const files = day.files.filter(({ path }) => !known.has(path));
    mkdirSync(folder, { recursive: true });
    try {
      const surveys = await surveyFiles(place, files);
      return await new DayStaging(db, place, { ...day, files }, schema, surveys, folder, reuse).run();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  const reuse = reusable(place.data, day.files, day.before ?? null);
  if (reuse === null || !fits(reuse, schema.columns)) return attempt(null);
  try {
    return await attempt(reuse);
  } catch (error) {
    if (concernsAll(error)) throw error;
    return attempt(null); // it no longer fits, or what is staged is damaged
  }
}

/** The new files need a wider type than the rows taken over have. */
class NoLongerFits extends Error {}

export class DayStaging {
  private readonly db: Database;
  private readonly place: DayPlace;
  private readonly day: DayFiles;
  private readonly schema: FeedSchema;
  private readonly surveys: Surveyed[];
  private readonly folder: string;
  readonly parquet: string; // absolute, while the day is staged
  private readonly quarantine: QuarantineFile;
  private readonly reuse: Reuse | null;
  private path: StagePath;
  private source: Source;
  private types: DayTypes; // of that source
  private columns: StagedColumn[] = [];
  private readonly spelled: Set<string>; // names of columns of times that a cast does not read
  private asked: ReadonlySet<string> = new Set(); // keys that the last copy knew
  private found: ReadonlyMap<string, Set<Found>> = new Map(); // by key

  constructor(
    db: Database,
    place: DayPlace,
    day: DayFiles,
    schema: FeedSchema,
    surveys: Surveyed[],
    folder: string,
    reuse: Reuse | null,
  ) {
    this.db = db;
    this.place = place;
    this.day = day;
    this.schema = schema;
    this.surveys = surveys;
    this.folder = folder;
    this.reuse = reuse;
    this.parquet = join(folder, "day.parquet");
    this.quarantine = new QuarantineFile(join(folder, "quarantine.jsonl"));
    this.spelled = new Set(reuse?.summary.spelled);
    if (reuse?.quarantine) this.quarantine.addFile(reuse.quarantine);
    const some = (what: "odd" | "long" | "lossy") => surveys.some((survey) => survey[what] > 0);
    this.path = some("odd") || some("lossy") ? "careful" : some("long") ? "text" : "typed";
    this.source = this.rawSource();
    this.types = this.newTypes();
  }

  async run(): Promise<StagedDay> {
    if (this.path === "careful") await this.clean();
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      if (this.source.query.files.length === 0 && !this.reuse?.parquet)
        return this.finish(new Map(), new Set());
      const written = await this.copy();
      if (written === null) continue;
      if (!(await this.countsAgree(written))) {
        await this.clean();
        continue;
      }
      const staged = await this.settle(written);
      if (staged) return staged;
    }
    throw new Error(`internal: ${this.day.feed} ${this.day.dt} does not settle on a schema`);
  }

  /** The day with the Parquet file that was written of it; null when it must be read again with other types. */
  async settle(written: Written): Promise<StagedDay | null> {
    const rescued = written.filled("_rescued") ? await rescuedValues(this.db, this.parquet) : new Map();
    if (this.moreSpelled(rescued) || (await this.widen(rescued))) return null;
    const known = { key: this.schema.key, rescued: new Set(rescued.keys()) };
    const keyless = await keylessRows(this.db, { parquet: this.parquet, written }, this.columns, known);
    return this.finish(rescued, this.seen(written, rescued), written, keyless);
  }

  private rawSource(): Source {
    const details = this.day.files.map(({ path, run, md5 }, i) => {
      const { lines } = this.surveys[i]!;
      return { file: path, md5, run, lines, blank: 0, rows: lines, quarantined: 0 };
    });
    return sourceOf(details, (_, i) => this.surveys[i]!.readAt, { longest: 0, cleaned: false });
  }

  private newTypes(): DayTypes {
    return dayTypes(this.db, this.parquet, this.source.query, this.reuse?.summary.found ?? {});
  }

  private async clean(): Promise<void> {
    if (this.source.query.cleaned)
      throw new Error(`internal: rows are lost in ${this.day.feed} ${this.day.dt}`);
    const cleaned = (path: string) => join(this.folder, "clean", `${path}.clean`);
    const details: FileDetail[] = [];
    let longest = 0;
    for (const { path, run, md5 } of this.day.files) {
      const { longest: bytes, ...counts } = await cleanFile(
        join(this.place.data, "raw", path),
        cleaned(path),
        (line) => this.quarantine.add({ file: path, ...line }),
      );
      details.push({ file: path, md5, run, ...counts });
      longest = Math.max(longest, bytes);
    }
    this.path = "careful";
    this.source = sourceOf(details, ({ file }) => cleaned(file), { longest, cleaned: true });
    this.types = this.newTypes();
  }

  /** Writes the day's rows to the Parquet file; null when it must be tried again, otherwise. */
  private async copy(): Promise<Written | null> {
    const template = join(this.folder, "template.json");
    const columns = this.stageColumns();
    const path = this.path === "typed" ? "typed" : "text";
    const query: StageQuery = { columns, path, template, ...this.source.query };
    const selects: string[] = [];
    if (this.reuse?.parquet) {
      if (!fits(this.reuse, this.columns)) throw new NoLongerFits();
      selects.push(reuseSelect(this.reuse.parquet, this.reuse, this.columns));
    }
    if (query.files.length > 0) selects.push(stageSelect(query));
    writeFileSync(template, templateLine(query));
    try {
      const copy = () => writeParquet(this.db, selects, this.parquet);
      return await (query.longest > longLine ? oneAtATime(copy) : copy());
    } catch (error) {
      const { message } = error as Error;
      if (!/^(Invalid Input|Conversion) Error/.test(message)) throw error;
      if (/has unknown key "/.test(message)) {
        if (!(await this.addKeys())) throw error;
      } else if (this.path === "typed" && !message.includes(rowsAreLost)) this.path = "text";
      else await this.clean();
      return null;
    }
  }

  /** The columns to read, as the schema has them by now: those of another day that is read with this one. */
  stageColumns(known = this.schema.columns): StageColumn[] {
    this.columns = known;
    const columns = [
      ...this.columns.map(({ key, name, type, untyped, flag }) => ({
        ...{ key, name, type, keep: !untyped },
        reading: { spelled: this.spelled.has(name), flag, identifier: isIdentifier(key) },
      })),
      ...[...this.schema.rescuedKeys].map((key) => ({ key, name: key, type: "VARCHAR", keep: false })),
    ];
    this.asked = new Set(columns.map(({ key }) => key));
    // Of a feed that nobody knows the first key is an unknown one; DuckDB wants to know one all the same.
    return columns.length > 0 ? columns : [{ key: "\u0001none", name: "_", type: "VARCHAR", keep: false }];
  }

  private async addKeys(): Promise<boolean> {
    const { schema } = this;
    const { longest } = this.source.query;
    const files = this.source.query.files.map(({ path }) => path);
    let keys: string[];
    try {
      keys = await keysOf(this.db, files, longest);
    } catch (error) {
      // A line that is no JSON, before or after the key: the lines must be cleaned first.
      if (this.source.query.cleaned) throw error;
      await this.clean();
      return true;
    }
    const known = new Set([...schema.columns.map(({ key }) => key), ...schema.rescuedKeys]);
    const unknown = keys.filter((key) => !known.has(key) && !key.startsWith("\u0001"));
    // Another day may have brought the keys meanwhile.
    if (unknown.length === 0) return keys.some((key) => !this.asked.has(key));
    if (schema.onNewColumn === "freeze")
      throw new DayRefused(
        `new ${unknown.length === 1 ? "column" : "columns"} ${unknown.join(", ")}, and on_new_column is freeze`,
      );
    if (schema.onNewColumn === "evolve") {
      const found = await foundIn(this.db, files, unknown, longest);
      schema.columns = withKeys(
        schema.columns,
        [...found].map(([key, kinds]) => ({ key, found: kinds })),
      );
    }
    const columns = new Set(schema.columns.map(({ key }) => key));
    for (const key of unknown) if (!columns.has(key)) schema.rescuedKeys.add(key);
    if (schema.rescuedKeys.size > mostRescuedKeys)
      throw new DayRefused(`more than ${mostRescuedKeys} keys without a column: are they values?`);
    return true;
  }

  private async countsAgree({ rows }: Written): Promise<boolean> {
    const { query, details } = this.source;
    if (rows !== sum(this.reuse?.files ?? [], "rows") + sum(details, "rows")) return false;
    if (!query.cleaned) return true; // each row was checked to be of its file
    const counted = await rowsByFile(this.db, this.parquet);
    return details.every(({ file, rows, lines }) => {
      const found = counted.get(file) ?? { rows: 0, first: 1, last: 0 };
      return found.rows === rows && found.first >= 1 && found.last <= lines;
    });
  }

  /** True when a time did not fit that may be one in another spelling, so that the day must be read again. */
  private moreSpelled(rescued: ReadonlyMap<string, RescuedValues>): boolean {
    const before = this.spelled.size;
    for (const column of this.columns)
      if (isTime(column.type) && rescued.has(rescuedName(column))) this.spelled.add(column.name);
    return this.spelled.size > before;
  }

  /** True when a column turns out to have another type, so that the day must be read again. */
  private async widen(rescued: ReadonlyMap<string, RescuedValues>): Promise<boolean> {
    const { schema } = this;
    const { onTypeChange } = schema;
    this.found =
      onTypeChange === "widen"
        ? await this.types.all(this.columns, rescued, this.path !== "typed")
        : await this.types.undocumented(this.columns);
    if (onTypeChange === "fail") {
      const unfit = this.columns.find((column) => !column.untyped && rescued.has(rescuedName(column)));
      if (unfit)
        throw new DayRefused(`values of ${unfit.name} are no ${unfit.type}, and on_type_change is fail`);
    }
    schema.columns = schema.columns.map((column) => {
      const found = onTypeChange === "widen" || column.untyped ? this.found.get(column.key) : undefined;
      return found ? withFound(column, found) : column;
    });
    // Another day may have found more meanwhile: then this day is read with that as well.
    const now = new Map(schema.columns.map((column) => [column.key, column]));
    return this.columns.some(({ key, type, untyped }) => {
      const column = now.get(key)!;
      return column.type !== type || column.untyped !== untyped;
    });
  }

  /** Columns with a value, be it a rescued one, or whose key the first line of a file has. */
  private seen(written: Written, rescued: ReadonlyMap<string, RescuedValues>): Set<string> {
    const keys = new Set(this.surveys.flatMap(({ first }) => keysIn(first)));
    const before = new Set(this.reuse?.summary.seen);
    const here = this.columns.filter((column) => {
      const { name, key, untyped } = column;
      if (before.has(name) || keys.has(key) || rescued.has(rescuedName(column))) return true;
      return !untyped && written.filled(name);
    });
    return new Set(here.map(({ name }) => name));
  }

  private ranges(written: Written): Ranges {
    const columns = this.columns.filter(({ key, untyped }) => this.schema.rangesOf.has(key) && !untyped);
    return Object.fromEntries(
      columns.flatMap(({ name }) => {
        const range = written.range(name);
        return range ? [[name, range]] : [];
      }),
    );
  }

  private finish(
    rescued: ReadonlyMap<string, RescuedValues>,
    seen: ReadonlySet<string>,
    written: Written | null = null,
    keyless: Keyless | null = null,
  ): StagedDay {
    const ranges = written ? this.ranges(written) : {};
    const unfit = written ? this.unfit(rescued, written) : [];
    const { feed, dt, source } = this.day;
    const details = [...(this.reuse?.files ?? []), ...this.source.details].sort(byRun);
    const rows = sum(details, "rows");
    const quarantined = sum(details, "quarantined");
    if (details.some(({ lines, blank, rows, quarantined }) => lines !== blank + rows + quarantined))
      throw new Error(`internal: lines are lost in ${feed} ${dt}`);
    const summary: DayDetail = {
      feed,
      dt,
      source,
      rows,
      quarantined,
      path: slower(this.path, this.reuse?.summary.path),
      columns: this.columns,
      seen: this.columns.filter(({ name }) => seen.has(name)).map(({ name }) => name),
      found: this.foundByName(),
      ...(Object.keys(ranges).length > 0 ? { ranges } : {}),
      rescued: byColumn(rescued, this.columns),
      ...(unfit.length > 0 ? { unfit } : {}),
      ...(this.spelled.size > 0 ? { spelled: [...this.spelled].sort() } : {}),
      ...(keyless ? { keyless } : {}),
    };
    const name = `${feed}/${dt}.${shortHash(source, JSON.stringify(summary.columns), stageFormat)}`;
    const day = stagedDay(`staged/${name}.jsonl`, summary);
    this.quarantine.close();
    if (day.staged) this.install(this.parquet, day.staged);
    if (day.quarantine) this.install(this.quarantine.path, day.quarantine);
    // Last: a detail file says that the others are whole.
    const lines = [summary, ...details].map((line) => `${JSON.stringify(line)}\n`);
    writeAtomically(this.place.data, day.detail, lines.join(""), { flush: true });
    return day;
  }

  private unfit(rescued: ReadonlyMap<string, RescuedValues>, written: Written): UnfitValues[] {
    return this.columns
      .flatMap((column) => {
        const values = rescued.get(rescuedName(column));
        if (!values) return [];
        const { name, untyped } = column;
        const fit = untyped ? 0 : written.rows - written.nulls(name);
        return [{ column: name, values: values.count, fit, example: values.example }];
      })
      .sort((a, b) => (a.column < b.column ? -1 : 1));
  }

  private foundByName(): Record<string, Found[]> {
    const pairs = this.columns.map(
      ({ key, name }) => [name, [...(this.found.get(key) ?? [])].sort()] as const,
    );
    return Object.fromEntries(pairs.filter(([, found]) => found.length > 0));
  }

  private install(from: string, to: string): void {
    putFile(from, this.place.data, to);
  }
}

function sourceOf(
  details: FileDetail[],
  readAt: (detail: FileDetail, index: number) => string,
  how: Pick<StageQuery, "longest" | "cleaned">,
): Source {
  const files = details.map((detail, i) => ({ path: readAt(detail, i), ...detail }));
  return {
    query: { files: files.filter(({ rows }) => rows > 0), ...how },
    details,
  };
}

const longLine = 4_000_000; // bytes; of each line DuckDB holds some ten times as much
let running: Promise<unknown> = Promise.resolve();

function oneAtATime<T>(task: () => Promise<T>): Promise<T> {
  const turn = running.then(task, task);
  running = turn.catch(() => {});
  return turn;
}

/** Part of every fingerprint: a change makes all days be staged again. */
export const stageFormat = "6";

function keysIn(line: string): string[] {
  try {
    const value: unknown = JSON.parse(line.replace(/^\ufeff/, ""));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  } catch {
    return [];
  }
}

// "status#1" is an earlier value of a key that came twice.
function byColumn(
  rescued: ReadonlyMap<string, { count: number }>,
  columns: readonly StagedColumn[],
): Record<string, number> {
  const names = new Map(columns.map((column) => [rescuedName(column), column.name]));
  const counts = new Map<string, number>();
  for (const [member, { count }] of rescued) {
    const name = names.get(member) ?? names.get(member.replace(/#\d+$/, "")) ?? member;
    counts.set(name, (counts.get(name) ?? 0) + count);
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const paths: StagePath[] = ["typed", "text", "careful"];

function slower(a: StagePath, b: StagePath = "typed"): StagePath {
  return paths.indexOf(a) > paths.indexOf(b) ? a : b;
}

function byRun(a: FileDetail, b: FileDetail): number {
  if (a.run !== b.run) return a.run < b.run ? -1 : 1;
  return a.file < b.file ? -1 : 1;
}

function sum(details: FileDetail[], what: "rows" | "quarantined"): number {
  return details.reduce((total, detail) => total + detail[what], 0);
}
