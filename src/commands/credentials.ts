import { CliError } from "../base/errors.ts";
import { didYouMean, whole } from "../cli/arguments.ts";
import { command } from "../cli/command.ts";
import { confirm } from "../cli/confirm.ts";
import { decrypt } from "../credentials/gpg.ts";
import { chooseKey, parseHandover, profileName } from "../credentials/handover.ts";
import { planConfig, planProfile, planReport, planText, writePlans } from "../credentials/plan.ts";

export default command({
  summary: "import the credentials file from ASAPP",
  about: [
    "FILE is the GPG-encrypted file as delivered (- for standard input); your own gpg decrypts it. The key goes into a",
    "profile of the AWS shared credentials file, and bucket, prefix, region and profile into kit.yaml. What will be",
    "written is shown first, never the secret. The decrypted text is nowhere on disk.",
  ].join("\n"),
  positionals: { name: "import FILE", least: 2, most: 2 },
  options: {
    profile: { type: "string", value: "NAME", doc: "the profile's name (from the bucket's)", parse: profile },
    replace: { type: "boolean", doc: "put the key into a profile that exists, in the place of its old one" },
    row: {
      type: "string",
      value: "N",
      doc: "take the Nth row of a file with several",
      parse: whole(1, 1_000_000),
    },
    bucket: { type: "string", value: "NAME", doc: "take the row of this bucket" },
    yes: { type: "boolean", short: "y", doc: "do not ask; required without a terminal" },
  },
  examples: [
    ["asapp-kit credentials import asapp.tsv.gpg", "a profile for the only bucket in it, after a question"],
    [
      "asapp-kit credentials import asapp.tsv.gpg --bucket asapp-test-acme-exports-us-east-1 -c test.yaml",
      "another environment beside it",
    ],
    ["asapp-kit credentials import new.gpg --replace --yes", "a renewed key, without a question"],
  ],
  async run(options, [action = "", file = ""], { config, output, signal }) {
    if (action !== "import")
      throw new CliError(
        "usage",
        `unknown action of credentials: ${action}${didYouMean(action, ["import"])}`,
        "asapp-kit credentials import FILE",
      );
    if (options.row !== undefined && options.bucket !== undefined)
      throw new CliError("usage", "--row and --bucket exclude each other", "leave one of them out");
    const { content, warning } = await decrypt(file, signal);
    if (warning !== null) output.warn(warning);
    const handover = parseHandover(content);
    content.fill(0);
    const key = chooseKey(handover, file === "-" ? "standard input" : file, options);
    for (const problem of handover.problems) output.warn(`${problem}; left out`);

    const name = options.profile ?? profileName(key.bucket);
    const shared = planProfile(name, key, options.replace);
    const kit = planConfig(config ?? (process.env.ASAPP_KIT_CONFIG || "kit.yaml"), key, name);
    output.say(planText(key, shared, kit));
    const hasChanges = shared.action !== "keep" || kit.changes.length > 0;
    if (hasChanges) {
      if (!options.yes) await confirm({ output, signal }, { stdinTaken: file === "-" });
      writePlans(shared, kit, key);
    }
    if (output.json) await output.document(planReport(key, shared, kit));
    else
      await output.result(
        `${hasChanges ? "written" : "nothing to do: all of it is there"}; asapp-kit sync --dry-run shows what the bucket holds\n`,
      );
    return undefined;
  },
});

function profile(text: string): string {
  if (!/^[\w.@+-]{1,128}$/.test(text) || text === "__proto__")
    throw new Error(`not a profile's name: ${text} (letters, digits and . _ - + @)`);
  return text;
}
