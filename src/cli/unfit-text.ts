import { count, plural } from "../base/words.ts";
import type { UnfitColumn } from "../warehouse/snapshot/unfit.ts";

const longestExample = 60;

/** `first_utterance_ts: none of 50 values is a TIMESTAMP, e.g. "noon", since 2026-09-01`. */
export function unfitText(unfit: UnfitColumn): string {
  const { column, type, values, delivered, whole, firstDay, lastDay, example } = unfit;
  const share = (100 * values) / delivered;
  const some = `${count(values)} of ${plural(delivered, "value")} (${share < 1 ? "under 1" : Math.round(share)} %)`;
  const what =
    values === delivered
      ? `none of ${plural(delivered, "value")} fits ${type}`
      : `${some} ${values === 1 ? "does" : "do"} not fit ${type}${whole ? `, and on ${lastDay} none does` : ""}`;
  const cut =
    [...example].length > longestExample ? `${[...example].slice(0, longestExample).join("")}…` : example;
  return `${column}: ${what}, e.g. ${JSON.stringify(cut)}, since ${firstDay}`;
}

/** What to do about it. */
export function unfitNext({ feed, column }: Pick<UnfitColumn, "feed" | "column">): string {
  return `asapp-kit sql "select _file, _line, _rescued from raw.${feed} where _rescued is not null limit 20" shows them; they are kept as text. If the export means them so, write under \`feeds\` in kit.yaml: ${feed}: {columns: {${column}: VARCHAR}}`;
}
