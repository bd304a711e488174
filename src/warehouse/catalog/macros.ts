import { allQueues } from "../../../notebooks/components/metrics/interval.ts";
import { quoteText } from "../../duckdb/quote.ts";
import { sqlText } from "../../duckdb/sql-file.ts";
import { noName } from "../wfm/named-queues.ts";

/** A metric macro, as in kit.macros. */
export interface Macro {
  name: string;
  parameters: string; // "so_far, usual_so_far, usual_rest, damp_until := 0.25"
  group: string; // its heading in macros.sql, "Service level"
  doc: string;
  example: string; // a condition that holds: "asa(4500, 300) = 15"
  source: string; // its definition, `create or replace macro …;`
}

/** The macros' settings from kit.yaml. */
export interface MacroSettings {
  timezone: string; // IANA
  variant: string; // of service_level
  groups?: string[]; // of queues
  futureHours?: number;
  horizon?: string | undefined; // ISO, UTC; undefined: no limit
}

/** All macros of macros.sql, in its order. Throws if one lacks its description or example. */
export function readMacros(sql = sqlText("warehouse/catalog/macros.sql")): Macro[] {
  const macros: Macro[] = [];
  let group = "";
  for (const block of sql.split(/\n\s*\n/)) {
    group = /^-- # ([^.\n]+)/m.exec(block)?.[1] ?? group;
    const definition = /^create or replace macro ([a-z_]+)\(([^)]*)\) as\b[\s\S]*;\s*$/m.exec(block);
    if (!definition) continue;
    const [source, name = "", parameters = ""] = definition;
    const comment = block
      .slice(0, definition.index)
      .split("\n")
      .filter((line) => line.startsWith("-- "));
    const lines = comment.map((line) => line.slice(3));
    const example = lines.pop();
    if (!example?.startsWith("e.g. ") || lines.length === 0) throw new Error(`macro without description: ${name}`);
    macros.push({
      name,
      parameters: parameters.replace(/\s+/g, " ").trim(),
      group,
      doc: lines.join(" "),
      example: example.slice(5),
      source: source.trim(),
    });
  }
  return macros;
}

/**
 * The SQL with its calls of these macros qualified by schema. Views outside main, and macros that they call, need that when
 * the catalog file is attached to another database.
 */
export function inMain(sql: string, names: readonly string[]): string {
  const calls = new RegExp(`(?<![\\w.'"]|\\bmacro )(${names.join("|")})(?=\\()`, "g");
  return sql.replace(calls, "main.$1");
}

/** A script that defines every macro with the settings of kit.yaml. */
export function macrosScript(settings: MacroSettings): string {
  return [...macroStatements(settings).values()].join("\n\n");
}

/**
 * The defining statement of each macro with the settings of kit.yaml, by name, each after the macros that it calls. They
 * refer to nothing else, so that a database file can store them.
 */
export function macroStatements({
  timezone,
  variant,
  groups = [],
  futureHours,
  horizon,
}: MacroSettings): Map<string, string> {
  const settings = new Map([
    ["local_zone", quoteText(timezone)],
    ["service_level_variant", quoteText(variant)],
    [
      "reserved_queue_names",
      `[${[allQueues, noName, ...groups].map((name) => quoteText(name.toLowerCase())).join(", ")}]`,
    ],
  ]);
  if (futureHours !== undefined) settings.set("future_hours", String(futureHours));
  if (horizon !== undefined) settings.set("horizon", `${quoteText(horizon)}::timestamp`);
  const macros = readMacros();
  const names = macros.map(({ name }) => name);
  return new Map(
    macros.map(({ name, source }) => {
      const value = settings.get(name);
      const statement = value === undefined ? source : `create or replace macro ${name}() as ${value};`;
      return [name, inMain(statement, names)];
    }),
  );
}

/** The macros that a text may call, directly or not, in the order of the statements. */
export function macrosIn(sql: string, statements: ReadonlyMap<string, string>): string[] {
  const used = new Set<string>();
  const addCalls = (text: string) => {
    for (const [word] of text.toLowerCase().matchAll(/[a-z_]+/g)) {
      const statement = statements.get(word);
      if (statement === undefined || used.has(word)) continue;
      used.add(word);
      addCalls(statement);
    }
  };
  addCalls(sql);
  return [...statements.keys()].filter((name) => used.has(name));
}
