import { own } from "../../base/names.ts";
import { quoteName } from "../../duckdb/quote.ts";
import type { Feed } from "../../export/feed.ts";
import { provenance } from "../snapshot/snapshot.ts";
import { type RelationColumn, type Term, termOf, termsOf } from "./term.ts";

export type { RelationColumn };

/** The columns of a name, in whatever letter case the lines spell it. */
export function spelled(columns: readonly RelationColumn[], name: string): RelationColumn[] {
  const same = (text: string) => text.toLowerCase() === name.toLowerCase();
  return columns.filter(({ name: column, key = column }) => same(column) || same(key));
}

/** Columns that may be this one under a name that is spelled otherwise, such as issueId or issue-id for issue_id. */
export function likely(
  name: string,
  columns: readonly RelationColumn[],
  known: readonly RelationColumn[],
): RelationColumn[] {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  return columns.filter(
    (column) => plain(column.key ?? column.name) === plain(name) && !known.includes(column),
  );
}

export interface DedupeRule {
  key: Term[];
  wholeRows: boolean; // no key column is there: rows equal in every column are one
  order: (Term & { direction: "asc" | "desc" })[]; // the declared order; the run follows it
  mixed: { name: string; sql: string } | null; // a column that the order needs: see mixedSql
  latestOnly: boolean; // rows of the newest run only
  missing: string[]; // columns of the declared key that the data does not have
  missingOrder: string[]; // the same of the order
  renamed: { column: string; used: string[] }[]; // key columns read under another name, or under both
}

const runOrder = ["_run", "_file", "_line"].map((name) => `${quoteName(name)} desc`);

/**
 * What one row per key means for this feed and these columns. [S] dedupe table, as the registry has it.
 *
 * declared key column       old name      used
 * delivered                 not there     the column
 * delivered                 delivered     coalesce(new name, old name)
 * absent                    delivered     the other name
 * absent                    not there     left out, and reported in `missing`
 * none at all delivered                   whole rows
 * delivered, and rows lack it             see withoutKey
 *
 * Where a value did not fit its column, the text delivered takes part in its place: different texts are different keys.
 *
 * values of the order among the copies      the newest is
 * all fit                                   the largest value
 * none fits                                 the largest text
 * some fit, some do not                     that of the latest run
 */
export function dedupeRule(feed: Feed, columns: readonly RelationColumn[]): DedupeRule {
  const delivered = columns.filter(({ seen }) => seen !== false);
  const find = (name: string) => spelled(delivered, name);
  const rule: DedupeRule = {
    key: [],
    wholeRows: false,
    order: [],
    mixed: null,
    latestOnly: feed.latestOnly,
    missing: [],
    missingOrder: [],
    renamed: [],
  };
  const parts = keyParts(feed, delivered);
  for (const { column, found } of parts) {
    if (found.length === 0) rule.missing.push(column);
    else if (found.length > 1 || found[0]!.name.toLowerCase() !== column.toLowerCase())
      rule.renamed.push({ column, used: found.map(({ name }) => name) });
  }
  // Of a key that was never delivered under its own name, no other one makes rows the same.
  if (rule.missing.length < feed.key.length)
    rule.key = [...new Map(parts.flatMap(({ terms }) => terms.map((term) => [term.sql, term]))).values()];
  const mixed = unused("_mixed", columns);
  const some: string[] = [];
  for (const { columns: names, direction } of feed.order) {
    const found = names.flatMap(find);
    rule.missingOrder.push(...names.filter((name) => find(name).length === 0));
    if (found.length === 0) continue;
    const terms = termsOf(found);
    if (terms.length === 1) rule.order.push({ ...terms[0]!, direction });
    else {
      const fits = `${terms[0]!.sql} is not null`;
      some.push(
        `(bool_or(${fits}) over "k" and bool_or(not ${fits} and ${terms[1]!.sql} is not null) over "k")`,
      );
      for (const term of terms)
        rule.order.push({
          ...term,
          sql: `case when not ${quoteName(mixed)} then ${term.sql} end`,
          direction,
        });
    }
  }
  if (some.length > 0) rule.mixed = { name: mixed, sql: some.join(" or ") };
  const content = columns.filter(({ name }) => !isRun(name)).map((column) => termOf([column]));
  if (!columns.some(({ name }) => name === "_rescued"))
    content.push(termOf([{ name: "_rescued", type: "JSON" }]));
  const without = rule.key.length === 0 ? null : withoutKey(parts, columns);
  if (rule.key.length === 0) {
    rule.wholeRows = true;
    rule.key = content;
  } else if (without !== null) rule.key.push(contentOf(content, without));
  return rule;
}

/** A column of the key with what it is read from. */
export interface KeyPart {
  column: string;
  names: string[]; // that it may have
  found: RelationColumn[];
  likes: RelationColumn[]; // that may be it under another name
  terms: Term[]; // of found, then of likes
}

/** The columns of the key, each with those of `delivered` that it is read from, and those that may be it. */
export function keyParts(
  feed: Pick<Feed, "key" | "renamed">,
  delivered: readonly RelationColumn[],
): KeyPart[] {
  return feed.key.map((column) => {
    const names = namesOf(column, feed.renamed);
    const found = names.flatMap((name) => spelled(delivered, name));
    const terms = found.length > 0 ? termsOf(found) : [];
    const likes = likely(column, delivered, found);
    for (const like of likes) {
      const text = `cast(${quoteName(like.name)} as VARCHAR)`;
      const sql = found.length > 0 ? `case when ${termOf(found).sql} is null then ${text} end` : text;
      terms.push({ columns: [...found.map(({ name }) => name), like.name], sql, label: like.name });
    }
    return { column, names, found, likes, terms };
  });
}

