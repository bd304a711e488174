import { CliError } from "../base/errors.ts";
import { didYouMean } from "../cli/arguments.ts";
import { command } from "../cli/command.ts";
import { confirm } from "../cli/confirm.ts";
import { openProject } from "../config/project.ts";

export default command({
  summary: "which columns of the WFM feeds hold which metric",
  about: [
    "The column names of the two WFM feeds are not published. This shows what kit.yaml maps, what really came, with the",
    "values of the newest 28 days, and guesses at what is missing; and what the data say of units and threshold counts.",
    "--write puts clear guesses into kit.yaml, --set what you choose. What will be written is shown first.",
  ].join("\n"),
  positionals: { name: "columns", least: 1, most: 1 },
  options: {
    write: { type: "boolean", doc: "write the clear guesses, and the switches that the data contradict" },
    set: {
      type: "string",
      multiple: true,
      value: "METRIC=COLUMN",
      separator: /,\s*(?=[a-z_]+=)/, // names of columns may hold commas
      doc: "write this; A+B for a column that was renamed, nothing after the = for a metric that is not delivered",
      parse: setting,
    },
    yes: { type: "boolean", short: "y", doc: "do not ask; needed where nobody can answer" },
  },
  examples: [
    ["asapp-kit wfm columns", "what is mapped, what came, what it might be"],
    ["asapp-kit wfm columns --write", "the clear guesses into kit.yaml, after a question"],
    ["asapp-kit wfm columns --set abandons=left_queue,reps=,wait_unit=minutes", "what you know better"],
  ],
  async run(options, [action = ""], { config, output, signal }) {
    if (action !== "columns")
      throw new CliError(
        "usage",
        `unknown action of wfm: ${action}${didYouMean(action, ["columns"])}`,
        "asapp-kit wfm columns",
      );
    const project = openProject(config);
    const { planWfm, surveyText, wfmPlanText, writeWfm } = await import("../cli/wfm-run.ts");
    const { surveyWfm } = await import("../warehouse/wfm/wfm-survey.ts");
    const survey = await surveyWfm(project);
    const writes = options.write || options.set.length > 0;
    const plan = writes ? planWfm(project, survey, options.set, options.write) : null;
    if (output.json)
      await output.document({ ...survey, ...(plan && { file: plan.file, changes: plan.changes }) });
    else await output.result(surveyText(survey));
    if (plan === null) return undefined;
    output.say(wfmPlanText(plan));
    if (plan.changes.length === 0) return undefined;
    if (!options.yes) await confirm({ output, signal });
    writeWfm(plan);
    output.say("written; asapp-kit build --no-sync shows it");
    return undefined;
  },
});

function setting(text: string): string {
  if (/^[a-z_]+=/.test(text)) return text;
  throw new Error(`not METRIC=COLUMN: ${text}`);
}
