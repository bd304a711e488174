import { count, plural } from "../../base/words.ts";
import type { Database, QueryOptions } from "../../duckdb/database.ts";
import { quoteFiles, quoteName, quoteText } from "../../duckdb/quote.ts";
import type { Feed } from "../../export/feed.ts";
import { isAbsent, keyParts } from "../dedupe/dedupe.ts";
import type { RelationColumn } from "../dedupe/term.ts";
import type { FeedSnapshot, Keyless, KeylessColumn, Snapshot, StagedColumn } from "../snapshot/snapshot.ts";
import type { Written } from "./inspect.ts";
import { rescuedName } from "./stage-sql.ts";

/**
 * The rows of a day that lack columns of the key; null if none does. A file with all key columns filled is not read.
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
  const filled = ({ sources }: (typeof parts)[number]) => sources.some(({ name }) => written.nulls(name) === 0);
  const unfilled = parts.filter((part) => !filled(part));
  if (unfilled.length === 0) return null;
  const all = parts.length === unfilled.length ? unfilled.map(isAbsent).join(" and ") : "false";
  const others = unfilled.flatMap(({ column, terms, likes }) =>
    likes.map(({ name, key = name }) => ({
      column,
      name: key,
      sql: `${isAbsent({ terms: terms.slice(0, -likes.length) })} and ${quoteName(name)} is not null`,
    })),
  );
  const relation = `read_parquet(${quoteFiles([parquet])})`;
  const tests = [all, ...unfilled.map(isAbsent), ...others.map(({ sql }) => sql)];
  const { rows } = await db.rows(
    `select "_run", count(*), ${tests.map((test) => `count(*) filter (${test})`).join(", ")}
     from ${relation} group by "_run" order by "_run"`,
    options,
  );
  const ties = await tiesInWholeRuns();
  const runsThatMeet = (test: number) =>
    rows
      .map((row) => ({ run: String(row[0]), of: Number(row[1]), rows: Number(row[2 + test]) }))
      .filter((run) => run.rows > 0);
  const withoutKey = runsThatMeet(0);
  const absent = unfilled.flatMap(({ column, sources }, i): KeylessColumn[] => {
    const runs = runsThatMeet(1 + i);
    const whole = runs.filter((run) => run.rows === run.of);
    const [first] = [...whole, ...runs];
    if (first === undefined) return [];
    const names = [...new Set([column, ...sources.map(({ name }) => name)])];
    return [{ column, names, rows: sum(runs), wholeRuns: sum(whole), ties: ties[i] ?? 0, since: first.run }];
  });
  const instead = others.flatMap(({ column, name }, i) => {
    const runs = runsThatMeet(1 + unfilled.length + i);
    const [first] = runs;
    return first ? [{ column, name, rows: sum(runs), since: first.run }] : [];
  });
  if (absent.length + instead.length === 0) return null;
  const [first] = withoutKey;
  return {
    rows: sum(withoutKey),
    ...(first ? { since: first.run } : {}),
    columns: absent,
    ...(instead.length > 0 ? { instead } : {}),
  };

  // Rows beyond the first for each value of the rest of the key, in runs that lack a column altogether.
  async function tiesInWholeRuns(): Promise<number[]> {
    const conditions = unfilled.map((_, i) => {
      const whole = rows.filter((row) => row[1] === row[3 + i]).map(([run]) => quoteText(String(run)));
      return whole.length > 0 ? `"_run" in (${whole.join(", ")})` : "false";
    });
    if (conditions.every((condition) => condition === "false")) return unfilled.map(() => 0);
    const counts = unfilled.map((part, i) => {
      const rest = parts.filter((other) => other !== part).flatMap(({ terms }) => terms.map(({ sql }) => sql));
      return `count(*) filter (${conditions[i]}) - count(distinct hash(${['"_run"', ...rest].join(", ")})) filter (${conditions[i]})`;
    });
    const { rows: ties } = await db.rows(`select ${counts.join(", ")} from ${relation}`, options);
    return ties.flat().map(Number);
  }
}

/** Key columns that some rows lack. */
export interface LackingKey {
  feed: string;
  columns: string[]; // of the whole key, or one
  other: string | null; // a column of these rows that may be the same under another name
  rows: number; // without the key column
  delivered: number; // rows of the feed
  since: string; // the first partition with such a row, as runOf()
  lastDay: string;
}

/**
 * Missing keys by feed: the whole key, a column that is gone, or one under another name. `among`: only those missing in
 * rows of these days.
 */
