import { createHash } from "node:crypto";
import { createReadStream, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { reasonOf } from "../../base/errors.ts";
import { diskError, isFatal } from "../../base/faults.ts";
import { makeFolder, moveFile, removeEmpty } from "../../base/files.ts";
import { noNames } from "../../base/names.ts";
import { feedOf, type Project } from "../../config/project.ts";
import { onConnections } from "../../duckdb/connections.ts";
import { type Database, openDatabase, type QueryOptions } from "../../duckdb/database.ts";
import { quoteName, quoteText } from "../../duckdb/quote.ts";
import type { Feed } from "../../export/feed.ts";
import {
  type DedupeRule,
  dedupeRule,
  newestRun,
  type RelationColumn,
  rankedFrom,
  unusedName,
  windowOf,
} from "../dedupe/dedupe.ts";
import { type DaySnapshot, type FeedSnapshot, provenance, type Snapshot, shortHash } from "../snapshot/snapshot.ts";
import type { Trouble } from "../snapshot/trouble.ts";
import { writeParquet } from "../stage/inspect.ts";
import { missingFiles } from "../stage/staged-files.ts";
import { type Block, blocksOf, currentFiles } from "./blocks.ts";
import { type ChangedFeed, type ChangedKeys, candidateDays, collectChangedKeys } from "./changed-keys.ts";
import { parquetRelation, placedRelation, relationColumns, withProvenance } from "./relation.ts";

/** Why a feed's current layer was rebuilt. */
export type RebuildReason =
  | "first load"
  | "rule changed"
  | "type changed"
  | "renamed"
  | "file missing"
  | "file damaged"
  | "mostly new"
  | "asked";

export interface FeedUpdate {
  feed: string;
  rebuilt: RebuildReason | null;
  changedKeys: number | null; // keys whose rows changed; null when rebuilt
  written: number; // files changed or removed
}

export interface CurrentOptions {
  rebuild?: boolean; // rebuild every feed
  incremental?: boolean; // do not rebuild merely because most rows are new
  bucketRows?: number; // delivered rows ranked at once; bounds memory
  smallDay?: number; // delivered rows up to which a day shares a file, see blocksOf
  signal?: AbortSignal;
}

/** Keys with several versions, by the term that decided between the winner and the next; stored in DaySnapshot.dedupe. */
const decisions = ["order", "run", "tie"] as const;

const formatVersion = 2; // raise when the files of current change in any way: every feed is then rebuilt
const defaultBucketRows = 3_000_000;
const threads = 2;

/**
 * Updates current/ from the files of `previous` to the staged files of `next`, and returns `next` with the current files
 * filled in. Writes new files only; the snapshot decides which files readers see. A file holds one row per key, that of the
 * days of its winners' partitions, and its bytes do not depend on the order of arrival. A feed that cannot be updated keeps
 * its state of `previous` and is listed in `failed`.
 */
export async function updateCurrent(
  project: Project,
  previous: Snapshot,
  next: Snapshot,
  options: CurrentOptions = {},
): Promise<{ snapshot: Snapshot; updates: FeedUpdate[]; failed: Trouble[] }> {
  const feeds = noNames<FeedSnapshot>();
  const updates: FeedUpdate[] = [];
  const failed: Trouble[] = [];
  const spill = join(project.data, "tmp", "current");
  let database: Database | null = null;
  try {
    for (const [name, after] of Object.entries(next.feeds)) {
      const before = previous.feeds[name];
      try {
        const task = planFeed(project.data, feedOf(project, name), before, after, options);
        if (task === null) {
          feeds[name] = after;
          continue;
        }
        database ??= await openDatabase({ threads, memoryLimit: "1GB", tempDirectory: spill });
        const { days, update } = await updateOrRebuild(database, project.data, task, options);
        feeds[name] = { ...after, rule: task.ruleHash, days };
        updates.push(update);
      } catch (error) {
        if (isFatal(error)) throw error;
        failed.push({ feed: name, dt: "", reason: reasonOf(error) });
        if (before) feeds[name] = before;
      }
    }
  } catch (error) {
    throw diskError(error, project.data);
  } finally {
    database?.close();
    rmSync(spill, { recursive: true, force: true });
    removeEmpty(dirname(spill));
  }
  return { snapshot: { ...next, feeds }, updates, failed };
}

// An incremental update that fails is retried as a rebuild: a file of current may be damaged.
async function updateOrRebuild(
  database: Database,
  data: string,
  task: Task,
  options: CurrentOptions,
): Promise<{ days: DaySnapshot[]; update: FeedUpdate }> {
  try {
    return await updateFeed(database, data, task, options);
  } catch (error) {
    if (isFatal(error) || task.rebuild !== null) throw error;
    return updateFeed(database, data, { ...task, rebuild: "file damaged" }, options);
  }
}

/** A hash of everything but the delivered rows that the rows of current depend on. */
function ruleHash(rule: DedupeRule): string {
  // An additional column does not change which rows are equal.
  const key = rule.key.map((term) => (term.whole === undefined ? term : { ...term, sql: term.whole }));
  return shortHash(
    String(formatVersion),
    rule.wholeRows ? "whole rows" : windowOf({ ...rule, key }, 0),
    String(rule.latestOnly),
  );
}

interface Task extends ChangedFeed {
  feed: string;
  ruleHash: string;
  rebuild: RebuildReason | null;
}

function planFeed(
  data: string,
  feed: Feed,
  before: FeedSnapshot | undefined,
  after: FeedSnapshot,
  options: CurrentOptions,
): Task | null {
  const columns = relationColumns(after);
  const rule = dedupeRule(feed, columns);
  const daysBefore = new Map((before?.days ?? []).map((day) => [day.dt, day]));
  const days = new Map(after.days.map((day) => [day.dt, day]));
  const changed = [...new Set([...daysBefore.keys(), ...days.keys()])]
    .filter((dt) => (daysBefore.get(dt)?.staged ?? null) !== (days.get(dt)?.staged ?? null))
    .sort();
  const task = {
    feed: feed.name,
    rule,
    ruleHash: ruleHash(rule),
    columns,
    before: daysBefore,
    after,
    changed,
  };
  const rebuild = rebuildReason(data, task, before, options);
  return rebuild === null && changed.length === 0 ? null : { ...task, rebuild };
}

function rebuildReason(
  data: string,
  task: Omit<Task, "rebuild">,
  before: FeedSnapshot | undefined,
  options: CurrentOptions,
): RebuildReason | null {
  if (options.rebuild) return "asked";
  if (before === undefined || before.rule === "") return "first load";
  if (before.rule !== task.ruleHash) return "rule changed";
  const types = new Map(before.columns.filter(({ untyped }) => !untyped).map(({ name, type }) => [name, type]));
  if (task.columns.some(({ name, type }) => (types.get(name) ?? type) !== type)) return "type changed";
  const keys = new Map(before.columns.map(({ name, key }) => [name.toLowerCase(), key]));
  if (task.after.columns.some(({ name, key }) => (keys.get(name.toLowerCase()) ?? key) !== key)) return "renamed";
  const needed = currentFiles(before.days);
  if (task.changed.length > 0) needed.push(...task.changed.flatMap((dt) => task.before.get(dt)?.staged ?? []));
  if (missingFiles(data, needed).size > 0) return "file missing";
  if (options.incremental) return null;
  const rows = task.after.days.reduce((sum, day) => sum + day.rows, 0);
  const news = task.after.days.filter(({ dt }) => task.changed.includes(dt)).reduce((sum, day) => sum + day.rows, 0);
  return news * 2 > rows ? "mostly new" : null;
}

function withCurrent(
  day: DaySnapshot,
  from: Pick<DaySnapshot, "current" | "currentRows" | "dedupe"> | undefined,
): DaySnapshot {
  const { dedupe: _, ...rest } = day;
  const filled = { ...rest, current: from?.current ?? null, currentRows: from?.currentRows ?? 0 };
  return from?.dedupe ? { ...filled, dedupe: from.dedupe } : filled;
}

async function updateFeed(
  database: Database,
  data: string,
  task: Task,
  options: CurrentOptions,
): Promise<{ days: DaySnapshot[]; update: FeedUpdate }> {
  const query: QueryOptions = { signal: options.signal };
  const isRebuild = task.rebuild !== null || task.rule.latestOnly;
  const changedKeys = isRebuild ? null : await collectChangedKeys(database, data, task, query);
  const candidates = changedKeys && (await candidateDays(database, task, changedKeys, query));
  const staged = stagedDays(task).filter(({ dt }) => candidates === null || candidates.has(dt));
  await rankWinners(database, data, task, staged, changedKeys, options.bucketRows ?? defaultBucketRows, query);
  const blocks = blocksOf(task.after.days, options.smallDay);
  const affected =
    changedKeys === null ? blocks : await affectedBlocks(database, data, task, { blocks, staged, changedKeys }, query);
  const write = async (connection: Database, block: Block) =>
    [block, await writeBlock(connection, data, task, { block, staged, changedKeys }, query)] as const;
  const written = new Map(await oneThreadEach(database, () => onConnections(database, threads, affected, write)));
  await database.run("drop table winners; drop table if exists changed_keys", query);
  const files = [...written.values()].filter((file) => file !== null);
  const figures = await figuresOf(database, data, files, query);
  const byDay = new Map([...written].flatMap(([{ days }, file]) => days.map((dt) => [dt, file] as const)));
  const days = task.after.days.map((day) => {
    const current = byDay.get(day.dt);
    if (current === undefined) return withCurrent(day, task.before.get(day.dt));
    const dayFigures = figures.get(day.dt);
    return withCurrent(day, dayFigures && { ...dayFigures, current });
  });
  const rewritten = [...written].filter(([block, file]) => String(formerFiles(task, block)) !== (file ?? ""));
  return {
    days,
    update: {
      feed: task.feed,
      rebuilt: task.rebuild,
      changedKeys: changedKeys?.count ?? null,
      written: rewritten.length,
    },
  };
}

/** Gives each connection one thread: with two, they would spin while they wait. */
async function oneThreadEach<T>(database: Database, work: () => Promise<T>): Promise<T> {
  try {
    await database.run("set threads = 1");
    return await work();
  } finally {
    await database.run(`set threads = ${threads}`);
  }
}

interface StagedDay {
  dt: string;
  file: string;
  rows: number;
}

// The newest run of a feed of snapshots is in the newest day with rows.
function stagedDays({ rule, after }: Task): StagedDay[] {
  const days = after.days.flatMap(({ dt, staged, rows }) =>
    staged !== null && rows > 0 ? [{ dt, file: staged, rows }] : [],
  );
  return rule.latestOnly ? days.slice(-1) : days;
}

/**
 * Fills table `winners`: the winner of each key (or each changed key), by its position in the staged file of a day, with the
 * number of versions and the deciding term. Ranks one bucket of the key's hash at a time, which bounds memory.
 */
async function rankWinners(
  database: Database,
  data: string,
  task: Task,
  staged: StagedDay[],
  changedKeys: ChangedKeys | null,
  bucketRows: number,
  query: QueryOptions,
): Promise<void> {
  const { rule } = task;
  await database.run(
    `create or replace table winners ("day" INTEGER, "row" BIGINT, "versions" BIGINT, "decided" UTINYINT)`,
    query,
  );
  if (staged.length === 0) return;
  const usedColumns = new Set([...rule.key, ...rule.order].flatMap((term) => term.columns));
  const columns = withProvenance(task.columns).filter(
    ({ name }) => usedColumns.has(name) || /^_(file|line|run)$/.test(name),
  );
  const freeName = (name: string) => unusedName(name, columns);
  const positionNames = { file: freeName("day"), row: freeName("row") };
  const rank = quoteName(freeName("rank"));
  const relation = placedRelation(
    data,
    staged.map(({ file }) => file),
    columns,
    positionNames,
  );
  const newest = newestRun(rule, relation);
  const buckets = Math.max(1, Math.ceil(rowsToRank(task, staged, changedKeys) / bucketRows));
  const next = (sql: string) => `${sql} is distinct from lead(${sql}) over "w"`;
  const byOrder = rule.order.map(({ sql }) => next(sql)).join(" or ") || "false";
  for (let bucket = 0; bucket < buckets; bucket++) {
    const conditions = [
      ...(newest === null ? [] : [newest]),
      ...(buckets > 1 ? [`hash(${rule.key.map(({ sql }) => sql).join(", ")}) % ${buckets} = ${bucket}`] : []),
    ];
    const from = [
      `from ${relation} as "delivered"`,
      ...(changedKeys ? [`semi join changed_keys on ${changedKeys.match}`] : []),
      ...(conditions.length > 0 ? [`where ${conditions.join(" and ")}`] : []),
    ];
    await database.run(
      `insert into winners select * exclude (${rank}) from (
         select ${quoteName(positionNames.file)}, ${quoteName(positionNames.row)},
           count(*) over ("w" rows between unbounded preceding and unbounded following) as ${quoteName(freeName("versions"))},
           case when lead("_run") over "w" is null then 0 when ${byOrder} then 1 when ${next('"_run"')} then 2 else 3 end
             as ${quoteName(freeName("decided"))},
           row_number() over "w" as ${rank}
         ${rankedFrom(rule, from).join("\n         ")}
         window "w" as (
${windowOf(rule, 11)}
         )
       ) where ${rank} = 1 order by ${quoteName(positionNames.file)}`,
      query,
    );
  }
}

// For changed keys, twice the average number of rows per key.
function rowsToRank(task: Task, staged: StagedDay[], changedKeys: ChangedKeys | null): number {
  const rows = staged.reduce((sum, day) => sum + day.rows, 0);
  if (!changedKeys) return rows;
  const delivered = task.after.days.reduce((sum, day) => sum + day.rows, 0);
  const kept = [...task.before.values()].reduce((sum, day) => sum + day.currentRows, 0);
  return Math.min(rows, 2 * changedKeys.count * Math.ceil(delivered / Math.max(1, kept)));
}

/** Blocks whose file may change: they gain winners, hold changed keys, or have other days. */
async function affectedBlocks(
  database: Database,
  data: string,
  task: Task,
  { blocks, staged, changedKeys }: { blocks: readonly Block[]; staged: StagedDay[]; changedKeys: ChangedKeys },
  query: QueryOptions,
): Promise<Block[]> {
  const winnerDays = await database.rows(`select distinct "day" from winners`, query);
  // A changed day may have other columns.
  const days = new Set([...task.changed, ...winnerDays.rows.flatMap(([day]) => staged[Number(day)]?.dt ?? [])]);
  // A former file with rows of two blocks is replaced in both.
  const blockOf = new Map(blocks.flatMap((block) => block.days.map((dt) => [dt, block] as const)));
  const holders = new Map<string, Set<Block | undefined>>();
  for (const { dt, current } of task.before.values())
    if (current !== null) holders.set(current, (holders.get(current) ?? new Set()).add(blockOf.get(dt)));
  const isAffected = (block: Block) =>
    block.days.some((dt) => days.has(dt)) ||
    formerFiles(task, block).some((file) => (holders.get(file)?.size ?? 0) > 1);
  const affected = new Set(blocks.filter(isAffected));
  const candidates = new Set(staged.map(({ dt }) => dt));
  // Rows of current come from their own day's staged file.
  const formerBlocks = blocks.flatMap((block) =>
    affected.has(block) || !block.days.some((dt) => candidates.has(dt))
      ? []
      : formerFiles(task, block).map((file) => ({ block, file })),
  );
  if (formerBlocks.length === 0 || changedKeys.count === 0) return [...affected];
  const used = new Set(task.rule.key.flatMap((term) => term.columns));
  const columns = withProvenance(task.columns).filter(({ name }) => used.has(name));
  const positionNames = { file: unusedName("day", columns), row: unusedName("row", columns) };
  const holdingFiles = await database.rows(
    `select distinct "delivered".${quoteName(positionNames.file)} from ${placedRelation(
      data,
      formerBlocks.map(({ file }) => file),
      columns,
      positionNames,
    )} as "delivered"
     semi join changed_keys on ${changedKeys.match}`,
    query,
  );
  for (const [index] of holdingFiles.rows) {
    const former = formerBlocks[Number(index)];
    if (former) affected.add(former.block);
  }
  return [...affected];
}

function formerFiles({ before }: Pick<Task, "before">, { days }: Block): string[] {
  return currentFiles(days.flatMap((dt) => before.get(dt) ?? []));
}

const decidedColumn: RelationColumn = { name: "_decided", type: "UTINYINT" };
const decisionColumns: RelationColumn[] = [{ name: "_versions", type: "BIGINT" }, decidedColumn];

/**
 * Writes the file of a block: the winners of its days and, when only some keys changed, the former file's other rows. Its
 * columns are those delivered on these days, so that a later column changes no older file. Returns null when there is no row.
 */
async function writeBlock(
  connection: Database,
  data: string,
  task: Task,
  { block, staged, changedKeys }: { block: Block; staged: StagedDay[]; changedKeys: ChangedKeys | null },
  query: QueryOptions,
): Promise<string | null> {
  const blockDays = new Set(block.days);
  const seen = new Set(block.days.flatMap((dt) => columnsOnDay(task.after, dt)));
  const columns = withProvenance(task.columns.filter(({ name }) => seen.has(name)));
  const qualifiedNames = [...columns, ...decisionColumns].map(({ name }) => `"delivered".${quoteName(name)}`);
  const inputNames = columns.map((_, i) => `c${i}`);
  const outputs = columns.map(({ name }, i) => `"delivered".c${i} as ${quoteName(name)}`);
  const parts: string[] = [];
  const delivered = staged.flatMap(({ dt, file }, day) => (blockDays.has(dt) ? [{ day, file }] : []));
  if (delivered.length > 0) {
    const days = delivered.map(({ day }) => day).join(", ");
    const files = delivered.map(({ file }) => file);
    parts.push(
      `select ${outputs.join(", ")},
         "winners"."versions" as "_versions", "winners"."decided" as "_decided"
       from ${parquetRelation(data, files, columns, inputNames)} as "delivered"
       join (from winners where "day" in (${days})) as "winners"
         on "winners"."day" = ([${days}])["delivered".file_index::bigint + 1] and "winners"."row" = "delivered".file_row_number`,
    );
  }
  const former = formerFiles(task, block);
  if (changedKeys && former.length > 0) {
    parts.push(
      `select ${qualifiedNames.join(", ")} from ${parquetRelation(data, former, [...columnsFor(task, columns), ...decisionColumns])} as "delivered"
       anti join changed_keys on ${changedKeys.match}
       where left("delivered"."_run", 10) in (${block.days.map(quoteText).join(", ")})`,
    );
  }
  if (parts.length === 0) return null;
  const folder = `current/${task.feed}`;
  const draft = join(data, folder, `.${block.name}.${process.pid}.parquet`);
  makeFolder(data, folder);
  try {
    const { rows } = await writeParquet(
      connection,
      [`select * from (${parts.join("\nunion all ")}) order by "_run", "_file", "_line"`],
      draft,
      query,
    );
    if (rows === 0) return null;
    const current = `${folder}/${block.name}.${await contentHash(draft)}.parquet`;
    moveFile(draft, data, current);
    return current;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** By day, from the files of current: the rows, and the number of keys by decision. */
async function figuresOf(
  database: Database,
  data: string,
  files: readonly string[],
  query: QueryOptions,
): Promise<Map<string, { currentRows: number; dedupe: Record<string, number> }>> {
  if (files.length === 0) return new Map();
  const columns = [...provenance.filter(({ name }) => name === "_run"), decidedColumn];
  const { rows } = await database.rows(
    `select left("_run", 10), count(*), ${decisions.map((_, i) => `count(*) filter ("_decided" = ${i + 1})`).join(", ")}
     from ${parquetRelation(data, files, columns)} group by all`,
    query,
  );
  return new Map(
    rows.map(([dt, count, ...counts]) => [
      String(dt),
      {
        currentRows: Number(count),
        dedupe: Object.fromEntries(decisions.map((decision, i) => [decision, Number(counts[i])])),
      },
    ]),
  );
}

// The comparison needs the key columns, even on a day that did not deliver them.
function columnsFor(task: Task, columns: RelationColumn[]): RelationColumn[] {
  const present = new Set(columns.map(({ name }) => name));
  const used = new Set(task.rule.key.flatMap((term) => term.columns));
  return [...columns, ...task.columns.filter(({ name }) => used.has(name) && !present.has(name))];
}

function columnsOnDay(feed: FeedSnapshot, dt: string): string[] {
  const day = feed.days.find((each) => each.dt === dt);
  return day === undefined ? [] : (feed.layouts[day.layout]?.seen ?? []);
}

async function contentHash(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest("hex").slice(0, 16);
}
