import { CliError, type ExitName } from "../base/errors.ts";
import { withLock } from "../base/lock.ts";
import { command } from "../cli/command.ts";
import { openProject } from "../config/project.ts";

export default command({
  summary: "check a shared figure by its receipt",
  about: [
    "Each card, workbook, report and message carries a receipt: a line of text at its foot that begins “asapp-kit receipt”.",
    "Computes the figure again from the raw export files on this machine and says whether it is equal (exit code 0), has been",
    "restated since, and by which runs (27), or cannot be reproduced here, and why (28). Takes the line, the file, or - for",
    "stdin. Writes nothing into the data folder.",
  ].join("\n"),
  positionals: { name: "RECEIPT", least: 1, most: 1 },
  options: {},
  examples: [
    ["asapp-kit check wfm-all-queues-2026-09-01.png", "a picture that was saved or mailed"],
    ["asapp-kit check report.xlsx --json", "a workbook, for a program"],
    ["pbpaste | asapp-kit check -", "a message that was copied from a chat"],
  ],
  async run(_options, [argument = ""], { output, signal, now, config }) {
    const { readReceipts } = await import("../receipts/read-receipts.ts");
    const receipts = readReceipts(argument);
    const project = openProject(config);
    const { checkReceipt } = await import("../receipts/check.ts");
    const { checkedText } = await import("../receipts/words.ts");
    const onWait = ({ pid }: { pid: number }) => output.say(`waiting for a sync (process ${pid})`);
    const checked = await withLock(project, { wait: true, signal, onWait }, async () => {
      const all = [];
      for (const receipt of receipts) {
        if (signal.aborted) throw new CliError("interrupted", "interrupted");
        const onStep = (step: string, done: number, total: number) =>
          output.progress({ step, done, total, unit: step === "reading" ? "partitions" : "days" });
        all.push(await checkReceipt(project, receipt, { now, signal, onStep }));
      }
      return all;
    });
    output.close();
    if (output.json) await output.document(checked);
    else for (const one of checked) await output.result(checkedText(one));
    const exits = checked.map(({ verdict }) => verdicts[verdict]);
    return exits.find((exit) => exit === "notReproducible") ?? exits.find((exit) => exit === "restated");
  },
});

const verdicts: Record<string, ExitName | undefined> = {
  equal: undefined,
  restated: "restated",
  "not reproducible": "notReproducible",
};
