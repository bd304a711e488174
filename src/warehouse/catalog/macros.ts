import { quoteText } from "../../duckdb/quote.ts";
import { sqlText } from "../../duckdb/sql-file.ts";
import { allQueues, noName } from "../wfm/named-queues.ts";

/** A metric macro as `kit.macros` shows it. */
export interface Macro {
  name: string;
  parameters: string; // "so_far, usual_so_far, usual_rest, damp_until := 0.25"
  group: string; // heading of macros.sql that it stands under, "Service level"
  doc: string;
  example: string; // a condition that holds: "asa(4500, 300) = 15"
  source: string; // its definition, `create or replace macro …;`
}

/** What the macros take from kit.yaml. */
export interface MacroSettings {
  timezone: string; // IANA
  variant: string; // of service_level
  groups?: string[]; // of queues
  futureHours?: number;
  horizon?: string | undefined; // ISO, UTC; none: nothing is to come
}

/** All macros of macros.sql in its order. Throws when one is not described as the others are. */
export function readMacros(sql = sqlText("warehouse/catalog/macros.sql")): Macro[] {
  const macros: Macro[] = [];
  let group = "";
  for (const block of sql.split(/\n\s*\n/)) {
    const heading = /^-- # ([^.\n]+)/m.exec(block);
    if (heading) group = heading[1]!;
    const definition = /^create or replace macro ([a-z_]+)\(([^)]*)\) as\b[\s\S]*;\s*$/m.exec(block);
    if (!definition) continue;
    const [source, name, parameters] = definition;
    const comment = block
      .slice(0, definition.index)
      .split("\n")
      .filter((line) => line.startsWith("-- "));
    const lines = comment.map((line) => line.slice(3));
    const example = lines.pop();
    if (!example?.startsWith("e.g. ") || lines.length === 0)
      throw new Error(`macro without description: ${name}`);
    macros.push({
      name: name!,
      parameters: parameters!.replace(/\s+/g, " ").trim(),
      group,
      doc: lines.join(" "),
      example: example.slice(5),
      source: source.trim(),
    });
  }
  return macros;
}

/**
 * SQL whose calls of these macros name their schema. A view of another schema, or a macro that such a view calls, finds them
 * only so where a file of the catalog is attached beside another database.
 */
export function inMain(sql: string, names: readonly string[]): string {
  const calls = new RegExp(`(?<![\\w.'"]|\\bmacro )(${names.join("|")})(?=\\()`, "g");
  return sql.replace(calls, "main.$1");
}

/** The statements that define every macro with the settings of kit.yaml. */
export function macrosScript(settings: MacroSettings): string {
  return [...macroStatements(settings).values()].join("\n\n");
}

/**
 * The statement that defines each macro with the settings of kit.yaml, by its name, each after the macros that it calls. They
 * hold no reference to anything else, so that they can be stored in a database file as well.
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

/** The names of those macros that a text may call and of all that these call, in the order of the statements. */
export function macrosIn(sql: string, statements: ReadonlyMap<string, string>): string[] {
  const found = new Set<string>();
  const take = (text: string) => {
    for (const [word] of text.toLowerCase().matchAll(/[a-z_]+/g)) {
      const statement = statements.get(word);
      if (statement === undefined || found.has(word)) continue;
      found.add(word);
      take(statement);
    }
  };
  take(sql);
  return [...statements.keys()].filter((name) => found.has(name));
}
