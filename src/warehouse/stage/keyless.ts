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
  const filled = ({ sources }: (typeof parts)[number]) => sources.some(({ name }) => written.nulls(name) === 0);
  const asked = parts.filter((part) => !filled(part));
  if (asked.length === 0) return null;
  const all = parts.length === asked.length ? asked.map(isAbsent).join(" and ") : "false";
  const others = asked.flatMap(({ column, terms, likes }) =>
    likes.map(({ name, key = name }) => ({
      column,
      name: key,
      sql: `${isAbsent({ terms: terms.slice(0, -likes.length) })} and ${quoteName(name)} is not null`,
    })),
  );
  const relation = `read_parquet(${quoteFiles([parquet])})`;
  const tests = [all, ...asked.map(isAbsent), ...others.map(({ sql }) => sql)];
  const { rows } = await db.rows(
    `select "_run", count(*), ${tests.map((test) => `count(*) filter (${test})`).join(", ")}
     from ${relation} group by "_run" order by "_run"`,
    options,
  );
  const ties = await tiesInWholeRuns();
  const [none, ...lacking] = tests.map((_, i) =>
    rows
      .map((row) => ({ run: String(row[0]), of: Number(row[1]), rows: Number(row[2 + i]) }))
      .filter((run) => run.rows > 0),
  );
  const found = asked.flatMap(({ column, sources }, i): KeylessColumn[] => {
    const runs = lacking[i]!;
    if (runs.length === 0) return [];
    const whole = runs.filter((run) => run.rows === run.of);
    const names = [...new Set([column, ...sources.map(({ name }) => name)])];
    const since = (whole[0] ?? runs[0]!).run;
    return [{ column, names, rows: sum(runs), wholeRuns: sum(whole), ties: ties[i]!, since }];
  });
  const instead = others.flatMap(({ column, name }, i) => {
    const runs = lacking[asked.length + i]!;
    return runs.length > 0 ? [{ column, name, rows: sum(runs), since: runs[0]!.run }] : [];
  });
  if (found.length + instead.length === 0) return null;
  return {
    rows: sum(none!),
    ...(none!.length > 0 ? { since: none![0]!.run } : {}),
    columns: found,
    ...(instead.length > 0 ? { instead } : {}),
  };

  // Rows beyond the first of what the rest of the key says, in runs that lack a column altogether.
  async function tiesInWholeRuns(): Promise<number[]> {
    const conditions = asked.map((_, i) => {
      const whole = rows.filter((row) => row[1] === row[3 + i]).map(([run]) => quoteText(String(run)));
      return whole.length > 0 ? `"_run" in (${whole.join(", ")})` : "false";
    });
    if (conditions.every((condition) => condition === "false")) return asked.map(() => 0);
    const counted = asked.map((part, i) => {
      const rest = parts.filter((other) => other !== part).flatMap(({ terms }) => terms.map(({ sql }) => sql));
      return `count(*) filter (${conditions[i]}) - count(distinct hash(${['"_run"', ...rest].join(", ")})) filter (${conditions[i]})`;
    });
    const found = await db.rows(`select ${counted.join(", ")} from ${relation}`, options);
    return found.rows[0]!.map(Number);
  }
}

/** Columns of the key that rows lack which are therefore told apart by something else. */
export interface LackingKey {
  feed: string;
  columns: string[]; // all of the key, or one
  other: string | null; // a column that these rows have and that may be it
  rows: number; // that lack it
  delivered: number; // rows of the feed
  since: string; // the first partition with such a row, as runOf()
  lastDay: string;
}

/**
 * The keys that rows lack, by feed: all columns of it, one that is gone, or one that has another name.
 * `among`: only those that rows of one of these days lack.
 */
