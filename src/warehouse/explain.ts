import { CliError } from "../base/errors.ts";
import { own } from "../base/names.ts";
import { feedOf, type Project } from "../config/project.ts";
import type { Database } from "../duckdb/database.ts";
import { quoteName, quoteText } from "../duckdb/quote.ts";
import type { Value } from "../duckdb/values.ts";
import { openCatalog } from "./catalog/catalog.ts";
import { relationColumns, withProvenance } from "./current/relation.ts";
import {
  type DedupeRule,
  dedupeRule,
  newestRun,
  type RelationColumn,
  rankedFrom,
  unusedName,
  windowOf,
} from "./dedupe/dedupe.ts";
import { deliveredText, qualified } from "./dedupe/term.ts";
import { isIdentifier, valueSql } from "./schema/typing.ts";
import { loadSnapshot, type Snapshot } from "./snapshot/snapshot.ts";

export interface Version {
  file: string; // below raw/
  line: number;
  run: string;
  won: boolean;
  by: string; // the term that ranked it behind the winner; for the winner, the term that ranked it before the next
  order: Value[]; // this version's values of the declared order
  differs: string[]; // columns in which it differs from the winner
  row: Record<string, Value>;
}

export interface ExplainedKey {
  key: Record<string, Value>;
  versions: Version[]; // by rank, the winner first
}

export interface Explanation {
  feed: string;
  key: string[]; // terms of the key, as SQL
  order: string[]; // terms of the order, those of the run last
  absent: string[]; // columns of the documented key that are not delivered
  keys: ExplainedKey[];
  more: boolean; // more versions exist than shown
}

const maxVersions = 200;
const runTerms = ["run", "file", "line"];

/**
 * Every delivered version of the rows with these values, the winner of each key, and the reason. Values are text in the
 * spelling of the column's type; "null" is null. Conditions may match several keys.
 * Throws CliError("unknownFeed") for an unknown feed, and CliError("usage") for an unknown column or an invalid value.
 */
export async function explainKey(
  project: Project,
  name: string,
  values: Record<string, string>,
  options: { snapshot?: Snapshot; signal?: AbortSignal } = {},
): Promise<Explanation> {
  const snapshot = options.snapshot ?? loadSnapshot(project.data);
  const feedSnapshot = snapshot.feeds[name];
  if (!feedSnapshot)
    throw new CliError("unknownFeed", `no data for feed ${name}`, "asapp-kit status lists the feeds with data");
  const columns = relationColumns(feedSnapshot);
  const rule = dedupeRule(feedOf(project, name), columns);
  const database = await openCatalog(project, { snapshot });
  try {
    const conditions: string[] = [];
    for (const [column, value] of Object.entries(values))
      conditions.push(await condition(database, name, columns, column, value));
    const rows = await database.objects<Record<string, Value>>(
      versionsSql(name, rule, columns, conditions, Object.keys(values)),
      { signal: options.signal },
    );
    return {
      feed: name,
      key: rule.key.map(({ label }) => label),
      order: termNames(rule),
      absent: rule.missing,
      keys: groupByKey(rule, columns, rows.slice(0, maxVersions)),
      more: rows.length > maxVersions,
    };
  } finally {
    database.close();
  }
}

async function condition(
  database: Database,
  feed: string,
  columns: readonly RelationColumn[],
  name: string,
  value: string,
): Promise<string> {
  const column = columns.find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (!column)
    throw new CliError("usage", `feed ${feed} has no column ${name}`, `asapp-kit schema ${feed} lists its columns`);
  if (value === "null") return `${quoteName(column.name)} is null`;
  const typed =
    column.type === "JSON"
      ? `try_cast(${quoteText(value)} as JSON)`
      : valueSql(column.type, quoteText(value), "text", {
          spelled: true,
          identifier: isIdentifier(column.key ?? column.name),
        });
  const text = deliveredText(column);
  const { rows } = await database.rows(`select ${typed} is null`);
  if (text === null && rows[0]?.[0] === true)
    throw new CliError(
      "usage",
      `${column.name} is ${column.type}, but ${value} is not`,
      "spell it as the query shell shows it",
    );
  return `(${quoteName(column.name)} = ${typed}${text === null ? "" : ` or ${text} = ${quoteText(value)}`})`;
}