/** Whether a row has nothing of this column of the key. */
export function isAbsent({ terms }: Pick<KeyPart, "terms">): string {
  return terms.length === 0 ? "true" : `(${terms.map(({ sql }) => `${sql} is null`).join(" and ")})`;
}

// columns of the key                                      the row
// all filled, or null where they may be                   by its key, in which null is a value
// none filled                                             by its content
// one lacking that is gone, others filled                 by its key and its content
/** For which rows the key says too little to fold them; null where it says enough for all. */
function withoutKey(parts: readonly KeyPart[], columns: readonly RelationColumn[]): string | null {
  const flagged = (flag: "keyless" | "gone") =>
    parts.filter(({ names }) => names.some((name) => spelled(columns, name).some((column) => column[flag])));
  const conditions = new Set(flagged("gone").map(isAbsent));
  if (flagged("keyless").length > 0) conditions.add(`(${parts.map(isAbsent).join(" and ")})`);
  return conditions.size === 0 ? null : [...conditions].join(" or ");
}

// As text, for a number in JSON may lose digits.
function contentOf(content: readonly Term[], condition: string): Term {
  const texts = content.map(({ sql }) => `cast(${sql} as VARCHAR)`).join(", ");
  return {
    columns: content.flatMap(({ columns }) => columns),
    sql: `case when ${condition} then md5(cast(to_json([${texts}]) as VARCHAR)) end`,
    label: "content of a row without its key",
    whole: condition,
  };
}

/**
 * The dedupe view of a feed: one row per key out of `relation`, something to select from that has `columns` and the
 * provenance. Of several versions the declared order chooses, nulls last, then the later run, file and line: a total
 * order, so the winner never depends on the order of reading.
 */
export function dedupeSelect(feed: Feed, columns: readonly RelationColumn[], relation: string): string {
  const names = [...columns, ...provenance].map(({ name }) => quoteName(name));
  const rank = quoteName(unused("_rank", columns));
  const rule = dedupeRule(feed, columns);
  return [
    "select",
    wrapped(names, 2),
    "from (",
    "  select",
    `${wrapped(names, 4)},`,
    rankColumn(rule, rank, 4),
    ...ranked(rule, [`from ${relation}`, ...latest(rule, relation, 0)]).map((line) => `  ${line}`),
    `) as ${quoteName("delivered")}`,
    `where ${rank} = 1`,
  ].join("\n");
}

/** `row_number() over (…) as <rank>`: 1 is the row that stands for its key. */
function rankColumn(
  rule: DedupeRule,
  rank: string,
  indent: number,
  tie: readonly string[] = runOrder,
): string {
  const pad = " ".repeat(indent);
  return [`${pad}row_number() over (`, windowOf(rule, indent + 2, tie), `${pad}) as ${rank}`].join("\n");
}

/** The inside of the window: its partition is the key, its order the whole rule. */
export function windowOf(rule: DedupeRule, indent: number, tie: readonly string[] = runOrder): string {
  const order = [...rule.order.map(({ sql, direction }) => `${sql} ${direction} nulls last`), ...tie];
  const key = rule.key.map(({ sql }) => sql);
  const clause = (words: string, terms: string[]) =>
    wrapped(
      terms.map((term, i) => (i === 0 ? `${words} ${term}` : term)),
      indent,
      indent + 2,
    );
  return [clause("partition by", key), clause("order by", order)].join("\n");
}

/**
 * Lines that begin with "from", with the column that `rule.mixed` names where the order needs one: whether of the versions
 * of a key some have a value to order by that fits and some one that does not.
 */
export function ranked(rule: DedupeRule, from: readonly string[]): string[] {
  if (rule.mixed === null) return [...from];
  return [
    "from (",
    `  select *, ${rule.mixed.sql} as ${quoteName(rule.mixed.name)}`,
    ...from.map((line) => `  ${line}`),
    `  window "k" as (partition by ${rule.key.map(({ sql }) => sql).join(", ")})`,
    ")",
  ];
}

/** For a snapshot feed, the condition that leaves only the newest run; else nothing. */
export function latest(rule: DedupeRule, relation: string, indent: number): string[] {
  if (!rule.latestOnly) return [];
  return [`${" ".repeat(indent)}where "_run" = (select max("_run") from ${relation})`];
}

/** A list of terms as lines of at most 110 characters; all but the first are indented by `hang`. */
export function wrapped(terms: readonly string[], indent: number, hang = indent): string {
  const lines: string[] = [];
  let line = "";
  terms.forEach((term, i) => {
    const piece = i < terms.length - 1 ? `${term},` : term;
    if (line === "") line = " ".repeat(indent) + piece;
    else if (line.length + 1 + piece.length <= 110) line += ` ${piece}`;
    else {
      lines.push(line);
      line = " ".repeat(hang) + piece;
    }
  });
  return [...lines, line].join("\n");
}

/** `name`, with underscores after it while the columns have that name. */
export function unused(name: string, columns: readonly RelationColumn[]): string {
  const taken = new Set(columns.map((column) => column.name.toLowerCase()));
  let free = name;
  while (taken.has(free)) free += "_";
  return free;
}

function isRun(name: string): boolean {
  return name === "_file" || name === "_line" || name === "_run";
}

// The newer name first: where both are filled, it is the one that is kept up.
function namesOf(column: string, renamed: Record<string, string>): string[] {
  const older = Object.entries(renamed).flatMap(([old, newer]) => (newer === column ? [old] : []));
  return [own(renamed, column) ?? [], column, older].flat();
}
