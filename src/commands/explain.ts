import { CliError } from "../base/errors.ts";
import { own } from "../base/names.ts";
import { plural } from "../base/words.ts";
import { command } from "../cli/command.ts";
import { checkFeeds } from "../cli/feed-names.ts";
import { exact } from "../cli/output.ts";
import { table } from "../cli/table.ts";
import { openProject } from "../config/project.ts";
import type { Value } from "../duckdb/values.ts";
import type { ExplainedKey, Explanation, Version } from "../warehouse/explain.ts";

export default command({
  summary: "every delivered version of one row, and why one won",
  about: [
    "Name the row by its key, or by any columns: FEED COLUMN=VALUE …; `null` is null. The first version of each key is",
    "the one in the warehouse; the others say which term of the order set them behind it.",
  ].join("\n"),
  positionals: { name: "FEED COLUMN=VALUE…", least: 2, most: 20 },
  options: {},
  examples: [
    ["asapp-kit explain convos_metrics issue_id=21352352", "one conversation, as often as it was restated"],
    ['asapp-kit explain queue_wfm queue_name="Queue Billing" instance_ts="2026-09-01 15:15"', "a corrected window"],
  ],
  async run(_options, [feed = "", ...conditions], { config, output, signal }) {
    const values = Object.fromEntries(conditions.map(condition));
    const project = openProject(config);
    checkFeeds(project, [feed]);
    const { explainKey } = await import("../warehouse/explain.ts");
    const explanation = await explainKey(project, feed, values, { signal });
    if (output.json) await output.document(explanation);
    else await output.result(explainText(explanation));
    if (explanation.keys.length === 0) output.say("no such row was delivered");
    return undefined;
  },
});

function condition(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at < 1) throw new CliError("usage", `not COLUMN=VALUE: ${text}`, "asapp-kit explain --help shows examples");
  return [text.slice(0, at), text.slice(at + 1)];
}

const shownColumns = 4;

/** The text of `asapp-kit explain`: the rule, then a table of versions for each key. */
function explainText(explanation: Explanation): string {
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
