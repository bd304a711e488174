import { command, shared } from "../command.ts";
import { CliError } from "../errors.ts";
import { checkFeeds } from "../feed-names.ts";
import { openProject } from "../project.ts";

export default command({
  summary: "prove what is on disk against the manifest and the raw files",
  about: [
    "Reads every raw file and compares it with the manifest, byte for byte: what is missing, cut short, changed or added",
    "is named. Exit code 8 when anything is wrong and was not repaired.",
  ].join("\n"),
  options: {
    feed: shared.feed,
    remote: { type: "boolean", doc: "also compare the manifest with a full listing of the bucket" },
    repair: { type: "boolean", doc: "fetch again what is damaged" },
  },
  examples: [
    ["asapp-kit verify", "all that is here"],
    ["asapp-kit verify --feed queue_wfm --remote", "one feed, and whether the bucket still says the same"],
    ["asapp-kit verify --repair", "fetch damaged partitions again"],
  ],
  async run(options, _rest, context) {
    const { output } = context;
    const project = openProject(context.config);
    const feeds = checkFeeds(project, options.feed);
    const { runVerify, verifyText } = await import("../verify-run.ts");
    const { remote, repair } = options;
    const found = await runVerify(project, { remote, repair, feeds }, context);
    if (output.json) await output.document(found);
    else await output.result(verifyText(found));
    if (!found.ok)
      throw new CliError(
        "verifyFailed",
        "what is on disk is not what the manifest says",
        repair ? "see above for what could not be repaired" : "asapp-kit verify --repair fetches it again",
      );
    return undefined;
  },
});