function versionsSql(
  feed: string,
  rule: DedupeRule,
  columns: RelationColumn[],
  conditions: string[],
  conditionColumns: string[],
): string {
  const raw = `"raw".${quoteName(feed)}`;
  const where = conditions.join(" and ") || "true";
  // Conditions on columns outside the key select keys, of which every version is returned.
  const keyColumns = new Set(rule.key.flatMap((term) => term.columns).map((column) => column.toLowerCase()));
  const source = conditionColumns.every(
    (column) => keyColumns.has(column.toLowerCase()) && rule.key.some(({ sql }) => sql === quoteName(column)),
  )
    ? `${raw} where ${where}`
    : `(select * from ${raw} as "delivered" semi join (select ${rule.key.map(({ sql }, i) => `${sql} as k${i}`).join(", ")} from ${raw} where ${where}) as "picked"
        on ${rule.key.map(({ sql }, i) => `${qualified(sql)} is not distinct from "picked".k${i}`).join(" and ")})`;
  const terms = [...rule.order.map(({ sql }) => sql), ...runTerms.map((term) => quoteName(`_${term}`))];
  const all = withProvenance(columns).map(({ name }) => quoteName(name));
  const newest = newestRun(rule, raw) ?? "true";
  const ranking = { ...rule, key: [...rule.key, { columns: [], sql: newest, label: "" }] };
  const first = (sql: string) => `${sql} is distinct from first_value(${sql}) over "w"`;
  const next = (sql: string) => `${sql} is distinct from lead(${sql}) over "w"`;
  const name = (figure: Figure) => quoteName(unusedName(figure, columns));
  return `select *, dense_rank() over (order by ${name("_group")}) as ${name("_nth")} from (
    select ${all.join(", ")}, ${newest} as ${name("_counts")},
      row_number() over "w" as ${name("_rank")}, min("_run" || "_file" || "_line") over (partition by ${rule.key.map(({ sql }) => sql).join(", ")}) as ${name("_group")},
      lead("_run") over "w" is not null as ${name("_next")},
      [${rule.key.map(({ sql }) => `cast(${sql} as VARCHAR)`).join(", ")}] as ${name("_key")},
      [${rule.order.map(({ sql }) => `cast(${sql} as VARCHAR)`).join(", ")}]::VARCHAR[] as ${name("_order")},
      [${terms.map(first).join(", ")}] as ${name("_behind")}, [${terms.map(next).join(", ")}] as ${name("_before")}
    ${rankedFrom(ranking, [`from ${source}`]).join("\n    ")}
    window "w" as (
${windowOf(ranking, 6)}
    )
  ) order by ${name("_nth")}, ${name("_counts")} desc, ${name("_rank")} limit ${maxVersions + 1}`;
}

// Computed columns of the query; the feed's own columns may have the same names.
type Figure = "_nth" | "_counts" | "_rank" | "_group" | "_next" | "_key" | "_order" | "_behind" | "_before";

function groupByKey(rule: DedupeRule, columns: RelationColumn[], rows: Record<string, Value>[]): ExplainedKey[] {
  const terms = termNames(rule);
  const keys = new Map<Value, ExplainedKey>();
  for (const row of rows) {
    const figure = (name: Figure) => own(row, unusedName(name, columns));
    const nth = figure("_nth") ?? null;
    const texts = figure("_key") as Value[];
    const key = Object.fromEntries(rule.key.map(({ label }, i) => [label, texts[i] ?? null]));
    const explained = keys.get(nth) ?? { key, versions: [] };
    keys.set(nth, explained);
    const { versions } = explained;
    const values = Object.fromEntries(columns.map(({ name }) => [name, own(row, name) ?? null]));
    const won = figure("_counts") === true && figure("_rank") === 1;
    const winner = versions[0]?.row ?? values;
    versions.push({
      file: String(row._file),
      line: Number(row._line),
      run: String(row._run),
      won,
      by: reason(figure, won, terms),
      order: figure("_order") as Value[],
      differs: columns
        .map(({ name }) => name)
        .filter((name) => JSON.stringify(own(values, name), text) !== JSON.stringify(own(winner, name), text)),
      row: values,
    });
  }
  return [...keys.values()];
}

function termNames(rule: DedupeRule): string[] {
  return [...rule.order.map(({ label, direction }) => `${label} ${direction}`), ...runTerms];
}

function reason(figure: (name: Figure) => Value | undefined, won: boolean, terms: string[]): string {
  if (figure("_counts") === false) return "only the newest run counts";
  if (won && figure("_next") !== true) return "the only version";
  const differs = figure(won ? "_before" : "_behind") as boolean[];
  return terms[differs.indexOf(true)] ?? "nothing";
}

function text(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
