import { CliError } from "../base/errors.ts";
import { plural } from "../base/words.ts";
import { oneOf } from "../cli/arguments.ts";
import { command, shared } from "../cli/command.ts";
import { checkFeeds } from "../cli/feed-names.ts";
import { openProject } from "../config/project.ts";

const reason = oneOf(["schema", "counts"]);

export default command({
  summary: "bring new completed partitions from the bucket",
  about: [
    "Only partitions with their _SUCCESS are fetched, each whole or not at all; then the warehouse is brought up to date.",
    "Running it again costs little and changes nothing. What is not complete yet is named, with the reason.",
  ].join("\n"),
  options: {
    "dry-run": { type: "boolean", doc: "print what a sync would do, and do nothing" },
    full: {
      type: "boolean",
      doc: "list every day, not only those that may still change (done once a day anyway)",
    },
    feed: shared.feed,
    moved: {
      type: "boolean",
      doc: "accept that kit.yaml names another place than the local data came from",
    },
    wait: { type: "boolean", doc: "wait when another sync is running" },
    "no-wait": { type: "boolean", doc: "fail when another sync is running (the default)" },
    "error-on-no-transfer": { type: "boolean", doc: "end with exit code 9 when there was nothing new" },
    "fail-on": {
      type: "string",
      multiple: true,
      value: "WHAT",
      doc: "end with exit code 19 or 20 on: schema (a feed's columns changed), counts (rows differ from export_row_counts)",
      parse: reason,
    },
  },
  examples: [
    ["asapp-kit sync", "every feed of kit.yaml"],
    ["asapp-kit sync --dry-run --feed queue_wfm", "what would be fetched of one feed, and what is waited for"],
    ["asapp-kit sync --wait --fail-on schema,counts", "in a pipeline that must not go on with odd data"],
  ],
  async run(options, _rest, context) {
    const { output } = context;
    if (options.wait && options["no-wait"])
      throw new CliError("usage", "--wait and --no-wait exclude each other", "leave one of them out");
    const project = openProject(context.config);
    const feeds = checkFeeds(project, options.feed);
    const { failureOf, planText, runSync, summaryText } = await import("./steps/sync.ts");
    const { failures } = await import("../sync/report.ts");
    const { changesText, differingCounts, runUpdate, updateText } = await import("./steps/update.ts");
    const dryRun = options["dry-run"];
    const { full, moved, wait } = options;
    const report = await runSync(project, { dryRun, full, moved, wait, feeds }, context);
    if (dryRun) {
      if (output.json) await output.document(report);
      else await output.result(planText(report));
      return undefined;
    }
    const update = await runUpdate(project, context);
    const differing = options["fail-on"].includes("counts") ? await differingCounts(project, feeds) : 0;
    if (output.json) await output.document({ ...report, warehouse: update });
    else await output.result(summaryText(report) + updateText(update));
    if (failures(report) + update.failed.length > 0) throw failureOf(report, update);
    const changed = options["fail-on"].includes("schema") ? changesText(update) : null;
    if (changed !== null)
      throw new CliError(
        "schemaChanged",
        changed,
        "asapp-kit status and asapp-kit schema --changes list them; they are already staged, and the next sync does not report them again",
      );
    if (differing > 0)
      throw new CliError(
        "countsDiffer",
        `${plural(differing, "partition")} with other row counts than export_row_counts says`,
        "asapp-kit status names them",
      );
    return options["error-on-no-transfer"] && report.added + report.replaced === 0 ? "nothingNew" : undefined;
  },
});
