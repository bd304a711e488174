import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CliError } from "../base/errors.ts";
import { inGroups } from "../base/groups.ts";
import { policyOf } from "../config/config.ts";
import { feedOf, type Project } from "../config/project.ts";
import { type Database, openDatabase, type QueryOptions } from "../duckdb/database.ts";
import { quoteName, quoteText } from "../duckdb/quote.ts";
import type { Feed } from "../export/feed.ts";
import { rawFiles, rawSelect, viewMacros } from "./catalog/views.ts";
import { currentFiles } from "./current/blocks.ts";
import { parquetRelation, relationColumns, withProvenance } from "./current/relation.ts";
import { dedupeRule, dedupeSelect, newestRun, type RelationColumn } from "./dedupe/dedupe.ts";
import { requireDetail } from "./snapshot/detail.ts";
import { type DaySnapshot, type FeedSnapshot, loadSnapshot, type Snapshot } from "./snapshot/snapshot.ts";
import { DayRefused } from "./stage/day-files.ts";
import { countFile, UnreadableFile } from "./stage/line-counts.ts";
import { sharedSchema } from "./stage/shared-schema.ts";
import { stageDay } from "./stage/stage-day.ts";

/**
 * lines: a file's lines are not the sum of its rows, quarantined and blank lines. staged: a file's staged rows differ from
 * its lines. winner: current lacks a winner or has another row. content: a row of current differs from its staged row.
 * unreadable: a file is missing or damaged.
 */
export interface Difference {
  kind: "lines" | "staged" | "winner" | "content" | "unreadable";
  dt: string;
  file: string | null; // below raw/, or below the data folder
  line: number | null;
  detail: string;
}

export interface Verification {
  feed: string;
  ok: boolean;
  days: number;
  files: number;
  lines: number;
  rows: number;
  quarantined: number;
  blank: number;
  currentRows: number;
  differences: Difference[]; // the first 100
  more: number; // further differences
}

export interface VerifyOptions {
  snapshot?: Snapshot;
  bucketRows?: number; // rows ranked at once
  signal?: AbortSignal;
  onDay?: (dt: string, done: number, total: number) => void;
}

const maxShown = 100;
const defaultBucketRows = 2_000_000;

/**
 * Proves for one feed that current equals the dedupe view over the raw files: reads every raw file completely and compares
 * its rows with the staged rows, then ranks all staged rows and compares the winners with current, row by row. Writes
 * nothing; memory does not grow with the history. Throws only for errors that do not concern the data.
 */
export async function verifyFeed(project: Project, name: string, options: VerifyOptions = {}): Promise<Verification> {
  const feedSnapshot = (options.snapshot ?? loadSnapshot(project.data)).feeds[name];
  const result: Verification = {
    feed: name,
    ok: true,
    days: 0,
    files: 0,
    lines: 0,
    rows: 0,
    quarantined: 0,
    blank: 0,
    currentRows: 0,
    differences: [],
    more: 0,
  };
  if (!feedSnapshot) return result;
  const tmp = mkdtempSync(join(tmpdir(), "asapp-verify-"));
  const database = await openDatabase({ threads: 2, memoryLimit: "1GB", tempDirectory: join(tmp, "spill") });
  const verifier = new Verifier(database, project, feedOf(project, name), feedSnapshot, tmp, result, options);
  let done = 0;
  try {
    await database.run(viewMacros().join("\n"));
    for (const days of inGroups(feedSnapshot.days, ({ rows }) => rows, groupLimits)) {
      await verifier.verifyDays(days);
      for (const { dt } of days) options.onDay?.(dt, ++done, feedSnapshot.days.length);
    }
    await verifier.verifyWinners(options.bucketRows ?? defaultBucketRows);
  } finally {
    database.close();
    rmSync(tmp, { recursive: true, force: true });
  }
  return { ...result, ok: result.differences.length === 0 };
}

const groupLimits = { count: 32, size: 100_000 }; // days, rows

class Verifier {
  private readonly database: Database;
  private readonly project: Project;
  private readonly feed: Feed;
  private readonly feedSnapshot: FeedSnapshot;
  private readonly tmp: string;
  private readonly result: Verification;
  private readonly query: QueryOptions;
  private readonly columns: RelationColumn[];
  private readonly unreadable = new Set<string>(); // dt

  constructor(
    database: Database,
    project: Project,
    feed: Feed,
    feedSnapshot: FeedSnapshot,
    tmp: string,
    result: Verification,
    { signal }: VerifyOptions,
  ) {
    this.database = database;
    this.project = project;
    this.feed = feed;
    this.feedSnapshot = feedSnapshot;
    this.tmp = tmp;
    this.result = result;
    this.query = { signal };
    this.columns = relationColumns(feedSnapshot);
  }

