import { createHash } from "node:crypto";
import { createReadStream, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { concernsAll, reasonOf } from "../errors.ts";
import type { Feed } from "../export/feed.ts";
import { noNames } from "../names.ts";
import { feedOf, type Project } from "../project.ts";
import { makeFolder, putFile, removeEmpty } from "../sync/files.ts";
import { type Database, openDatabase, type QueryOptions, quoteName } from "./database.ts";
import { type DedupeRule, dedupeRule, type RelationColumn, ranked, unused, windowOf } from "./dedupe.ts";
import { writeParquet } from "./inspect.ts";
import { lostFiles } from "./lost.ts";
import { parquetRelation, placedRelation, relationColumns, withProvenance } from "./relation.ts";
import { type DaySnapshot, type FeedSnapshot, type Snapshot, shortHash } from "./snapshot.ts";
import { problem } from "./stage.ts";
import { type ChangedFeed, collectTouched, daysNear, type Touched } from "./touched.ts";
import type { Trouble } from "./trouble.ts";

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
  touched: number | null; // keys whose rows changed; null when rebuilt
  written: number; // day files
}

export interface CurrentOptions {
  rebuild?: boolean; // make every feed anew
  incremental?: boolean; // never choose to rebuild for the amount of news alone
  bucketRows?: number; // delivered rows that are ranked at once; bounds memory
  signal?: AbortSignal;
}

/** Groups with more than one version, by what decided between the winner and the next: kept in DaySnapshot.dedupe. */
const decisions = ["order", "run", "tie"] as const;

const formatVersion = 1; // raise it when the files of current change in any way: every feed is then rebuilt
const defaultBucketRows = 3_000_000;
const threads = 2;

/**
 * Brings current/ up to the staged files that `next` names, starting from what `previous` names, and returns `next` with
 * the current files filled in. Writes new files only; which of them count is for the snapshot to say. The files hold one
 * row per key, in the day file of the winner's own partition, and their bytes do not depend on the order of arrival. A feed
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
    throw problem(error, project.data);
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
  const needed = before.days.flatMap(({ current }) => current ?? []);
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
) {
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
  const touched = anew ? null : await collectTouched(database, data, task, query);
  const near = touched && (await daysNear(database, task, touched, query));
  const staged = stagedDays(task).filter(({ dt }) => near === null || near.has(dt));
  await rankWinners(database, data, task, staged, touched, options.bucketRows ?? defaultBucketRows, query);
  const affected = anew
    ? new Set(staged.map(({ dt }) => dt))
    : await affectedDays(database, data, task, staged, touched!, query);
  const results = new Map<string, WrittenDay>();
  const todo = [...affected].sort();
  const worker = async (connection: Database) => {
    for (let dt = todo.shift(); dt !== undefined; dt = todo.shift()) {
      results.set(dt, await writeDay(connection, data, task, dt, staged, touched, query));
    }
  };
  await oneThreadEach(database, worker);
  await database.run("drop table winners; drop table if exists touched", query);
  await countDecisions(database, data, [...results.values()], query);
  const days = task.after.days.map((day) =>
    currentOf(day, results.get(day.dt) ?? (anew ? undefined : task.before.get(day.dt))),
  );
  const written = [...results].filter(
    ([dt, { current }]) => current !== (task.before.get(dt)?.current ?? null),
  ).length;
  return {
    days,
    update: { feed: task.feed, rebuilt: task.rebuild, touched: touched?.keys ?? null, written },
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
 * Table `winners`: the row that stands for each key (or each touched key), by its place in the staged file of a day, with
 * the number of versions and what decided. Ranked bucket by bucket of the key's hash, so that memory stays bounded.
 */
