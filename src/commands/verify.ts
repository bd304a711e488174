import { CliError } from "../base/errors.ts";
import { command, shared } from "../cli/command.ts";
import { checkFeeds } from "../cli/feed-names.ts";
import { openProject } from "../config/project.ts";

export default command({
  summary: "prove what is on disk: raw files, and the warehouse made of them",
  about: [
    "Reads every raw file and compares it with the manifest, byte for byte: what is missing, cut short, changed or added",
    "is named. Then dedupes all raw rows anew and compares the outcome with the warehouse, row by row. Exit code 8 when",
    "anything is wrong and was not repaired.",
  ].join("\n"),
  options: {
    feed: shared.feed,
    raw: { type: "boolean", doc: "only the raw files" },
    remote: { type: "boolean", doc: "also compare the manifest with a full listing of the bucket" },
    repair: { type: "boolean", doc: "fetch damaged partitions again, and make wrong warehouse files anew" },
  },
  examples: [
    ["asapp-kit verify", "all that is here"],
    ["asapp-kit verify --raw --remote", "the raw files, and whether the bucket still says the same"],
    ["asapp-kit verify --feed convos_metrics --repair", "one feed, and mend what is wrong"],
  ],
  async run(options, _rest, context) {
    const { output } = context;
    const project = openProject(context.config);
    const feeds = checkFeeds(project, options.feed);
    const { runVerify, verifyText } = await import("../cli/verify-run.ts");
    const { raw, remote, repair } = options;
    const found = await runVerify(project, { raw, remote, repair, feeds }, context);
    if (output.json) await output.document(found);
    else await output.result(verifyText(found));
    if (!found.ok)
      throw new CliError(
        "verifyFailed",
        "what is on disk is not what it should be",
        repair ? "see above for what could not be repaired" : "asapp-kit verify --repair mends it",
      );
    return undefined;
  },
});
