import { CliError } from "../base/errors.ts";
import { command } from "../cli/command.ts";
import { checkFeeds } from "../cli/feed-names.ts";
import { openProject } from "../config/project.ts";

export default command({
  summary: "a feed's columns, and how they changed",
  about: "filled is the share of the feed's rows (one per key) in which the column is not null.",
  positionals: { name: "FEED", least: 0, most: 1 },
  options: {
    changes: {
      type: "boolean",
      doc: "the history instead: columns that came, went, came back or changed their type",
    },
  },
  examples: [
    ["asapp-kit schema convos_metrics", "what the columns are called and mean"],
    ["asapp-kit schema --changes", "what changed in any feed so far"],
  ],
  async run(options, [feed], { config, output }) {
    if (feed === undefined && !options.changes)
      throw new CliError(
        "usage",
        "FEED is missing",
        "asapp-kit schema FEED, or asapp-kit schema --changes for all feeds",
      );
    const project = openProject(config);
    checkFeeds(project, feed === undefined ? [] : [feed]);
    const { schemaChanges, schemaColumns } = await import("../cli/schema-run.ts");
    const found = options.changes ? await schemaChanges(project, feed) : await schemaColumns(project, feed!);
    if (output.json) await output.document(found.objects);
    else await output.result(found.text);
    return undefined;
  },
});
