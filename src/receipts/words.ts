import { longDay } from "../../notebooks/components/metrics/format.ts";
import type { Receipt } from "../../notebooks/components/receipt/receipt.ts";
import { count, plural } from "../base/words.ts";
import type { Checked, Run } from "./check.ts";

/** The outcome of a check in a few lines. */
export function checkedText(checked: Checked): string {
  const { receipt, now, verdict, reasons, former } = checked;
  const lines = [`${headings[verdict]}: ${figureText(receipt)}`];
  if (verdict === "equal")
    lines.push(
      `${sumsText(receipt)}, and every shown value, computed again from ${plural(receipt.runs.count, "partition")}`,
    );
  else {
    const before = sumsText(receipt);
    const after = now === null ? null : sumsText(now);
    if (after === null) lines.push(`the receipt says ${before}`);
    else if (after === before) lines.push(`${before}, as then; other shown values differ`);
    else lines.push(`was ${before}`, `is ${after}`);
  }
  lines.push(...reasons.flatMap(({ text, next }) => [text, ...(next ? [`  ${next}`] : [])]));
  lines.push(...runsText("exported again", checked.again), ...runsText("came late", checked.late));
  lines.push(...runsText("came since", checked.added));
  if (verdict === "equal") lines.push(...runsText("no longer here", checked.lost));
  if (verdict === "restated")
    lines.push(
      former === "equal"
        ? "it was right when it was made: the partitions of then give the same values"
        : "the rows of then are not kept (sync.keep_replaced), so the former values cannot be computed again",
    );
  if (verdict === "equal" && checked.settings.length > 0)
    lines.push(`other values now, without effect on it: ${checked.settings.join(", ")}`);
  return `${lines.join("\n  ")}\n`;
}

const headings = { equal: "equal", restated: "restated since", "not reproducible": "not reproducible here" } as const;

function figureText({ figure, queue, day, grain, asOf }: Receipt): string {
  const what = figure === "day" ? queue : `${figure.replaceAll("-", " ")} of ${queue}`;
  return `${what}, ${longDay(day)}, per ${grain} minutes${asOf === null ? "" : `, as known at ${asOf}`}`;
}

function sumsText({ offered, level }: Pick<Receipt, "offered" | "level">): string {
  return [
    offered === null ? "no counted contacts" : plural(offered, "contact"),
    level === null ? "no service level" : `service level ${level} %`,
  ].join(", ");
}

const most = 6;

function runsText(what: string, runs: readonly Run[]): string[] {
  if (runs.length === 0) return [];
  if (runs.length <= most) return [`${what}: ${runs.map(({ feed, run }) => `${feed} ${run}`).join(", ")}`];
  const feeds = [...new Set(runs.map(({ feed }) => feed))];
  return feeds.map((feed) => {
    const ofFeed = runs.filter((run) => run.feed === feed).map(({ run }) => run);
    const ends = ofFeed.length === 1 ? ofFeed[0] : `${ofFeed[0]} to ${ofFeed.at(-1)}`;
    return `${what}: ${feed}, ${count(ofFeed.length)} ${ofFeed.length === 1 ? "partition" : "partitions"}, ${ends}`;
  });
}
