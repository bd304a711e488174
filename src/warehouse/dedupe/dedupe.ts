import { own } from "../../base/names.ts";
import { quoteName } from "../../duckdb/quote.ts";
import type { Feed } from "../../export/feed.ts";
import { provenance } from "../snapshot/snapshot.ts";
import { type RelationColumn, type Term, termOf, termsOf } from "./term.ts";

export type { RelationColumn };

/** The columns of this name, in any letter case. */
export function spellingsOf(columns: readonly RelationColumn[], name: string): RelationColumn[] {
  const same = (text: string) => text.toLowerCase() === name.toLowerCase();
  return columns.filter(({ name: column, key = column }) => same(column) || same(key));
}

/** Columns that may be this one under another spelling, such as issueId or issue-id for issue_id. */
export function alternatives(
  name: string,
  columns: readonly RelationColumn[],
  excluded: readonly RelationColumn[],
): RelationColumn[] {
  const normalized = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  return columns.filter(
    (column) => normalized(column.key ?? column.name) === normalized(name) && !excluded.includes(column),
  );
}

export interface DedupeRule {
  key: Term[];
  wholeRows: boolean; // no key column is delivered: rows equal in every column are duplicates
  order: (Term & { direction: "asc" | "desc" })[]; // the declared order; the run is the last term
  mixed: { name: string; sql: string } | null; // a helper column of the order, see rankedFrom
  latestOnly: boolean; // rows of the newest run only
  missing: string[]; // columns of the declared key that are not delivered
  missingOrder: string[]; // columns of the declared order that are not delivered
  renamed: { column: string; used: string[] }[]; // key columns read under another name, or under both
}

const runOrder = ["_run", "_file", "_line"].map((name) => `${quoteName(name)} desc`);

/**
 * The dedupe rule of a feed with these columns. Source: the dedupe table of the export documents, as in the registry.
 *
 * declared key column       old name      key
 * delivered                 absent        the column
 * delivered                 delivered     coalesce(new name, old name)
 * absent                    delivered     the other name
 * absent                    absent        without the column, which is reported in `missing`
 * none delivered            absent        whole rows
 * delivered, but not in all rows          see keylessRows
 *
 * Where a value did not fit its column, the delivered text replaces it: different texts are different keys.
 *
 * order values of the versions      newest version
 * all fit                           the largest value
 * none fits                         the largest text
 * some fit                          that of the latest run
 */
export function dedupeRule(feed: Feed, columns: readonly RelationColumn[]): DedupeRule {
  const delivered = columns.filter(({ seen }) => seen !== false);
  const find = (name: string) => spellingsOf(delivered, name);
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
  for (const { column, sources } of parts) {
    if (sources.length === 0) rule.missing.push(column);
    else if (sources.length > 1 || sources[0]?.name.toLowerCase() !== column.toLowerCase())
      rule.renamed.push({ column, used: sources.map(({ name }) => name) });
  }
  // Without any delivered key column under its declared name, no alternative identifies rows.
  if (rule.missing.length < feed.key.length)
    rule.key = [...new Map(parts.flatMap(({ terms }) => terms.map((term) => [term.sql, term]))).values()];
  const mixed = unusedName("_mixed", columns);
  const mixedConditions: string[] = [];
  for (const { columns: names, direction } of feed.order) {
    const orderColumns = names.flatMap(find);
    rule.missingOrder.push(...names.filter((name) => find(name).length === 0));
    if (orderColumns.length === 0) continue;
    const [value, asText] = termsOf(orderColumns);
    if (asText === undefined) rule.order.push({ ...value, direction });
    else {
      const fits = `${value.sql} is not null`;
      mixedConditions.push(
        `(bool_or(${fits}) over "k" and bool_or(not ${fits} and ${asText.sql} is not null) over "k")`,
      );
      for (const term of [value, asText])
        rule.order.push({
          ...term,
          sql: `case when not ${quoteName(mixed)} then ${term.sql} end`,
          direction,
        });
    }
  }
  if (mixedConditions.length > 0) rule.mixed = { name: mixed, sql: mixedConditions.join(" or ") };
  const content = columns.filter(({ name }) => !isProvenance(name)).map((column) => termOf([column]));
  if (!columns.some(({ name }) => name === "_rescued")) content.push(termOf([{ name: "_rescued", type: "JSON" }]));
  const keylessCondition = rule.key.length === 0 ? null : keylessRows(parts, columns);
  if (rule.key.length === 0) {
    rule.wholeRows = true;
    rule.key = content;
  } else if (keylessCondition !== null) rule.key.push(contentOf(content, keylessCondition));
  return rule;
}

/** A key column and the delivered columns that it is read from. */
export interface KeyPart {
  column: string;
  names: string[]; // its possible names
  sources: RelationColumn[]; // delivered columns of these names
  likes: RelationColumn[]; // columns that may be it under another spelling
  terms: Term[]; // of `sources`, then of `likes`
}

