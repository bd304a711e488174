import { command } from "../cli/command.ts";
import { openProject } from "../config/project.ts";

export default command({
  summary: "sync, compute the datasets, build the site",
  about: [
    "The one command for a cron job. An unreachable bucket is a warning with the time of the newest local data, from",
    "which the site is then built; with --strict it is an error.",
  ].join("\n"),
  options: {
    "no-sync": { type: "boolean", doc: "do not sync; build from the local data" },
    strict: { type: "boolean", doc: "stop when the sync does not succeed" },
    output: {
      type: "string",
      short: "o",
      value: "FOLDER",
      doc: "where the site goes (site/ beside kit.yaml)",
    },
  },
  examples: [
    ["asapp-kit build", "a fresh site in site/"],
    ["asapp-kit build --no-sync", "again after editing a page, without the bucket"],
    ["asapp-kit build --strict --output /srv/www/asapp", "stop rather than publish old data"],
  ],
  async run(options, _rest, context) {
    const { output } = context;
    const project = openProject(context.config);
    const { buildText, runBuild } = await import("./steps/build.ts");
    const { refresh } = await import("./steps/refresh.ts");
    const { runAnnotations, runPlanned, warnOfQueues } = await import("./steps/build.ts");
    const { annotationsText } = await import("../warehouse/annotations/annotations.ts");
    const { plannedText } = await import("../warehouse/wfm/forecast.ts");
    const planned = await runPlanned(project, output);
    for (const file of planned) if (file.unknownQueues.length === 0) output.say(plannedText(file));
    const annotations = await runAnnotations(project, output);
    if (annotations?.unknownQueues.length === 0) output.say(annotationsText(annotations));
    const fresh = await refresh(project, { sync: !options["no-sync"], strict: options.strict }, context);
    await warnOfQueues(project, output);
    const site = await runBuild(project, options.output === undefined ? {} : { out: options.output }, context);
    if (output.json) await output.document({ ...fresh, planned, annotations, site });
    else await output.result(buildText(site, fresh));
    return undefined;
  },
});