  async verifyDays(days: readonly DaySnapshot[]): Promise<void> {
    this.result.days += days.length;
    for (const day of days) await this.tryDays([day], () => this.countLines(day));
    const changed: DaySnapshot[] = [];
    const delivered = days.filter(({ staged }) => staged !== null);
    await this.tryDays(delivered, async (some) => void changed.push(...(await this.daysThatDiffer(some))));
    for (const day of changed) await this.tryDays([day], () => this.restage(day));
    await this.tryDays(
      days.filter(({ current }) => current !== null),
      (some) => this.content(some),
    );
  }

  /**
   * Runs a task on the readable days: once for all, since planning a query costs the same for one day or several. If a file
   * is damaged, runs it once for each day; a day that fails is recorded and skipped from then on.
   */
  private async tryDays(
    days: readonly DaySnapshot[],
    task: (days: readonly DaySnapshot[]) => Promise<void>,
  ): Promise<void> {
    const readable = days.filter(({ dt }) => !this.unreadable.has(dt));
    const [first] = readable;
    if (first === undefined) return;
    try {
      return await task(readable);
    } catch (error) {
      if (!isFileError(error)) throw error;
      if (readable.length === 1) {
        this.unreadable.add(first.dt);
        const [reason = ""] = (error as Error).message.split("\n", 1);
        return this.addDifference("unreadable", first.dt, null, null, reason);
      }
    }
    for (const day of readable) await this.tryDays([day], task);
  }

  private async countLines(day: DaySnapshot): Promise<void> {
    const { result, project } = this;
    for (const { file, lines, blank, rows, quarantined } of requireDetail(project.data, day).files) {
      const counted = await countFile(join(project.data, "raw", file), project.config.sync.maxRatio);
      result.files += 1;
      result.lines += counted.lines;
      result.blank += blank;
      result.rows += rows;
      result.quarantined += quarantined;
      if (counted.lines !== lines || lines !== blank + rows + quarantined)
        this.addDifference(
          "lines",
          day.dt,
          file,
          null,
          `${counted.lines} lines, but ${rows} rows, ${quarantined} quarantined and ${blank} blank`,
        );
    }
  }

  /** The days whose staged rows differ from those of the generated view, compared file by file. */
  private async daysThatDiffer(days: readonly DaySnapshot[]): Promise<DaySnapshot[]> {
    const { columns, days: all } = this.feedSnapshot;
    const files = await rawFiles(this.project.data, { days: [...days] });
    const raw = `(${rawSelect(this.project.data, { columns, days: all }, files)})`;
    const changed = await this.changedFiles(raw, this.relation(days.flatMap(({ staged }) => staged ?? [])));
    return days.filter(({ dt }) => changed.some((file) => file.includes(`/dt=${dt}/`)));
  }

  /** Stages a day again and compares it: SQL alone cannot read every line as the kit does. */
  private async restage(day: DaySnapshot): Promise<void> {
    const data = join(this.tmp, "again");
    rmSync(data, { recursive: true, force: true });
    mkdirSync(data, { recursive: true });
    symlinkSync(join(this.project.data, "raw"), join(data, "raw"));
    const { files, summary } = requireDetail(this.project.data, day);
    const policy = policyOf(this.project.config, this.feed.name);
    const columnNames = new Set(this.feedSnapshot.columns.flatMap(({ name, key }) => [name, key]));
    const rules = {
      key: { key: [], renamed: {} },
      rangesOf: new Set<string>(),
      onNewColumn: policy.onNewColumn,
      onTypeChange: policy.onTypeChange,
    };
    const schema = sharedSchema(rules, {
      columns: this.feedSnapshot.columns,
      rescuedKeys: new Set(Object.keys(day.rescued ?? {}).filter((name) => !columnNames.has(name))),
    });
    const again = await stageDay(
      this.database,
      { data, maxRatio: this.project.config.sync.maxRatio, tmp: join(data, "tmp") },
      {
        feed: this.feed.name,
        dt: day.dt,
        source: summary.source,
        files: files.map(({ file, run, md5 }) => ({ path: file, run, lines: null, md5 })), // countLines() has compared them
        before: null,
      },
      schema,
    );
    const rows = again.staged === null ? this.relation([]) : this.relation([again.staged], data);
    const changed = await this.changedFiles(rows, this.stagedRows(day));
    if (changed.length > 0) await this.nameRows(day, rows, changed);
  }

  private async changedFiles(left: string, right: string): Promise<string[]> {
    const sums = (relation: string) =>
      `select "_file", count(*) as "rows", sum(hash(${this.row()})) as "sum" from ${relation} group by "_file"`;
    const { rows } = await this.database.rows(
      `with l as (${sums(left)}), r as (${sums(right)})
       select distinct "_file" from ((from l except from r) union all (from r except from l)) order by "_file"`,
      this.query,
    );
    return rows.map(([file]) => String(file));
  }