/** The key columns, each with the delivered columns that it is read from and those that may be it. */
export function keyParts(feed: Pick<Feed, "key" | "renamed">, delivered: readonly RelationColumn[]): KeyPart[] {
  return feed.key.map((column) => {
    const names = aliasesOf(column, feed.renamed);
    const sources = names.flatMap((name) => spellingsOf(delivered, name));
    const terms: Term[] = sources.length > 0 ? termsOf(sources) : [];
    const likes = alternatives(column, delivered, sources);
    for (const like of likes) {
      const text = `cast(${quoteName(like.name)} as VARCHAR)`;
      const sql = sources.length > 0 ? `case when ${termOf(sources).sql} is null then ${text} end` : text;
      terms.push({ columns: [...sources.map(({ name }) => name), like.name], sql, label: like.name });
    }
    return { column, names, sources, likes, terms };
  });
}

/** SQL that is true for a row without a value of this key column. */
export function isAbsent({ terms }: Pick<KeyPart, "terms">): string {
  return terms.length === 0 ? "true" : `(${terms.map(({ sql }) => `${sql} is null`).join(" and ")})`;
}

// key columns of a row                            identified by
// all filled, or null where null is a value       its key
// none filled                                     its content
// one missing since it was withdrawn              its key and its content
/** SQL that is true for rows that their key does not identify; null if it identifies all. */
function keylessRows(parts: readonly KeyPart[], columns: readonly RelationColumn[]): string | null {
  const flagged = (flag: "keyless" | "gone") =>
    parts.filter(({ names }) => names.some((name) => spellingsOf(columns, name).some((column) => column[flag])));
  const conditions = new Set(flagged("gone").map(isAbsent));
  if (flagged("keyless").length > 0) conditions.add(`(${parts.map(isAbsent).join(" and ")})`);
  return conditions.size === 0 ? null : [...conditions].join(" or ");
}

// As text, because a number in JSON may lose digits.
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
 * The dedupe view of a feed: one row per key of `relation`, which has `columns` and the provenance. Versions rank by the
 * declared order, nulls last, then by later run, file and line: a total order, so that the winner does not depend on the
 * order of reading.
 */
export function dedupeSelect(feed: Feed, columns: readonly RelationColumn[], relation: string): string {
  const names = [...columns, ...provenance].map(({ name }) => quoteName(name));
  const rank = quoteName(unusedName("_rank", columns));
  const rule = dedupeRule(feed, columns);
  const newest = newestRun(rule, relation);
  return [
    "select",
    wrapTerms(names, 2),
    "from (",
    "  select",
    `${wrapTerms(names, 4)},`,
    rankColumn(rule, rank, 4),
    ...rankedFrom(rule, [`from ${relation}`, ...(newest ? [`where ${newest}`] : [])]).map((line) => `  ${line}`),
    `) as ${quoteName("delivered")}`,
    `where ${rank} = 1`,
  ].join("\n");
}

/** `row_number() over (…) as <rank>`: 1 is the winner of its key. */
function rankColumn(rule: DedupeRule, rank: string, indent: number, tie: readonly string[] = runOrder): string {
  const pad = " ".repeat(indent);
  return [`${pad}row_number() over (`, windowOf(rule, indent + 2, tie), `${pad}) as ${rank}`].join("\n");
}

/** The window's definition: partition by the key, order by the whole rule. */
export function windowOf(rule: DedupeRule, indent: number, tie: readonly string[] = runOrder): string {
  const order = [...rule.order.map(({ sql, direction }) => `${sql} ${direction} nulls last`), ...tie];
  const key = rule.key.map(({ sql }) => sql);
  const clause = (words: string, terms: string[]) =>
    wrapTerms(
      terms.map((term, i) => (i === 0 ? `${words} ${term}` : term)),
      indent,
      indent + 2,
    );
  return [clause("partition by", key), clause("order by", order)].join("\n");
}

/**
 * The lines that begin with "from", with the column of `rule.mixed` added where the order needs it: true when the order
 * values of a key's versions fit their column in some and not in others.
 */
export function rankedFrom(rule: DedupeRule, from: readonly string[]): string[] {
  if (rule.mixed === null) return [...from];
  return [
    "from (",
    `  select *, ${rule.mixed.sql} as ${quoteName(rule.mixed.name)}`,
    ...from.map((line) => `  ${line}`),
    `  window "k" as (partition by ${rule.key.map(({ sql }) => sql).join(", ")})`,
    ")",
  ];
}

/** The condition that keeps only the newest run of a relation, for a feed of snapshots; null for any other feed. */
export function newestRun({ latestOnly }: Pick<DedupeRule, "latestOnly">, relation: string): string | null {
  return latestOnly ? `"_run" = (select max("_run") from ${relation})` : null;
}

/** A list of terms as lines of at most 110 characters; all but the first are indented by `hang`. */
export function wrapTerms(terms: readonly string[], indent: number, hang = indent): string {
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

/** `name`, with underscores appended until no column has that name. */
export function unusedName(name: string, columns: readonly RelationColumn[]): string {
  const usedNames = new Set(columns.map((column) => column.name.toLowerCase()));
  let candidate = name;
  while (usedNames.has(candidate)) candidate += "_";
  return candidate;
}

function isProvenance(name: string): boolean {
  return name === "_file" || name === "_line" || name === "_run";
}

// The new name first: where both are filled, the export maintains the new one.
function aliasesOf(column: string, renamed: Record<string, string>): string[] {
  const older = Object.entries(renamed).flatMap(([old, newer]) => (newer === column ? [old] : []));
  return [own(renamed, column) ?? [], column, older].flat();
}