async function rankWinners(
  database: Database,
  data: string,
  task: Task,
  staged: StagedDay[],
  touched: Touched | null,
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
  const buckets = Math.max(1, Math.ceil(rowsToRank(task, staged, touched) / bucketRows));
  const next = (sql: string) => `${sql} is distinct from lead(${sql}) over "w"`;
  const byOrder = rule.order.map(({ sql }) => next(sql)).join(" or ") || "false";
  for (let bucket = 0; bucket < buckets; bucket++) {
    const conditions = [
      ...(rule.latestOnly ? [`"_run" = (select max("_run") from ${relation})`] : []),
      ...(buckets > 1 ? [`hash(${rule.key.map(({ sql }) => sql).join(", ")}) % ${buckets} = ${bucket}`] : []),
    ];
    const from = [
      `from ${relation} as "delivered"`,
      ...(touched ? [`semi join touched on ${touched.match}`] : []),
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

// Of touched keys, as many rows as keys have on the average, twice over.
function rowsToRank(task: Task, staged: StagedDay[], touched: Touched | null): number {
  const rows = staged.reduce((sum, day) => sum + day.rows, 0);
  if (!touched) return rows;
  const delivered = task.after.days.reduce((sum, day) => sum + day.rows, 0);
  const kept = [...task.before.values()].reduce((sum, day) => sum + day.currentRows, 0);
  return Math.min(rows, 2 * touched.keys * Math.ceil(delivered / Math.max(1, kept)));
}

async function affectedDays(
  database: Database,
  data: string,
  task: Task,
  staged: StagedDay[],
  touched: Touched,
  query: QueryOptions,
): Promise<Set<string>> {
  const days = await database.rows(`select distinct "day" from winners`, query);
  const affected = new Set(days.rows.map(([day]) => staged[Number(day)]!.dt));
  for (const dt of task.changed) affected.add(dt); // what it delivers may have other columns
  // What current has of a day was delivered that day.
  const old = staged.flatMap(({ dt }) => {
    const current = task.before.get(dt)?.current;
    return current && !affected.has(dt) ? [{ dt, current }] : [];
  });
  if (old.length === 0 || touched.keys === 0) return affected;
  const used = new Set(task.rule.key.flatMap((term) => term.columns));
  const columns = withProvenance(task.columns).filter(({ name }) => used.has(name));
  const places = { file: unused("day", columns), row: unused("row", columns) };
  const holding = await database.rows(
    `select distinct "delivered".${quoteName(places.file)} from ${placedRelation(
      data,
      old.map(({ current }) => current),
      columns,
      places,
    )} as "delivered"
     semi join touched on ${touched.match}`,
    query,
  );
  for (const [index] of holding.rows) affected.add(old[Number(index)]!.dt);
  return affected;
}

type WrittenDay = Pick<DaySnapshot, "current" | "currentRows" | "dedupe">;

const figures: RelationColumn[] = [
  { name: "_versions", type: "BIGINT" },
  { name: "_decided", type: "UTINYINT" },
];

/**
 * Writes one day file of current: the winners that lie in this day and, when only some keys were touched, the old file's
 * other rows. Its columns are those delivered that day, so a column that appears later changes no older file.
 */
async function writeDay(
  connection: Database,
  data: string,
  task: Task,
  dt: string,
  staged: StagedDay[],
  touched: Touched | null,
  query: QueryOptions,
): Promise<WrittenDay> {
  const seen = new Set(seenOn(task.after, dt));
  const columns = withProvenance(task.columns.filter(({ name }) => seen.has(name)));
  const named = [...columns, ...figures].map(({ name }) => `"delivered".${quoteName(name)}`);
  const places = columns.map((_, i) => `c${i}`);
  const parts: string[] = [];
  const day = staged.findIndex((each) => each.dt === dt);
  if (day >= 0) {
    parts.push(
      `select ${places.map((place, i) => `"delivered".${place} as ${quoteName(columns[i]!.name)}`).join(", ")},
         "winners"."versions" as "_versions", "winners"."decided" as "_decided"
       from ${parquetRelation(data, [staged[day]!.file], columns, places)} as "delivered"
       join winners on "winners"."day" = ${day} and "winners"."row" = "delivered".file_row_number`,
    );
  }
  const old = task.before.get(dt)?.current ?? null;
  if (touched && old) {
    parts.push(
      `select ${named.join(", ")} from ${parquetRelation(data, [old], [...columnsFor(task, columns), ...figures])} as "delivered"
       anti join touched on ${touched.match}`,
    );
  }
  if (parts.length === 0) return { current: null, currentRows: 0 };
  const folder = `current/${task.feed}`;
  const draft = join(data, folder, `.${dt}.${process.pid}.parquet`);
  makeFolder(data, folder);
  try {
    const { rows } = await writeParquet(
      connection,
      [`select * from (${parts.join("\nunion all ")}) order by "_run", "_file", "_line"`],
      draft,
      query,
    );
    if (rows === 0) return { current: null, currentRows: 0 };
    const current = `${folder}/${dt}.${await contentHash(draft)}.parquet`;
    putFile(draft, data, current);
    return { current, currentRows: rows };
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Fills in how many groups each decision made, from the files just written. */
async function countDecisions(
  database: Database,
  data: string,
  days: readonly WrittenDay[],
  query: QueryOptions,
): Promise<void> {
  const written = days.filter(({ current }) => current !== null);
  if (written.length === 0) return;
  const files = written.map(({ current }) => current!);
  const { rows } = await database.rows(
    `select file_index, ${decisions.map((_, i) => `count(*) filter ("_decided" = ${i + 1})`).join(", ")}
     from ${parquetRelation(data, files, [figures[1]!])} group by file_index`,
    query,
  );
  for (const [index, ...counts] of rows)
    written[Number(index)]!.dedupe = Object.fromEntries(
      decisions.map((decision, i) => [decision, Number(counts[i])]),
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
