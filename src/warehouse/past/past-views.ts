import { own } from "../../base/names.ts";
import type { Database } from "../../duckdb/database.ts";
import { quoteList, quoteName } from "../../duckdb/quote.ts";
import type { Feed } from "../../export/feed.ts";
import { currentFiles } from "../current/blocks.ts";
import { candidateDays, countKeys } from "../current/changed-keys.ts";
import { parquetRelation, relationColumns, withProvenance } from "../current/relation.ts";
import { dedupeRule, dedupeSelect, type RelationColumn } from "../dedupe/dedupe.ts";
import type { DaySnapshot, FeedSnapshot } from "../snapshot/snapshot.ts";
import { keyValue } from "../wfm/wfm.ts";
import { timestamp } from "./known.ts";
import { type PastFeed, replacedSelects } from "./past.ts";

/** A feed as it was known: its rows as delivered, and those of them that count. */
export interface PastRelation {
  feed: Feed;
  was: FeedSnapshot; // the days and columns of then
  change: PastFeed;
  since: Date | null; // windows of a WFM feed from then on; null: all
}

/** A select of the rows delivered by then, with the columns of then and the provenance. */
export function deliveredThen(data: string, relation: PastRelation): string {
  return deliveredSelect(data, relation, relation.was.days, withProvenance(relationColumns(relation.was)));
}

/**
 * Fills table past.<feed>: one row per key of the rows delivered by then, by the rule of now. Returns a select of it.
 *
 * rows delivered since      ranked
 * fewer than a quarter      the keys of these rows, and of rows replaced since; all others are as in `current`
 * more                      all keys
 */
export async function rankThen(database: Database, data: string, relation: PastRelation): Promise<string> {
  const { feed, was, change, since } = relation;
  const columns = relationColumns(change.now);
  const rule = dedupeRule(feed, columns);
  const shown = withProvenance(relationColumns(was));
  const names = shown.map(({ name }) => quoteName(name)).join(", ");
  const all = withProvenance(columns);
  const table = `past.${quoteName(feed.name)}`;
  const days = was.days.filter((day) => since === null || mayHold(day, since));
  const rows = days.reduce((sum, day) => sum + day.rows, 0);
  await database.run("create schema if not exists past");
  if (rule.latestOnly || change.laterRows * 4 > rows) {
    const last = rule.latestOnly && change.replaced.length === 0 ? days.filter(({ rows }) => rows > 0).slice(-1) : days;
    const delivered = `(${deliveredSelect(data, relation, last, all)})`;
    await database.run(`create table ${table} as select ${names} from (${dedupeSelect(feed, columns, delivered)})`);
    return `select ${names} from ${table}`;
  }
  const terms = rule.key.map(({ sql }, i) => `${sql} as k${i}`).join(", ");
  await database.run(`create table changed_keys as select ${terms} from (${changedSelect(data, relation, all)})`);
  const keys = await countKeys(database, rule, {});
  const candidates = await candidateDays(
    database,
    { rule, columns, after: was, before: new Map(), changed: [] },
    keys,
    {},
  );
  const delivered = deliveredSelect(
    data,
    relation,
    was.days.filter(({ dt }) => candidates.has(dt)),
    all,
  );
  const ranked = `(select * from (${delivered}) as "delivered" semi join changed_keys on ${keys.match})`;
  const keysTable = `past.${quoteName(`${feed.name} keys`)}`;
  await database.run(
    `create table ${table} as select ${names} from (${dedupeSelect(feed, columns, ranked)});
     create table ${keysTable} as from changed_keys;
     drop table changed_keys`,
  );
  const match = keys.match.replaceAll("changed_keys.", `"changed".`);
  const current = parquetRelation(data, currentFiles(change.now.days), all);
  return `select ${names} from ${current} as "delivered" anti join ${keysTable} as "changed" on ${match}
    union all select ${names} from ${table}`;
}

/** The rows of these days that were known, and those replaced since. */
function deliveredSelect(
  data: string,
  { change: { runs, replaced }, was, since }: PastRelation,
  days: readonly DaySnapshot[],
  columns: readonly RelationColumn[],
): string {
  const whole = days.flatMap(({ dt, staged }) => (staged !== null && !runs.has(dt) ? [staged] : []));
  const parts = days.flatMap(({ dt, staged }) => {
    const known = runs.get(dt);
    if (staged === null || known === undefined) return [];
    return [`from ${parquetRelation(data, [staged], columns)} where "_run" in ${quoteList(known)}`];
  });
  const selects = [
    `from ${parquetRelation(data, whole, columns)}`,
    ...parts,
    ...replacedSelects(data, columns, replaced),
  ];
  const rows = selects.join("\nunion all ");
  if (since === null) return rows;
  return `from (${rows}) where ${keyValue(was.columns, "instance_ts")} >= ${timestamp(since)}`;
}

/** The rows that were delivered or replaced since. */
function changedSelect(
  data: string,
  { change: { now, runs, replaced } }: PastRelation,
  columns: readonly RelationColumn[],
): string {
  const later = now.days.flatMap(({ dt, staged }) => {
    const known = runs.get(dt);
    if (staged === null || known === undefined) return [];
    return [`from ${parquetRelation(data, [staged], columns)} where "_run" not in ${quoteList(known)}`];
  });
  return [`from ${parquetRelation(data, [], columns)}`, ...later, ...replacedSelects(data, columns, replaced)].join(
    "\nunion all ",
  );
}

// The time of the window is part of the key of a WFM feed.
function mayHold({ ranges }: DaySnapshot, since: Date): boolean {
  const most = own(ranges ?? {}, "instance_ts")?.[1];
  return most === undefined || !(Date.parse(`${most.replace(" ", "T")}Z`) < since.getTime());
}
