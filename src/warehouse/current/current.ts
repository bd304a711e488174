import { createHash } from "node:crypto";
import { createReadStream, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { reasonOf } from "../../base/errors.ts";
import { concernsAll, diskError } from "../../base/faults.ts";
import { makeFolder, putFile, removeEmpty } from "../../base/files.ts";
import { noNames } from "../../base/names.ts";
import { feedOf, type Project } from "../../config/project.ts";
import { type Database, openDatabase, type QueryOptions } from "../../duckdb/database.ts";
import { quoteName, quoteText } from "../../duckdb/quote.ts";
import type { Feed } from "../../export/feed.ts";
import {
  type DedupeRule,
  dedupeRule,
  type RelationColumn,
  ranked,
  unused,
  windowOf,
} from "../dedupe/dedupe.ts";
import {
  type DaySnapshot,
  type FeedSnapshot,
  provenance,
  type Snapshot,
  shortHash,
} from "../snapshot/snapshot.ts";
import type { Trouble } from "../snapshot/trouble.ts";
import { writeParquet } from "../stage/inspect.ts";
import { lostFiles } from "../stage/staged-files.ts";
import { type Block, blocksOf, currentFiles } from "./blocks.ts";
import { type ChangedFeed, type ChangedKeys, candidateDays, collectChangedKeys } from "./changed-keys.ts";
import { parquetRelation, placedRelation, relationColumns, withProvenance } from "./relation.ts";

/** Why a feed's current layer was made anew. */
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
  written: number; // files that are others than before, or gone
}

export interface CurrentOptions {
  rebuild?: boolean; // make every feed anew
  incremental?: boolean; // never choose to rebuild for the amount of news alone
  bucketRows?: number; // delivered rows that are ranked at once; bounds memory
  smallDay?: number; // delivered rows up to which a day shares a file, see blocksOf
  signal?: AbortSignal;
}

/** Groups with more than one version, by what decided between the winner and the next: kept in DaySnapshot.dedupe. */
const decisions = ["order", "run", "tie"] as const;

const formatVersion = 2; // raise it when the files of current change in any way: every feed is then rebuilt
const defaultBucketRows = 3_000_000;
const threads = 2;

/**
 * Brings current/ up to the staged files that `next` names, starting from what `previous` names, and returns `next` with
 * the current files filled in. Writes new files only; which of them count is for the snapshot to say. The files hold one
 * row per key, in the file of the day of the winner's own partition, and their bytes do not depend on the order of arrival. A feed
 * that cannot be brought up stays as `previous` has it, and is named in `failed`.
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
        if (concernsAll(error)) throw error;
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

// What cannot be brought up to date may still be made anew: then a file of current is damaged.
async function updateOrRebuild(
  database: Database,
  data: string,
  task: Task,
  options: CurrentOptions,
): Promise<{ days: DaySnapshot[]; update: FeedUpdate }> {
  try {
    return await updateFeed(database, data, task, options);
  } catch (error) {
    if (concernsAll(error) || task.rebuild !== null) throw error;
    return updateFeed(database, data, { ...task, rebuild: "file damaged" }, options);
  }
}

/** A hash of what the rows of current depend on beside the rows delivered. */
function ruleHash(rule: DedupeRule): string {
  // A column more does not change which rows are equal.
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
  const old = new Map((before?.days ?? []).map((day) => [day.dt, day]));
  const days = new Map(after.days.map((day) => [day.dt, day]));
  const changed = [...new Set([...old.keys(), ...days.keys()])]
    .filter((dt) => (old.get(dt)?.staged ?? null) !== (days.get(dt)?.staged ?? null))
    .sort();
  const task = { feed: feed.name, rule, ruleHash: ruleHash(rule), columns, before: old, after, changed };
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
  const types = new Map(
    before.columns.filter(({ untyped }) => !untyped).map(({ name, type }) => [name, type]),
  );
  if (task.columns.some(({ name, type }) => (types.get(name) ?? type) !== type)) return "type changed";
  const keys = new Map(before.columns.map(({ name, key }) => [name.toLowerCase(), key]));
  if (task.after.columns.some(({ name, key }) => (keys.get(name.toLowerCase()) ?? key) !== key))
    return "renamed";
  const needed = currentFiles(before.days);
  if (task.changed.length > 0)
    needed.push(...task.changed.flatMap((dt) => task.before.get(dt)?.staged ?? []));
  if (lostFiles(data, needed).size > 0) return "file missing";
  if (options.incremental) return null;
  const rows = task.after.days.reduce((sum, day) => sum + day.rows, 0);
  const news = task.after.days
    .filter(({ dt }) => task.changed.includes(dt))
    .reduce((sum, day) => sum + day.rows, 0);
  return news * 2 > rows ? "mostly new" : null;
}

