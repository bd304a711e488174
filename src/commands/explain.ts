import { CliError } from "../base/errors.ts";
import { command } from "../cli/command.ts";
import { checkFeeds } from "../cli/feed-names.ts";
import { openProject } from "../config/project.ts";

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
    [
      'asapp-kit explain queue_wfm queue_name="Queue Billing" instance_ts="2026-09-01 15:15"',
      "a corrected window",
    ],
  ],
  async run(_options, [feed = "", ...conditions], { config, output, signal }) {
    const values = Object.fromEntries(conditions.map(condition));
    const project = openProject(config);
    checkFeeds(project, [feed]);
    const { explainKey } = await import("../warehouse/explain.ts");
    const { explainText } = await import("../cli/explain-text.ts");
    const found = await explainKey(project, feed, values, { signal });
    if (output.json) await output.document(found);
    else await output.result(explainText(found));
    if (found.keys.length === 0) output.say("no such row was delivered");
    return undefined;
  },
});

function condition(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at < 1)
    throw new CliError("usage", `not COLUMN=VALUE: ${text}`, "asapp-kit explain --help shows examples");
  return [text.slice(0, at), text.slice(at + 1)];
}
