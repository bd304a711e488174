import { existsSync } from "node:fs";
import { join } from "node:path";
import { own } from "../../base/names.ts";
import type { Database, QueryOptions } from "../../duckdb/database.ts";
import { quoteName, quoteText } from "../../duckdb/quote.ts";
import type { DedupeRule, RelationColumn } from "../dedupe/dedupe.ts";
import { qualified } from "../dedupe/term.ts";
import { readDetail } from "../snapshot/detail.ts";
import type { DayDetail, DaySnapshot, FeedSnapshot } from "../snapshot/snapshot.ts";
import { emptyRelation, parquetRelation, withProvenance } from "./relation.ts";

/** A feed with the days whose staged file changed. */
export interface ChangedFeed {
  rule: DedupeRule;
  columns: RelationColumn[];
  before: Map<string, DaySnapshot>;
  after: FeedSnapshot;
  changed: string[]; // the changed days, dt
}

export interface ChangedKeys {
  count: number;
  match: string; // condition between a relation named "delivered" and the table changed_keys
  withNulls: boolean[]; // by term of the key
}

/** Fills table `changed_keys`: the keys of rows in files that were added, removed or changed. */
export async function collectChangedKeys(
  database: Database,
  data: string,
  feed: ChangedFeed,
  query: QueryOptions,
): Promise<ChangedKeys> {
  const { rule, columns } = feed;
  const rowColumns = withProvenance(columns);
  const keys = rule.key.map(({ sql }, i) => `${sql} as k${i}`).join(", ");
  await database.run(`create or replace table changed_keys as select ${keys} from ${emptyRelation(rowColumns)}`, query);
  const days = new Map(feed.after.days.map((day) => [day.dt, day]));
  for (const dt of feed.changed) {
    const [before, after] = [feed.before.get(dt), days.get(dt)];
    const relationOf = (day?: DaySnapshot) => parquetRelation(data, day?.staged ? [day.staged] : [], rowColumns);
    const sides = [relationOf(before), relationOf(after)];
    await database.run(
      `create or replace temp table changed_files as ${changedFiles(data, [before, after], sides, rowColumns)};
       insert into changed_keys select distinct ${keys} from (
         ${sides.map((side) => `select * from ${side} where "_file" in (from changed_files)`).join(" union all ")}
       )`,
      query,
    );
  }
  return countKeys(database, rule, query);
}

/** Makes the rows of table `changed_keys` distinct and counts them. */
export async function countKeys(database: Database, rule: DedupeRule, query: QueryOptions): Promise<ChangedKeys> {
  const names = rule.key.map((_, i) => `k${i}`);
  await database.run("create or replace table changed_keys as select distinct * from changed_keys", query);
  const counts = await database.rows(
    `select count(*), ${names.map((name) => `count(*) - count(${name})`).join(", ")} from changed_keys`,
    query,
  );
  const [total = 0, ...nulls] = counts.rows.flat().map(Number);
  // With "=" DuckDB skips row groups outside the range of the keys, but it never matches a null.
  const match = rule.key
    .map(({ sql }, i) => `${qualified(sql)} ${nulls[i] === 0 ? "=" : "is not distinct from"} changed_keys.k${i}`)
    .join(" and ");
  return { count: total, match, withNulls: nulls.map((count) => count > 0) };
}

/**
 * The days that may hold a changed key, by the least and largest value of each key column. Only their files are read, so that
 * one more hour costs as much after a year as after a week.
 */
export async function candidateDays(
  database: Database,
  { rule, columns, after }: ChangedFeed,
  changedKeys: ChangedKeys,
  query: QueryOptions,
): Promise<Set<string>> {
  let candidates = after.days;
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  for (const [i, { columns: names, sql }] of rule.key.entries()) {
    const [name] = names;
    const type = name && types.get(name);
    if (name === undefined || type === undefined || sql !== quoteName(name) || changedKeys.withNulls[i]) continue;
    const rangeRows = candidates.flatMap(({ dt, ranges, layout }) => {
      const column = after.layouts[layout]?.columns.find((column) => column.name === name);
      const range = column?.type === type ? own(ranges ?? {}, name) : undefined;
      return range ? [`(${[dt, ...range].map(quoteText).join(", ")})`] : [];
    });
    if (rangeRows.length === 0) continue;
    // `k` is the smallest changed key that is at least the day's least.
    const { rows } = await database.rows(
      `select dt from (values ${rangeRows.join(", ")}) as days(dt, least, most)
       asof left join (select distinct k${i} as k from changed_keys) as keys on least::${type} <= k
       where k is null or k > most::${type}`,
      query,
    );
    const excluded = new Set(rows.map(([dt]) => dt));
    candidates = candidates.filter(({ dt }) => !excluded.has(dt));
  }
  return new Set(candidates.map(({ dt }) => dt));
}

/**
 * SQL for the files of a day whose rows changed. Rows are equal if the same bytes were read by the same rules; else if their
 * number and the sum of their 64-bit hashes are equal.
 */
function changedFiles(
  data: string,
  [before, after]: (DaySnapshot | undefined)[],
  relations: readonly string[],
  columns: readonly RelationColumn[],
): string {
  const hasDetail = (day?: DaySnapshot) => day?.staged && existsSync(join(data, day.detail));
  if (before && after && hasDetail(before) && hasDetail(after)) {
    const [old, now] = [readDetail(data, before), readDetail(data, after)];
    if (old && now && sameReading(before, old.summary, after, now.summary)) {
      const md5 = new Map(old.files.map((file) => [file.file, file.md5]));
      const unchanged = new Set(now.files.flatMap((file) => (md5.get(file.file) === file.md5 ? file.file : [])));
      const others = [...old.files, ...now.files].map(({ file }) => file).filter((file) => !unchanged.has(file));
      return `select unnest([${[...new Set(others)].map(quoteText).join(", ")}]::varchar[]) as "_file"`;
    }
  }
  const row = columns.map(({ name }) => quoteName(name)).join(", ");
  const sums = relations.map(
    (relation) => `select "_file", count(*) as "rows", sum(hash(${row})) as "sum" from ${relation} group by "_file"`,
  );
  return `select "_file" from (${sums.join(" union all ")}) group by "_file", "rows", "sum" having count(*) = 1`;
}

/** True when equal files give equal rows: both read by the typed path, with the same rules, into the same columns. */
function sameReading(before: DaySnapshot, old: DayDetail, after: DaySnapshot, now: DayDetail): boolean {
  const rules = ({ stamp }: DaySnapshot) => stamp.slice(stamp.lastIndexOf(":"));
  const layout = ({ columns }: DayDetail) =>
    JSON.stringify(columns.map(({ key, name, type, untyped }) => [key, name, type, untyped]));
  return old.path === "typed" && now.path === "typed" && rules(before) === rules(after) && layout(old) === layout(now);
}
