import { command, shared } from "../cli/command.ts";
import { checkFeeds } from "../cli/feed-names.ts";
import { openProject } from "../config/project.ts";

export default command({
  summary: "what is here, how fresh, what is wrong",
  about:
    "From disk alone: what the last sync noted and what the warehouse holds. With --remote also from the bucket.",
  options: {
    feed: shared.feed,
    all: { type: "boolean", doc: "also the feeds that nothing is here of" },
    remote: { type: "boolean", doc: "list the bucket, and show what a sync would do" },
    timezone: shared.timezone,
  },
  examples: [
    ["asapp-kit status", "every feed that is here"],
    ["asapp-kit status --feed queue_wfm --timezone America/New_York", "one feed, in the team's own time"],
    ["asapp-kit status --json", "the same for a monitor: .ok, .problems[], .dataThrough"],
  ],
  async run(options, _rest, context) {
    const { output, now } = context;
    const project = openProject(context.config);
    const feeds = checkFeeds(project, options.feed);
    const { readStatus, statusText } = await import("../cli/status.ts");
    const { planText, runSync } = await import("../cli/sync-run.ts");
    const plan = options.remote ? await runSync(project, { dryRun: true, feeds }, context) : null;
    const status = await readStatus(project, now, { feeds, all: options.all });
    if (output.json) await output.document({ ...status, ...(plan && { plan }) });
    else {
      const text = statusText(status, now, options.timezone);
      await output.result(plan === null ? text : `${text}\n${planText(plan)}`);
    }
    return undefined;
  },
});
