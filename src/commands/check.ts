import type { ExitName } from "../base/errors.ts";
import { withLock } from "../base/lock.ts";
import { command } from "../cli/command.ts";
import { openProject } from "../config/project.ts";

export default command({
  summary: "check a shared figure by its receipt",
  about: [
    "Each card, workbook, report and message carries a receipt: a line of text at its foot that begins “asapp-kit receipt”.",
    "Computes the figure again from the raw export files on this machine and says whether it is equal (exit code 0), has been",
    "restated since, and by which runs (27), or cannot be reproduced here, and why (28). Takes lines, files, and - for stdin.",
    "Writes nothing into the data folder.",
  ].join("\n"),
  positionals: { name: "RECEIPT", least: 1, most: Number.POSITIVE_INFINITY },
  options: {},
  examples: [
    ["asapp-kit check wfm-all-queues-2026-09-01.png", "a picture that was saved or mailed"],
    ["asapp-kit check report.xlsx --json", "a workbook, for a program"],
    ["asapp-kit check message.txt", "a message that was copied from a chat"],
  ],
  async run(_options, given, { output, signal, now, config }) {
    const { readReceipts } = await import("../receipts/read-receipts.ts");
    const receipts = given.flatMap((one) => readReceipts(one));
    const project = openProject(config);
    const { checkReceipts } = await import("../receipts/check.ts");
    const { checkedText } = await import("../receipts/words.ts");
    const onWait = ({ pid }: { pid: number }) => output.say(`waiting for a sync (process ${pid})`);
    const onStep = (step: string, done: number, total: number) =>
      output.progress({ step, done, total, unit: step === "reading" ? "partitions" : "days" });
    const checked = await withLock(project, { wait: true, signal, onWait }, () =>
      checkReceipts(project, receipts, { now, signal, onStep }),
    );
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