function currentOf(
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
  const anew = task.rebuild !== null || task.rule.latestOnly;
  const changedKeys = anew ? null : await collectChangedKeys(database, data, task, query);
  const near = changedKeys && (await candidateDays(database, task, changedKeys, query));
  const staged = stagedDays(task).filter(({ dt }) => near === null || near.has(dt));
  await rankWinners(
    database,
    data,
    task,
    staged,
    changedKeys,
    options.bucketRows ?? defaultBucketRows,
    query,
  );
  const blocks = blocksOf(task.after.days, options.smallDay);
  const affected = anew
    ? blocks
    : await affectedBlocks(database, data, task, { blocks, staged, changedKeys: changedKeys! }, query);
  const written = new Map<Block, string | null>();
  const todo = [...affected];
  const worker = async (connection: Database) => {
    for (let block = todo.shift(); block !== undefined; block = todo.shift())
      written.set(block, await writeBlock(connection, data, task, { block, staged, changedKeys }, query));
  };
  await oneThreadEach(database, worker);
  await database.run("drop table winners; drop table if exists changed_keys", query);
  const files = [...written.values()].filter((file) => file !== null);
  const told = await figuresOf(database, data, files, query);
  const byDay = new Map([...written].flatMap(([{ days }, file]) => days.map((dt) => [dt, file] as const)));
  const days = task.after.days.map((day) => {
    if (!byDay.has(day.dt)) return currentOf(day, task.before.get(day.dt));
    const found = told.get(day.dt);
    return currentOf(day, found && { ...found, current: byDay.get(day.dt)! });
  });
  const others = [...written].filter(([block, file]) => String(formerFiles(task, block)) !== (file ?? ""));
  return {
    days,
    update: {
      feed: task.feed,
      rebuilt: task.rebuild,
      changedKeys: changedKeys?.count ?? null,
      written: others.length,
    },
  };
}

/** Runs the work on two connections, with a thread each: of two with two, one waits for the other at full speed. */
async function oneThreadEach(
  database: Database,
  work: (connection: Database) => Promise<void>,
): Promise<void> {
  const second = await database.connect();
  try {
    await database.run("set threads = 1");
    const ends = await Promise.allSettled([work(database), work(second)]);
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  } finally {
    second.close();
    await database.run(`set threads = ${threads}`);
  }
}

interface StagedDay {
  dt: string;
  file: string;
  rows: number;
}

// The newest run of a snapshot feed lies in the newest day that has rows.
function stagedDays({ rule, after }: Task): StagedDay[] {
  const days = after.days.flatMap(({ dt, staged, rows }) =>
    staged !== null && rows > 0 ? [{ dt, file: staged, rows }] : [],
  );
  return rule.latestOnly ? days.slice(-1) : days;
}

