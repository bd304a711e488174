import { own } from "../base/names.ts";
import { plural } from "../base/words.ts";
import type { Value } from "../duckdb/values.ts";
import type { ExplainedKey, Explanation, Version } from "../warehouse/explain.ts";
import { exact } from "./output.ts";
import { table } from "./table.ts";

const shownColumns = 4;

/** `asapp-kit explain` as people read it: the rule, then a table of versions for each key. */
export function explainText(explanation: Explanation): string {
  const { feed, key, order, absent, keys, more } = explanation;
  const head = [
    `${feed}: one row per ${key.join(", ")}`,
    `order: ${order.join(", ")}`,
    ...(absent.length > 0 ? [`not delivered, so left out of the key: ${absent.join(", ")}`] : []),
    ...(more ? ["more versions were delivered than are shown: name more columns"] : []),
  ];
  return [`${head.join("\n")}\n`, ...keys.map((one) => keyText(one, order))].join("\n");
}

function keyText({ key, versions }: ExplainedKey, order: string[]): string {
  const name = Object.entries(key).map(([column, value]) => `${column}=${text(value)}`);
  const declared = order.slice(0, versions[0]?.order.length ?? 0);
  const columns = [
    { name: "" },
    { name: "run" },
    ...declared.map((term) => ({ name: term })),
    { name: "decided by" },
    { name: "differs in" },
    { name: "file:line" },
  ];
  const rows = versions.map((version) => [
    version.won ? "won" : "",
    version.run,
    ...version.order.map(text),
    version.by,
    differences(version),
    `${version.file}:${version.line}`,
  ]);
  return `${name.join(" ")} (${plural(versions.length, "version")})\n${table(columns, rows)}`;
}

function differences({ differs, row }: Version): string {
  const some = differs.slice(0, shownColumns).map((name) => `${name}=${text(own(row, name) ?? null)}`);
  return some.join(" ") + (differs.length > shownColumns ? ` and ${differs.length - shownColumns} more` : "");
}

function text(value: Value): string {
  return value === null ? "null" : typeof value === "string" ? value : JSON.stringify(value, exact);
}
