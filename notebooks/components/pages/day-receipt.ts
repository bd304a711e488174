import { hasCounts, type Interval, type IntradayDay } from "../metrics/interval.js";
import { lacks, type Site } from "../metrics/site.js";
import * as today from "../metrics/today.js";
import { type Shown, valuesDigest } from "../receipt/figure-digest.js";
import { printReceipt, type Receipt, type ReceiptOf } from "../receipt/receipt.js";

/** What the receipts of a day's figures have in common. */
export type DayReceipt = Pick<Receipt, "basis" | "hours" | "asOf" | "known" | "kit" | "settings" | "runs">;

/**
 * The common part of a day's receipts. Null without a day, for files of an older version of the kit, and for the page as it was
 * known at another time of the day, which mixes data of then and of now.
 */
export function receiptOf(
  site: Site,
  days: readonly IntradayDay[],
  chosen: { day: string; basis: Receipt["basis"]; hours?: string; knownAt?: string; asOf?: string | null },
): DayReceipt | null {
  const inputs = days.find(({ day }) => day === chosen.day)?.inputs;
  if (!inputs || !site.receipt || chosen.knownAt) return null;
  const { known, ...runs } = inputs;
  return {
    basis: chosen.basis,
    hours: chosen.hours === "all" ? "all" : "open",
    asOf: chosen.asOf ?? null,
    known,
    kit: site.receipt.kit,
    settings: site.receipt.settings.split("."),
    runs,
  };
}

/** The part of the Today page that its receipts tell. */
export interface ReceiptedDay {
  receipt: DayReceipt | null;
  site: Site;
  queue: string;
  day: string;
  grain: number;
  comparison: Receipt["comparison"];
  windows: readonly Interval[];
}

/** Writes receipts of a figure of the page: "day", or the id of a chart. Digests are computed when asked for. */
export function dayReceipt<T>(page: ReceiptedDay, figure: string, shown: Shown<T>): ReceiptOf {
  return (kind) => {
    const { receipt, site, queue, day, grain, comparison } = page;
    if (receipt === null) return undefined;
    return printReceipt({
      kind,
      figure,
      queue,
      day,
      grain,
      comparison,
      service: { target: site.target, seconds: site.seconds, variant: site.variant },
      ...daySums(page),
      ...receipt,
      values: valuesDigest(shown),
    });
  };
}

/** The contacts and service level of the day so far, and the end of its newest complete interval, as a receipt has them. */
export function daySums({
  windows,
  site,
}: Pick<ReceiptedDay, "windows" | "site">): Pick<Receipt, "offered" | "level" | "through"> {
  const sum = today.summarize(windows);
  const level = today.serviceLevelOf(site)(sum.served);
  const through = today.dataThrough(windows);
  return {
    offered: windows.some(hasCounts) && !lacks(site, "assignments", "abandons") ? sum.offered : null,
    level: level === null ? null : Number((level * 100).toFixed(1)),
    through: through === null ? null : instant(through),
  };
}

function instant(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+/, "");
}