/**
 * Table `winners`: the row that stands for each key (or each changed key), by its place in the staged file of a day, with
 * the number of versions and what decided. Ranked bucket by bucket of the key's hash, so that memory stays bounded.
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
  const used = new Set([...rule.key, ...rule.order].flatMap((term) => term.columns));
  const columns = withProvenance(task.columns).filter(
    ({ name }) => used.has(name) || /^_(file|line|run)$/.test(name),
  );
  const named = (name: string) => unused(name, columns);
  const places = { file: named("day"), row: named("row") };
  const rank = quoteName(named("rank"));
  const relation = placedRelation(
    data,
    staged.map(({ file }) => file),
    columns,
    places,
  );
  const buckets = Math.max(1, Math.ceil(rowsToRank(task, staged, changedKeys) / bucketRows));
  const next = (sql: string) => `${sql} is distinct from lead(${sql}) over "w"`;
  const byOrder = rule.order.map(({ sql }) => next(sql)).join(" or ") || "false";
  for (let bucket = 0; bucket < buckets; bucket++) {
    const conditions = [
      ...(rule.latestOnly ? [`"_run" = (select max("_run") from ${relation})`] : []),
      ...(buckets > 1 ? [`hash(${rule.key.map(({ sql }) => sql).join(", ")}) % ${buckets} = ${bucket}`] : []),
    ];
    const from = [
      `from ${relation} as "delivered"`,
      ...(changedKeys ? [`semi join changed_keys on ${changedKeys.match}`] : []),
      ...(conditions.length > 0 ? [`where ${conditions.join(" and ")}`] : []),
    ];
    await database.run(
      `insert into winners select * exclude (${rank}) from (
         select ${quoteName(places.file)}, ${quoteName(places.row)},
           count(*) over ("w" rows between unbounded preceding and unbounded following) as ${quoteName(named("versions"))},
           case when lead("_run") over "w" is null then 0 when ${byOrder} then 1 when ${next('"_run"')} then 2 else 3 end
             as ${quoteName(named("decided"))},
           row_number() over "w" as ${rank}
         ${ranked(rule, from).join("\n         ")}
         window "w" as (
${windowOf(rule, 11)}
         )
       ) where ${rank} = 1 order by ${quoteName(places.file)}`,
      query,
    );
  }
}

// Of changed keys, as many rows as keys have on the average, twice over.
function rowsToRank(task: Task, staged: StagedDay[], changedKeys: ChangedKeys | null): number {
  const rows = staged.reduce((sum, day) => sum + day.rows, 0);
  if (!changedKeys) return rows;
  const delivered = task.after.days.reduce((sum, day) => sum + day.rows, 0);
  const kept = [...task.before.values()].reduce((sum, day) => sum + day.currentRows, 0);
  return Math.min(rows, 2 * changedKeys.count * Math.ceil(delivered / Math.max(1, kept)));
}

/** Blocks whose file may become another one: by their winners, by what they hold of changed keys, or by their days. */
async function affectedBlocks(
  database: Database,
  data: string,
  task: Task,
  {
    blocks,
    staged,
    changedKeys,
  }: { blocks: readonly Block[]; staged: StagedDay[]; changedKeys: ChangedKeys },
  query: QueryOptions,
): Promise<Block[]> {
  const winning = await database.rows(`select distinct "day" from winners`, query);
  // What a changed day delivers may have other columns.
  const days = new Set([...task.changed, ...winning.rows.map(([day]) => staged[Number(day)]!.dt)]);
  // A former file that has rows of two blocks is replaced in both.
  const blockOf = new Map(blocks.flatMap((block) => block.days.map((dt) => [dt, block] as const)));
  const holders = new Map<string, Set<Block | undefined>>();
  for (const { dt, current } of task.before.values())
    if (current !== null) holders.set(current, (holders.get(current) ?? new Set()).add(blockOf.get(dt)));
  const isAffected = (block: Block) =>
    block.days.some((dt) => days.has(dt)) ||
    formerFiles(task, block).some((file) => holders.get(file)!.size > 1);
  const affected = new Set(blocks.filter(isAffected));
  const near = new Set(staged.map(({ dt }) => dt));
  // What current has of a day was delivered that day.
  const old = blocks.flatMap((block) =>
    affected.has(block) || !block.days.some((dt) => near.has(dt))
      ? []
      : formerFiles(task, block).map((file) => ({ block, file })),
  );
  if (old.length === 0 || changedKeys.count === 0) return [...affected];
  const used = new Set(task.rule.key.flatMap((term) => term.columns));
  const columns = withProvenance(task.columns).filter(({ name }) => used.has(name));
  const places = { file: unused("day", columns), row: unused("row", columns) };
  const holding = await database.rows(
    `select distinct "delivered".${quoteName(places.file)} from ${placedRelation(
      data,
      old.map(({ file }) => file),
      columns,
      places,
    )} as "delivered"
     semi join changed_keys on ${changedKeys.match}`,
    query,
  );
  for (const [index] of holding.rows) affected.add(old[Number(index)]!.block);
  return [...affected];
}

