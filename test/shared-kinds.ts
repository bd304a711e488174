import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Receipt } from "../notebooks/components/receipt/receipt.ts";
import { readReceipts } from "../src/receipts/read-receipts.ts";
import { loadDay } from "../src/site/share/share.ts";
import { makerOf } from "../src/site/share/share-files.ts";
import type { ShareFormat } from "../src/site/share/share-format.ts";
import { slackMessage } from "../src/site/share/share-post.ts";
import type { DemoProject } from "./site-demo.ts";

/** What a receipt calls a file of each format. */
export const kinds = {
  png: "card",
  svg: "card",
  pdf: "report",
  html: "report",
  xlsx: "workbook",
  csv: "table",
} as const;

/** A day of all queues in a file of each format, `day.<format>` in a new folder, and as a message; with the receipt of the card. */
export async function shareEachKind(
  { project }: DemoProject,
  now: Date,
  day?: string,
): Promise<{ folder: string; message: string; receipt: Receipt }> {
  const folder = mkdtempSync(join(tmpdir(), "asapp-shared-"));
  const maker = makerOf(await loadDay(project, day, now), 15, now);
  for (const format of Object.keys(kinds) as ShareFormat[])
    writeFileSync(join(folder, `day.${format}`), await maker.file("All queues", format, null));
  const message = JSON.stringify(slackMessage(maker.message("All queues")));
  const [receipt] = readReceipts(join(folder, "day.png")) as [Receipt];
  return { folder, message, receipt };
}
