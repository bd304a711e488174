import type { Feed } from "../export/feed.ts";
import { type Database, type QueryOptions, quoteFiles } from "./database.ts";
import { isAbsent, keyParts } from "./dedupe.ts";
import type { Written } from "./inspect.ts";
import type { FeedSnapshot, Keyless, KeylessColumn, Snapshot, StagedColumn } from "./snapshot.ts";
import { rescuedName } from "./stage-sql.ts";
import type { RelationColumn } from "./term.ts";

/**
 * The rows of a day that lack columns of the key, null where none does. A file in which the key is filled throughout is not
 * read for it.
 */
export async function keylessRows(
  db: Database,
  { parquet, written }: { parquet: string; written: Written },
  staged: readonly StagedColumn[],
  { key, rescued }: { key: Pick<Feed, "key" | "renamed">; rescued: ReadonlySet<string> },
  options?: QueryOptions,
): Promise<Keyless | null> {
  const columns: RelationColumn[] = staged
    .filter(({ untyped }) => !untyped)
    .map((column) => {
      const { name, type, key } = column;
      const member = rescuedName(column);
      return { name, type, key, ...(rescued.has(member) ? { rescued: member } : {}) };
    });
  const parts = keyParts(key, columns);
  const filled = ({ found }: (typeof parts)[number]) => found.some(({ name }) => written.nulls(name) === 0);
  const asked = parts.filter((part) => !filled(part));
  if (asked.length === 0) return null;
  const all = parts.length === asked.length ? asked.map(isAbsent).join(" and ") : "false";
  const lacking = asked.map((part) => `count(*) filter (${isAbsent(part)})`);
  const { rows: runs } = await db.rows(
    `select "_run", count(*), count(*) filter (${all}), ${lacking.join(", ")}
     from read_parquet(${quoteFiles([parquet])}) group by "_run" order by "_run"`,
    options,
  );
  const found = asked.flatMap(({ column, found }, i): KeylessColumn[] => {
    const counts = runs.map((row) => ({
      run: String(row[0]),
      rows: Number(row[1]),
      lack: Number(row[3 + i]),
    }));
    const whole = counts.filter(({ rows, lack }) => lack === rows);
    const lack = sum(counts.map(({ lack }) => lack));
    if (lack === 0) return [];
    const names = [...new Set([column, ...found.map(({ name }) => name)])];
    const wholeRuns = sum(whole.map(({ rows }) => rows));
    return [
      { column, names, rows: lack, wholeRuns, since: (whole[0] ?? counts.find(({ lack }) => lack > 0)!).run },
    ];
  });
  const none = runs.filter((row) => Number(row[2]) > 0);
  if (found.length === 0) return null;
  const first = none[0];
  return {
    rows: sum(none.map((row) => Number(row[2]))),
    ...(first ? { since: String(first[0]) } : {}),
    columns: found,
  };
}

/** A column of the key, or all of them together, that rows lack which therefore stand for themselves. */
export interface LackingKey {
  feed: string;
  columns: string[]; // of the key
  rows: number; // that lack it
  delivered: number; // rows of the feed
  since: string; // the first run with such a row
  lastDay: string;
}

/**
 * The keys that rows lack, by feed: all columns of it, or one that is gone.
 * `among`: of a feed that has such rows on one of these days.
 */
export function lackingKeys(
  { feeds }: Pick<Snapshot, "feeds">,
  among: (feed: string, dt: string) => boolean = () => true,
): LackingKey[] {
  return Object.entries(feeds).flatMap(([feed, { days }]) => {
    const delivered = sum(days.map(({ rows }) => rows));
    const here = days.filter(({ keyless }) => keyless);
    const found: LackingKey[] = [];
    const add = (
      columns: string[],
      of: (keyless: Keyless) => { rows: number; since?: string } | undefined,
    ) => {
      const some = here.filter(({ keyless }) => (of(keyless!)?.rows ?? 0) > 0);
      if (!some.some(({ dt }) => among(feed, dt))) return;
      const rows = sum(some.map(({ keyless }) => of(keyless!)!.rows));
      const { since = "" } = of(some[0]!.keyless!)!;
      found.push({ feed, columns, rows, delivered, since, lastDay: some.at(-1)!.dt });
    };
    const gone = goneColumns({ days });
    const whole = here.find(({ keyless }) => keyless!.rows > 0)?.keyless!.columns.map(({ column }) => column);
    if (whole && !(whole.length === 1 && gone.has(whole[0]!))) add(whole, (keyless) => keyless);
    for (const name of gone) add([name], ({ columns }) => columns.find(({ column }) => column === name));
    return found;
  });
}

// null in rows of the key's column                               the column
// in none                                                        is filled
// in 5 % or more of the rows of runs that have values of it      may be null: a null is one of its values
// in fewer of them, and in every row of some other run           is gone from that run
// in every row there is                                          may be null
/** The columns of the key that are filled in some runs, and that others do not have at all. */
export function goneColumns({ days }: Pick<FeedSnapshot, "days">): Set<string> {
  const rows = sum(days.map((day) => day.rows));
  const found = days.flatMap(({ keyless }) => keyless?.columns ?? []);
  const names = [...new Set(found.map(({ column }) => column))].sort();
  return new Set(
    names.filter((name) => {
      const here = found.filter(({ column }) => column === name);
      const gone = sum(here.map(({ wholeRuns }) => wholeRuns));
      const others = sum(here.map((column) => column.rows - column.wholeRuns));
      return gone > 0 && gone < rows && others * mostNulls < rows - gone;
    }),
  );
}

const mostNulls = 20; // one row in so many may lack a column that is meant to be filled

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