function formerFiles({ before }: Pick<Task, "before">, { days }: Block): string[] {
  return currentFiles(days.flatMap((dt) => before.get(dt) ?? []));
}

const figures: RelationColumn[] = [
  { name: "_versions", type: "BIGINT" },
  { name: "_decided", type: "UTINYINT" },
];

/**
 * Writes the file of a block: the winners that lie in its days and, when only some keys changed, the former file's
 * other rows. Its columns are those delivered in these days, so a column that appears later changes no older file. Null
 * when there is no row.
 */
async function writeBlock(
  connection: Database,
  data: string,
  task: Task,
  { block, staged, changedKeys }: { block: Block; staged: StagedDay[]; changedKeys: ChangedKeys | null },
  query: QueryOptions,
): Promise<string | null> {
  const own = new Set(block.days);
  const seen = new Set(block.days.flatMap((dt) => seenOn(task.after, dt)));
  const columns = withProvenance(task.columns.filter(({ name }) => seen.has(name)));
  const named = [...columns, ...figures].map(({ name }) => `"delivered".${quoteName(name)}`);
  const places = columns.map((_, i) => `c${i}`);
  const parts: string[] = [];
  const delivered = staged.flatMap(({ dt, file }, day) => (own.has(dt) ? [{ day, file }] : []));
  if (delivered.length > 0) {
    const days = delivered.map(({ day }) => day).join(", ");
    const files = delivered.map(({ file }) => file);
    parts.push(
      `select ${places.map((place, i) => `"delivered".${place} as ${quoteName(columns[i]!.name)}`).join(", ")},
         "winners"."versions" as "_versions", "winners"."decided" as "_decided"
       from ${parquetRelation(data, files, columns, places)} as "delivered"
       join (from winners where "day" in (${days})) as "winners"
         on "winners"."day" = ([${days}])["delivered".file_index::bigint + 1] and "winners"."row" = "delivered".file_row_number`,
    );
  }
  const former = formerFiles(task, block);
  if (changedKeys && former.length > 0) {
    parts.push(
      `select ${named.join(", ")} from ${parquetRelation(data, former, [...columnsFor(task, columns), ...figures])} as "delivered"
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
    putFile(draft, data, current);
    return current;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** By day, of the files of current: its rows, and how many groups each decision made. */
async function figuresOf(
  database: Database,
  data: string,
  files: readonly string[],
  query: QueryOptions,
): Promise<Map<string, { currentRows: number; dedupe: Record<string, number> }>> {
  if (files.length === 0) return new Map();
  const columns = [...provenance.filter(({ name }) => name === "_run"), figures[1]!];
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

// The key must be there to be compared, also on a day that did not deliver it.
function columnsFor(task: Task, columns: RelationColumn[]): RelationColumn[] {
  const there = new Set(columns.map(({ name }) => name));
  const used = new Set(task.rule.key.flatMap((term) => term.columns));
  return [...columns, ...task.columns.filter(({ name }) => used.has(name) && !there.has(name))];
}

function seenOn(feed: FeedSnapshot, dt: string): string[] {
  const day = feed.days.find((each) => each.dt === dt);
  return day === undefined ? [] : (feed.layouts[day.layout]?.seen ?? []);
}

async function contentHash(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest("hex").slice(0, 16);
}