export function lackingKeys(
  { feeds }: Pick<Snapshot, "feeds">,
  among: (feed: string, dt: string) => boolean = () => true,
): LackingKey[] {
  return Object.entries(feeds).flatMap(([feed, { days }]) => {
    const delivered = sum(days);
    const here = days.flatMap(({ dt, keyless }) => (keyless ? [{ dt, keyless }] : []));
    const lacking = (
      columns: string[],
      other: string | null,
      of: (keyless: Keyless) => { rows: number; since?: string } | undefined,
    ): LackingKey[] => {
      const found = here.map(({ dt, keyless }) => ({ dt, rows: 0, ...of(keyless) })).filter(({ rows }) => rows > 0);
      if (!found.some(({ dt }) => among(feed, dt))) return [];
      const { since = "" } = found[0]!;
      return [{ feed, columns, other, rows: sum(found), delivered, since, lastDay: found.at(-1)!.dt }];
    };
    const none = here.find(({ keyless }) => keyless.rows > 0)?.keyless.columns ?? [];
    const whole = lacking(
      none.map(({ column }) => column),
      null,
      (keyless) => keyless,
    );
    const gone = [...goneColumns({ days })]
      .flatMap((name) => lacking([name], null, ({ columns }) => columns.find(({ column }) => column === name)))
      .filter(({ rows }) => rows !== whole[0]?.rows); // the same rows
    const instead = here.flatMap(({ keyless }) => keyless.instead ?? []);
    const others = new Map(instead.map((entry) => [JSON.stringify([entry.column, entry.name]), entry]));
    const renamed = [...others.values()].flatMap(({ column, name }) =>
      lacking([column], name, (keyless) =>
        keyless.instead?.find((entry) => entry.column === column && entry.name === name),
      ),
    );
    return [...whole, ...gone, ...renamed];
  });
}

// null in rows of the key's column                               the column
// in none                                                        is filled
// in 5 % or more of the rows of runs that have values of it      may be null: a null is one of its values
// in fewer of them, and in every row of some other run
//   in which the rest of the key tells all rows apart            may be null
//   in which it does not                                         is gone from there
// in every row there is                                          may be null
/** The columns of the key that are filled in some runs, and that others do not have at all. */
export function goneColumns({ days }: Pick<FeedSnapshot, "days">): Set<string> {
  const rows = sum(days);
  const found = days.flatMap(({ keyless }) => keyless?.columns ?? []);
  const names = [...new Set(found.map(({ column }) => column))].sort();
  return new Set(
    names.filter((name) => {
      const here = found.filter(({ column }) => column === name);
      const gone = here.reduce((total, { wholeRuns }) => total + wholeRuns, 0);
      const others = sum(here) - gone;
      const ties = here.reduce((total, column) => total + column.ties, 0);
      return ties > 0 && gone < rows && others * mostNulls < rows - gone;
    }),
  );
}

const mostNulls = 20; // one row in so many may lack a column that is meant to be filled

function sum(counted: readonly { rows: number }[]): number {
  return counted.reduce((total, { rows }) => total + rows, 0);
}

// the rows                             said
// have another column that may be it   what tells them apart, and what they do not replace
// lack the key, or a gone column       that each is kept
/** `issue_id: 6 of 12 rows have no value of it, since the partition 2026-09-01 03: …`. */
export function keylessText({ columns, other, rows, delivered, since }: LackingKey): string {
  const names = columns.join(", ");
  const some = `${names}: ${count(rows)} of ${plural(delivered, "row")} ${rows === 1 ? "has" : "have"}`;
  const from = `since the partition ${since}`;
  if (other !== null)
    return `${some} ${other} in place of this key column, ${from}: what has it replaces no earlier version`;
  const what = columns.length === 1 ? "no value of this key column" : "no value of any key column";
  return `${some} ${what}, ${from}: all are kept but exact copies, as nothing tells which are versions of one another`;
}

/** What to do about it. */
export function keylessNext({ feed, columns, other }: LackingKey): string {
  const name = columns[0]!;
  const renamed = (old: string) => `under \`feeds\` in kit.yaml: ${feed}: {renamed: {${old}: ${name}}}`;
  if (other !== null) return `if it is the same, write ${renamed(other)}`;
  const where = columns.map((column) => `${column} is null`).join(" and ");
  return `ask ASAPP where ${columns.join(", ")} went; asapp-kit sql "from raw.${feed} where ${where} limit 20" shows such rows. If another column has taken its place, write ${renamed("its_new_name")}`;
}
