import { fileName, zone } from "../../../notebooks/components/metrics/format.ts";
import type { Interval } from "../../../notebooks/components/metrics/interval.ts";
import type { Grain } from "../../../notebooks/components/metrics/windows.ts";
import { type CsvColumn, csv, csvFile } from "../../../notebooks/components/picture/csv.ts";
import { generatedNote, type Picture } from "../../../notebooks/components/picture/picture.ts";
import type { ReceiptKind } from "../../../notebooks/components/receipt/receipt.ts";
import {
  cardColumns,
  cardReceipt,
  dayCard,
  dayFacts,
  type TodayPage,
} from "../../../notebooks/components/share/day-card.ts";
import { minute } from "../../base/words.ts";
import { columnText, type DayData } from "./share.ts";
import type { ShareFormat } from "./share-format.ts";
import { picturePng, pictureSvg } from "./share-image.ts";

/** Makes the message or a file of a queue. `only`: the single queue of an HTML file, null for all to choose from. */
export interface Maker {
  message(queue: string): Picture;
  file(queue: string, format: ShareFormat, only: string | null): Promise<string | Uint8Array>;
}

/** A maker for the queues of a day. It bundles the script of HTML files once. */
export function makerOf(data: DayData, grain: Grain, now: Date): Maker {
  const known = data.knownAt && zone(data.site.timezone).moment(data.knownAt.getTime());
  const generated = [known && `As known at ${known}.`, generatedNote(now, data.site.timezone)]
    .filter(Boolean)
    .join(" ");
  const asOf = data.knownAt === null ? null : data.knownAt.toISOString().replace(/\.\d+/, "");
  const facts = (queue: string) => dayFacts({ ...data, asOf }, queue, grain);
  const cardOf = (of: TodayPage, kind: ReceiptKind): Picture => {
    const card = dayCard(of);
    const missing = data.missing.map(columnText).join(", ");
    const notes = missing ? [...card.notes, `No column is known for ${missing}.`] : card.notes;
    const kicker = known ? `${card.kicker} · as known at ${known}` : card.kicker;
    return { ...card, kicker, notes: [...notes, generated], receipt: cardReceipt(of)(kind) };
  };
  let script: string | undefined;
  return {
    message: (queue: string) => cardOf(facts(queue), "message"),
    async file(queue, format, only) {
      const of = facts(queue);
      if (format === "csv") return csvFile(csv([...cardColumns(of), receiptColumn(of)], of.rows));
      const card = cardOf(of, kinds[format]);
      if (format === "xlsx") return (await import("./share-workbook.ts")).shareWorkbook(of, card, now);
      if (format === "svg") return `${pictureSvg(card)}\n`;
      if (format === "png") return picturePng(card);
      if (format === "pdf") return (await import("./share-pdf.ts")).picturePdf(card, now);
      const { pageScript, sharedHtml, sharedPage } = await import("./share-html.ts");
      script ??= await pageScript();
      return sharedHtml(sharedPage(data, { queue: only, grain, generated, asOf }), card, of, script);
    },
  };
}

const kinds = { png: "card", svg: "card", pdf: "report", html: "report", xlsx: "workbook" } as const;

// A file of comma-separated values has no place for a remark.
function receiptColumn(of: TodayPage): CsvColumn<Interval> {
  const line = cardReceipt(of)("table") ?? null;
  return { label: "Receipt", value: (row) => (row === of.rows[0] ? line : null) };
}

/** File names of queues, distinct also on file systems that ignore letter case. */
export function fileNames(
  queues: readonly string[],
  { day, knownAt, site }: Pick<DayData, "day" | "knownAt" | "site">,
): string[] {
  const known = knownAt === null ? "" : `-known-at-${minute(knownAt, site.timezone).slice(0, 16).replace(/\D/g, "")}`;
  const usedKeys = new Set<string>();
  return queues.map((queue) => {
    for (let n = 1; ; n++) {
      const name = fileName("wfm", queue, `${n === 1 ? "" : `${n}-`}${day}${known}`);
      const key = name.normalize("NFKD").toLowerCase();
      if (usedKeys.has(key)) continue;
      usedKeys.add(key);
      return name;
    }
  });
}