export function lackingKeys(
  { feeds }: Pick<Snapshot, "feeds">,
  among: (feed: string, dt: string) => boolean = () => true,
): LackingKey[] {
  return Object.entries(feeds).flatMap(([feed, { days }]) => {
    const delivered = sum(days);
    const keylessDays = days.flatMap(({ dt, keyless }) => (keyless ? [{ dt, keyless }] : []));
    const lacking = (
      columns: string[],
      other: string | null,
      of: (keyless: Keyless) => { rows: number; since?: string } | undefined,
    ): LackingKey[] => {
      const counts = keylessDays
        .map(({ dt, keyless }) => ({ dt, rows: 0, since: "", ...of(keyless) }))
        .filter(({ rows }) => rows > 0);
      const [first, last] = [counts[0], counts.at(-1)];
      if (!first || !last || !counts.some(({ dt }) => among(feed, dt))) return [];
      return [{ feed, columns, other, rows: sum(counts), delivered, since: first.since, lastDay: last.dt }];
    };
    const none = keylessDays.find(({ keyless }) => keyless.rows > 0)?.keyless.columns ?? [];
    const whole = lacking(
      none.map(({ column }) => column),
      null,
      (keyless) => keyless,
    );
    const gone = [...goneColumns({ days })]
      .flatMap((name) => lacking([name], null, ({ columns }) => columns.find(({ column }) => column === name)))
      .filter(({ rows }) => rows !== whole[0]?.rows); // the same rows
    const instead = keylessDays.flatMap(({ keyless }) => keyless.instead ?? []);
    const others = new Map(instead.map((entry) => [JSON.stringify([entry.column, entry.name]), entry]));
    const renamed = [...others.values()].flatMap(({ column, name }) =>
      lacking([column], name, (keyless) =>
        keyless.instead?.find((entry) => entry.column === column && entry.name === name),
      ),
    );
    return [...whole, ...gone, ...renamed];
  });
}

// rows with null in a key column                                 the column
// none                                                           is filled
// 5 % or more of the rows of runs that have values of it         may be null: null is one of its values
// fewer of them, and every row of some other run
//   in which the rest of the key identifies every row            may be null
//   in which it does not                                         is gone from that run
// every row                                                      may be null
/** Key columns that are filled in some runs and gone from others. */
export function goneColumns({ days }: Pick<FeedSnapshot, "days">): Set<string> {
  const rows = sum(days);
  const absent = days.flatMap(({ keyless }) => keyless?.columns ?? []);
  const names = [...new Set(absent.map(({ column }) => column))].sort();
  return new Set(
    names.filter((name) => {
      const counts = absent.filter(({ column }) => column === name);
      const gone = counts.reduce((total, { wholeRuns }) => total + wholeRuns, 0);
      const others = sum(counts) - gone;
      const ties = counts.reduce((total, column) => total + column.ties, 0);
      return ties > 0 && gone < rows && others * mostNulls < rows - gone;
    }),
  );
}

const mostNulls = 20; // one row in so many may lack a column that is otherwise filled

function sum(counted: readonly { rows: number }[]): number {
  return counted.reduce((total, { rows }) => total + rows, 0);
}

// the rows                              the text says
// have a column that may be the same    that they replace no earlier version
// lack the key, or a gone column        that all are kept
/** `issue_id: 6 of 12 rows have no value for this key column since the partition 2026-09-01 03: …`. */
export function keylessText({ columns, other, rows, delivered, since }: LackingKey): string {
  const names = columns.join(", ");
  const some = `${names}: ${count(rows)} of ${plural(delivered, "row")} ${rows === 1 ? "has" : "have"}`;
  const from = `since the partition ${since}`;
  if (other !== null)
    return `${some} ${other} in place of this key column ${from}: these rows replace no earlier version`;
  const what = columns.length === 1 ? "no value for this key column" : "no value for any key column";
  return `${some} ${what} ${from}: all but exact copies are kept, as nothing shows which are versions of the same row`;
}

/** What to do about it. */
export function keylessNext({ feed, columns, other }: LackingKey): string {
  const [name = ""] = columns;
  const renamed = (old: string) => `under \`feeds\` in kit.yaml: ${feed}: {renamed: {${old}: ${name}}}`;
  if (other !== null) return `if it is the same column, write ${renamed(other)}`;
  const where = columns.map((column) => `${column} is null`).join(" and ");
  return `ask ASAPP what became of ${columns.join(", ")}; asapp-kit sql "from raw.${feed} where ${where} limit 20" shows these rows. If another column has replaced it, write ${renamed("its_new_name")}`;
}
