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
  type RelationColumn,
  ranked,
  unused,
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
  by: string; // the term that set it behind the winner; of the winner, the one that set it before the next
  order: Value[]; // what the terms of the declared order are of this version
  differs: string[]; // columns in which it is not as the winner
  row: Record<string, Value>;
}

export interface ExplainedKey {
  key: Record<string, Value>;
  versions: Version[]; // the winner first, then as they rank
}

export interface Explanation {
  feed: string;
  key: string[]; // terms of the key, as SQL
  order: string[]; // terms of the order, the run's last
  absent: string[]; // columns of the documented key that are not delivered
  keys: ExplainedKey[];
  more: boolean; // there are more versions than shown
}

const mostVersions = 200;
const runTerms = ["run", "file", "line"];

/**
 * Every delivered version of the rows with these values, which one stands for its key, and why. Values are text, as the
 * column's type writes them; "null" is null. Conditions that fit several keys give several.
 * Throws CliError("unknownFeed") and CliError("usage") for a feed, a column or a value that cannot be.
 */
export async function explainKey(
  project: Project,
  name: string,
  values: Record<string, string>,
  options: { snapshot?: Snapshot; signal?: AbortSignal } = {},
): Promise<Explanation> {
  const snapshot = options.snapshot ?? loadSnapshot(project.data);
  const known = snapshot.feeds[name];
  if (!known)
    throw new CliError(
      "unknownFeed",
      `nothing of feed ${name} is here`,
      "asapp-kit status lists what is here",
    );
  const columns = relationColumns(known);
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
      keys: grouped(rule, columns, rows.slice(0, mostVersions)),
      more: rows.length > mostVersions,
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
    throw new CliError(
      "usage",
      `feed ${feed} has no column ${name}`,
      `asapp-kit schema ${feed} lists its columns`,
    );
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
  if (text === null && rows[0]![0] === true)
    throw new CliError(
      "usage",
      `${column.name} is ${column.type}, which ${value} is not`,
      "write it as the query shell shows it",
    );
  return `(${quoteName(column.name)} = ${typed}${text === null ? "" : ` or ${text} = ${quoteText(value)}`})`;
}

function versionsSql(
  feed: string,
  rule: DedupeRule,
  columns: RelationColumn[],
  conditions: string[],
  named: string[],
): string {
  const raw = `"raw".${quoteName(feed)}`;
  const where = conditions.join(" and ") || "true";
  // Conditions on other columns than the key's choose keys, of which every version is wanted.
  const ofKey = new Set(rule.key.flatMap((term) => term.columns).map((column) => column.toLowerCase()));
  const picked = named.every(
    (column) => ofKey.has(column.toLowerCase()) && rule.key.some(({ sql }) => sql === quoteName(column)),
  )
    ? `${raw} where ${where}`
    : `(select * from ${raw} as "delivered" semi join (select ${rule.key.map(({ sql }, i) => `${sql} as k${i}`).join(", ")} from ${raw} where ${where}) as "picked"
        on ${rule.key.map(({ sql }, i) => `${qualified(sql)} is not distinct from "picked".k${i}`).join(" and ")})`;
  const terms = [...rule.order.map(({ sql }) => sql), ...runTerms.map((term) => quoteName(`_${term}`))];
  const all = withProvenance(columns).map(({ name }) => quoteName(name));
  const newest = rule.latestOnly ? `"_run" = (select max("_run") from ${raw})` : "true";
  const counted = { ...rule, key: [...rule.key, { columns: [], sql: newest, label: "" }] };
  const first = (sql: string) => `${sql} is distinct from first_value(${sql}) over "w"`;
  const next = (sql: string) => `${sql} is distinct from lead(${sql}) over "w"`;
  const name = (figure: Figure) => quoteName(unused(figure, columns));
  return `select *, dense_rank() over (order by ${name("_group")}) as ${name("_nth")} from (
    select ${all.join(", ")}, ${newest} as ${name("_counts")},
      row_number() over "w" as ${name("_rank")}, min("_run" || "_file" || "_line") over (partition by ${rule.key.map(({ sql }) => sql).join(", ")}) as ${name("_group")},
      lead("_run") over "w" is not null as ${name("_next")},
      [${rule.key.map(({ sql }) => `cast(${sql} as VARCHAR)`).join(", ")}] as ${name("_key")},
      [${rule.order.map(({ sql }) => `cast(${sql} as VARCHAR)`).join(", ")}]::VARCHAR[] as ${name("_order")},
      [${terms.map(first).join(", ")}] as ${name("_behind")}, [${terms.map(next).join(", ")}] as ${name("_before")}
    ${ranked(counted, [`from ${picked}`]).join("\n    ")}
    window "w" as (
${windowOf(counted, 6)}
    )
  ) order by ${name("_nth")}, ${name("_counts")} desc, ${name("_rank")} limit ${mostVersions + 1}`;
}

// What the query says of a row beside its columns, which may have these names as well.
type Figure = "_nth" | "_counts" | "_rank" | "_group" | "_next" | "_key" | "_order" | "_behind" | "_before";

function grouped(rule: DedupeRule, columns: RelationColumn[], rows: Record<string, Value>[]): ExplainedKey[] {
  const terms = termNames(rule);
  const keys = new Map<Value, ExplainedKey>();
  for (const row of rows) {
    const figure = (name: Figure) => own(row, unused(name, columns));
    const nth = figure("_nth")!;
    const texts = figure("_key") as Value[];
    const key = Object.fromEntries(rule.key.map(({ label }, i) => [label, texts[i]!]));
    if (!keys.has(nth)) keys.set(nth, { key, versions: [] });
    const { versions } = keys.get(nth)!;
    const values = Object.fromEntries(columns.map(({ name }) => [name, own(row, name)!]));
    const won = figure("_counts") === true && figure("_rank") === 1;
    const winner = versions[0]?.row ?? values;
    versions.push({
      ...{ file: String(row._file), line: Number(row._line), run: String(row._run), won },
      by: reason(figure, won, terms),
      order: figure("_order") as Value[],
      differs: columns
        .map(({ name }) => name)
        .filter(
          (name) => JSON.stringify(own(values, name), text) !== JSON.stringify(own(winner, name), text),
        ),
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