  private async nameRows(day: DaySnapshot, raw: string, files: string[]): Promise<void> {
    for (const file of files) {
      const among = `where "_file" = ${quoteText(file)}`;
      const { rows } = await this.database.rows(
        `with l as (select ${this.row()} from ${raw} ${among}), r as (select ${this.row()} from ${this.stagedRows(day)} ${among})
         select "_line", count(*) from ((from l except all from r) union all (from r except all from l)) group by all order by all`,
        this.query,
      );
      for (const [line] of rows)
        this.addDifference("staged", day.dt, file, Number(line), "the line's row differs from the staged row");
    }
  }

  /** Compares each row of current with the staged row of the same file and line. */
  private async content(days: readonly DaySnapshot[]): Promise<void> {
    const staged = days.flatMap(({ staged }) => staged ?? []);
    const { rows } = await this.database.rows(
      `with kept as (select hash(${this.row()}) as "hash", "_file", "_line", left("_run", 10) as dt
           from ${this.relation(currentFiles(days))}
           where left("_run", 10) in (${days.map(({ dt }) => quoteText(dt)).join(", ")})),
         delivered as (select hash(${this.row()}) as "hash", "_file", "_line" from ${this.relation(staged)})
       select kept.dt, kept."_file", kept."_line" from kept left join delivered using ("_file", "_line")
       where kept."hash" is distinct from delivered."hash" order by all`,
      this.query,
    );
    this.result.currentRows += days.reduce((sum, day) => sum + day.currentRows, 0);
    for (const [dt, file, line] of rows)
      this.addDifference(
        "content",
        String(dt),
        String(file),
        Number(line),
        "the row in current differs from the staged row",
      );
  }

  /** Ranks all rows, one bucket of the key's hash at a time, and compares the winners with current. */
  async verifyWinners(bucketRows: number): Promise<void> {
    const { feedSnapshot, feed, columns } = this;
    const rule = dedupeRule(feed, columns);
    const usedColumns = new Set([...rule.key, ...rule.order].flatMap((term) => term.columns));
    const rankColumns = columns.filter(({ name }) => usedColumns.has(name)); // withProvenance adds the provenance
    const staged = feedSnapshot.days.flatMap(({ staged }) => staged ?? []);
    const current = currentFiles(feedSnapshot.days);
    const rows = feedSnapshot.days.reduce((sum, day) => sum + day.rows, 0);
    const buckets = Math.max(1, Math.ceil(rows / bucketRows));
    const key = rule.key.map(({ sql }) => sql).join(", ");
    const all = parquetRelation(this.project.data, staged, withProvenance(rankColumns));
    const newest = newestRun(rule, all) ?? "true";
    const kept = parquetRelation(this.project.data, current, withProvenance(rankColumns));
    try {
      for (let bucket = 0; bucket < buckets; bucket++) {
        const inBucket = `hash(${key}) % ${buckets} = ${bucket}`;
        const delivered = `(select * from ${all} where ${inBucket} and ${newest})`;
        const { rows: wrongRows } = await this.database.rows(
          `with expected as (select "_run", "_file", "_line" from (${dedupeSelect({ ...feed, latestOnly: false }, rankColumns, delivered)})),
             kept as (select "_run", "_file", "_line" from ${kept} where ${inBucket})
           select *, 'current lacks this winner of its key' from (from expected except all from kept)
           union all
           select *, 'current has this row, but another is the winner of its key' from (from kept except all from expected)
           order by all`,
          this.query,
        );
        for (const [run, file, line, detail] of wrongRows)
          this.addDifference("winner", String(run).slice(0, 10), String(file), Number(line), String(detail));
      }
    } catch (error) {
      if (!isFileError(error)) throw error;
      const [reason = ""] = (error as Error).message.split("\n", 1);
      this.addDifference("unreadable", "", null, null, reason);
    }
  }

  private stagedRows({ staged }: DaySnapshot): string {
    return this.relation(staged === null ? [] : [staged]);
  }

  private relation(files: string[], data = this.project.data): string {
    return parquetRelation(data, files, withProvenance(this.columns));
  }

  private row(): string {
    return withProvenance(this.columns)
      .map(({ name }) => quoteName(name))
      .join(", ");
  }

  private addDifference(
    kind: Difference["kind"],
    dt: string,
    file: string | null,
    line: number | null,
    detail: string,
  ): void {
    if (this.result.differences.length < maxShown) this.result.differences.push({ kind, dt, file, line, detail });
    else this.result.more += 1;
  }
}

function isFileError(error: unknown): boolean {
  if (error instanceof CliError && error.exit === "verifyFailed") return true;
  if (error instanceof UnreadableFile || error instanceof DayRefused) return true;
  const { code, message } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || /^(IO|Invalid Input|Serialization|TProtocol) ?\w* ?(Error|Exception):/i.test(message);
}
